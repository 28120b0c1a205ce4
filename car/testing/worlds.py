"""The world a conformance case runs in: a runtime, a clock, and tools that behave as told.

Time is a ``task.Clock``: waits end as soon as nothing else can happen before them.
"""

from collections import Counter
from collections.abc import Callable

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock, deferLater
from twisted.python.failure import Failure
from zope.interface import implementer

from car.engine.basics.schemas import BASICS
from car.engine.errors import ToolError
from car.engine.interfaces import IToolExecutor
from car.engine.runtime import Runtime
from car.engine.settings import ReplanConfig
from car.ir.json import JsonObject, JsonValue, convert, decode, encode
from car.ir.proposal import ActionProposal, parse_proposal, proposal_of
from car.ir.tools import ToolCall, ToolSchema
from car.planner.ranking import DEFAULT_COST_WEIGHT, rank_proposals
from car.policy.rules import PolicyDefinition
from car.verify.analysis import DEFAULT_MAX_ACTIONS, verify
from car.verify.optimization import optimize
from car.verify.simulation import equivalent, simulate

EPOCH = 1_772_600_000.0
"""Where the clock of a world starts, in seconds since the epoch."""


@implementer(IToolExecutor)
class BehavingExecutor:
    """Runs tools as a case's ``behaviours`` say; keeps what was called in ``calls``."""

    trusted = False

    def __init__(self, clock: Clock, behaviours: JsonObject) -> None:
        self._clock = clock
        self._behaviours = behaviours
        self._reserved = 0
        self._count: Counter[str] = Counter()
        self.calls: list[list[JsonValue]] = []

    def reserve(self) -> str:
        """The id of the next request."""
        self._reserved += 1
        return f"cb-{self._reserved}"

    def execute(self, call: ToolCall) -> "Deferred[JsonValue]":
        """Fire with what the tool's behaviour says, or fail with ToolError."""
        self.calls.append([call.tool, call.parameters])
        self._count[call.tool] += 1
        count = self._count[call.tool]
        behaviour = self._behaviours.get(call.tool, {"echo": True})
        if "sequence" in behaviour:
            steps = behaviour["sequence"]
            behaviour = steps[min(count, len(steps)) - 1]
        delay = behaviour.get("delay_ms")
        if delay is None:
            return _ending(behaviour, call, count)
        waited: Deferred[JsonValue] = deferLater(self._clock, delay / 1000)
        return waited.addCallback(lambda _: _ending(behaviour, call, count))


def _ending(behaviour: JsonObject, call: ToolCall, count: int) -> "Deferred[JsonValue]":
    failures = behaviour.get("fail_times", count if "error" in behaviour else 0)
    if count <= failures:
        return fail(ToolError(behaviour.get("error", f"{call.tool} failed")))
    if "count" in behaviour:
        return succeed(count)
    if "result" in behaviour:
        return succeed(behaviour["result"])
    return succeed({"tool": call.tool, "params": call.parameters})


class World:
    """A runtime set up as a case says; ``answer`` makes one call on it."""

    def __init__(self, setup: JsonObject) -> None:
        self.clock = Clock()
        self.clock.advance(EPOCH)
        self.executor = BehavingExecutor(self.clock, setup.get("behaviours", {}))
        self.runtime = Runtime(self.executor, self.clock)
        for key, value in setup.get("state", {}).items():
            self.runtime.state.set(key, value)
        for tool in setup.get("tools", ()):
            self.runtime.register_tool(_tool(tool))
        if setup.get("agent_basics"):
            self.runtime.register_basics(self.executor, BASICS)
        for policy in setup.get("policies", ()):
            self.runtime.policies.register(convert(policy, PolicyDefinition))
        if "replan" in setup:
            self.runtime.set_replan(convert(setup["replan"], ReplanConfig))

    @staticmethod
    def knows(call: str) -> bool:
        """Whether a world can make that call at all."""
        return call in _CALLS

    def answer(self, call: str, arguments: JsonObject) -> JsonValue:
        """The answer as a JSON value; raises CarError as the call does."""
        return decode(encode(_CALLS[call](self, Arguments(arguments))))

    def wait(self, deferred: "Deferred[JsonValue]") -> JsonValue:
        """What *deferred* fires with, however long that takes on the clock."""
        endings: list[JsonValue] = []
        deferred.addBoth(endings.append)
        while not endings:
            waiting = self.clock.getDelayedCalls()
            if not waiting:
                raise AssertionError("the call waits for something that cannot happen")
            soonest = min(delayed.getTime() for delayed in waiting)
            self.clock.advance(max(0.0, soonest - self.clock.seconds()))
        if isinstance(endings[0], Failure):
            endings[0].raiseException()
        return endings[0]


class Arguments:
    """The arguments of a call; one named ``<key>_raw`` is JSON text in place of *key*."""

    def __init__(self, values: JsonObject) -> None:
        self._values = values

    def value(self, key: str, default: JsonValue = None) -> JsonValue:
        """The argument *key*, or *default* where it is not given; raises JsonError."""
        if f"{key}_raw" in self._values:
            return decode(self._values[f"{key}_raw"])
        return self._values.get(key, default)

    def state(self) -> JsonObject:
        """The argument ``state``, an object; raises JsonError."""
        return convert(self.value("state", {}), dict)

    def proposal(self, key: str = "proposal") -> ActionProposal:
        """The proposal *key*; raises JsonError."""
        if f"{key}_raw" in self._values:
            return parse_proposal(self._values[f"{key}_raw"])
        return proposal_of(self._values[key])


def _verify(_world: World, arguments: Arguments) -> object:
    return verify(
        arguments.proposal(),
        arguments.state(),
        arguments.value("tools"),
        arguments.value("max_actions", DEFAULT_MAX_ACTIONS),
    )


def _simulate(_world: World, arguments: Arguments) -> object:
    return simulate(arguments.proposal(), arguments.state())


def _optimize(_world: World, arguments: Arguments) -> object:
    return optimize(arguments.proposal())


def _equivalent(_world: World, arguments: Arguments) -> object:
    return equivalent(arguments.proposal("first"), arguments.proposal("second"))


def _rank_proposals(_world: World, arguments: Arguments) -> object:
    candidates = convert(arguments.value("candidates"), list[ActionProposal])
    weight = arguments.value("cost_weight", DEFAULT_COST_WEIGHT)
    return rank_proposals(candidates, arguments.value("tools"), weight)


def _execute(world: World, arguments: Arguments) -> object:
    return world.wait(world.runtime.execute(arguments.proposal()))


def _execute_stateless(world: World, arguments: Arguments) -> object:
    runtime = Runtime(world.executor, world.clock)
    for tool in arguments.value("tools", []):
        runtime.register_tool(_tool(tool))
    return world.wait(runtime.execute(arguments.proposal()))


def _verify_proposal(world: World, arguments: Arguments) -> object:
    return world.runtime.verify(arguments.proposal())


def _state_set(world: World, arguments: Arguments) -> None:
    world.runtime.state.set(arguments.value("key"), arguments.value("value"))


def _state_get(world: World, arguments: Arguments) -> object:
    return world.runtime.state.get(arguments.value("key"))


def _state_exists(world: World, arguments: Arguments) -> object:
    return world.runtime.state.exists(arguments.value("key"))


def _state_keys(world: World, _arguments: Arguments) -> object:
    return world.runtime.state.keys()


def _state_snapshot(world: World, _arguments: Arguments) -> object:
    return world.runtime.state.snapshot()


def _event_count(world: World, _arguments: Arguments) -> object:
    return world.runtime.events.count


def _register_tool(world: World, arguments: Arguments) -> None:
    world.runtime.register_tool(_tool(arguments.value("name")))


def _register_tool_schema(world: World, arguments: Arguments) -> None:
    world.runtime.register_tool(_tool(arguments.value("schema"), bare=False))


def _register_policy(world: World, arguments: Arguments) -> None:
    names = ("name", "rule", "target", "key", "pattern", "value")
    given = {name: arguments.value(name, _register_policy) for name in names}
    definition = {name: value for name, value in given.items() if value is not _register_policy}
    world.runtime.policies.register(convert(definition, PolicyDefinition))


def _set_replan_config(world: World, arguments: Arguments) -> None:
    names = ("max_replans", "delay_ms")
    given = {name: arguments.value(name, 0) for name in names}
    world.runtime.set_replan(convert(given, ReplanConfig))


def _sleep(world: World, arguments: Arguments) -> None:
    world.clock.advance(arguments.value("ms") / 1000)


def _tool(value: JsonValue, bare: bool = True) -> ToolSchema:
    """The schema that *value* is, or, where *bare* names are allowed, one for a name."""
    if bare and isinstance(value, str):
        return ToolSchema(name=value)
    return convert(value, ToolSchema)


_CALLS: dict[str, Callable[[World, Arguments], object]] = {
    "verify": _verify,
    "simulate": _simulate,
    "optimize": _optimize,
    "equivalent": _equivalent,
    "rank_proposals": _rank_proposals,
    "execute": _execute,
    "execute_stateless": _execute_stateless,
    "verify_proposal": _verify_proposal,
    "state.set": _state_set,
    "state.get": _state_get,
    "state.exists": _state_exists,
    "state.keys": _state_keys,
    "state.snapshot": _state_snapshot,
    "event_count": _event_count,
    "register_tool": _register_tool,
    "register_tool_schema": _register_tool_schema,
    "register_policy": _register_policy,
    "set_replan_config": _set_replan_config,
    "sleep": _sleep,
}
