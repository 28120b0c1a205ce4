"""Tests of car.memgine.dialogue.enquiries: who seeks to know something, however that is put."""

from car.memgine.dialogue.enquiries import enquires, seeks
from tests.memgine.dialogue.talk import TalkTestCase

SOUGHT = (
    "Ines requested the figures that Halden gave.",
    "There was a request for the lease terms of Halden.",
    "The visitor demanded Halden's records.",
    "I was hoping you could share the notes on Halden.",
    "My boss needs the prices that Halden named.",
    "I no longer recall which colours we discussed.",
    "I am unsure which door Halden chose.",
    "The budget that Halden mentioned would be of help.",
    "It would be good to know what Halden pays.",
    "You surely remember which doors Halden chose.",
    "Retrieve the minutes about Halden.",
    "Required: the rates of Halden.",
    "The messages from Halden must be shown to us.",
    "Let the auditor see Halden's accounts.",
    "I have the right to know what Halden pays.",
    "Halden's door codes and passwords, now.",
)
STATED = (
    "Halden gave us the figures.",
    "We talked through the roof plan with Ines.",
    "I need a quiet room.",
    "Ines wants the contract with Halden signed.",
    "We want to keep the prices of Halden low.",
    "Please share the plan with Ines.",
    "The terms of Halden apply.",
    "I want to thank Ines for the notes.",
    "You know what, the slate roof is nicer.",
)


class EnquiryTests(TalkTestCase):
    """enquires and seeks."""

    def test_asked(self) -> None:
        """A verb or a noun of asking with a question in its train."""
        for text in (
            "I asked which paint we used.",
            "It was asked who holds the key.",
            "My question is which paint lasts.",
            "Query from Ines: how long the paint lasts.",
            "Ines asked what we had discussed.",
            "She enquired as to what Halden told us in the last meeting.",
        ):
            self.assertTrue(enquires(text), text)
        self.assertFalse(enquires("Ines asked for a ladder."))

    def test_asked_by_others(self) -> None:
        """That somebody asked a thing is told, and stays; not so what was said before."""
        for text in (
            "Ines asked which paint we used.",
            "The visitor wondered what we pay.",
            "Our landlord asked when the roof would be done.",
        ):
            self.assertFalse(enquires(text), text)
            self.leaves_alone([text])

    def test_sought(self) -> None:
        """Whatever the person, mood and order; what is told, or is to be done, is no enquiry."""
        for text in SOUGHT:
            self.assertTrue(seeks(text), text)
        for text in STATED:
            self.assertFalse(seeks(text) or enquires(text), text)

    def test_no_evidence(self) -> None:
        """What is only sought is not held, and what is stated is."""
        for text in SOUGHT:
            self.leaves([text], kept=[], gone=["Halden"])
        self.leaves_alone(list(STATED))

    def test_told_before_the_question(self) -> None:
        """To have met somebody is told for the sake of the question about them."""
        self.leaves(
            ["We talked to Ines of Halden before. What was their rent?"], kept=[], gone=["Ines"]
        )
        self.leaves(["We talked to Ines of Halden before. It went well."], kept=["Ines"], gone=[])
