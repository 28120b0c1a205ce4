"""Tests of car.browser.port: a real browser behind a WebSocket."""

import os
import signal
import tempfile
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from car.application import the_reactor
from car.browser import process
from car.browser.arguments import LaunchSettings
from car.browser.errors import BrowserExited, LaunchFailed
from car.browser.finding import BrowserBinary
from car.browser.process import BrowserProcess, launch
from tests.browser.doubles import fake_program
from tests.browser.needed import extra_args, need_browser


class PortTests(TestCase):
    """launch with a port: the same browser, talked to in another way."""

    timeout = 60

    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="b"))
        self.addCleanup(self.directory.rmdir)
        self.patch(tempfile, "tempdir", str(self.directory))

    async def launch(self) -> BrowserProcess:
        """Launch a browser that is closed with the test at the latest."""
        need_browser()
        settings = LaunchSettings(extra_args=extra_args())
        browser = await launch(the_reactor(), settings, port=True)
        self.addCleanup(browser.close)
        return browser

    async def test_answers(self) -> None:
        """It answers, listens on this machine alone, and leaves nothing behind."""
        browser = await self.launch()
        answer = await browser.connection.call("Browser.getVersion")
        self.assertIn("Chrom", answer["product"])
        main = psutil.Process(browser.pid)
        listening = [
            each.laddr.ip
            for process in (main, *main.children(recursive=True))  # it may be a wrapper's child
            for each in process.net_connections("tcp")
            if each.status == psutil.CONN_LISTEN
        ]
        self.assertEqual(listening, ["127.0.0.1"])
        await browser.close()
        self.assertFalse(psutil.pid_exists(browser.pid))
        self.assertEqual(list(self.directory.iterdir()), [])

    async def test_long_message(self) -> None:
        """Messages may be as long as a large screenshot."""
        connection = (await self.launch()).connection
        (page,) = (await connection.call("Target.getTargets"))["targetInfos"]
        attaching = {"targetId": page["targetId"], "flatten": True}
        session = (await connection.call("Target.attachToTarget", attaching))["sessionId"]
        expression = {"expression": "'x'.repeat(30e6)"}
        answer = await connection.call("Runtime.evaluate", expression, session)
        self.assertEqual(len(answer["result"]["value"]), 30_000_000)

    async def test_killed(self) -> None:
        """Killed from outside it fails what waits, with the signal."""
        browser = await self.launch()
        os.kill(browser.pid, signal.SIGKILL)
        ended: Deferred[BrowserExited] = Deferred()
        browser.on_end(ended.callback)
        self.assertEqual((await ended).exit_code, -signal.SIGKILL)

    async def test_exits(self) -> None:
        """A program that ends without opening a port is told with its last line."""
        path = fake_program(Path(self.mktemp()).absolute(), "echo no luck >&2; exit 3")
        self.patch(process, "find_browser", lambda: BrowserBinary(str(path), False))
        with self.assertRaises(LaunchFailed) as caught:
            await launch(the_reactor(), LaunchSettings(), port=True)
        self.assertIn("browser exited (code 3): no luck", str(caught.exception))
