"""``notifications.local``: a notice on this machine's desktop."""

from typing import Annotated

from msgspec import Meta, Struct

from car.ir.json import JsonObject, JsonValue
from car.server import surroundings
from car.server.errors import InvalidParams
from car.server.programs import ProgramError, run_program
from car.server.registry import method
from car.server.session import ClientSession

BACKEND = "notify-send"
"""The program of the freedesktop.org notification service."""

TIMEOUT = 5.0
"""Seconds that it may take."""


class Notification(Struct, frozen=True):
    """What to show; a sound is accepted and not played."""

    title: Annotated[str, Meta(min_length=1, max_length=1000)]
    body: Annotated[str, Meta(max_length=10_000)]
    subtitle: Annotated[str, Meta(max_length=1000)] | None = None
    sound: JsonValue = None


@method("notifications.local")
async def notifications_local(session: ClientSession, params: Notification) -> JsonObject:
    """Show a notice on the desktop, through ``notify-send`` where it is installed.

    Params: ``title``, ``body``, ``subtitle?`` (the first line of the body), ``sound?``
    (ignored).  Result: ``{delivered, platform, backend}``; not delivered where there is no
    backend (then null), no desktop, or no answer within 5 s.  Errors: -32602.
    """
    here = surroundings.HERE
    body = params.body if params.subtitle is None else f"{params.subtitle}\n{params.body}"
    if "\0" in params.title + body:
        raise InvalidParams("title, subtitle, body: a NUL cannot be shown")
    answer: JsonObject = {"delivered": False, "platform": here.name, "backend": None}
    program = here.which(BACKEND)
    if program is None:
        return answer
    arguments = [program, "--app-name=car", "--", params.title, body]
    try:
        ended = await run_program(session.state.reactor, arguments, TIMEOUT)
    except ProgramError:
        delivered = False
    else:
        delivered = ended.exit_code == 0
    return {**answer, "delivered": delivered, "backend": BACKEND}
