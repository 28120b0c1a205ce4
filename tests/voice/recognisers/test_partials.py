"""Tests of car.voice.recognisers.partials."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.voice.recognisers.partials import AgreedText

WORDS = st.lists(st.sampled_from(["an", "Owl", "owl,", "flew", "off.", "…"]), max_size=6)


class AgreedTextTests(SynchronousTestCase):
    """AgreedText.heard: what two successive hypotheses have in common."""

    def test_agreement(self) -> None:
        """A word is shown once it was heard twice, and what was shown stays."""
        agreed = AgreedText()
        for hypothesis, text in (
            ("The owl", None),
            ("the owl. Saw", "the owl"),
            ("the owl saw a moose", "the owl saw"),
            ("the owl saw a mouse and", "the owl saw a"),
            ("the old saw", None),
            ("the old saw a mouse and ran", None),
            ("the owl saw a mouse and ran off", None),
            ("the owl saw a mouse, and ran off home.", "the owl saw a mouse, and ran off"),
        ):
            self.assertEqual(agreed.heard(hypothesis), text, hypothesis)
        self.assertEqual(agreed.text, "the owl saw a mouse, and ran off")

    def test_nothing_new(self) -> None:
        """The same again is not told again, and silence is nothing."""
        agreed = AgreedText()
        self.assertEqual([agreed.heard(text) for text in ("", "", "an owl")], [None] * 3)
        self.assertEqual(agreed.heard("an owl"), "an owl")
        self.assertIsNone(agreed.heard("an owl"))
        self.assertIsNone(agreed.heard(""))

    def test_only_extends(self) -> None:
        """Whatever is heard, each text begins with the one before."""

        @given(st.lists(WORDS, max_size=8))
        def extends(hypotheses: list[list[str]]) -> None:
            agreed, before = AgreedText(), ""
            for words in hypotheses:
                text = agreed.heard(" ".join(words))
                if text is not None:
                    self.assertTrue(text.startswith(before) and len(text) > len(before))
                    before = text

        extends()
