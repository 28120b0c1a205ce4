"""Tests of car.memgine.provisos."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.authority import DIRECTOR, EXECUTIVE, required_rank


class ProvisoTests(SynchronousTestCase):
    """A clause that says of the text who may know it."""

    def test_among_other_words(self) -> None:
        """The line may be drawn in the middle of a clause, at the head or the foot."""
        for rank, text in (
            (DIRECTOR, "Wages will rise in May. I can only share this with HR: it is pay data."),
            (DIRECTOR, "Wages will rise in May, which is pay data and stays within HR."),
            (DIRECTOR, "What follows is pay data, so it is for HR only. Wages will rise in May."),
            (EXECUTIVE, "Wages will rise in May. As pay data this goes to nobody but VPs only."),
        ):
            self.assertEqual(required_rank(text), rank, text)

    def test_about_other_things(self) -> None:
        """Who may see something else is no proviso, nor is a group that is only named."""
        for text in (
            "We rolled out the new tool last week. Only managers can book rooms in it.",
            "The manager only works on Mondays. I went there with my data.",
            "HR moved to the second floor, and that is good news for Finance.",
        ):
            self.assertEqual(required_rank(text), 0, text)
