"""Tests of car.memgine.questions."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dates import TIMED
from car.memgine.index import TextIndex
from car.memgine.questions import Wanted, read
from car.memgine.rows import DocKind
from car.memgine.signs import PLACED
from car.memgine.tokens import Tokeniser
from car.memgine.weights import RetrievalOptions

NOW = 1_700_000_000.0


def index_of(*texts: str, tokeniser: Tokeniser | None = None) -> TextIndex:
    """An index of turns that say *texts*, with others around them."""
    index = TextIndex(tokeniser)
    for doc, text in enumerate([*texts, *["nothing to speak of"] * 30]):
        index.add(doc, "Anna", text, kind=DocKind.TURN)
    return index


def wanted(
    query: str, index: TextIndex | None = None, options: RetrievalOptions | None = None
) -> Wanted:
    """*query* as it is looked for."""
    return read(query, NOW, index or index_of(), options or RetrievalOptions())


class ReadTests(SynchronousTestCase):
    """read."""

    def test_words(self) -> None:
        """Words that frame a question count less than those it is about."""
        self.assertEqual(
            wanted("What kind of owl?", options=RetrievalOptions(frame=0.5)).words,
            {"kind": 0.5, "owl": 1.0},
        )
        self.assertEqual(
            wanted("What kind of owl?", options=RetrievalOptions(frame=0)).words,
            {"kind": 1.0, "owl": 1.0},
        )

    def test_signs(self) -> None:
        """What is asked for, when or where, has its advantage."""
        self.assertEqual(
            wanted("When was it?", options=RetrievalOptions(timed=0.4)).signs, {TIMED: 0.4}
        )
        self.assertEqual(
            wanted("Where was it?", options=RetrievalOptions(placed=0.3)).signs, {PLACED: 0.3}
        )
        self.assertEqual(wanted("What was it?").signs, {})

    def test_dates(self) -> None:
        """Dates have the weight of dates."""
        self.assertEqual(
            wanted("In May 2023?", options=RetrievalOptions(dates=2.0)).dates,
            {"@2023-05": 2.0, "@2023": 2.0},
        )

    def test_speakers(self) -> None:
        """Any word may name a speaker, and who says *I* is the user."""
        self.assertEqual(wanted("Did Anna go?").speakers, ["anna", "go"])
        self.assertEqual(wanted("Did I go?").speakers, ["go", "user", "human"])

    def test_related(self) -> None:
        """A related word that somebody used counts its part, never more than the word itself."""
        index = index_of("my dog barks", "a pet shop", "the pet is ill", "pet, pet, pet")
        found = wanted("Which pet?", index, RetrievalOptions(related=0.3)).related
        self.assertEqual(set(found), {"dog"})
        share = index.idf("pet") / index.idf("dog")
        self.assertLess(share, 1)
        self.assertAlmostEqual(found["dog"], 0.3 * share)

    def test_related_unsaid(self) -> None:
        """Where nobody used the question's own word, related ones count double."""
        index = index_of("my dog barks")
        self.assertAlmostEqual(
            wanted("Which pet?", index, RetrievalOptions(related=0.3)).related["dog"], 0.6
        )

    def test_related_commonplace(self) -> None:
        """A related word that is everywhere says nothing."""
        index = index_of(*["my dog barks"] * 20)
        self.assertEqual(wanted("Which pet?", index).related, {})

    def test_related_off(self) -> None:
        """Without a weight, and in other languages, no word stands for another."""
        index = index_of("my dog barks")
        self.assertEqual(wanted("Which pet?", index, RetrievalOptions(related=0)).related, {})
        german = index_of("my dog barks", tokeniser=Tokeniser("german"))
        self.assertEqual(wanted("Which pet?", german).related, {})
