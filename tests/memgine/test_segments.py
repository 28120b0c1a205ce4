"""Tests of car.memgine.segments."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.segments import mark_of, segments


class SegmentTests(SynchronousTestCase):
    """Runs of words between marks."""

    def test_marks(self) -> None:
        """Brackets, pipes, colons and spaced dashes are firm; stops stop; commas pause."""
        for between, mark in (
            (" ", "none"),
            (", ", "pause"),
            ("/", "pause"),
            (". ", "stop"),
            (" (", "firm"),
            (": ", "firm"),
            (" - ", "firm"),
            (" -> ", "firm"),
            ("; ", "firm"),
            (" | ", "firm"),
        ):
            self.assertEqual(mark_of(between), mark, between)

    def test_words(self) -> None:
        """Inner hyphens, points, apostrophes and a plus sign belong to a word."""
        found = segments("C-suite only, Ida's VP+: at 2.5 p.m")
        self.assertEqual(
            [segment.words for segment in found],
            [("C-suite", "only"), ("Ida's", "VP+"), ("at", "2.5", "p.m")],
        )

    def test_places(self) -> None:
        """A segment knows where it stands and what is around it."""
        text = "[Ida, VP] be kind."
        found = segments(text)
        self.assertEqual([text[s.start : s.end] for s in found], ["Ida", "VP", "be kind"])
        self.assertEqual((found[0].before, found[2].after), ("[", "."))
        self.assertEqual([s.closed for s in found], ["pause", "firm", "stop"])

    def test_abbreviations(self) -> None:
        """The point after a shortened title ends nothing."""
        self.assertEqual(segments("Mgr. Ida: x")[0].words, ("Mgr", "Ida"))

    def test_part(self) -> None:
        """Only the part asked for is cut."""
        self.assertEqual([s.words for s in segments("a: b: c", 3, 4)], [("b",)])
