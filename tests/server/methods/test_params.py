"""Wrong params of every registered method, generated from the types of its params."""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from msgspec import Struct, inspect

from car.ir.json import JsonValue
from car.server.registry import load_methods
from tests.server.doubles import ServerCase

CANDIDATES: tuple[JsonValue, ...] = (7, -1, 1.5, True, "text", [], [1], {}, {"x": 1}, ["text"])
"""One of each kind of JSON value; those that do not fit a field are wrong for it."""

WRONG_SHAPES: tuple[JsonValue, ...] = (7, 1.5, True, "text", [1], [[]])
"""Values that no method takes for its params."""


def example(type: inspect.Type) -> JsonValue:
    """A value that fits *type*, as small as can be."""
    match type:
        case inspect.AnyType() | inspect.StrType():
            return "x"
        case inspect.IntType():
            return max(1, type.ge or 1)
        case inspect.FloatType():
            return 1.0
        case inspect.BoolType():
            return True
        case inspect.ListType():
            return [example(type.item_type)] * (type.min_length or 0)
        case inspect.TupleType():
            return [example(item) for item in type.item_types]
        case inspect.AnyType():
            return None
        case inspect.DictType():
            return {}
        case inspect.LiteralType():
            return type.values[0]
        case inspect.StructType():
            members = {f.encode_name: example(f.type) for f in type.fields if f.required}
            return members if type.tag is None else {type.tag_field: type.tag, **members}
        case inspect.UnionType():
            return example(next(t for t in type.types if not isinstance(t, inspect.NoneType)))
        case inspect.Metadata():
            return example(type.type)
    raise AssertionError(f"no example for {type}")


def wrong_values(record: type[Struct]) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    """Objects that are no *record*, each with the name of the member that is wrong or absent.

    Members that are records themselves, or lists of them, are gone through as well.
    """
    info = inspect.type_info(record)
    assert isinstance(info, inspect.StructType)
    right = example(info)
    hints = {field.encode_name: field.type for field in msgspec.structs.fields(record)}
    for field in info.fields:
        name = field.encode_name
        if field.required:
            yield name, {key: value for key, value in right.items() if key != name}
            yield name, {**right, name: None}
        for candidate in CANDIDATES:
            try:
                msgspec.convert(candidate, hints[name])
            except msgspec.ValidationError:
                yield name, {**right, name: candidate}
        for inner, in_list in records_in(hints[name]):
            for inner_name, wrong in wrong_values(inner):
                if wrong.get(inner_name, 0) is not None or in_list:
                    yield inner_name, {**right, name: [wrong] if in_list else wrong}


def fits(value: JsonValue, hint: Any) -> bool:
    """Whether *value* is right after all: some methods take a bare text."""
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError:
        return False
    return True


def records_in(hint: Any) -> Iterator[tuple[type[Struct], bool]]:
    """The record types that a member may hold, and whether in a list; unions aside."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        yield hint, False
        return
    parts = [part for part in get_args(hint) if isinstance(part, type)]
    records = [
        part for part in parts if issubclass(part, Struct) and not part.__struct_config__.array_like
    ]
    if getattr(hint, "__origin__", None) is list and len(records) == 1:
        yield records[0], True
    elif len(records) == 1 and all(p in (*records, type(None), msgspec.UnsetType) for p in parts):
        yield records[0], False


class WrongParamsTests(ServerCase):
    """Every method, every member of its params."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def assertRefused(self, method: str, params: JsonValue, *mentions: str) -> None:
        error = self.client.error(method, params)
        shown = (method, params, error)
        self.assertEqual(error["code"], -32602, shown)
        self.assertTrue(error["message"].startswith("invalid params: "), shown)
        self.assertTrue(any(mention in error["message"] for mention in mentions), shown)

    def test_members(self) -> None:
        """A member that is missing, null or of another type is -32602 and named."""
        count = 0
        for name, entry in load_methods().items():
            records = [entry.params] if isinstance(entry.params, type) else get_args(entry.params)
            for record in records:
                if isinstance(record, type) and issubclass(record, Struct):
                    for member, wrong in wrong_values(record):
                        self.assertRefused(name, wrong, member)
                        count += 1
        self.assertGreater(count, 600)
        self.assertEqual(self.peer().call("state.keys"), [])

    def test_shapes(self) -> None:
        """Params that are no object are -32602, and the sentence says what is expected."""
        for name, entry in load_methods().items():
            if entry.params is Any:
                continue
            for wrong in WRONG_SHAPES:
                if not fits(wrong, entry.params):
                    self.assertRefused(name, wrong, "expected")
        self.assertEqual(self.peer().call("state.keys"), [])

    def test_no_params(self) -> None:
        """Absent, null, an empty object and an empty list are alike."""
        for raw in (b"", b',"params":null', b',"params":{}', b',"params":[]', b',"params": [ ] '):
            (answer,) = self.client.turn(b'{"id":1,"method":"state.keys"%b}' % raw)
            self.assertEqual(answer["result"], [])
            (answer,) = self.client.turn(b'{"id":1,"method":"server.limits"%b}' % raw)
            self.assertIn("limits", answer["result"])

    def test_null_members(self) -> None:
        """In params a null member equals an absent one (0.6 clients spell defaults out)."""
        self.client.call("state.set", {"key": "k", "value": None, "tenant_id": None})
        self.assertEqual(self.client.call("state.snapshot", {"tenant_id": None}), {"k": None})
        query = {"kinds": None, "limit": None, "data_matches": None}
        self.assertEqual(self.result_of(self.client, "events.query", query)["count"], 0)
        self.client.call("host.events", {"limit": None})
        self.client.call("session.init", {"tools": None, "policies": None})

    def test_unknown_members(self) -> None:
        """Members that nobody knows are ignored."""
        self.assertEqual(self.client.call("state.keys", {"shape": "round", "size": [1]}), [])


class UnknownMethodTests(ServerCase):
    """Methods that nobody knows (decision 13)."""

    def test_unknown(self) -> None:
        """-32601, and only for these; the name is echoed as it was."""
        client = self.peer()
        for name in ("state.wipe", "State.get", "state.get ", "", "state", "rpc.discover", "é"):
            error = client.error(name)
            self.assertEqual(error["code"], -32601)
            self.assertEqual(error["message"], f"method not found: {name}")

    def test_known(self) -> None:
        """No registered method ever says so, whatever its params."""
        client = self.peer()
        for name in load_methods():
            self.assertNotEqual(client.error(name, 7)["code"], -32601)
