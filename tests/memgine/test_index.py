"""Tests of car.memgine.index and car.memgine.rows."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine import index as index_module
from car.memgine.index import BULK, Document, TextIndex
from car.memgine.rows import NOWHERE, DocKind

WORDS = st.sampled_from(["owl", "barn", "mouse", "night", "field", "moon"])
TEXTS = st.lists(WORDS, max_size=7).map(" ".join)
Operations = list[tuple[int, str | None, int | None]]
"""What is said of documents, one after the other: number, text (None: it goes), thread."""

OPERATIONS: st.SearchStrategy[Operations] = st.lists(
    st.tuples(st.integers(0, 7), st.none() | TEXTS, st.none() | st.integers(0, 1)), max_size=30
)


def scores(index: TextIndex, query: str) -> dict[int, float]:
    """The documents that match *query*, with their scores."""
    found = index.score(dict.fromkeys(index.tokeniser.terms(query), 1.0))
    docs = index.table.docs
    return {int(docs[row]): float(found[row]) for row in found.nonzero()[0]}


def neighbours(index: TextIndex) -> dict[int, tuple[int | None, int | None]]:
    """The document before and after each, by document."""
    table = index.table

    def doc(row: int) -> int | None:
        return None if row == NOWHERE else int(table.docs[row])

    return {
        int(table.docs[row]): (doc(int(table.before[row])), doc(int(table.after[row])))
        for row in range(table.size)
        if int(table.docs[row]) in index and table.row(int(table.docs[row])) == row
    }


def columns(index: TextIndex) -> dict[int, tuple[float, int, float]]:
    """Length, kind and instant of each document."""
    table = index.table
    rows = {doc: table.row(doc) for doc in table.docs.tolist() if doc in table}
    return {
        doc: (float(table.lengths[row]), int(table.kinds[row]), float(table.ats[row]))
        for doc, row in rows.items()
    }


def filled(*texts: str) -> TextIndex:
    """An index of facts that say *texts*, numbered from 0."""
    index = TextIndex()
    index.add_many(Document(doc, "", text, DocKind.FACT) for doc, text in enumerate(texts))
    return index


class ScoreTests(SynchronousTestCase):
    """TextIndex.score."""

    def test_rare_words_count_more(self) -> None:
        """Of two matches the rarer word's is better; what matches nothing has 0."""
        found = scores(filled("owl field", "mouse field", "field barn", "moon"), "owl field")
        self.assertEqual(sorted(found), [0, 1, 2])
        self.assertGreater(found[0], found[1])

    def test_long_documents_count_less(self) -> None:
        """The same word in fewer others is worth more."""
        found = scores(filled("owl", "owl barn night field moon", "mouse"), "owl")
        self.assertGreater(found[0], found[1])

    def test_bm25(self) -> None:
        """The formula, worked by hand for one term."""
        found = scores(filled("owl owl barn", "mouse"), "owl")
        idf = 0.6931472  # ln(1 + (2 - 1 + 0.5) / (1 + 0.5))
        norm = 1.2 * (0.25 + 0.75 * 3 / 2)
        self.assertAlmostEqual(found[0], idf * 2.2 * 2 / (2 + norm), places=5)

    def test_key_and_words(self) -> None:
        """Keys are searched like text; words are terms as they stand and have no length."""
        index = TextIndex()
        index.add(3, "meeting_location", "Room 5", kind=DocKind.FACT, words=("@2024", "@2024"))
        self.assertEqual(list(scores(index, "meetings")), [3])
        self.assertEqual(index.frequency("@2024"), 1)
        self.assertEqual(index.table.lengths.tolist(), [4.0])

    def test_bulk(self) -> None:
        """Many at once make the index that one after the other does, also into a used one."""
        documents = [
            Document(n, f"key {n % 7}", f"owl {n % 5} barn word{n % 31}", DocKind.FACT, ("@x",) * 2)
            for n in range(BULK + 40)
        ]
        one_by_one, at_once = filled("barn owl", "mouse"), filled("barn owl", "mouse")
        for index in (one_by_one, at_once):
            index.remove(1)
        for one in documents:
            one_by_one.add(one.doc, one.key, one.text, kind=one.kind, words=one.words)
        at_once.add_many(documents)
        for word in ("owl", "barn word3", "key 5", "2"):
            self.assertEqual(scores(at_once, word), scores(one_by_one, word), word)
        for doc in range(BULK):
            at_once.remove(doc)
            one_by_one.remove(doc)
        self.assertEqual(scores(at_once, "owl barn"), scores(one_by_one, "owl barn"))
        self.assertEqual(at_once.frequency("@x"), 40)

    @settings(deadline=None)
    @given(OPERATIONS, OPERATIONS)
    def test_bulk_into_a_used_index(self, before: Operations, after: Operations) -> None:
        """Many at once make the index that one after the other does, whatever was there."""
        self.patch(index_module, "BULK", 1)
        one_by_one, at_once = TextIndex(), TextIndex()
        for index in (one_by_one, at_once):
            for doc, text, thread in before:
                index.remove(doc)
                if text is not None:
                    index.add(doc, "key", text, kind=DocKind.TURN, thread=thread)
        documents = [
            Document(doc, f"key {doc}", text, DocKind(doc % 3), ("@x",), float(doc), thread)
            for doc, text, thread in after
            if text is not None
        ]
        for one in documents:
            one_by_one.add(
                one.doc,
                one.key,
                one.text,
                kind=one.kind,
                words=one.words,
                at=one.at,
                thread=one.thread,
            )
        at_once.add_many(documents)
        for query in ("owl", "barn mouse", "key 3"):
            self.assertEqual(scores(at_once, query), scores(one_by_one, query))
        self.assertEqual(neighbours(at_once), neighbours(one_by_one))
        self.assertEqual(columns(at_once), columns(one_by_one))
        self.assertEqual(at_once.table.size, one_by_one.table.size)
        for kind in DocKind:
            self.assertEqual(at_once.table.count(kind), one_by_one.table.count(kind))
        for doc in range(8):
            at_once.remove(doc)
        self.assertEqual([at_once.frequency(word) for word in ("owl", "@x", "key")], [0, 0, 0])

    def test_many_repeats(self) -> None:
        """A word said a hundred times stays within its posting."""
        index = filled("owl " * 100, "barn")
        self.assertEqual(list(scores(index, "owl")), [0])
        self.assertEqual(index.rows("owl").tolist(), [0])

    def test_empty(self) -> None:
        """An empty index, and one without words, find nothing."""
        self.assertEqual(scores(TextIndex(), "owl"), {})
        self.assertEqual(scores(filled("the"), "owl"), {})


class ChangeTests(SynchronousTestCase):
    """Adding over, removing, growing."""

    def test_replaced(self) -> None:
        """A document that says something new no longer says the old."""
        index = filled("owl", "barn")
        index.add(0, "", "moon", kind=DocKind.FACT)
        self.assertEqual(scores(index, "owl"), {})
        self.assertEqual(list(scores(index, "moon")), [0])
        self.assertEqual(len(index), 2)

    def test_unknown_removed(self) -> None:
        """Removing what is not there is nothing."""
        index = filled("owl")
        index.remove(7)
        self.assertIn(0, index)
        self.assertNotIn(7, index)

    def test_rows_are_used_again(self) -> None:
        """Columns do not grow with what comes and goes."""
        index = TextIndex()
        for doc in range(100):
            index.add(doc, "", "owl", kind=DocKind.FACT)
            index.remove(doc)
        self.assertEqual(index.table.size, 1)
        self.assertEqual(index.frequency("owl"), 0)

    def test_growth(self) -> None:
        """More documents than the first columns hold."""
        index = filled(*["owl barn"] * 3000)
        self.assertEqual(len(scores(index, "owl")), 3000)
        self.assertEqual(index.table.before[-1], NOWHERE)

    def test_kinds_are_counted(self) -> None:
        """How many documents of each kind there are."""
        index = filled("owl", "barn")
        index.add(2, "Anna", "moon", kind=DocKind.TURN, thread=1)
        index.remove(0)
        self.assertEqual(index.table.count(DocKind.FACT), 1)
        self.assertEqual(index.table.count(DocKind.TURN), 1)

    @settings(deadline=None, max_examples=200)
    @given(OPERATIONS, TEXTS)
    def test_same_as_rebuilt(self, operations: Operations, query: str) -> None:
        """An index that grew and shrank says exactly what one built afresh says."""
        index = TextIndex()
        held: dict[int, tuple[str, int | None]] = {}
        for doc, text, thread in operations:
            if text is None:
                index.remove(doc)
                held.pop(doc, None)
            else:
                index.add(doc, "field", text, kind=DocKind.TURN, thread=thread)
                held[doc] = (text, thread)
        fresh = TextIndex()
        fresh.add_many(
            Document(doc, "field", text, DocKind.TURN, thread=thread)
            for doc, (text, thread) in sorted(held.items())
        )
        self.assertEqual(len(index), len(fresh))
        self.assertEqual(scores(index, query), scores(fresh, query))
        self.assertEqual(neighbours(index), neighbours(fresh))
