"""Summaries: what the model is asked, how a long transcript is cut, what is told without one."""

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from car.inference.engine import Answer
from car.inference.errors import InferenceError, MissingKey, NoModel
from car.inference.models import Local, ModelSchema
from car.inference.records import Completion, GenerateRequest
from car.inference.router import Route
from car.meeting.records import MeetingRecord, TranscriptLine
from car.meeting.summary import LARGEST_WINDOW, WINDOW, NoSummary, Summariser, cut
from tests.meeting.doubles import STARTED


def lines(count: int, text: str = "So we agree.") -> list[TranscriptLine]:
    """What was said, a line a second."""
    return [
        TranscriptLine(
            seq=number,
            ts=STARTED,
            offset_ms=number * 1000,
            source="mic",
            speaker="ada" if number % 2 else "S1",
            text=f"{number}: {text}",
            duration_ms=900,
        )
        for number in range(1, count + 1)
    ]


def model(window: int) -> ModelSchema:
    """A model with so large a window."""
    return ModelSchema(id="m", name="m", source=Local("m.gguf"), context_length=window)


class SummariserTests(SynchronousTestCase):
    """What is asked and told; the model answers as the test says."""

    def setUp(self) -> None:
        self.asked: list[GenerateRequest] = []
        self.problem: InferenceError | None = None
        self.text = " ## Decisions\nnone\n"
        self.window = WINDOW

    def generate(self, request: GenerateRequest) -> "Deferred[Answer]":
        """As an engine does."""
        self.asked.append(request)
        if self.problem is not None:
            return fail(self.problem)
        return succeed(Answer(Completion(self.text), model(self.window), "t", 1.0, None))

    def choose(self, request: GenerateRequest) -> "Deferred[Route]":
        """As models do."""
        route = Route(model(self.window), [], "summarize", "simple", "", "explicit", 0, False, [])
        return succeed(route)

    def summarise(self, *said: TranscriptLine, choose: bool = True) -> "Deferred[str]":
        """The summary of a meeting."""
        summariser = Summariser(lambda: self, self.choose if choose else None, maybeDeferred)
        record = MeetingRecord(id="m", started_at=STARTED, transcript=list(said))
        return Deferred.fromCoroutine(summariser.summarise(record))

    def refused(self, *said: TranscriptLine) -> str:
        """Why there is no summary."""
        return str(self.failureResultOf(self.summarise(*said), NoSummary).value)

    def test_asked(self) -> None:
        """One call, of the task summarize, with what is wanted and the whole transcript."""
        told = self.successResultOf(self.summarise(*lines(2)))
        self.assertEqual(told, "## Decisions\nnone")
        (request,) = self.asked
        assert request.intent is not None
        self.assertEqual(request.intent.task, "summarize")
        for wanted in ("Decisions", "Action items (each with its owner)", "Open questions"):
            self.assertIn(wanted, request.system or "")
        self.assertEqual(request.prompt, "00:01 ada: 1: So we agree.\n00:02 S1: 2: So we agree.")

    def test_cut(self) -> None:
        """A transcript too long for the window loses its middle, and the summary says so."""
        self.window = 2048
        said = lines(400)
        told = self.successResultOf(self.summarise(*said))
        prompt = self.asked[0].prompt or ""
        self.assertTrue(prompt.startswith("00:01 ada: 1:"))
        self.assertTrue(prompt.endswith("06:40 S1: 400: So we agree."))
        self.assertIn("\n[…]\n", prompt)
        kept = prompt.count("\n")
        self.assertIn(f"window: {400 - kept} of its 400 lines, from the middle, were left", told)
        self.assertTrue(told.endswith("\n\n## Decisions\nnone"))

    def test_halves(self) -> None:
        """As much of the end is kept as of the beginning, and it fits."""
        said = lines(4000)
        for window in (2048, 4096, 32_768):
            head, tail = cut(said, window)
            first, last = (sum(len(line.text) for line in part) for part in (head, tail))
            self.assertLess(abs(first - last), (first + last) / 20)
            self.assertTrue(window * 0.7 < first + last < window * 3, (window, first, last))
        self.assertEqual(cut(said, 200_000), (said, []))

    def test_embedded(self) -> None:
        """An engine whose models are not known gets what a usual window holds."""
        self.successResultOf(self.summarise(*lines(4000), choose=False))
        self.assertLess(len(self.asked[0].prompt or ""), WINDOW * 3)

    def test_largest(self) -> None:
        """Of an enormous window only a part is used."""
        self.window = 1_000_000
        told = self.successResultOf(self.summarise(*lines(9000)))
        self.assertLess(len(self.asked[0].prompt or ""), LARGEST_WINDOW * 3)
        self.assertIn("of its 9000 lines", told)

    def test_none(self) -> None:
        """Nothing said, no model, no key, nothing to say: the reason."""
        self.assertEqual(self.refused(), "nothing was said")
        self.assertEqual(self.asked, [])
        for problem in (NoModel("add one"), MissingKey("add one")):
            self.problem = problem
            self.assertEqual(self.refused(*lines(1)), "no model available: add one")
        self.problem, self.text = None, " "
        self.assertEqual(self.refused(*lines(1)), "m had nothing to say")
