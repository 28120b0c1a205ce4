"""The reference of wire methods, written from the registry: ``docs/methods.md``.

    python -m car.testing.reference > docs/methods.md

What a method does, answers and refuses is its handler's docstring; its params are the type
that decodes them.  A method without a docstring, or a record without one, is an error here,
and a test holds the committed file against what this module writes.
"""

import inspect
import itertools
import json
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, get_type_hints

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec import inspect as types

from car.errors import CarError
from car.eventlog.line import Event
from car.ir.results import ProposalResult
from car.server.registry import Method, NoParams, load_methods

HEAD = """\
# Methods

<!-- Written by python -m car.testing.reference; change the handlers, not this file. -->

Every method the daemon answers, by namespace.  [The protocol](protocol.md) says how a request
is sent and what the error codes mean; the [records](#records) that params and results are
made of stand at the end.  Any other method is answered with -32601, params that are missing
or wrong with -32602.  A member that is null counts as absent unless null is a value of it.
"""

UNANNOTATED: tuple[type[Struct], ...] = (ProposalResult, Event)
"""Results that docstrings name and no annotation does: the handlers answer them by way of a
Deferred or in the octets of the journal."""

_SECTION = re.compile(r"\s*(?:^|(?<=\s))(Params|Result|Errors):\s+", re.MULTILINE)
"""Where a docstring goes over to params, result or errors."""


class Undocumented(CarError):
    """A method or record that has nothing to be written from; the message names it."""


def reference(methods: Iterable[Method]) -> str:
    """The whole page for *methods*; raises Undocumented."""
    entries = sorted(methods, key=lambda entry: (_namespace(entry.name), entry.name))
    records = _Records()
    parts = [HEAD]
    for namespace, group in itertools.groupby(entries, lambda entry: _namespace(entry.name)):
        parts.append(f"\n## {namespace}\n")
        parts.extend(_method(entry, records) for entry in group)
    for result in UNANNOTATED:
        records.note(types.type_info(result))
    parts.append("\n(records)=\n## Records\n")
    parts.extend(records.sections())
    return "".join(parts)


def _namespace(name: str) -> str:
    return name.partition(".")[0]


def _method(entry: Method, records: "_Records") -> str:
    """One method: its docstring and the table of its params."""
    doc = inspect.getdoc(entry.handler)
    if not doc:
        raise Undocumented(f"the method {entry.name} has no docstring to be documented by")
    lines = [f"\n### `{entry.name}`\n", f"{_paragraphs(doc)}\n"]
    if entry.open:
        lines.append("Open to connections that have not authenticated.\n")
    if entry.host_only:
        lines.append("For the host role only, where a host token exists.\n")
    records.note_hint(get_type_hints(entry.handler).get("return"))
    lines.append(_params(types.type_info(entry.params), records))
    return "\n".join(line for line in lines if line)


def _params(params: types.Type, records: "_Records") -> str:
    if isinstance(params, types.AnyType):
        return "Params: any.\n"
    if not isinstance(params, types.StructType):
        records.note(params)
        return f"Params: {records.text(params)}.\n"
    if params.cls is NoParams:
        return "No params.\n"
    for field in params.fields:
        records.note(field.type)
    return records.table(params, "Param")


def _paragraphs(doc: str) -> str:
    """A docstring with its ``Params:``, ``Result:`` and ``Errors:`` as paragraphs."""
    return _SECTION.sub(r"\n\n**\1:** ", doc)


class _Records:
    """The records met so far, in the order of meeting, and types in words that link to them."""

    def __init__(self) -> None:
        self._met: dict[str, types.StructType] = {}

    def note_hint(self, hint: Any) -> None:
        """Note the records in an annotation, if it is one that msgspec reads."""
        arguments = getattr(hint, "__args__", ())
        for one in (hint, *arguments):
            if isinstance(one, type) and issubclass(one, Struct):
                self.note(types.type_info(one))

    def note(self, kind: types.Type) -> None:
        """Note the records in *kind* and in what they are made of."""
        match kind:
            case types.StructType():
                if kind.cls.__name__ not in self._met:
                    self._met[kind.cls.__name__] = kind
                    for field in kind.fields:
                        self.note(field.type)
            case types.ListType():
                self.note(kind.item_type)
            case types.DictType():
                self.note(kind.value_type)
            case types.UnionType():
                for one in kind.types:
                    self.note(one)

    def sections(self) -> Iterator[str]:
        """Each record with its docstring and fields, by name; raises Undocumented."""
        for name, kind in sorted(self._met.items()):
            doc = vars(kind.cls).get("__doc__")
            if not doc:
                raise Undocumented(f"the record {name} has no docstring to be documented by")
            yield f"\n(record-{name.lower()})=\n### {name}\n\n{inspect.cleandoc(doc)}\n\n"
            yield self.table(kind, "Member")

    def table(self, kind: types.StructType, heading: str) -> str:
        """The members of a record or of params."""
        lines = [f"| {heading} | Type | Default |", "|---|---|---|"]
        if kind.tag_field is not None:
            lines.append(f"| `{kind.tag_field}` | {_code(json.dumps(kind.tag))} | required |")
        for field in kind.fields:
            default = _default(field)
            lines.append(f"| `{field.encode_name}` | {self.text(field.type)} | {default} |")
        return "\n".join(lines) + "\n"

    def text(self, kind: types.Type) -> str:
        """A type in words, within a cell of a table."""
        match kind:
            case types.StructType():
                name = kind.cls.__name__
                return f"[{name}](#record-{name.lower()})"
            case types.ListType():
                return f"array of {self.text(kind.item_type)}"
            case types.TupleType():
                return f"[{', '.join(self.text(item) for item in kind.item_types)}]"
            case types.DictType():
                if isinstance(kind.value_type, types.AnyType):
                    return "object"
                return f"object of {self.text(kind.value_type)}"
            case types.UnionType():
                return " or ".join(self.text(one) for one in kind.types)
            case types.LiteralType():
                return " or ".join(_code(json.dumps(value)) for value in kind.values)
            case types.IntType() | types.FloatType():
                word = "integer" if isinstance(kind, types.IntType) else "number"
                return word + _bounds(kind)
            case types.StrType():
                return "string" + _length(kind)
            case types.BoolType():
                return "bool"
            case types.NoneType():
                return "null"
            case types.DateTimeType():
                return "RFC 3339 string"
            case types.AnyType():
                return "any"
        raise Undocumented(f"the reference has no word for the type {kind!r}")


def _bounds(kind: types.IntType | types.FloatType) -> str:
    """Where a number must lie; bounds that only say how many bits it has are left out."""
    if kind.gt is not None:
        return f" > {kind.gt:g}"
    if kind.ge is not None:
        return f" ≥ {kind.ge:g}"
    return ""


def _length(kind: types.StrType) -> str:
    if kind.max_length is None:
        return ""
    return f" of {kind.min_length or 0} to {kind.max_length:,} characters"


def _default(field: types.Field) -> str:
    if field.required:
        return "required"
    if field.default is not NODEFAULT:
        return _code(msgspec.json.encode(field.default).decode())
    if field.default_factory in (list, dict):
        return _code(json.dumps(field.default_factory()))
    return "made by the daemon" if field.default_factory is not NODEFAULT else "absent"


def _code(text: str) -> str:
    return f"`{text}`"


def main() -> None:
    """Write the page to the standard output."""
    sys.stdout.write(reference(load_methods().values()))


if __name__ == "__main__":
    main()
