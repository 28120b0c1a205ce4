"""Tests of car.ir.references."""

from twisted.trial.unittest import SynchronousTestCase

from car.ir.references import ReferenceFault, find_references, read_reference, resolve

IDS = {"a": 0, "b.output": 1}


class ReferenceTests(SynchronousTestCase):
    """$<id>.output and its paths (decision 3)."""

    def test_read(self) -> None:
        """A reference is taken apart into the action's id and the path."""
        reference = read_reference("$a.output.list.0", IDS)
        assert reference is not None
        self.assertEqual((reference.action_id, reference.path), ("a", ("list", "0")))

    def test_id_with_the_mark_in_it(self) -> None:
        """An id may itself contain the mark."""
        reference = read_reference("$b.output.output", IDS)
        assert reference is not None
        self.assertEqual((reference.action_id, reference.path), ("b.output", ()))

    def test_verbatim(self) -> None:
        """Anything else is plain text."""
        for value in ("$c.output", "$a.outputs", "a.output", "$a", "x $a.output", "$a.output.", 7):
            self.assertIsNone(read_reference(value, IDS), value)

    def test_find(self) -> None:
        """References are found at any depth of objects and lists."""
        found = find_references({"x": ["$a.output", {"y": "$a.output.k"}], "z": "no"}, IDS)
        self.assertEqual([one.text for one in found], ["$a.output", "$a.output.k"])

    def test_resolve(self) -> None:
        """Each reference is replaced by the part it names."""
        outputs = {"a": {"list": [5, None], "k": {"1": "one"}}}
        resolved = resolve(
            ["$a.output.list.0", {"n": "$a.output.list.1"}, "$a.output.k.1"], outputs
        )
        self.assertEqual(resolved, [5, {"n": None}, "one"])

    def test_leads_nowhere(self) -> None:
        """A path that the output does not have is a fault that names the reference."""
        for path in ("x", "list.2", "list.-1", "list.a", "list.0.deep"):
            problem = self.assertRaises(
                ReferenceFault, resolve, f"$a.output.{path}", {"a": {"list": [1, 2]}}
            )
            self.assertIn(path, str(problem))
