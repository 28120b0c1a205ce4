"""The approval gate: a human lets a high-risk method run, or does not (``protocol.md`` §10)."""

from typing import TYPE_CHECKING

from car.ir.json import JsonObject
from car.server.errors import ApprovalDenied

if TYPE_CHECKING:
    from car.server.session import ClientSession

MAX_SHOWN_CHARS = 500
"""How much of each text in the params the approval shows."""


async def require_approval(session: "ClientSession", method: str, params: JsonObject) -> None:
    """Wait until somebody approves that *session* calls *method*; at once with the gate off.

    To be asked only where the method is supported.  Raises ApprovalDenied when it is
    denied or not given in time, Busy when too many approvals are open.
    """
    config = session.state.config
    if not config.approvals:
        return
    shown = {
        name: value[:MAX_SHOWN_CHARS] if isinstance(value, str) else value
        for name, value in params.items()
    }
    verdict = await session.state.host.request_system_approval(
        f"ws.method:{method}", shown, config.limits.approval_timeout
    )
    if verdict == "denied":
        raise ApprovalDenied(f"{method} was denied")
    if verdict != "approved":
        raise ApprovalDenied(
            f"{method} was not approved within {config.limits.approval_timeout:g} s"
        )
