"""Tests of server.*."""

from car import __version__
from car.ir.json import JsonValue
from car.server.limits import Limits
from tests.server.doubles import ServerCase


class HandshakeTests(ServerCase):
    """server.handshake"""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def test_versions(self) -> None:
        """1, 2 and 3 are spoken, and the answer is what was asked for (A6)."""
        for version in (1, 2, 3):
            answer = self.client.call(
                "server.handshake",
                {
                    "protocol_version": version,
                    "client_version": "0.58.0",
                    "required_capabilities": [],
                },
            )
            self.assertEqual(
                answer,
                {
                    "protocol_version": version,
                    "server_version": __version__,
                    "client_protocol_version": version,
                    "client_version": "0.58.0",
                    "negotiated_capabilities": [],
                },
            )
            self.assertEqual(self.client.session.protocol_version, version)

    def test_other_versions(self) -> None:
        """A version that is missing, no integer or unknown is -32006; nothing is agreed."""
        versions: list[JsonValue] = [0, 4, -1, 1.0, 2.5, True, "3", None, [3], {}, 10**30]
        for version in versions:
            error = self.client.error("server.handshake", {"protocol_version": version})
            self.assertEqual(error["code"], -32006)
            self.assertTrue(error["message"].startswith("protocol version mismatch: "))
            self.assertLess(len(error["message"]), 200)
        absent: list[JsonValue] = [None, {}, []]
        for params in absent:
            self.assertEqual(self.client.error("server.handshake", params)["code"], -32006)
        self.assertIsNone(self.client.session.protocol_version)

    def test_capabilities(self) -> None:
        """A required one that we lack is -32008; an optional one is left out."""
        wanted = ["infer.cancel.v1"]
        params = {"protocol_version": 3, "required_capabilities": wanted}
        error = self.client.error("server.handshake", params)
        self.assertEqual(error["code"], -32008)
        self.assertIn("infer.cancel.v1", error["message"])
        self.assertTrue(error["message"].startswith("protocol capability mismatch: "))
        self.assertIsNone(self.client.session.protocol_version)
        params = {"protocol_version": 3, "optional_capabilities": wanted}
        answer = self.client.call("server.handshake", params)
        self.assertEqual(answer["negotiated_capabilities"], [])

    def test_client_version(self) -> None:
        """The client's version is cut to 64 characters, or unknown."""
        for given, shown in ((None, "unknown"), ("", "unknown"), ("x" * 80, "x" * 64)):
            params = {"protocol_version": 1, "client_version": given}
            answer = self.client.call("server.handshake", params)
            self.assertEqual(answer["client_version"], shown)


class LimitsTests(ServerCase):
    """server.limits"""

    def test_limits(self) -> None:
        """The limits in force, the fixed ones too."""
        self.serve(limits=Limits(held_requests=7))
        limits = self.peer().call("server.limits")["limits"]
        self.assertEqual(limits["held_requests"], 7)
        self.assertEqual(limits["json_nesting"], 256)
        self.assertEqual(limits, Limits(held_requests=7).as_dict())
