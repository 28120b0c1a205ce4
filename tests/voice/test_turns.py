"""Tests of car.voice.turns: two tracks, bridges, one turn at a time."""

from collections.abc import Callable

from msgspec import to_builtins
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from car.errors import CarError
from car.ir.json import JsonObject
from car.voice.turns import (
    PHRASES,
    SPOKEN,
    ITurnInference,
    Turn,
    TurnEvent,
    VoiceTurns,
    utterance_kind,
)


@implementer(ITurnInference)
class Models:
    """Models whose answers a test gives."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str | None]] = []
        self.stopped: list[str] = []
        self.say: Callable[[str], None]
        self.fast_answer: Deferred[object]
        self.full_answer: Deferred[str]
        self.warmed = 0

    def fast(
        self, utterance: str, instruction: str | None, on_text: Callable[[str], None]
    ) -> "Deferred[object]":
        """Note the request."""
        self.asked.append(("fast", utterance, instruction))
        self.say = on_text
        self.fast_answer = Deferred(lambda _: self.stopped.append("fast"))
        return self.fast_answer

    def full(self, utterance: str, instruction: str | None) -> "Deferred[str]":
        """Note the request."""
        self.asked.append(("full", utterance, instruction))
        self.full_answer = Deferred(lambda _: self.stopped.append("full"))
        return self.full_answer

    def prewarm(self) -> "Deferred[None]":
        """Count it."""
        self.warmed += 1
        return Deferred()


class VoiceTurnsTests(SynchronousTestCase):
    """The turns of a connection."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.models = Models()
        self.told: list[JsonObject] = []
        self.turns = VoiceTurns(self.models, self.clock, self.tell)

    def tell(self, session_id: str, event: TurnEvent) -> None:
        """Take an event; its type without the common part."""
        told = to_builtins(event)
        self.told.append({**told, "type": told["type"].removeprefix("voice.turn.")})
        self.session_id = session_id

    def dispatch(self, utterance: str = "how are you?", sidecar_ms: int = 30_000) -> int:
        """Begin a turn."""
        turn = Turn(session_id="s", utterance=utterance, sidecar_ms=sidecar_ms)
        number = self.turns.dispatch(turn)
        self.clock.advance(0)
        return number

    def take(self) -> list[JsonObject]:
        """What was told since the last look."""
        told, self.told = self.told, []
        return told

    def assertOver(self) -> None:
        """Nothing is left of a turn."""
        self.assertEqual((self.clock.getDelayedCalls(), self.take()), ([], []))

    def test_two_tracks(self) -> None:
        """Plain talk is answered quickly in pieces, then in full."""
        verifyObject(ITurnInference, self.models)
        self.assertEqual(self.dispatch(), 1)
        self.assertEqual(
            self.models.asked, [(track, "how are you?", SPOKEN) for track in ("fast", "full")]
        )
        self.models.say("I am ")
        self.models.say("well.")
        self.models.fast_answer.callback(None)
        self.models.full_answer.callback("I am well, thank you.")
        self.assertEqual(
            self.take(),
            [
                {"type": "fast_delta", "turn_id": 1, "text": "I am "},
                {"type": "fast_delta", "turn_id": 1, "text": "well."},
                {"type": "fast_done", "turn_id": 1},
                {"type": "sidecar", "turn_id": 1, "text": "I am well, thank you."},
            ],
        )
        self.assertEqual(self.session_id, "s")
        self.assertOver()

    def test_number_first(self) -> None:
        """No event comes before dispatch has answered."""
        self.turns.dispatch(Turn(session_id="s", utterance="any mail from Ada?"))
        self.assertEqual(self.take(), [])
        self.clock.advance(0)
        self.assertEqual(len(self.take()), 1)

    def test_bridge(self) -> None:
        """Mail, calendar and search get one phrase and the full answer only."""
        self.dispatch("Any mail from Ada?")
        bridge = {"type": "bridge", "turn_id": 1, "kind": "email", "phrase": PHRASES["email"]}
        self.assertEqual(self.take(), [bridge])
        self.assertEqual([track for track, *_ in self.models.asked], ["full"])
        self.models.full_answer.callback("Two messages.")
        self.assertEqual(self.take(), [{"type": "sidecar", "turn_id": 1, "text": "Two messages."}])
        self.assertOver()

    def test_fast_fails(self) -> None:
        """A quick model that fails before it spoke is bridged; the full answer still comes."""
        self.dispatch()
        self.models.fast_answer.errback(CarError("no quick model"))
        (told,) = self.take()
        self.assertEqual((told["type"], told["kind"]), ("bridge", "unknown"))
        self.models.full_answer.callback("Well.")
        self.assertEqual([told["type"] for told in self.take()], ["sidecar"])
        self.assertOver()

    def test_fast_fails_late(self) -> None:
        """One that fails half-way says no more."""
        self.dispatch()
        self.models.say("I am")
        self.models.fast_answer.errback(CarError("cut"))
        self.assertEqual([told["type"] for told in self.take()], ["fast_delta"])

    def test_full_fails(self) -> None:
        """Without a full answer the turn ends with an error, and the fast track with it."""
        self.dispatch()
        self.models.full_answer.errback(CarError("no model is left"))
        self.assertEqual(
            self.take(), [{"type": "error", "turn_id": 1, "error": "no model is left"}]
        )
        self.assertEqual(self.models.stopped, ["fast"])
        self.assertOver()

    def test_too_late(self) -> None:
        """A full answer has its time, 30 s unless the client says otherwise."""
        self.dispatch()
        self.clock.advance(29.9)
        self.assertEqual(self.take(), [])
        self.clock.advance(0.1)
        (told,) = self.take()
        self.assertIn("within 30 s", told["error"])
        self.assertEqual(self.models.stopped, ["full", "fast"])
        self.dispatch(sidecar_ms=500)
        self.clock.advance(0.5)
        (told,) = self.take()
        self.assertIn("within 0.5 s", told["error"])
        self.assertOver()

    def test_cancel(self) -> None:
        """A cancelled turn says so, stops its models and is not heard of again."""
        self.dispatch()
        say = self.models.say
        self.turns.cancel()
        self.assertEqual(self.take(), [{"type": "cancelled", "turn_id": 1}])
        self.assertEqual(self.models.stopped, ["fast", "full"])
        say("late")
        self.turns.cancel()
        self.assertOver()

    def test_new_turn(self) -> None:
        """A new turn ends the one before; the number rises, late answers are dropped."""
        self.dispatch()
        say = self.models.say
        self.assertEqual(self.dispatch("and now?"), 2)
        self.assertEqual(self.take(), [{"type": "cancelled", "turn_id": 1}])
        say("late")
        self.assertEqual(self.take(), [])
        self.models.say("Now.")
        self.assertEqual([told["turn_id"] for told in self.take()], [2])

    def test_cancelled_before_it_began(self) -> None:
        """A turn that is cancelled at once asks no model."""
        self.turns.dispatch(Turn(session_id="s", utterance="hello"))
        self.turns.cancel()
        self.clock.advance(0)
        self.assertEqual(self.models.asked, [])
        self.assertEqual([told["type"] for told in self.take()], ["cancelled"])

    def test_close(self) -> None:
        """When the connection goes, the models stop and nothing is told."""
        self.dispatch()
        self.turns.close()
        self.assertEqual(self.models.stopped, ["fast", "full"])
        self.assertOver()

    def test_prewarm(self) -> None:
        """Prewarming loads the quick model."""
        self.turns.prewarm()
        self.assertEqual(self.models.warmed, 1)


class UtteranceKindTests(SynchronousTestCase):
    """What utterances look like."""

    def test_kinds(self) -> None:
        """Work on mail, calendar and the web is told from plain talk."""
        for kind, utterances in {
            "email": (
                "Any mail from Ada?",
                "check my inbox",
                "Send an e-mail to Bob",
                "new emails",
            ),
            "calendar": (
                "What's on my calendar?",
                "Am I free on Friday?",
                "move the standup meeting",
                "I\u2019m busy tomorrow, cancel my appointment",
            ),
            "search": ("look up the tallest owl", "Search for boots", "what's the weather"),
            None: ("how are you?", "tell me a joke", "two plus two", "", "free the penguins"),
        }.items():
            for utterance in utterances:
                self.assertEqual(utterance_kind(utterance), kind, utterance)
