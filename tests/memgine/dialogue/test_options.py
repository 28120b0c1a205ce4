"""Tests of car.memgine.dialogue.options."""

from tests.memgine.dialogue.talk import Talk, TalkTestCase

TAKEN = "OK, let's go with Borealis at $6k."


class OptionTests(TalkTestCase):
    """What was offered, what was taken, and who goes back to the rest."""

    def _asked(self, talk: Talk, query: str) -> frozenset[str]:
        return talk.reader.at_query(query).settings

    def test_passed_over(self) -> None:
        """What an option that was not taken would have cost is for whoever asks about it."""
        for offers in (
            "I have the quotes: Aurora $8k, Borealis $6k, Cirrus $9k.",
            "These are the offers: $8k from Aurora, $6k from Borealis and $9k from Cirrus.",
            "The vendors' prices: $8k (Aurora), $6k (Borealis), $9k (Cirrus).",
            "The bids are in. Aurora: $8k; Borealis: $6k; Cirrus: $9k.",
        ):
            talk = Talk(offers, TAKEN, "Could Aurora be had again? They wanted $8k, though.")
            setting = talk.nodes[2].setting
            assert setting is not None, offers
            self.assertIn(TAKEN, talk.text())
            self.assertNotIn("$8k", talk.text())
            self.assertIn(setting, self._asked(talk, "Can we still have Aurora?"))
            self.assertIn(setting, self._asked(talk, "What were the other offers?"))
            self.assertNotIn(setting, self._asked(talk, "What do we pay Borealis?"))

    def test_stated_as_a_fact(self) -> None:
        """A fact that goes back to it is put aside likewise."""
        talk = Talk("I have the quotes: Aurora $8k, Borealis $6k.", TAKEN)
        fact = talk.fact("note", "Aurora is free again, at $8k.")
        self.assertIsNotNone(fact.setting)

    def test_taken_after_all(self) -> None:
        """Another choice is a choice."""
        talk = Talk(
            "I have the quotes: Aurora $8k, Borealis $6k.",
            TAKEN,
            "We decided: let's go with Aurora at $8k.",
        )
        self.assertIn("Aurora at $8k", talk.text())

    def test_spent(self) -> None:
        """Amounts that were spent on several are no offers."""
        self.leaves_alone(
            [
                "I gave $20 to Anna and $30 to Bert.",
                "Anna bought a kite for her $20.",
                "Bert lost the $30.",
            ]
        )

    def test_nothing_taken(self) -> None:
        """Until one is taken all are open."""
        self.leaves_alone(
            ["I have the quotes: Aurora $8k, Borealis $6k.", "Aurora wants $8k in advance."]
        )
