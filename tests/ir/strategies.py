"""Random JSON values and proposals for property tests."""

from hypothesis import strategies as st

from car.ir.proposal import Action, ActionProposal, ActionType, Precondition

KEYS = st.sampled_from(["k", "l", "m", "x", ""])
"""Few, so that writers and readers meet."""

KINDS: tuple[ActionType, ...] = ("tool_call", "state_write", "state_read", "assertion")

TEXTS = st.text(max_size=5)

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
) | TEXTS

VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)

STATES = st.dictionaries(KEYS, VALUES, max_size=4)

PRECONDITIONS = st.builds(
    Precondition,
    key=KEYS,
    operator=st.sampled_from(["eq", "neq", "gt", "exists", "not_exists", "contains", "odd"]),
    value=VALUES,
)


@st.composite
def actions(draw: st.DrawFn, name: str, others: list[str]) -> Action:
    """An action called *name* that may depend on *others*."""
    kind: ActionType = draw(st.sampled_from(KINDS))
    parameters = draw(st.dictionaries(TEXTS, VALUES, max_size=2))
    if kind != "tool_call":
        parameters["key"] = draw(KEYS)
        parameters["value"] = draw(VALUES)
    return Action(
        id=name,
        type=kind,
        tool=draw(st.sampled_from(["scan", "list"])),
        parameters=parameters,
        preconditions=draw(st.lists(PRECONDITIONS, max_size=1)),
        expected_effects=draw(st.dictionaries(KEYS, VALUES, max_size=2)),
        state_dependencies=draw(st.lists(KEYS, max_size=2, unique=True)),
        dependencies=draw(st.lists(st.sampled_from(others), max_size=2)),
    )


@st.composite
def proposals(draw: st.DrawFn) -> ActionProposal:
    """A proposal of up to six actions with distinct ids; named dependencies may be cyclic."""
    names = [f"a{index}" for index in range(draw(st.integers(0, 6)))]
    return ActionProposal(actions=[draw(actions(name, names)) for name in names])
