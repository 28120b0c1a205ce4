"""Tests of the word error rate that other tests measure with."""

from twisted.trial.unittest import SynchronousTestCase

from tests.voice.wer import normalised, word_error_rate


class WordErrorRateTests(SynchronousTestCase):
    """word_error_rate and normalised."""

    def test_rate(self) -> None:
        """Words mistaken, left out and put in count alike."""
        said = "the owl sees four mice"
        for heard, errors in (
            ("The owl sees 4 mice.", 0),
            ("the owl seas four mice", 1),
            ("the owl sees mice", 1),
            ("the old owl sees four mice", 1),
            ("", 5),
        ):
            self.assertEqual(word_error_rate(said, heard), errors / 5, heard)

    def test_normalised(self) -> None:
        """Numbers are words, and punctuation is nothing."""
        self.assertEqual(
            " ".join(normalised("It’s 1,215 — or 40; 13. Mice!")),
            "it's one thousand two hundred fifteen or forty thirteen mice",
        )
