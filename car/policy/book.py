"""The rules in force: those of everybody, and those of scopes opened inside a session."""

import hashlib
from collections.abc import Iterable, Sequence

from msgspec import Struct

from car.ir.json import JsonObject, canonical
from car.ir.proposal import Action
from car.policy.errors import UnknownScope
from car.policy.rules import PolicyDefinition, Rule, Violation, rule_of
from car.state.reader import StateReader

_NONE: Sequence[Violation] = ()
_NO_RULES: Sequence[Rule] = ()


class PolicyEntry(Struct, frozen=True):
    """A registered policy as ``policy.list`` tells it."""

    name: str
    description: str


class PolicyBook:
    """Rules in registration order, global ones before those of a scope.

    *fixed* rules are the operator's: they come first, and nobody here can take them away.
    Names may repeat.  Methods with a *scope* raise UnknownScope where it is not open.
    """

    __slots__ = ("_everywhere", "_fixed", "_scopes", "revision")

    def __init__(self, fixed: Iterable[Rule] = ()) -> None:
        self._fixed = tuple(fixed)
        self._everywhere = _RuleList(self._fixed)
        self._scopes: dict[str, _RuleList] = {}
        self.revision = 0
        """Grows whenever the rules in force change: a digest taken at one stays right."""

    @property
    def empty(self) -> bool:
        """Whether there is no rule at all, in no scope either."""
        return not self._everywhere.rules and not self._scopes

    def __len__(self) -> int:
        """How many rules there are, those of all scopes included."""
        return len(self._everywhere.rules) + sum(
            len(scope.rules) for scope in self._scopes.values()
        )

    def register(self, definition: PolicyDefinition, scope: str | None = None) -> None:
        """Put a policy in force, everywhere or in *scope*; raises PolicyError."""
        self._at(scope).add(rule_of(definition))
        self.revision += 1

    def unregister(self, name: str, scope: str | None = None) -> int:
        """Take all policies of that name away, global ones or those of *scope*; how many."""
        self.revision += 1
        return self._at(scope).remove(name, len(self._fixed) if scope is None else 0)

    def open_scope(self, scope_id: str) -> None:
        """Open a scope; one that is open stays as it is."""
        self.revision += 1
        self._scopes.setdefault(scope_id, _RuleList(()))

    def close_scope(self, scope_id: str) -> bool:
        """Close a scope and drop its policies; whether it was open."""
        self.revision += 1
        return self._scopes.pop(scope_id, None) is not None

    def has_scope(self, scope_id: str) -> bool:
        """Whether that scope is open."""
        return scope_id in self._scopes

    def require_scope(self, scope: str | None) -> None:
        """Raise UnknownScope where *scope* is not open; None always is."""
        self._at(scope)

    def violations(
        self,
        action: Action,
        parameters: JsonObject,
        state: StateReader,
        scope: str | None = None,
    ) -> Sequence[Violation]:
        """Every policy that forbids *action*, in order.

        *parameters* are its parameters with references resolved.  The answer may be shared
        and is not to be changed.
        """
        tool = action.tool_name if action.type == "tool_call" else None
        rules = self._everywhere.about(tool)
        if scope is not None:
            rules = (*rules, *self._at(scope).about(tool))
        if not rules:
            return _NONE
        return [
            Violation(rule.name, rule.text)
            for rule in rules
            if rule.forbids(action, parameters, state)
        ]

    def digest(self, scope: str | None = None) -> str:
        """SHA-256 in hex of the rules in force, as canonical JSON."""
        if scope is None:
            return self._everywhere.digest()
        return self._at(scope).digest(self._everywhere.rules)

    def list(self, scope: str | None = None) -> Sequence[PolicyEntry]:
        """The global policies, or those of *scope* alone, in order of registration."""
        return [PolicyEntry(rule.name, rule.description) for rule in self._at(scope).rules]

    def _at(self, scope: str | None) -> "_RuleList":
        if scope is None:
            return self._everywhere
        rules = self._scopes.get(scope)
        if rules is None:
            raise UnknownScope(scope)
        return rules


class _RuleList:
    """Rules in order, found by the tool they look at."""

    __slots__ = ("_by_tool", "_digest", "_general", "rules")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._by_tool: dict[str, list[Rule]] | None = None
        self._general: Sequence[Rule] = _NO_RULES
        self._digest: tuple[tuple[Rule, ...], str] | None = None

    def add(self, rule: Rule) -> None:
        self._change((*self.rules, rule))

    def remove(self, name: str, fixed: int) -> int:
        """Drop the rules of that name after the first *fixed*; how many."""
        kept = tuple(
            rule for index, rule in enumerate(self.rules) if index < fixed or rule.name != name
        )
        removed = len(self.rules) - len(kept)
        self._change(kept)
        return removed

    def about(self, tool: str | None) -> Sequence[Rule]:
        """The rules that look at a call of *tool*, or at an action that calls none."""
        if not self.rules:
            return _NO_RULES
        if self._by_tool is None:
            self._by_tool = self._index()
        return self._general if tool is None else self._by_tool.get(tool, self._general)

    def digest(self, before: tuple[Rule, ...] = ()) -> str:
        """The digest of *before* and these; kept until either changes."""
        if self._digest is None or self._digest[0] is not before:
            text = canonical([rule.definition for rule in (*before, *self.rules)])
            self._digest = before, hashlib.sha256(text).hexdigest()
        return self._digest[1]

    def _change(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._by_tool = None
        self._digest = None

    def _index(self) -> dict[str, list[Rule]]:
        general: list[Rule] = []
        by_tool: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if rule.tool is None:
                general.append(rule)
                for rules in by_tool.values():
                    rules.append(rule)
            else:
                by_tool.setdefault(rule.tool, list(general)).append(rule)
        self._general = general
        return by_tool
