"""``car models``: which models the daemon knows and would choose, bringing and keeping them.

How a pull is shown while it goes on is ``pulling``'s.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from typing import Any, TypeAlias

from car.cli.daemon import add_daemon_arguments, run_with_daemon
from car.cli.errors import OK
from car.cli.pulling import show_progress
from car.cli.texts import counted, print_json, print_table, read_object
from car.client.client import CarClient
from car.eventlog.rendering import printable
from car.ir.json import JsonObject, JsonValue

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command lines of ``car models``."""
    commands = parser.add_subparsers(metavar="ACTION", required=True)
    for command in (*_looks(commands), *_choices(commands), *_changes(commands)):
        add_daemon_arguments(command)


def _looks(commands: Commands) -> list[argparse.ArgumentParser]:
    list_ = commands.add_parser("list", help="the models that can be used now, or others")
    which = list_.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="all that the daemon knows")
    which.add_argument("--local", action="store_true", help="those that run on this machine")
    which.add_argument("--available", action="store_true", help="usable now: the default")
    list_.set_defaults(run=list_models)
    search_ = commands.add_parser("search", help="the models that a text or a property finds")
    search_.add_argument("query", nargs="?", help="words of id, name, family or tags")
    search_.add_argument("--capability", metavar="NAME", help="such as generate, embed or vision")
    search_.add_argument("--provider", metavar="NAME", help="such as openai")
    search_.add_argument("--local", action="store_true", help="only those of this machine")
    search_.add_argument("--available", action="store_true", help="only those usable now")
    search_.add_argument("--limit", type=int, metavar="N", help="how many at most")
    search_.set_defaults(run=search)
    return [list_, search_]


def _choices(commands: Commands) -> list[argparse.ArgumentParser]:
    route_ = commands.add_parser("route", help="which model would answer a prompt, and why")
    route_.add_argument("prompt")
    route_.set_defaults(run=route)
    stats_ = commands.add_parser("stats", help="how the models that were called have done")
    stats_.set_defaults(run=stats)
    return [route_, stats_]


def _changes(commands: Commands) -> list[argparse.ArgumentParser]:
    pull_ = commands.add_parser("pull", help="bring a model's files to the daemon's machine")
    pull_.set_defaults(run=pull)
    remove_ = commands.add_parser("remove", help="delete the files that were pulled")
    remove_.set_defaults(run=remove)
    for command in (pull_, remove_):
        command.add_argument("name", metavar="NAME", help="the model's id or name")
    register_ = commands.add_parser("register", help="make a model known")
    register_.add_argument("schema", metavar="FILE", help="its ModelSchema as JSON; - for stdin")
    register_.set_defaults(run=register)
    unregister_ = commands.add_parser("unregister", help="forget a model that was registered")
    unregister_.add_argument("id", metavar="ID")
    unregister_.set_defaults(run=unregister)
    return [pull_, remove_, register_, unregister_]


# ---- looking -----------------------------------------------------------------------------------


def list_models(options: argparse.Namespace) -> int:
    """Print a line a model."""
    known: list[JsonObject] = _call(options, "models.list_unified", {})
    if options.local:
        rows = [row for row in known if row["is_local"]]
    elif options.all:
        rows = known
    else:
        rows = [row for row in known if row["available"]]
    if options.json:
        print_json(rows)
    elif rows:
        _print_models(rows)
    elif not (options.all or options.local):
        hint = "no model can be used yet; car models list --all has those that could be"
        print(f"car: {hint}", file=sys.stderr)
    return OK


def search(options: argparse.Namespace) -> int:
    """Print a line for each model found, then how many there are."""
    params = {
        "query": options.query,
        "capability": options.capability,
        "provider": options.provider,
        "localOnly": options.local,
        "availableOnly": options.available,
        "limit": options.limit,
    }
    found: JsonObject = _call(options, "models.search", params)
    if options.json:
        print_json(found)
    else:
        if found["models"]:
            _print_models(found["models"])
        print(
            f"{counted(found['total'], 'model')}: {found['available']} usable now, "
            f"{found['local']} local, {found['remote']} remote"
        )
    return OK


def _print_models(rows: Iterable[JsonObject]) -> None:
    print_table(
        (
            str(row["id"]),
            "local" if row["is_local"] else "remote",
            _state(row),
            f"{row['size_mb']} MB" if row["size_mb"] else "",
            f"{row['context_length']} tokens" if row["context_length"] else "",
            ", ".join(map(str, row["capabilities"])),
        )
        for row in rows
    )


def _state(row: JsonObject) -> str:
    if row["available"]:
        return "usable"
    if row["downloads_weights"] and not row["weights_ready"]:
        return "to be pulled"
    return "not usable"


def route(options: argparse.Namespace) -> int:
    """Print which model would answer, why, and which ones were weighed."""
    choice: JsonObject = _call(options, "models.route", {"prompt": options.prompt})
    if options.json:
        print_json(choice)
        return OK
    print(printable(f"{choice['model_id']}: {choice['reason']}"))
    if choice["needs_compaction"]:
        print(f"the prompt is too long for its context of {choice['context_length']} tokens")
    others = [row for row in choice["candidates"] if not row["selected"]]
    if others:
        print_table(
            (
                "then" if row["model_id"] in choice["fallbacks"] else "not",
                str(row["model_id"]),
                f"quality {row['reliability']:.2f}",
                f"score {row['score']:.2f}",
            )
            for row in others
        )
    return OK


def stats(options: argparse.Namespace) -> int:
    """Print a line for each model that was called."""
    told: JsonObject = _call(options, "models.stats", {})
    if options.json:
        print_json(told)
    elif told["profiles"]:
        print_table(
            (
                str(row["model_id"]),
                counted(row["total_calls"], "call"),
                f"{row['fail_count']} failed",
                f"{row['avg_latency_ms']:.0f} ms",
                f"quality {row['ema_quality']:.2f}",
            )
            for row in told["profiles"]
        )
    return OK


# ---- changing ----------------------------------------------------------------------------------


def pull(options: argparse.Namespace) -> int:
    """Bring a model's files, telling on the standard error how it goes; print where they are."""
    progress = show_progress(sys.stderr, time.monotonic)

    async def work(client: CarClient, reactor: Any) -> JsonValue:
        if not options.json:
            client.on("models.pull_progress", lambda told: progress.take(told.get("event")))
        return await client.call("models.pull", {"name": options.name}, timeout=None)

    try:
        pulled: JsonObject = run_with_daemon(options.url, work)
    finally:
        progress.end()
    _print_change(options, pulled, str(pulled["path"]))
    return OK


def remove(options: argparse.Namespace) -> int:
    """Delete a model's files."""
    removed: JsonObject = _call(options, "models.remove", {"name": options.name})
    _print_change(options, removed, f"{removed['id']}: files removed")
    return OK


def register(options: argparse.Namespace) -> int:
    """Make the model in a file known."""
    registered: JsonObject = _call(options, "models.register", read_object(options.schema))
    _print_change(options, registered, f"{registered['id']}: {registered['note']}")
    return OK


def unregister(options: argparse.Namespace) -> int:
    """Forget a registered model."""
    forgotten: JsonObject = _call(options, "models.unregister", {"id": options.id})
    _print_change(options, forgotten, f"{forgotten['id']}: forgotten, {forgotten['note']}")
    return OK


def _print_change(options: argparse.Namespace, answer: JsonObject, text: str) -> None:
    if options.json:
        print_json(answer)
    else:
        print(printable(text))


def _call(options: argparse.Namespace, method: str, params: JsonObject) -> JsonValue:
    async def work(client: CarClient, reactor: Any) -> JsonValue:
        return await client.call(method, params)

    return run_with_daemon(options.url, work)
