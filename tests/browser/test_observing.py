"""Tests of car.browser.observing and what it reads: trees, roles, states, the summary's limits."""

from twisted.trial.unittest import SynchronousTestCase

from car.browser.summary import MOST_CHARS, Line, Listed, short_name, summarize
from car.browser.tree import Content, Found, content_of, read_tree
from car.ir.json import JsonObject, encode
from tests.browser.driving import PageTestCase


def node(
    number: int, role: str, name: str | None = None, *children: int, **members: object
) -> JsonObject:
    """A node of Chromium's tree; *members* are more of its fields."""
    told: JsonObject = {
        "nodeId": str(number),
        "ignored": False,
        "role": {"type": "role", "value": role},
        "childIds": [str(child) for child in children],
        "backendDOMNodeId": number,
    }
    if name is not None:
        told["name"] = {"type": "computedString", "value": name}
    return {**told, **members}


def properties(**values: object) -> list[JsonObject]:
    """Properties as Chromium tells them."""
    return [
        {"name": name, "value": {"type": "boolean", "value": value}}
        for name, value in values.items()
    ]


def content(*nodes: JsonObject) -> Content:
    """What a document of *nodes* holds."""
    return content_of(read_tree(encode({"nodes": nodes})))


class TreeTests(SynchronousTestCase):
    """content_of"""

    def test_text(self) -> None:
        """Text belongs to the block that it stands in; links are part of their sentence."""
        read = content(
            node(1, "RootWebArea", "Title", 2, 6, 9),
            node(2, "paragraph", None, 3, 4),
            node(3, "StaticText", "See "),
            node(4, "link", "here", 5),
            node(5, "StaticText", "here"),
            node(6, "none", None, 7, 8, ignored=True),
            node(7, "StaticText", "loose"),
            node(8, "button", "Go", 10),
            node(9, "image", "Owl"),
            node(10, "StaticText", "Go"),
        )
        self.assertEqual(
            read,
            Content(
                "Title",
                [Line("paragraph", "See here"), Line("text", "loose"), Line("image", "Owl")],
                [Found(4, "link", "here", ()), Found(8, "button", "Go", ())],
            ),
        )

    def test_plain(self) -> None:
        """What takes the focus can be clicked, named by its text; what is edited is a field."""
        read = content(
            node(1, "RootWebArea", "", 2, 4, 5),
            node(2, "generic", "", 3, properties=properties(focusable=True)),
            node(3, "StaticText", "Click  me"),
            node(4, "generic", "Note", properties=properties(focusable=True, editable="richtext")),
            node(5, "generic", "", properties=properties(focusable=False)),
        )
        self.assertEqual(
            read.found,
            [Found(2, "clickable", "Click me", ()), Found(4, "text_input", "Note", ())],
        )

    def test_states(self) -> None:
        """States and values are told where there is something to tell."""
        value = {"type": "string", "value": "x"}
        read = content(
            node(1, "RootWebArea", "", 2, 3, 4, 5),
            node(2, "checkbox", "a", properties=properties(checked="mixed", required=True)),
            node(3, "textbox", "b", value=value, properties=properties(invalid="true")),
            node(4, "button", "c", properties=properties(expanded=False, disabled=True)),
            node(5, "button", "d", value=value),
        )
        self.assertEqual(
            [(found.role, found.states) for found in read.found],
            [
                ("checkbox", ("checked: mixed", "required")),
                ("text_input", ('value "x"', "invalid")),
                ("button", ("collapsed", "disabled")),
                ("file_input", ()),
            ],
        )

    def test_empty(self) -> None:
        """A document without a tree, and nodes that are missing."""
        self.assertEqual(content(), Content("", [], []))
        self.assertEqual(content(node(1, "RootWebArea", "T", 9)), Content("T", [], []))


class SummaryTests(SynchronousTestCase):
    """summarize"""

    def test_layout(self) -> None:
        """Text, then elements with their ids."""
        self.assertEqual(
            summarize(
                [Line("heading", "Hello")],
                [Listed("el_0", "button", "Go", ()), Listed("el_1", "link", "", ("focused",))],
                elements_left_out=0,
                is_part=False,
            ),
            "Visible Text:\n(heading) Hello\n\n"
            'Interactive Elements:\n[el_0] button "Go"\n[el_1] link "" (focused)',
        )

    def test_nothing(self) -> None:
        """A page without anything."""
        self.assertEqual(
            summarize([], [], elements_left_out=0, is_part=False),
            "Visible Text:\n(none)\n\nInteractive Elements:\n(none)",
        )

    def test_limits(self) -> None:
        """Never longer than so much, whatever the page holds; what is left out is told."""
        lines = [Line("text", "x" * 3000)] * 100
        listed = [Listed(f"el_{i}", "button", "n" * 200, ('value "v"',)) for i in range(200)]
        summary = summarize(lines, listed, elements_left_out=7, is_part=False)
        self.assertLessEqual(len(summary), MOST_CHARS)
        left_out = 7 + 200 - summary.count("[el_")
        self.assertTrue(
            summary.endswith(
                f"\n\nLeft out: {left_out} more elements and more text;"
                " scroll and observe again for them."
            ),
            summary[-200:],
        )

    def test_names(self) -> None:
        """Names are one line, of some length."""
        self.assertEqual(short_name(" a\n  b "), "a b")
        self.assertEqual(len(short_name("x" * 1000)), 200)


class ObserveTests(PageTestCase):
    """observe"""

    async def test_states(self) -> None:
        """What Chromium tells of elements of all kinds, listed."""
        seen = await self.go("/states")
        self.assertEqual(
            seen.summary,
            "Visible Text:\n(list_item) One inline item\n\nInteractive Elements:\n"
            '[el_0] checkbox "Check" (checked)\n'
            '[el_1] button "Fold" (collapsed)\n'
            '[el_2] text_input "Must" (value "v", required)\n'
            '[el_3] number_input "Number" (value "3")\n'
            '[el_4] file_input "Upload"\n'
            '[el_5] clickable "Click me"\n'
            '[el_6] disclosure "More" (collapsed)\n'
            '[el_7] tab "Tab"\n'
            '[el_8] select "Pick" (value "First", collapsed, options "First")\n'
            '[el_9] link "inline"\n'
            '[el_10] search_input "Find"',
        )
        self.assertEqual(seen.data["title"], "States")
        self.assertEqual(seen.data["url"], self.site.url("/states"))
        self.assertEqual(seen.data["element_count"], 11)
        empty = await self.run_ok({"op": "navigate", "url": "about:blank"}, {"op": "observe"})
        self.assertEqual(
            empty[1],
            {
                "url": "about:blank",
                "title": "",
                "element_count": 0,
                "summary": "Visible Text:\n(none)\n\nInteractive Elements:\n(none)",
            },
        )
