"""Chromium's accessibility tree of a document, read into what a summary lists.

Shadow trees, open and closed, are part of it; a frame's document has a tree of its own.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from car.browser.roles import BLOCKS, CLICKABLE, CLOSED, FRAMES, INTERACTIVE, PLAIN, TEXT
from car.browser.summary import Line, short_name
from car.ir.json import JsonValue

_STATES = ("checked", "selected", "expanded", "disabled", "required", "readonly", "pressed")
"""The properties that are told where they are true; ``expanded`` also where it is false."""

_VALUED = (
    "text_input",
    "search_input",
    "combobox",
    "select",
    "slider",
    "number_input",
    "date_input",
    "time_input",
    "color_input",
)

_MOST_VALUE = 100
_MOST_OPTIONS = 30


class _Value(Struct, frozen=True, gc=False):
    """A value of Chromium's; its type is not needed."""

    value: JsonValue = None


class _Property(Struct, frozen=True, gc=False):
    name: str
    value: _Value


class AXNode(Struct, frozen=True, gc=False, rename="camel"):
    """A node of the tree, as far as it is read."""

    node_id: str
    ignored: bool = False
    role: _Value = _Value()
    name: _Value = _Value()
    value: _Value = _Value()
    properties: list[_Property] = []
    child_ids: list[str] = []
    backend_node_id: int = msgspec.field(default=0, name="backendDOMNodeId")


class AXTree(Struct, frozen=True):
    """The answer of ``Accessibility.getFullAXTree`` and ``getPartialAXTree``."""

    nodes: list[AXNode]


class Found(NamedTuple):
    """An element that can be acted on."""

    node: int
    role: str
    name: str
    states: tuple[str, ...]


class Content(NamedTuple):
    """What a document holds, in tree order."""

    title: str
    lines: list[Line]
    found: list[Found]


read_tree = msgspec.json.Decoder(AXTree).decode


def content_of(tree: AXTree) -> Content:
    """What the document of *tree* holds."""
    nodes = {node.node_id: node for node in tree.nodes}
    if not tree.nodes:
        return Content("", [], [])
    blocks: list[tuple[str, list[str]]] = []
    found: list[tuple[Found, list[str]]] = []
    # With each node: where its text goes.  None: into a line of its own.
    stack: list[tuple[AXNode, list[str] | None]] = [(tree.nodes[0], None)]
    while stack:
        node, words = stack.pop()
        role = str(node.role.value or "")
        if not node.ignored:
            if role == "StaticText":
                if words is None:
                    words = []
                    blocks.append((TEXT, words))
                words.append(str(node.name.value or ""))
                continue
            if role in FRAMES or role == "MenuListPopup":
                continue
            element = element_of(node, _options(node, nodes))
            if element is not None:
                own: list[str] = []
                found.append((element, own))
                # A link's words are part of the sentence that it stands in.
                words = words if role == "link" and words is not None else own
            elif role in BLOCKS:
                words = []
                blocks.append((BLOCKS[role], words))
            elif role in ("image", "img") and node.name.value:
                blocks.append(("image", [str(node.name.value)]))
            if role in CLOSED:
                continue
        stack += [(child, words) for child in reversed(_children(node, nodes))]
    return Content(
        str(tree.nodes[0].name.value or ""),
        [Line(role, text) for role, words in blocks if (text := _one_line(words))],
        [
            element if element.name else element._replace(name=short_name(_one_line(words)))
            for element, words in found
        ],
    )


def element_of(node: AXNode, options: Sequence[str] = ()) -> Found | None:
    """The node as something that can be acted on, if it is; *options* of a native list."""
    properties = {each.name: each.value.value for each in node.properties}
    internal = str(node.role.value or "")
    role = INTERACTIVE.get(internal)
    if role is None and internal in PLAIN and properties.get("focusable"):
        role = CLICKABLE
    if properties.get("editable") and role in (None, CLICKABLE) and properties.get("focusable"):
        role = "text_input"
    if options:
        role = "select"
    if role == "button" and node.value.value is not None:
        role = "file_input"  # no other button has a value
    if role is None or not node.backend_node_id:
        return None
    name = short_name(str(node.name.value or ""))
    return Found(node.backend_node_id, role, name, tuple(_states(node, role, properties, options)))


def _options(node: AXNode, nodes: dict[str, AXNode]) -> list[str]:
    """What can be chosen in a native list that drops down."""
    if node.role.value != "combobox":
        return []
    names: list[str] = []
    stack = [each for each in _children(node, nodes) if each.role.value == "MenuListPopup"]
    while stack and len(names) < _MOST_OPTIONS:
        each = stack.pop()
        if each.role.value == "option":
            names.append(str(each.name.value or ""))
        stack += reversed(_children(each, nodes))
    return names


def _children(node: AXNode, nodes: dict[str, AXNode]) -> list[AXNode]:
    return [nodes[each] for each in node.child_ids if each in nodes]


def _states(
    node: AXNode, role: str, properties: dict[str, JsonValue], options: Sequence[str]
) -> Iterator[str]:
    """What is to be told of an element's state."""
    value = node.value.value
    if role in _VALUED and value not in (None, ""):
        yield f"value {_quoted(str(value))}"
    for name in _STATES:
        state = properties.get(name)
        if state in (True, "true"):
            yield name
        elif name == "expanded" and state is False:
            yield "collapsed"
        elif state == "mixed":
            yield f"{name}: mixed"
    if options:
        yield f"options {', '.join(map(_quoted, options))}"
    if properties.get("invalid") not in (None, False, "false"):
        yield "invalid"
    if properties.get("focused"):
        yield "focused"


def _quoted(words: str) -> str:
    return f'"{short_name(words)[:_MOST_VALUE]}"'


def _one_line(words: list[str]) -> str:
    return " ".join(" ".join(words).split())
