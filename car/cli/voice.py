"""``car voice``: a recording written down by the daemon's recognisers."""

import argparse
import os
import secrets
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from car.cli.daemon import add_daemon_arguments, given, run_with_daemon
from car.cli.errors import OK, CommandError, UsageError
from car.cli.texts import print_json
from car.client.client import CarClient
from car.eventlog.rendering import printable
from car.ir.json import JsonObject, JsonValue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command lines of ``car voice``."""
    commands = parser.add_subparsers(metavar="ACTION", required=True)
    command = commands.add_parser("transcribe", help="print what is said in an audio file")
    command.add_argument("file", metavar="FILE", help="on the daemon's machine")
    command.add_argument(
        "--provider", metavar="NAME", help="who listens, as if to a live source [local]"
    )
    command.add_argument("--model", metavar="NAME", help="of the provider")
    command.add_argument("--language", metavar="CODE", help="such as en; guessed without it")
    add_daemon_arguments(command)
    command.set_defaults(run=transcribe)


def transcribe(options: argparse.Namespace) -> int:
    """Print the text of a recording."""
    path = os.path.abspath(options.file)
    if not Path(path).is_file():
        raise UsageError(f"{options.file} is no file")
    params = given(model=options.model, language=options.language)
    if options.provider is None:
        found = _whole_file(options.url, {"audio_path": path, **params})
    else:
        found = _as_heard(options.url, path, {"provider": options.provider, **params})
    if options.json:
        print_json(found)
    else:
        print(printable(found["text"]))
    return OK


def _whole_file(url: str | None, params: JsonObject) -> JsonObject:
    """The result of ``transcribe``, however long it takes."""

    async def work(client: CarClient, reactor: Any) -> JsonValue:
        return await client.call("transcribe", params, timeout=None)

    found: JsonObject = run_with_daemon(url, work)
    return found


def _as_heard(url: str | None, path: str, options: JsonObject) -> JsonObject:
    """What a voice session makes of the file: ``{text, segments}``."""
    session_id = secrets.token_hex(16)
    source = {"kind": "file", "path": path, "pace": "fast"}
    params: JsonObject = {"session_id": session_id, "audio_source": source, "options": options}
    segments: list[JsonObject] = []

    async def work(client: CarClient, reactor: Any) -> JsonValue:
        ended: Deferred[JsonValue] = Deferred()

        def take(told: JsonValue) -> None:
            event: JsonObject = told["event"] if told["session_id"] == session_id else {}
            match event:
                case {"type": "transcript"}:
                    segments.append({name: event[name] for name in event if name != "type"})
                case {"type": "error", "fatal": True, "message": str(message)}:
                    ended.errback(CommandError(message))
                case {"type": "session_ended"} if not ended.called:
                    ended.callback(None)

        client.on("voice.event", take)
        await client.call("voice.transcribe_stream.start", params, timeout=None)
        return await ended

    run_with_daemon(url, work)
    return {"text": " ".join(str(segment["text"]) for segment in segments), "segments": segments}
