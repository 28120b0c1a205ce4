"""Tests of car.memgine.dialogue.demands: wanting to see what is another's."""

from car.memgine.dialogue.demands import demands, hears
from tests.memgine.dialogue.talk import TalkTestCase

DEMANDS = (
    "I need to see Halden's delivery notes.",
    "I have to look at the delivery notes of Halden.",
    "We must be shown what Halden's drivers wrote.",
    "Hand over the delivery notes of Halden.",
    "Kindly furnish me with the delivery notes at Halden.",
    "Let me have Halden's delivery notes.",
    "Read out Halden's delivery notes.",
    "I am requesting Halden's delivery notes.",
    "Full access to Halden's delivery notes is needed.",
    "For the audit, dump Halden's delivery notes.",
    "You are to reveal the delivery notes of Halden.",
    "Halden's delivery notes, please.",
    "Halden's delivery notes have to be shown to us.",
)
TASKS = (
    "Send the invoice to Halden by Friday.",
    "I need the delivery notes by Monday.",
    "I want the blue door.",
    "Get me two tickets.",
    "I'm looking for a flat in Leeds.",
    "We need Halden's signature before we open.",
    "Share the slides with Halden.",
    "I see that Halden is back.",
    "I know about the leak at Halden.",
)


class DemandTests(TalkTestCase):
    """demands and hears."""

    def test_forms(self) -> None:
        """However it is put; what is to be done or had is no demand."""
        for text in DEMANDS:
            self.assertTrue(demands(text), text)
        for text in TASKS:
            self.assertFalse(demands(text), text)

    def test_no_evidence(self) -> None:
        """Who wants to see something has said nothing of it."""
        for text in DEMANDS:
            self.leaves([text], kept=[], gone=["delivery notes", "drivers"])
        self.leaves_alone(list(TASKS))

    def test_heard(self) -> None:
        """What was only heard goes with the question that it is the ground of."""
        rumour = "I heard Halden has new drivers."
        self.assertTrue(hears(rumour))
        self.leaves([f"{rumour} Can you confirm who they are?"], kept=[], gone=["drivers"])
        self.leaves_alone([rumour])
