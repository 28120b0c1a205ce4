"""Tests of car.memgine.lessons."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.lessons import LONGEST_QUOTE, RecentEvent, Teaching, read_events


def failed(tool: str, text: str) -> RecentEvent:
    """An action that failed."""
    return RecentEvent("action_failed", tool, False, text)


def worked(tool: str) -> RecentEvent:
    """An action that succeeded."""
    return RecentEvent("action_succeeded", tool, True)


def taught(*events: RecentEvent) -> Teaching:
    """What *events* teach somebody to whom nothing was recalled."""
    return read_events(events, lambda text: False)


class LessonTests(SynchronousTestCase):
    """read_events."""

    def test_nothing(self) -> None:
        """No events, or none that tells how an action ended, teach nothing."""
        self.assertEqual(taught(), Teaching("none", [], None))
        self.assertEqual(taught(RecentEvent("state_changed")), Teaching("none", [], None))

    def test_success(self) -> None:
        """What works is no lesson, but says how things stand."""
        teaching = taught(worked("build"), worked("test"))
        self.assertEqual(teaching.trigger, "none")
        self.assertEqual(teaching.lessons, [])
        self.assertEqual(
            teaching.status, "last actions: 2 succeeded, 0 failed; the last, test, succeeded"
        )

    def test_one_failure(self) -> None:
        """A single failure is a sign, no lesson."""
        teaching = taught(failed("build", "no space left\ntraceback"))
        self.assertEqual((teaching.trigger, teaching.lessons), ("tool_error", []))
        self.assertTrue((teaching.status or "").endswith("build, failed with: no space left"))

    def test_repeated(self) -> None:
        """A tool that fails twice in one way, numbers aside, is worth knowing."""
        teaching = taught(
            failed("fetch", "timeout after 31 s"),
            failed("build", "no space"),
            failed("fetch", "timeout after 30 s"),
        )
        self.assertEqual(teaching.trigger, "repeated_failures")
        (lesson,) = teaching.lessons
        self.assertEqual((lesson.kind, lesson.subject), ("knowledge", "tool fetch"))
        self.assertEqual(lesson.body, "keeps failing with: timeout after 31 s")

    def test_recovery(self) -> None:
        """What ran between a failure and the next success is worth doing again."""
        teaching = taught(
            failed("deploy", "not signed in"), worked("login"), worked("login"), worked("deploy")
        )
        self.assertEqual(teaching.trigger, "recovery")
        (lesson,) = teaching.lessons
        self.assertEqual((lesson.kind, lesson.subject), ("procedural", "tool deploy"))
        self.assertEqual(
            lesson.body,
            "after failing with: not signed in - it worked once these had run: login",
        )

    def test_retry(self) -> None:
        """Nothing in between: trying again was enough."""
        (lesson,) = taught(failed("fetch", "reset"), worked("fetch")).lessons
        self.assertTrue(lesson.body.endswith("trying again worked"))

    def test_same_name(self) -> None:
        """The same lesson from other events has the same name, another one another."""
        first = taught(failed("a", "e 1"), failed("a", "e 2")).lessons[0]
        again = taught(failed("a", "E 3"), failed("a", "e 4"), failed("a", "e 5")).lessons[0]
        other = taught(failed("b", "e 1"), failed("b", "e 2")).lessons[0]
        self.assertEqual(first.name, again.name)
        self.assertNotEqual(first.name, other.name)

    def test_recalled(self) -> None:
        """A text that was recalled teaches nothing and is not quoted."""
        events = [failed("say", "RECALLED x"), failed("say", "RECALLED x"), worked("build")]
        teaching = read_events(events, lambda text: "RECALLED" in text)
        self.assertEqual(teaching.lessons, [])
        self.assertNotIn("RECALLED", teaching.status or "")

    def test_long_error(self) -> None:
        """A long error is quoted in part; one without text as such."""
        lessons = taught(failed("a", "x" * 999), failed("a", "x" * 999)).lessons
        self.assertLess(len(lessons[0].body), LONGEST_QUOTE + 40)
        (lesson,) = taught(failed("a", " \n"), failed("a", "")).lessons
        self.assertEqual(lesson.body, "keeps failing with: no message")
