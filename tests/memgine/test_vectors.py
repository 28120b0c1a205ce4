"""Vectors: put, dropped, compared; and what they do to a search."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.memgine import Memgine
from car.memgine.vectors import Vectors, WrongVector
from tests.memgine.doubles import NOON, given_fact


class VectorsTests(SynchronousTestCase):
    """The table of vectors."""

    def test_nearest_first(self) -> None:
        """Cosines come by node, the nearest first, whatever the lengths."""
        vectors = Vectors()
        vectors.put(7, [0, 2])
        vectors.put(9, [3, 3])
        found = vectors.similarities([10, 0])
        self.assertEqual(list(found), [9, 7])
        self.assertAlmostEqual(found[9], 0.70710677, places=6)
        self.assertEqual(vectors.similarities([0, 1])[7], 1.0)

    def test_drop_and_replace(self) -> None:
        """One that goes takes its row along; one that is put again is the new one."""
        vectors = Vectors()
        for index in range(300):
            vectors.put(index, [1.0, float(index)])
        vectors.drop(5)
        vectors.drop(5)
        vectors.put(6, [1.0, 0.0])
        self.assertEqual(len(vectors), 299)
        self.assertNotIn(5, vectors)
        self.assertEqual(next(iter(vectors.similarities([1, 0]))), 0)
        self.assertAlmostEqual(vectors.similarities([1, 0])[6], 1.0)

    def test_refused(self) -> None:
        """Another length, nothing but zeros, or what is no number."""
        vectors = Vectors()
        self.assertEqual(vectors.similarities([1]), {})
        vectors.put(1, [1, 2])
        for wrong in ([1, 2, 3], [0, 0], [float("nan"), 1]):
            self.assertRaises(WrongVector, vectors.put, 2, wrong)
            self.assertRaises(WrongVector, vectors.similarities, wrong)
        self.assertEqual(len(vectors), 1)


class SearchTests(SynchronousTestCase):
    """Vectors handed to a memory."""

    def setUp(self) -> None:
        self.memory = Memgine()
        self.car = given_fact(self.memory, "fleet", "the automobile is red")
        self.tree = given_fact(self.memory, "garden", "the oak is old")
        for number in range(20):
            other = given_fact(self.memory, f"note {number}", f"line number {number}")
            self.memory.vectors.put(other.index, [0.0, 1.0, number / 40])
        self.memory.vectors.put(self.car.index, [1.0, 0.0, 0.0])
        self.memory.vectors.put(self.tree.index, [0.0, 0.0, 1.0])

    def test_off(self) -> None:
        """Without a vector of the question words alone count."""
        self.assertEqual(self.memory.query("vehicle", 3, NOON), [])

    def test_blended(self) -> None:
        """A node far nearer than the others is found without a common word."""
        [hit] = self.memory.query("vehicle", 1, NOON, vector=[1.0, 0.0, 0.0])
        self.assertIs(hit.node, self.car)
        text = self.memory.build_context("vehicle", NOON, vector=[1.0, 0.0, 0.0])
        self.assertTrue(text.endswith("the automobile is red"))

    def test_gone(self) -> None:
        """The vector of a fact that was deleted is gone with it."""
        self.memory.delete(self.car.id or "", NOON)
        self.assertNotIn(self.car.index, self.memory.vectors)
