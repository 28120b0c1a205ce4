"""The Autobahn conformance cases, driven by kosoku over a real socket.

247 cases of the sections 1 to 7 and 10: framing, pings, reserved bits, opcodes,
fragmentation, UTF-8, closing, automatic fragmentation.  The others are about size and
compression.  The server is the daemon's own protocol and options with a session that echoes.
kosoku runs in a process of its own, as it brings a module called ``autobahn`` with it.
"""

import json
import sys
from collections import Counter
from importlib.util import find_spec
from typing import Any
from unittest import skipUnless

from twisted.internet import reactor as _reactor
from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

from car.server.websocket import CarServerFactory
from car.testing.wire import RecordingSession

reactor: Any = _reactor

CASES = 247

DRIVER = """
import asyncio, json, os, sys
from kosoku import FailureError, run_fuzzingclient
sections = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
async def run():
    return await run_fuzzingclient(sys.argv[1], sections, concurrency=8)
try:
    results = asyncio.run(run())
    failed = []
except FailureError as error:
    results, failed = [], error.results
for result in [*results, *failed]:
    print(json.dumps([result.case_id, result.behavior.value, result.behavior_close.value]))
sys.stdout.flush()
os._exit(0)
"""
"""The last line spares us the end of the interpreter, which kosoku 0.1 does not always survive."""


class EchoSession(RecordingSession):
    """Sends every message back as it came."""

    def opened(self, connection: Any) -> None:
        super().opened(connection)
        connection.raise_limits()

    def message_received(self, payload: bytes) -> None:
        self.connection.send_messages([payload])

    def binary_received(self, payload: bytes) -> None:
        self.connection.sendMessage(payload, True)


class AutobahnCasesTests(TestCase):
    """CarServerProtocol against RFC 6455, as others read it."""

    timeout = 180

    @skipUnless(find_spec("kosoku"), "kosoku is not installed")
    async def test_all_cases(self) -> None:
        """Every case passes, and none is merely tolerated ("non-strict")."""
        factory = CarServerFactory(lambda opening: EchoSession(), reactor)
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        url = f"ws://127.0.0.1:{port.getHost().port}/"
        output, errors, _ = await getProcessOutputAndValue(
            sys.executable, ["-c", DRIVER, url], env=None
        )
        results = [json.loads(line) for line in output.splitlines()]
        odd = [result for result in results if not {*result[1:]} <= {"OK", "INFORMATIONAL"}]
        self.assertEqual((odd, len(results)), ([], CASES), errors.decode())
        self.assertGreater(Counter(behavior for _, behavior, _ in results)["OK"], 240)
