"""``car browse``: a script for a browser of the daemon's, and how each of its steps went.

The browser lives as long as the command; what a script may say is the daemon's to know.
"""

import argparse
import base64
from pathlib import Path
from typing import Any

import msgspec

from car.browser.script import Script
from car.cli.daemon import add_daemon_arguments, given, run_with_daemon
from car.cli.errors import OK, REFUSED, CommandError, UsageError
from car.cli.texts import print_json, print_value, read_text, read_value, short
from car.client.client import CarClient
from car.eventlog.rendering import printable
from car.ir.json import JsonObject, JsonValue

SCHEMA = "schema"
"""In the place of a file: the JSON Schema of scripts."""

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}
"""The kind of picture by the ending of its file's name."""

_INDENT = "    "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of ``car browse``."""
    parser.add_argument(
        "script",
        metavar="SCRIPT.json",
        help="the operations, as JSON; - reads them from stdin, 'schema' prints what they can be",
    )
    parser.add_argument(
        "--screenshot", metavar="FILE", help="picture of the page in the end: .png or .jpeg"
    )
    parser.add_argument("--width", type=int, metavar="PIXELS", help="the page's width [1280]")
    parser.add_argument("--height", type=int, metavar="PIXELS", help="the page's height [720]")
    parser.add_argument(
        "--headed", action="store_true", help="in a window, where there is a display"
    )
    parser.add_argument(
        "--extra-arg",
        action="append",
        metavar="FLAG",
        help="one more flag for Chromium, as in --extra-arg=--lang=de (several times)",
    )
    add_daemon_arguments(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the script, print its steps, write the picture; or print what a script may say."""
    if options.script == SCHEMA:
        print_value(msgspec.json.schema(Script))
        return OK
    launch = _launch_params(options)
    script = read_value(read_text(options.script), options.script)
    picture = None if options.screenshot is None else _picture_operation(options.screenshot)
    result, shot = run_script(options.url, {"script": script, **launch}, picture)
    steps: list[JsonObject] = result["steps"]
    if options.json:
        print_json(result)
    else:
        for number, step in enumerate(steps, 1):
            print_step(number, step)
    if shot is not None:
        _write(options.screenshot, shot)
    return OK if all(step["status"] == "ok" for step in steps) else REFUSED


def run_script(
    url: str | None, params: JsonObject, picture: JsonObject | None
) -> tuple[JsonObject, JsonObject | None]:
    """The result of ``browser.run``, and the step of the *picture* that is taken afterwards.

    It is taken after a step that failed, too: the browser is still where that left it.
    """

    async def work(client: CarClient, reactor: Any) -> tuple[JsonValue, JsonValue]:
        result = await client.call("browser.run", params, timeout=None)
        if picture is None:
            return result, None
        taken: JsonObject = await client.call("browser.run", {"script": [picture]}, timeout=None)
        return result, taken["steps"][0]

    return run_with_daemon(url, work)


def print_step(number: int, step: JsonObject) -> None:
    """One step in a line; below it what a page was observed to show."""
    data = dict(step["data"] or {})
    summary = data.pop("summary", None)
    if step["error"] is not None:
        told = step["error"]
    elif set(data) == {"url"}:
        told = data["url"]
    else:
        told = short(data) if data else ""
    line = f"{number} {step['op']} {step['status']} {step['duration_ms']:.0f} ms  {told}"
    print(printable(line.rstrip()))
    if summary is not None:
        for text in summary.split("\n"):
            print(_INDENT + printable(text) if text else "")


def _launch_params(options: argparse.Namespace) -> JsonObject:
    """What was said of the launch; the rest is left to the daemon."""
    return given(
        width=options.width,
        height=options.height,
        headed=options.headed or None,
        extra_args=options.extra_arg,
    )


def _picture_operation(name: str) -> JsonObject:
    """The operation that takes the picture for the file *name*; raises UsageError."""
    path = Path(name)
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{name}: a picture ends in {', '.join(FORMATS)}")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{name} cannot be written: there is no directory {path.parent}")
    return {"op": "screenshot", "format": FORMATS[path.suffix.lower()]}


def _write(name: str, step: JsonObject) -> None:
    if step["error"] is not None:
        raise CommandError(f"no picture was taken: {step['error']}")
    try:
        Path(name).write_bytes(base64.b64decode(step["data"]["data"]))
    except OSError as problem:
        raise CommandError(f"{name} cannot be written: {problem.strerror}") from None
