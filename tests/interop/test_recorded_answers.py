"""What released clients answered to ``tools.execute``, fed to actions that wait for it.

In memory, with time on a clock: the recorded answers, right and wrong, late and never, must
each end the action in the way that ``protocol.md`` §6 says.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from car.server.config import ServerStateConfig
from car.server.framing import TEXT
from car.server.server_state import ServerState
from car.server.websocket import CarServerFactory
from car.testing.wire import RawPeer, client_frame, patch_timers
from tests.interop.frames import Exchange, read_recordings

TOOL_TIMEOUT = 60.0
"""How long a tool may take when its action names no budget (decision 9)."""

NOW = 1_800_000_000.0

Frame = dict[str, Any]


def exchanges() -> Iterator[tuple[str, Exchange]]:
    """Every recorded exchange, with a name that has the version."""
    for version, recording in read_recordings().items():
        for exchange in recording.callbacks:
            yield f"{version} {exchange.case}", exchange


def is_about_tools(exchange: Exchange) -> bool:
    """Whether nothing but tools was asked for."""
    return all(frame["method"] == "tools.execute" for frame in exchange.asked)


class RecordedAnswersTests(SynchronousTestCase):
    """A session in memory whose client answers as recorded."""

    def setUp(self) -> None:
        self.clock = Clock()
        patch_timers(self, self.clock)

    def open(self) -> RawPeer:
        """A client that has registered the tool ``echo``."""
        state = ServerState(ServerStateConfig(), self.clock, now=lambda: NOW)
        peer = RawPeer(CarServerFactory(state.open_session, self.clock, state.config.limits))
        peer.open()
        [answer] = self.send(peer, request(1, "tools.register", [{"name": "echo"}]))
        self.assertEqual(answer["result"], 1)
        return peer

    def send(self, peer: RawPeer, *frames: Frame) -> list[Frame]:
        """Deliver *frames*; what came back."""
        peer.send(b"".join(client_frame(TEXT, msgspec.json.encode(frame)) for frame in frames))
        return self.received(peer, 0)

    def received(self, peer: RawPeer, seconds: float) -> list[Frame]:
        """What has come once *seconds* have passed."""
        self.clock.advance(seconds)
        return [msgspec.json.decode(text) for opcode, text in peer.frames() if opcode == TEXT]

    def submit(self, peer: RawPeer, asked: list[Frame]) -> list[Frame]:
        """Run an action for each frame that was *asked* of the client; what we ask of ours."""
        actions = []
        for number, frame in enumerate(asked):
            params = frame["params"]
            plan = {"id": f"a{number}", "type": "tool_call", "tool": "echo", "max_retries": 0}
            plan |= {"failure_behavior": "skip", "parameters": params.get("parameters", {})}
            if params.get("timeout_ms") is not None:
                plan["timeout_ms"] = params["timeout_ms"]
            actions.append(plan)
        calls = self.send(peer, request(2, "proposal.submit", {"proposal": {"actions": actions}}))
        self.assertEqual([call["method"] for call in calls], ["tools.execute"] * len(asked))
        return calls

    def results(self, frames: list[Frame]) -> list[Frame]:
        """The action results in the one answer among *frames* to the submission."""
        [answer] = [frame for frame in frames if frame.get("id") == 2]
        results: list[Frame] = answer["result"]["results"]
        return results

    def close(self, peer: RawPeer) -> None:
        """The client goes; no timer may be left."""
        peer.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_requests(self) -> None:
        """We ask with every member that a recorded request has, and with the request id."""
        for name, exchange in exchanges():
            if not is_about_tools(exchange):
                continue
            peer = self.open()
            for call, asked in zip(self.submit(peer, exchange.asked), exchange.asked, strict=True):
                params = call["params"]
                self.assertLessEqual({*asked["params"]}, {*params}, name)
                self.assertEqual((params["request_id"], params["attempt"]), (call["id"], 1), name)
                for member in ("tool", "parameters", "timeout_ms"):
                    if member in asked["params"]:
                        self.assertEqual(params[member], asked["params"][member], name)
            self.close(peer)

    def test_answers(self) -> None:
        """A result is the action's output, as it is; an error's message is its error."""
        count = 0
        for name, exchange in exchanges():
            if not is_about_tools(exchange) or not exchange.answers:
                continue
            peer = self.open()
            calls = self.submit(peer, exchange.asked)
            ids = [frame["id"] for frame in exchange.asked]
            places = [ids.index(answer["id"]) for answer in exchange.answers]
            ours = [
                {**answer, "id": calls[place]["id"]}
                for place, answer in zip(places, exchange.answers, strict=True)
            ]
            results = self.results(self.send(peer, *ours))
            for place, answer in zip(places, ours, strict=True):
                self.assert_ended(name, results[place], answer)
            self.close(peer)
            count += 1
        self.assertGreater(count, 50)

    def assert_ended(self, name: str, result: Frame, answer: Frame) -> None:
        """The action's *result* is what *answer* says."""
        if "error" in answer:
            self.assertEqual(result["status"], "skipped", name)
            self.assertEqual(result["error"], answer["error"]["message"], name)
            self.assertNotIn("output", result, name)
        else:
            self.assertEqual(result["status"], "succeeded", name)
            self.assertEqual(result["output"], answer["result"], name)

    def test_no_answer(self) -> None:
        """A client that never answers, as 0.6 does not, fails the action; later is too late."""
        for name, exchange in exchanges():
            if not is_about_tools(exchange) or exchange.answers:
                continue
            peer = self.open()
            [call] = self.submit(peer, exchange.asked)
            self.assertEqual(self.received(peer, TOOL_TIMEOUT - 0.1), [], name)
            frames = self.received(peer, 0.2)
            [result] = self.results(frames)
            self.assertEqual(result["error"], "tool 'echo' callback timed out (60s)", name)
            [cancel] = [frame for frame in frames if frame.get("method") == "tools.cancel"]
            self.assertEqual(cancel["params"]["request_id"], call["id"], name)
            late = {"jsonrpc": "2.0", "id": call["id"], "result": {}}
            self.assertEqual(self.send(peer, late), [], name)
            self.close(peer)

    def test_foreign(self) -> None:
        """Answers to what was never asked are dropped; the session goes on."""
        for name, exchange in exchanges():
            if not exchange.answers:
                continue
            peer = self.open()
            self.assertEqual(self.send(peer, *exchange.answers), [], name)
            [answer] = self.send(peer, request(3, "state.keys", None))
            self.assertEqual(answer["result"], [], name)
            self.close(peer)


def request(id: int, method: str, params: Any) -> Frame:
    """A request of the client's."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
