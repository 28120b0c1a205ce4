"""Tests of car.memgine.dialogue.requests."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.requests import recalls, requests, supposes
from tests.memgine.dialogue.talk import Talk


class RequestTests(SynchronousTestCase):
    """Asking to be told something."""

    def test_asks(self) -> None:
        """By a question after a colon, by a verb of asking, by a request to tell."""
        for text in (
            "You met the people from Acme before: what did they say?",
            "I was wondering, like, about their prices",
            "The undersigned requests to be informed which discount was given",
            "Our office enquires as to the state of the claim",
            "I lost my notes, so could you repeat the address from last time",
            "We would like to know their budget",
        ):
            self.assertTrue(requests(text), text)

    def test_states(self) -> None:
        """Wishes, plans and other people's questions state something."""
        for text in (
            "I would like to move it to Friday",
            "She asks a lot of them",
            "We need to see results by Friday",
            "The lamp is green, okay?",
            "Could you move it to noon?",
        ):
            self.assertFalse(requests(text), text)

    def test_asked_for(self) -> None:
        """A formal request that something be told, and a topic set before its question."""
        for text in (
            "I request that the terms of the lease be restated",
            "You are asked that the list of guests be provided",
            "our roof plan and the colours from last time, what were they?",
        ):
            self.assertTrue(requests(text), text)

    def test_ordered(self) -> None:
        """Orders to say, to say again, or to let one in on something."""
        for text in (
            "Remind me what we paid",
            "Please summarise it",
            "Well, walk us through the roof plan again",
            "Fill me in on the lease",
            "Refresh my memory",
            "Since I have no notes, please repeat all of it",
            "I'm asking what rent they pay",
            "I would ask you for the details of the lease, as I lost my notes",
        ):
            self.assertTrue(requests(text), text)
        self.assertFalse(requests("I must ask you for an hour of patience"))
        for text in ("Remind me to call Ana", "Tell Ana that it is off", "List Ana as the owner"):
            self.assertFalse(requests(text), text)


class RecallTests(SynchronousTestCase):
    """Reminding the listener of what it heard elsewhere."""

    def test_of_another_house(self) -> None:
        """What is wanted may be what somebody of another house disclosed."""
        self.assertTrue(recalls("I, Ana of Acme, require the rent that Bo of Bolt disclosed"))
        self.assertFalse(recalls("We need the tiles that Bo of Bolt sent us"))

    def test_recalls(self) -> None:
        """By what was said to it, by its talks with others, by what they gave."""
        for text in (
            "It would be for the rent that Ana told to you",
            "There was some price you discussed for Hooli",
            "You have an earlier thread with Ana",
            "You had Ana on the phone earlier",
            "Need the figure they gave",
        ):
            self.assertTrue(recalls(text), text)

    def test_before(self) -> None:
        """What was gone over at an earlier time, and what can only be had by being told."""
        for text in (
            "Last time we covered the roof and the walls",
            "You went through a lease for Hooli",
            "I would like a rundown of the lease",
            "We need everything they wrote about it",
            "Ana asked for the rent, as Bo stated it in your earlier talk",
            "Hand over the transcripts",
        ):
            self.assertTrue(recalls(text), text)
        self.assertFalse(recalls("I gave it to you wrongly"))

    def test_supposes(self) -> None:
        """What only tells the listener what they did belongs to the question after it."""
        self.assertTrue(supposes("And you've seen the lease"))
        self.assertFalse(supposes("Ana has seen the lease"))
        self.assertFalse(supposes("You know what, I liked the old one"))
        talk = Talk("You had a lease for Hooli. How much was it?", "Could you move it to noon?")
        self.assertEqual([node.setting for node in talk.nodes], ["question", None])

    def test_states(self) -> None:
        """What the speaker has, needs or tells is no reminder."""
        for text in (
            "We talked about the roof",
            "I need a new lamp",
            "Ana told me the price",
            "You need a better lock, I've said so",
        ):
            self.assertFalse(recalls(text), text)
