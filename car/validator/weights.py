"""How much work a schema can cause: a client's schema is hostile input (T23).

The *weight* of a schema is the number of its members with every ``$ref`` unfolded once per
use, so that a few lines which refer to one another twice each weigh what they cost.  The
*size* of a value is the number of its members, long text counted by its length.  Checking
takes at most weight times size steps.
"""

from car.ir.json import JsonObject, JsonValue
from car.validator.errors import SchemaError

MAX_WEIGHT = 100_000
"""Members of a schema, unfolded.  One without references reaches a third of it in 256 KiB."""

MAX_PATTERNS = 200
"""Regular expressions in one schema: each may take a millisecond to compile."""

CHARS_PER_STEP = 64
"""Characters of text that are looked at in the time of one other step."""

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_MAPS_OF_SCHEMAS = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)
_DATA = frozenset({"const", "enum", "default", "examples"})
_UNDER_WAY = 1


def weight(schema: JsonObject) -> int:
    """The weight of *schema*.

    Raises SchemaError for a reference that is not into the schema itself, and where weight
    or regular expressions exceed their limit.
    """
    scale = _Scale(schema)
    try:
        total = scale.weigh(schema)
    except RecursionError:
        raise SchemaError("its references lead too deep") from None
    if total > MAX_WEIGHT:
        raise SchemaError(f"its references unfold to more than {MAX_WEIGHT} members")
    if scale.patterns > MAX_PATTERNS:
        raise SchemaError(f"it has more than {MAX_PATTERNS} regular expressions")
    return total


def size(value: JsonValue, limit: int) -> int:
    """The size of *value*; counting ends soon after *limit*."""
    total = 1
    waiting = [value]
    while waiting and total <= limit:
        member = waiting.pop()
        kind = type(member)
        if kind is dict:
            total += len(member)
            waiting.extend(member.values())
        elif kind is list:
            total += len(member)
            if total <= limit:
                waiting.extend(member)
        elif kind is str:
            total += len(member) // CHARS_PER_STEP
    return total


class _Scale:
    """Weighs each part of one schema once; a part that contains itself counts as one."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._weights: dict[tuple[int, bool], int] = {}
        self._anchors: dict[str, JsonValue] = {}
        self.patterns = 0
        self._find_anchors(root)

    def weigh(self, node: JsonValue, of_schemas: bool = False) -> int:
        """The weight of *node*, a schema or a map of names to schemas."""
        if not isinstance(node, dict | list):
            return 1
        known = self._weights.get((id(node), of_schemas))
        if known is not None:
            return known
        self._weights[id(node), of_schemas] = _UNDER_WAY
        if isinstance(node, list):
            total = 1 + sum(self.weigh(member) for member in node)
        else:
            total = 1 + sum(self._member(name, node[name], of_schemas) for name in node)
        self._weights[id(node), of_schemas] = total
        return total

    def _member(self, name: str, value: JsonValue, of_schemas: bool) -> int:
        if of_schemas:
            return self.weigh(value)
        if name in _REFERENCES and isinstance(value, str):
            return self.weigh(self._target(value))
        if name in _DATA:
            return size(value, MAX_WEIGHT)
        if name == "pattern":
            self.patterns += 1
        elif name == "patternProperties" and isinstance(value, dict):
            self.patterns += len(value)
        return self.weigh(value, name in _MAPS_OF_SCHEMAS)

    def _target(self, reference: str) -> JsonValue:
        if reference in self._anchors:
            return self._anchors[reference]
        node: JsonValue = self._root
        start, *steps = reference.split("/")
        if start != "#":
            raise SchemaError(f"reference '{reference[:200]}' leads out of the schema")
        for step in steps:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and step in node:
                node = node[step]
            elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
                node = node[int(step)]
            else:
                raise SchemaError(f"reference '{reference[:200]}' leads nowhere")
        return node

    def _find_anchors(self, node: JsonValue) -> None:
        if isinstance(node, dict):
            for name in ("$anchor", "$dynamicAnchor"):
                if isinstance(anchor := node.get(name), str):
                    self._anchors["#" + anchor] = node
            for name in ("$id", "id"):
                if isinstance(identity := node.get(name), str) and identity.startswith("#"):
                    self._anchors[identity] = node
            members = list(node.values())
        else:
            members = node
        for member in members:
            if isinstance(member, dict | list):
                self._find_anchors(member)
