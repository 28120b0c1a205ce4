"""Tests of car.memgine.dialogue.cores."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.cores import core_of


class CoreTests(SynchronousTestCase):
    """What others would repeat of a clause."""

    def test_leads(self) -> None:
        """Labels, conclusions and short words before a dash are left off, however many."""
        told = "the fair opens on May 4"
        for lead in ("", "So: ", "Notice is given: it was decided: ", "quick one - ", "yo - -> "):
            found, begin = core_of(lead + told)
            self.assertEqual((lead + told)[begin:], told)
            self.assertEqual(bool(found), bool(lead))

    def test_value_after_a_label(self) -> None:
        """What a label is followed by is the core, however short; a second lead needs more."""
        text = "In short: fair: May 4"
        self.assertEqual(text[core_of(text)[1] :], "fair: May 4")
