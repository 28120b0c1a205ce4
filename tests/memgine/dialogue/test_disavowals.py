"""Tests of car.memgine.dialogue.disavowals in whole talks."""

from tests.memgine.dialogue.talk import TalkTestCase

FINDING = "[Ann (Support)]: I looked at it. It has to be the router."


class DisavowalTests(TalkTestCase):
    """Whose word is called wrong has said nothing."""

    def test_called_wrong(self) -> None:
        """In whatever words, as long as the speaker is named."""
        for words in (
            "What Ann found isn't right.",
            "Ann had it wrong, the cable is loose.",
            "Contrary to what Ann says, the cable is loose.",
            "It's not what Ann said.",
            "The diagnosis of Ann was erroneous.",
            "Ann is mistaken.",
        ):
            self.leaves([FINDING, f"[Bob (Senior Support)]: {words}"], kept=[], gone=["router"])

    def test_left_alone(self) -> None:
        """Nobody named, nothing called wrong, or a question: what was said stands."""
        for words in (
            "Ann, could you look at the wrong bill as well?",
            "Something is wrong with the cable.",
            "Ann is right about that.",
            "Was Ann wrong about that?",
        ):
            self.leaves([FINDING, f"[Bob (Senior Support)]: {words}"], kept=["router"], gone=[])

    def test_shared_name(self) -> None:
        """A word that two speakers go by names neither."""
        self.leaves(
            [
                "[Desk North (Support)]: It has to be the router.",
                "[Desk South (Support)]: It has to be the modem.",
                "[Bob (Senior Support)]: The desk was wrong.",
            ],
            kept=["router", "modem"],
            gone=[],
        )
