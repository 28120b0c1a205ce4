"""Tests of car.policy.book."""

from twisted.trial.unittest import SynchronousTestCase

from car.ir.proposal import Action
from car.policy.book import PolicyBook
from car.policy.errors import PolicyError, UnknownScope
from car.policy.rules import PolicyDefinition, rule_of
from car.state.reader import ValuesReader


def deny(name: str, tool: str) -> PolicyDefinition:
    """A policy that denies *tool*."""
    return PolicyDefinition(name=name, rule="deny_tool", target=tool)


def require(name: str, key: str) -> PolicyDefinition:
    """A policy that needs *key* to be true."""
    return PolicyDefinition(name=name, rule="require_state", key=key, value=True)


class BookTests(SynchronousTestCase):
    """PolicyBook: which rules are in force, and what they say."""

    def setUp(self) -> None:
        self.book = PolicyBook()

    def names(self, tool: str, scope: str | None = None) -> list[str]:
        """The names of the policies that a call of *tool* violates in an empty state."""
        action = Action(type="tool_call", tool=tool)
        found = self.book.violations(action, {}, ValuesReader({}), scope)
        return [violation.name for violation in found]

    def test_no_rules(self) -> None:
        """Without rules the answer is one shared nothing."""
        action, state = Action(type="tool_call", tool="sh"), ValuesReader({})
        first = self.book.violations(action, {}, state)
        self.assertEqual(len(first), 0)
        self.assertIs(first, self.book.violations(action, {}, state))

    def test_order(self) -> None:
        """All violations come in order of registration, whatever the kind of rule."""
        for definition in (deny("a", "sh"), require("b", "k"), deny("c", "ls"), deny("a", "sh")):
            self.book.register(definition)
        self.book.register(require("d", "k"))
        self.assertEqual(self.names("sh"), ["a", "b", "a", "d"])
        self.assertEqual(self.names("ls"), ["b", "c", "d"])
        self.assertEqual(self.names("other"), ["b", "d"])
        self.assertEqual(len(self.book), 5)

    def test_only_tool_calls(self) -> None:
        """A rule about a tool leaves other actions alone, also those that name it."""
        self.book.register(deny("a", "sh"))
        action = Action(type="state_write", tool="sh")
        self.assertEqual(list(self.book.violations(action, {}, ValuesReader({}))), [])

    def test_unregister(self) -> None:
        """All policies of a name go; an unknown name is no error."""
        for name in ("a", "b", "a"):
            self.book.register(deny(name, "sh"))
        self.assertEqual((self.book.unregister("a"), self.book.unregister("a")), (2, 0))
        self.assertEqual(self.names("sh"), ["b"])

    def test_refused(self) -> None:
        """A policy that cannot be compiled is not in force."""
        bad = PolicyDefinition(name="a", rule="deny_tool")
        self.assertRaises(PolicyError, self.book.register, bad)
        self.assertEqual(len(self.book), 0)

    def test_list(self) -> None:
        """Global policies and those of a scope are listed apart, with a description."""
        self.book.open_scope("s")
        self.book.register(deny("a", "sh"))
        self.book.register(deny("b", "ls"), "s")
        (entry,) = self.book.list()
        self.assertEqual((entry.name, entry.description), ("a", "tool 'sh' is denied"))
        self.assertEqual([one.name for one in self.book.list("s")], ["b"])

    def test_scopes(self) -> None:
        """A scope adds its rules after the global ones and takes them with it."""
        self.book.open_scope("s")
        self.book.open_scope("s")
        self.book.register(deny("inner", "sh"), "s")
        self.book.register(deny("outer", "sh"))
        self.assertEqual(self.names("sh"), ["outer"])
        self.assertEqual(self.names("sh", "s"), ["outer", "inner"])
        self.assertEqual(self.book.unregister("outer", "s"), 0)
        self.assertEqual(len(self.book), 2)
        self.assertTrue(self.book.has_scope("s"))
        self.assertTrue(self.book.close_scope("s"))
        self.assertFalse(self.book.close_scope("s"))
        self.assertEqual(len(self.book), 1)

    def test_unknown_scope(self) -> None:
        """Every question about an unknown scope names it."""
        for ask in (self.book.list, self.book.digest, self.book.require_scope):
            problem = self.assertRaises(UnknownScope, ask, "s")
            self.assertEqual(str(problem), "unknown policy session 's'")
        self.assertRaises(UnknownScope, self.names, "sh", "s")
        self.assertRaises(UnknownScope, self.book.register, deny("a", "sh"), "s")
        self.assertRaises(UnknownScope, self.book.unregister, "a", "s")
        self.book.require_scope(None)

    def test_fixed_rules(self) -> None:
        """The operator's rules come first and cannot be taken away."""
        self.book = PolicyBook([rule_of(deny("a", "sh"))])
        self.book.register(deny("a", "sh"))
        self.assertEqual(self.book.unregister("a"), 1)
        self.assertEqual(self.names("sh"), ["a"])

    def test_digest(self) -> None:
        """The digest changes with the rules in force and with nothing else."""
        self.book.open_scope("s")
        empty = self.book.digest()
        self.assertRegex(empty, "^[0-9a-f]{64}$")
        self.assertEqual(self.book.digest("s"), empty)
        self.book.register(deny("a", "sh"), "s")
        inside = self.book.digest("s")
        self.assertNotEqual(inside, empty)
        self.assertEqual(self.book.digest(), empty)
        self.book.register(deny("b", "sh"))
        self.assertNotEqual(self.book.digest("s"), inside)
        self.book.unregister("b")
        self.assertEqual((self.book.digest(), self.book.digest("s")), (empty, inside))
