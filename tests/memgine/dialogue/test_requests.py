"""Tests of car.memgine.dialogue.requests."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.requests import requests


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
