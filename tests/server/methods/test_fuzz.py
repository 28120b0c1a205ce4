"""Random requests: each is answered properly, and the session lives on."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields

from car.ir.json import encode, to_value
from car.server.registry import load_methods
from tests.ir.strategies import TEXTS, VALUES, proposals
from tests.server.doubles import ServerCase

NAMESPACES = (
    "admission.",
    "events.",
    "host.",
    "policy.",
    "proposal.",
    "replan.",
    "server.",
    "session.",
    "state.",
    "tools.",
    "verify",
    "memory.",
    "skill.",
    "skills.",
    "cascade.",
    "evolution.",
    "lease.",
    "sync.",
)
"""Methods that touch nothing outside of the process."""

CODES = frozenset((-32600, -32601, -32602, -32603, -32005, -32006, -32008))

METHODS = {name: entry for name, entry in load_methods().items() if name.startswith(NAMESPACES)}

MEMBERS = sorted(
    {
        field.encode_name
        for entry in METHODS.values()
        if isinstance(entry.params, type) and issubclass(entry.params, Struct)
        for field in fields(entry.params)
    }
)

PARAMS = st.one_of(
    VALUES,
    st.dictionaries(st.sampled_from(MEMBERS), st.one_of(VALUES, TEXTS, st.integers(-5, 5))),
    proposals().map(lambda plan: {"proposal": to_value(plan)}),
    st.lists(st.fixed_dictionaries({"name": TEXTS, "parameters": VALUES}), max_size=3),
)

REQUESTS = st.lists(st.tuples(st.sampled_from(sorted(METHODS)), PARAMS), max_size=8)


class FuzzTests(ServerCase):
    """Requests that hypothesis makes up."""

    @settings(deadline=None, max_examples=300)
    @given(REQUESTS)
    def test_requests(self, requests: list[tuple[str, Any]]) -> None:
        """One answer a request, never "internal error", and nothing is left at the end."""
        self.clock = type(self.clock)()
        self.serve()
        client, witness = self.peer(), self.peer()
        for id, (method, params) in enumerate(requests):
            client.turn(encode({"id": id, "method": method, "params": params}))
        for _ in range(20):
            self.later()
        for frame in list(client.frames):
            if frame.get("method") == "tools.execute":
                client.refuse(frame["id"], "no")
        for _ in range(200):
            self.later(1)
        answers = [f for f in client.frames if "method" not in f]
        self.assertEqual(sorted(f["id"] for f in answers), list(range(len(requests))))
        for answer in answers:
            if "error" in answer:
                self.assertIn(answer["error"]["code"], CODES)
                self.assertNotEqual(answer["error"]["message"], "internal error", requests)
        self.assertEqual(witness.call("state.keys"), [])
        for peer in (client, witness):
            peer.lose()
        self.later(3600)
        self.assertEqual(self.clock.getDelayedCalls(), [])
