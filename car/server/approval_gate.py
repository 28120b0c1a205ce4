"""The approval gate: a human lets a high-risk call run, or does not (``protocol.md`` §10)."""

from typing import TYPE_CHECKING

from car.ir.json import JsonObject, encode
from car.server.errors import ApprovalDenied

if TYPE_CHECKING:
    from car.server.session import ClientSession

MAX_SHOWN_CHARS = 500
"""How much of each param the approval shows."""


async def require_approval(session: "ClientSession", method: str, params: JsonObject) -> None:
    """Wait until somebody approves that *session* calls *method*; at once with the gate off.

    To be asked only where the method is supported.  Raises ApprovalDenied when it is
    denied or not given in time, Busy when too many approvals are open.
    """
    await _ask(session, f"ws.method:{method}", method, _shown(params))


async def require_tool_approval(
    session: "ClientSession", tool: str, parameters: JsonObject, told: JsonObject
) -> None:
    """The same for one call of a tool that the daemon runs; *told* helps whoever has to judge."""
    details: JsonObject = {"parameters": _shown(parameters), "session": session.client_id, **told}
    await _ask(session, f"tool:{tool}", tool, details)


def _shown(params: JsonObject) -> JsonObject:
    """*params* with what is long cut short; what is no text then becomes one."""
    shown = {}
    for name, value in params.items():
        text = value if isinstance(value, str) else encode(value).decode()
        is_long = len(text) > MAX_SHOWN_CHARS
        shown[name] = text[:MAX_SHOWN_CHARS] if is_long else value
    return shown


async def _ask(session: "ClientSession", action: str, name: str, details: JsonObject) -> None:
    config = session.state.config
    if not config.approvals:
        return
    verdict = await session.state.host.request_system_approval(
        action, details, config.limits.approval_timeout
    )
    if verdict == "denied":
        raise ApprovalDenied(f"{name} was denied")
    if verdict != "approved":
        raise ApprovalDenied(f"{name} was not approved within {config.limits.approval_timeout:g} s")
