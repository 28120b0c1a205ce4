"""What is named only to be given up, and what is left of a statement without it."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.rejections import rejections
from tests.memgine.dialogue.talk import TalkTestCase


class RejectionTests(SynchronousTestCase):
    """rejections: the words given up, and what comes instead."""

    def test_forms(self) -> None:
        """Verbs of giving up and of trading, states of being gone, and comparisons say so."""
        for text in (
            "Drop the red door, take the blue door.",
            "Please swap the red door for the blue door.",
            "The red door is out, the blue door is in.",
            "The blue door rather than the red door.",
            "We're abandoning the red door in favour of the blue door.",
            "From the red door to the blue door, please.",
            "The red door makes way for the blue door.",
            "Not the red door any more: the blue door.",
        ):
            found = [one for one in rejections(text) if one.old == ("red", "door")]
            self.assertTrue(found, text)
            self.assertIn("blue door", found[0].fresh, text)

    def test_spared(self) -> None:
        """What is not to be given up is no rejection."""
        for text in ("Don't drop the red door.", "We never dropped the red door."):
            self.assertEqual([one.old for one in rejections(text)], [], text)


class GivenUpTests(TalkTestCase):
    """A choice that is given up by its name falls, whatever comes instead."""

    def test_instead(self) -> None:
        """The new choice is shown without the old one; the answer to the old one falls too."""
        for line in (
            "Ditch oak panels in favour of cork panels.",
            "Oak panels are out, cork panels are in.",
            "Cork panels, please, not oak panels.",
            "Forget oak panels. Cork panels.",
        ):
            self.leaves(
                ["We've picked oak panels for the attic.", "assistant> Noted: oak panels.", line],
                kept=["ork panels"],
                gone=["oak panels"],
            )

    def test_left_alone(self) -> None:
        """Words that nobody chose, or that name the subject, are not given up."""
        self.leaves_alone(
            [
                "We've picked oak panels for the attic.",
                "I told Rita about it rather than mailing her.",
                "Let's not forget oak panels need oil.",
                "We'll need a hand, not only for the attic.",
            ]
        )
