"""Drawings of a memory: what lies around some nodes, laid out, as SVG.

``neighbourhood`` chooses, ``arrange`` places (networkx, seeded: the same memory is drawn the
same way), ``draw_svg`` writes.  The page to explore it in is ``drawing_page``'s; opening files
is left to the caller.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import combinations
from math import dist
from statistics import fmean
from typing import Any
from unicodedata import east_asian_width

import networkx
from msgspec import Struct

from car.memgine.edges import MULTIPLIERS, Edge, EdgeKind
from car.memgine.graph import Graph
from car.memgine.nodes import Node, NodeKind

STEPS = 2
"""How many edges away from a hit something still belongs to its neighbourhood."""

BOX_WIDTH = 176.0
BOX_HEIGHT = 40.0
_GAP = 16.0
"""The least distance between two boxes; all lengths are in CSS pixels."""

_EDGE_X, _EDGE_Y = 210.0, 100.0
"""How long the mean edge of a group is, were it level or upright."""

_ROW_WIDTH = 230.0
"""How wide a row of groups is, times the square root of the number of nodes."""

_GROUP_GAP = 30.0
_MARGIN = 24.0
_LEGEND_ROW = 22.0
_HEADER = 30.0
_CLIPPED = 24
"""Columns of text in a box; a wide character takes two."""

_SEED = 1
_LAYOUT_ROUNDS = 200
_PUSH_ROUNDS = 500

BASE_KINDS: dict[NodeKind, str] = {
    "identity": "identity",
    "fact": "fact",
    "fact_superseded": "fact",
    "conclusion": "conclusion",
    "conclusion_invalidated": "conclusion",
    "skill": "skill",
    "skill_deprecated": "skill",
    "conversation": "conversation",
    "conversation_summary": "summary",
    "environment": "environment",
}
"""The colour of each kind: what no longer holds has that of its kind, in grey and struck."""

Place = tuple[float, float]
"""The centre of a box."""


class Neighbourhood(Struct, frozen=True):
    """The nodes to draw, the most important first, the edges between them, and the hits."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    hits: frozenset[int] = frozenset()


def neighbourhood(graph: Graph, hits: Sequence[int], limit: int) -> Neighbourhood:
    """At most *limit* nodes of *graph* around *hits* (indexes, best first).

    A quarter of them are the best hits; then comes what is within ``STEPS`` edges of those,
    nearest first and over the heaviest edges first; then the other hits with theirs.  Without
    hits the newest nodes stand for them.
    """
    found = list(hits) or sorted(graph.nodes, reverse=True)[:limit]
    quarter = max(1, limit // 4)
    chosen: dict[int, None] = {}
    for ring in (found[:quarter], found[quarter:]):
        chosen.update(dict.fromkeys(ring))
        for _ in range(STEPS):
            near = dict.fromkeys(other for index in ring for other in _neighbours(graph, index))
            ring = [index for index in near if index not in chosen]
            chosen.update(dict.fromkeys(ring))
    shown = list(chosen)[:limit]
    inside = set(shown)
    return Neighbourhood(
        nodes=[graph.nodes[index] for index in shown],
        edges=[e for index in shown for e in graph.edges_from(index) if e.target in inside],
        hits=frozenset(hits) & inside,
    )


def _neighbours(graph: Graph, index: int) -> list[int]:
    """The nodes one edge away, over the heaviest edge first."""
    ways = [(-_pull(e), e.target) for e in graph.edges_from(index)]
    ways += [(-_pull(e), e.source) for e in graph.edges_to(index)]
    return [other for _, other in sorted(ways)]


def _pull(edge: Edge) -> float:
    return edge.weight * MULTIPLIERS[edge.kind]


# ---- where things stand ------------------------------------------------------------------------


def arrange(picture: Neighbourhood) -> dict[int, Place]:
    """The centre of each node's box, the outermost a margin away from the corner.

    What hangs together is laid out together, the largest such group first, and the groups are
    set in rows.  No two boxes overlap.  Deterministic.
    """
    net = networkx.Graph()
    net.add_nodes_from(sorted(node.index for node in picture.nodes))
    net.add_weighted_edges_from(
        sorted((e.source, e.target, _pull(e)) for e in picture.edges if e.source != e.target)
    )
    groups = sorted(map(sorted, networkx.connected_components(net)), key=lambda g: (-len(g), g))
    laid = [_laid_out(net.subgraph(group)) for group in groups]
    row_width = max(
        [_ROW_WIDTH * max(1, len(picture.nodes)) ** 0.5, *(_extent(group)[0] for group in laid)]
    )
    places: dict[int, Place] = {}
    x = y = row_height = 0.0
    for group in laid:
        width, height = _extent(group)
        if x and x + width > row_width:
            x, y, row_height = 0.0, y + row_height + _GROUP_GAP, 0.0
        left = min(place[0] for place in group.values()) - BOX_WIDTH / 2
        top = min(place[1] for place in group.values()) - BOX_HEIGHT / 2
        for index, (at_x, at_y) in group.items():
            places[index] = (at_x - left + x + _MARGIN, at_y - top + y + _MARGIN + _HEADER)
        x, row_height = x + width + _GROUP_GAP, max(row_height, height)
    return places


def _laid_out(net: Any) -> dict[int, Place]:
    """The places of one connected group."""
    found = networkx.spring_layout(net, seed=_SEED, iterations=_LAYOUT_ROUNDS)
    lengths = [dist(found[source], found[target]) for source, target in net.edges]
    unit = fmean(lengths) if any(lengths) else 1.0
    places = {
        index: (float(found[index][0]) / unit * _EDGE_X, float(found[index][1]) / unit * _EDGE_Y)
        for index in sorted(net)
    }
    for _ in range(_PUSH_ROUNDS):
        pushed = [_push(places, first, second) for first, second in combinations(places, 2)]
        if not any(pushed):
            break
    return places


def _extent(places: dict[int, Place]) -> tuple[float, float]:
    """Width and height of a group with its boxes."""
    xs, ys = zip(*places.values(), strict=True)
    return max(xs) - min(xs) + BOX_WIDTH, max(ys) - min(ys) + BOX_HEIGHT


def _push(places: dict[int, Place], first: int, second: int) -> bool:
    """Move two boxes apart along the shorter way; whether they had to be."""
    (ax, ay), (bx, by) = places[first], places[second]
    over_x = BOX_WIDTH + _GAP - abs(ax - bx)
    over_y = BOX_HEIGHT + _GAP - abs(ay - by)
    if over_x <= 1e-6 or over_y <= 1e-6:
        return False
    # Half of it each, and a little more, as others push back.
    if over_y <= over_x:
        step = (over_y / 2 + 0.5) * (1 if ay <= by else -1)
        places[first], places[second] = (ax, ay - step), (bx, by + step)
    else:
        step = (over_x / 2 + 0.5) * (1 if ax <= bx else -1)
        places[first], places[second] = (ax - step, ay), (bx + step, by)
    return True


# ---- SVG ---------------------------------------------------------------------------------------


def draw_svg(picture: Neighbourhood, title: str) -> str:
    """*picture* as an SVG document with a legend, complete in itself."""
    places = arrange(picture)
    kinds = list(dict.fromkeys(BASE_KINDS[node.kind] for node in picture.nodes))
    edge_kinds = [kind for kind in MULTIPLIERS if any(e.kind == kind for e in picture.edges)]
    bottom = max((y for _, y in places.values()), default=_HEADER) + BOX_HEIGHT / 2 + _MARGIN
    width = max((x for x, _ in places.values()), default=0.0) + BOX_WIDTH / 2 + _MARGIN
    width = max(width, 640.0)
    height = bottom + 2 * _LEGEND_ROW + _MARGIN
    told = f"{len(picture.nodes)} nodes and {len(picture.edges)} edges of a memory graph."
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{_text(title)}</title>',
        f'<desc id="desc">{told}</desc>',
        f"<style>{_style()}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
        f'<text class="heading" x="{_MARGIN:.0f}" y="26">{_text(_clip(title, 90))}</text>',
        '<g id="view">',
        *(_edge(edge, picture, places) for edge in picture.edges),
        *(_node(node, places[node.index], node.index in picture.hits) for node in picture.nodes),
        "</g>",
        *_legend(kinds, edge_kinds, bottom),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _node(node: Node, place: Place, is_hit: bool) -> str:
    left, top = place[0] - BOX_WIDTH / 2, place[1] - BOX_HEIGHT / 2
    classes = ["node", BASE_KINDS[node.kind]]
    classes += ["dead"] * (not node.live) + ["hit"] * is_hit
    classes += ["constraint"] * node.is_constraint
    mark = "⚠ " if node.is_constraint else ""
    full = f"{node.key}: {node.value}"
    state = "" if node.live else f", {node.retirement or 'no longer holds'}"
    about = f"{node.id or node.index} ({node.kind}{state})"
    return (
        f'<g class="{" ".join(classes)}" data-node="{node.index}" tabindex="0" '
        f'data-text="{_text(full.casefold())}">'
        f"<title>{_text(about)}&#10;{_text(full)}</title>"
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{BOX_WIDTH:.0f}" height="{BOX_HEIGHT:.0f}" '
        'rx="6"/>'
        f'<text class="key" x="{left + 8:.1f}" y="{top + 16:.1f}">'
        f"{_text(_clip(mark + node.key, _CLIPPED - 2))}</text>"
        f'<text x="{left + 8:.1f}" y="{top + 31:.1f}">{_text(_clip(node.value, _CLIPPED))}</text>'
        "</g>"
    )


def _edge(edge: Edge, picture: Neighbourhood, places: dict[int, Place]) -> str:
    source, target = places[edge.source], places[edge.target]
    x1, y1 = _border(source, target)
    x2, y2 = _border(target, source)
    keys = {node.index: node.key for node in picture.nodes}
    told = f"{edge.kind}: {keys[edge.source]} → {keys[edge.target]}"
    line = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return (
        f'<g class="edge {edge.kind}" data-source="{edge.source}" data-target="{edge.target}">'
        f'<title>{_text(told)}</title><line class="reach" {line}/><line {line}/>'
        f"{_head(edge.kind, source, (x2, y2))}</g>"
    )


def _border(inside: Place, outside: Place) -> Place:
    """Where the line from the centre of a box to *outside* leaves the box."""
    dx, dy = outside[0] - inside[0], outside[1] - inside[1]
    if dx == dy == 0:
        return inside
    share = min(
        BOX_WIDTH / 2 / abs(dx) if dx else float("inf"),
        BOX_HEIGHT / 2 / abs(dy) if dy else float("inf"),
    )
    return inside[0] + dx * share, inside[1] + dy * share


def _head(kind: EdgeKind, source: Place, tip: Place) -> str:
    """The arrow head at *tip*; links that run either way have none."""
    if kind == "RelatedTo":
        return ""
    dx, dy = tip[0] - source[0], tip[1] - source[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    ux, uy = dx / length, dy / length
    base_x, base_y = tip[0] - 9 * ux, tip[1] - 9 * uy
    corners = [tip, (base_x - 4 * uy, base_y + 4 * ux), (base_x + 4 * uy, base_y - 4 * ux)]
    return f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in corners)}"/>'


def _legend(kinds: Iterable[str], edge_kinds: Iterable[EdgeKind], top: float) -> Iterator[str]:
    """Two rows below the picture: kinds of nodes and their marks, then kinds of edges."""
    yield '<g class="legend" aria-hidden="true">'
    x, y = _MARGIN, top + 10
    for classes in [*kinds, "hit", "constraint", "dead"]:
        told = _LEGEND_TEXTS.get(classes, classes)
        yield f'<g class="node {classes}"><rect x="{x:.0f}" y="{y - 10:.0f}" width="14" '
        yield f'height="12" rx="3"/><text x="{x + 20:.0f}" y="{y:.0f}">{told}</text></g>'
        x += 40 + 7 * len(told)
    x, y = _MARGIN, y + _LEGEND_ROW
    for kind in edge_kinds:
        line = f'x1="{x:.0f}" y1="{y - 4:.0f}" x2="{x + 26:.0f}" y2="{y - 4:.0f}"'
        yield f'<g class="edge {kind}"><line {line}/>{_head(kind, (x, y - 4), (x + 26, y - 4))}'
        yield f'</g><text x="{x + 32:.0f}" y="{y:.0f}">{kind}</text>'
        x += 54 + 7 * len(kind)
    yield "</g>"


_LEGEND_TEXTS = {"dead": "no longer", "hit": "found"}


def _clip(text: str, columns: int) -> str:
    """The first line of *text*, at most *columns* wide, with an ellipsis where more follows."""
    line = " ".join(text.split())
    width = 0
    for place, character in enumerate(line):
        width += 2 if east_asian_width(character) in "WF" else 1
        if width > columns:
            return line[: place - 1].rstrip() + "…"
    return line


def _text(text: str) -> str:
    """*text* as XML, in content and attributes; what XML cannot hold becomes U+FFFD."""
    return escape("".join(c if _is_xml(c) else "�" for c in text))


def _is_xml(character: str) -> bool:
    """Whether XML 1.0 has *character* (its production 2)."""
    return character in "\t\n\r" or (
        character >= " " and not "\ud800" <= character <= "\udfff" and character not in "￾￿"
    )


_LIGHT = {
    "paper": "#ffffff", "ink": "#1b1f24", "pale": "#6e7781", "mark": "#b35900",
    "identity": "#e8d9f7", "fact": "#d7e8fb", "conclusion": "#d5f0de", "skill": "#fbe6cf",
    "conversation": "#eef0f2", "summary": "#dfe3e8", "environment": "#d3f0f0",
}  # fmt: skip
_DARK = {
    "paper": "#14171b", "ink": "#e6eaee", "pale": "#8b949e", "mark": "#f0a24b",
    "identity": "#4a3563", "fact": "#1f4468", "conclusion": "#1f4f33", "skill": "#5f4018",
    "conversation": "#31363d", "summary": "#444b55", "environment": "#175052",
}  # fmt: skip
_LINES: dict[EdgeKind, tuple[str, str]] = {
    "Supersedes": ("#d1383d", "none"),
    "DependsOn": ("#2f7fd6", "none"),
    "RelatedTo": ("#8b949e", "5 4"),
    "Triggers": ("#c46a1b", "none"),
    "TemporalNext": ("#8b949e", "2 3"),
    "CitesPremise": ("#2f9150", "none"),
}
"""Colour and dashes of each kind of edge; the colours do on either paper."""


def _style() -> str:
    """The style sheet: light, dark where that is preferred; no variables, as few viewers of
    SVG outside browsers know them."""
    lines = [
        f".{kind} line{{stroke:{colour};stroke-dasharray:{dashes}}}.{kind} polygon{{fill:{colour}}}"
        for kind, (colour, dashes) in _LINES.items()
    ]
    return "\n".join(
        [
            "text{font:12px system-ui,sans-serif}.node .key{font-weight:600}",
            ".heading{font-size:15px;font-weight:600}.edge line{stroke-width:1.4}",
            *lines,
            ".edge .reach{stroke:transparent;stroke-width:10;stroke-dasharray:none}",
            *_colours(_LIGHT),
            "@media(prefers-color-scheme:dark){",
            *_colours(_DARK),
            "}",
        ]
    )


def _colours(palette: dict[str, str]) -> Iterator[str]:
    """The rules that depend on light and dark; later ones win."""
    paper, ink, pale, mark = (palette[name] for name in ("paper", "ink", "pale", "mark"))
    yield f".paper{{fill:{paper}}}text{{fill:{ink}}}"
    yield f".node rect{{fill:{paper};stroke:{pale};stroke-width:1}}"
    for kind in dict.fromkeys(BASE_KINDS.values()):
        yield f".{kind} rect{{fill:{palette[kind]}}}"
    yield f".hit rect{{stroke:{ink};stroke-width:2}}"
    yield f".constraint rect{{stroke:{mark};stroke-width:2}}"
    yield f".dead rect{{fill:{paper};stroke-dasharray:4 3}}"
    yield f".dead text{{fill:{pale};text-decoration:line-through}}"
