"""``car memory``: adding to a memory, asking it, its files, and a drawing of it.

What each command says to a memory is here; which memory that is, a daemon's or a file, is
``memory_sources``'s.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from car.cli.daemon import add_daemon_arguments, given
from car.cli.errors import OK, CommandError, UsageError
from car.cli.memory_sources import (
    Ask,
    MemorySource,
    daemon_memory,
    find_source,
    load_memory,
    read_bytes,
    replace_file,
)
from car.cli.texts import counted, print_json, print_table
from car.components import missing_text
from car.eventlog.rendering import printable
from car.ir.json import JsonObject, JsonValue
from car.memgine.authority import authority_rank
from car.memgine.memgine import Memgine
from car.memgine.nodes import Node

DRAWN = 40
"""How many nodes a drawing has unless told otherwise: still legible on one screen."""

ENDINGS = (".html", ".svg")

_CLEARANCES = ("peer", "lead", "manager", "director", "executive", "c_level", "board")
"""Words for the rank that a reader needs, ascending."""


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command lines of ``car memory``."""
    commands = parser.add_subparsers(metavar="ACTION", required=True)
    offline = [_add(commands), *_questions(commands), _graph(commands)]
    for command in offline:
        command.add_argument(
            "--file", metavar="PATH", help="an interchange file in the daemon's place"
        )
    for command in [*offline, _import(commands), _export(commands)]:
        command.add_argument(
            "--namespace",
            metavar="NS",
            help="the daemon's memory of that name [CAR_MEMORY_NAMESPACE]",
        )
        add_daemon_arguments(command)


def _add(commands: Commands) -> argparse.ArgumentParser:
    command = commands.add_parser("add", help="put a fact in")
    command.add_argument("subject")
    command.add_argument("body")
    command.add_argument("--kind", default="pattern", help="such as constraint [%(default)s]")
    command.add_argument("--supersedes", metavar="FACT", help="the fact it replaces: id or subject")
    command.add_argument("--id", help="what to call it")
    command.set_defaults(run=add)
    return command


def _questions(
    commands: Commands,
) -> list[argparse.ArgumentParser]:
    query_ = commands.add_parser("query", help="what has to do with a text, best first")
    query_.add_argument("text")
    query_.add_argument("-k", type=int, default=5, metavar="N", help="how many [%(default)s]")
    query_.set_defaults(run=query)
    context_ = commands.add_parser("context", help="what a model would be given for a text")
    context_.add_argument("text")
    context_.add_argument("--window", type=int, metavar="TOKENS", help="the model's window")
    context_.add_argument("--fast", action="store_true", help="the quick form")
    context_.set_defaults(run=context)
    history_ = commands.add_parser("history", help="what became of a fact, newest first")
    which = history_.add_mutually_exclusive_group(required=True)
    which.add_argument("subject", nargs="?")
    which.add_argument("--id", help="one fact, and what replaced it")
    history_.set_defaults(run=history)
    return [query_, context_, history_]


def _graph(
    commands: Commands,
) -> argparse.ArgumentParser:
    command = commands.add_parser("graph", help="draw what lies around a query")
    command.add_argument("drawing", metavar="FILE", help=f"what to write: {' or '.join(ENDINGS)}")
    command.add_argument("--query", metavar="TEXT", help="without, what is newest")
    command.add_argument(
        "--limit", type=int, default=DRAWN, metavar="N", help="nodes at most [%(default)s]"
    )
    command.set_defaults(run=graph)
    return command


def _import(
    commands: Commands,
) -> argparse.ArgumentParser:
    command = commands.add_parser("import", help="put the facts of an interchange file in")
    command.add_argument("source", metavar="FILE")
    command.add_argument(
        "--replace", action="store_true", help="let the file be the whole memory from now on"
    )
    command.add_argument(
        "--force", action="store_true", help="replace also a memory that every session shares"
    )
    command.set_defaults(run=import_)
    return command


def _export(
    commands: Commands,
) -> argparse.ArgumentParser:
    command = commands.add_parser("export", help="write the whole memory to an interchange file")
    command.add_argument("target", metavar="FILE")
    command.set_defaults(run=export)
    return command


# ---- facts and questions -----------------------------------------------------------------------


def add(options: argparse.Namespace) -> int:
    """Put a fact in; print how many there are."""
    params = given(
        subject=options.subject,
        body=options.body,
        kind=options.kind,
        supersedes=options.supersedes,
        id=options.id,
    )
    source = find_source(options, changes=True)
    count = source.run(lambda ask: ask("memory.add_fact", params))
    _print_count(count, options.json)
    _warn_of_oblivion(source)
    return OK


def query(options: argparse.Namespace) -> int:
    """Print what a query finds, a line each."""
    params: JsonObject = {"query": options.text, "k": options.k}
    hits = _answer(options, "memory.query", params)
    if options.json:
        print_json(hits)
    elif hits:
        print_table(
            (str(hit["kind"]), str(hit["subject"]), _one_line(hit["body"])) for hit in _rows(hits)
        )
    return OK


def context(options: argparse.Namespace) -> int:
    """Print the context for a query."""
    name = "memory.build_context_fast" if options.fast else "memory.build_context"
    text = _answer(options, name, given(query=options.text, model_context_window=options.window))
    if options.json:
        print_json(text)
    else:
        for line in str(text).splitlines():
            print(printable(line))
    return OK


def history(options: argparse.Namespace) -> int:
    """Print what became of a fact or of a subject's facts."""
    params = given(subject=options.subject, id=options.id)
    entries = _answer(options, "memory.history", params)
    if options.json:
        print_json(entries)
    elif entries:
        print_table(
            (str(e["recorded_at"]), str(e["status"]), str(e["id"]), _one_line(e["body"]))
            for e in _rows(entries)
        )
    return OK


def _answer(options: argparse.Namespace, method: str, params: JsonObject) -> JsonValue:
    return find_source(options).run(lambda ask: ask(method, params))


def _rows(value: JsonValue) -> Iterable[JsonObject]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _one_line(value: JsonValue) -> str:
    return " ".join(str(value).split())


def _print_count(count: JsonValue, as_json: bool) -> None:
    if as_json:
        print_json(count)
    else:
        print(counted(count, "fact") if isinstance(count, int) else count)


def _warn_of_oblivion(source: MemorySource) -> None:
    """Say where what was just added might not last."""
    if source.nameless:
        _warn("without --namespace this lasts only if the daemon shares one memory")


def _warn(text: str) -> None:
    print(f"car: {text}", file=sys.stderr)


# ---- files -------------------------------------------------------------------------------------


def import_(options: argparse.Namespace) -> int:
    """Put the facts of a file in, or put the file in the memory's place; print the count."""
    if options.force and not options.replace:
        raise UsageError("--force needs --replace: adding takes nothing away")
    source = daemon_memory(options)
    text = read_bytes(options.source)
    memory = load_memory(text, options.source)
    if options.replace:
        count = source.replace(text, force=options.force)
    else:
        count = source.run(lambda ask: _add_all(ask, memory))
        skills = sum(1 for _ in memory.graph.of_kind("skill"))
        if skills:
            _warn(f"{counted(skills, 'skill')} left out: --replace takes them too")
    _print_count(count, options.json)
    _warn_of_oblivion(source)
    return OK


async def _add_all(ask: Ask, memory: Memgine) -> JsonValue:
    count: JsonValue = await ask("memory.fact_count", {})
    for node in memory.graph.of_kind("fact"):
        if node.live:
            count = await ask("memory.add_fact", fact_params(node))
    return count


def fact_params(node: Node) -> JsonObject:
    """The params that add *node*, a fact, to another memory; its edges stay behind."""
    return given(
        subject=node.key,
        body=node.value,
        kind="constraint" if node.is_constraint else node.label,
        id=node.id,
        source=node.source,
        tags=list(node.tags),
        scope=node.scope,
        authority=node.authority,
        confidence=node.confidence,
        min_authority=_clearance(node.min_authority),
        valid_from=node.valid_from,
        expires_at=node.expires_at,
    )


def _clearance(rank: int) -> str | None:
    """The lowest word that asks at least *rank* of a reader."""
    if rank <= 0:
        return None
    return next((word for word in _CLEARANCES if authority_rank(word) >= rank), _CLEARANCES[-1])


def export(options: argparse.Namespace) -> int:
    """Write the whole memory to a file; print how many facts it has."""
    text, count = daemon_memory(options).persist()
    replace_file(options.target, text)
    _print_count(count, options.json)
    return OK


# ---- the drawing -------------------------------------------------------------------------------


def graph(options: argparse.Namespace) -> int:
    """Draw the neighbourhood of a query into a file; print what it has."""
    ending = Path(options.drawing).suffix
    if ending not in ENDINGS:
        raise UsageError(f"{options.drawing} must end in {' or '.join(ENDINGS)}")
    if options.limit < 1:
        raise UsageError(f"--limit must be at least 1, not {options.limit}")
    try:
        from car.memgine.drawing import draw_svg, neighbourhood
        from car.memgine.drawing_page import draw_html
    except ModuleNotFoundError as problem:
        if problem.name != "networkx":
            raise
        raise CommandError(missing_text("networkx", "draw", "drawing"))
    memory = load_memory(find_source(options).dump(), "the memory")
    hits = []
    title = "the newest in memory"
    if options.query is not None:
        found = memory.query(options.query, options.limit, time.time())
        hits = [hit.node.index for hit in found]
        title = f"memory around “{options.query}”"
        if not hits:
            raise CommandError(f"nothing in memory has to do with '{options.query}'")
    picture = neighbourhood(memory.graph, hits, options.limit)
    draw = draw_html if ending == ".html" else draw_svg
    replace_file(options.drawing, draw(picture, title).encode())
    if options.json:
        print_json({"nodes": len(picture.nodes), "edges": len(picture.edges)})
    else:
        told = f"{counted(len(picture.nodes), 'node')}, {counted(len(picture.edges), 'edge')}"
        print(f"{told}: {options.drawing}")
    return OK
