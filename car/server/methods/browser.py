"""``browser.*``: the session's browser, driven by scripts or by the tools of proposals."""

from typing import Any

from msgspec import Struct

from car.browser.arguments import DEFAULT_HEIGHT, DEFAULT_WIDTH, LaunchSettings, check_settings
from car.browser.script import parse_script
from car.browser.steps import ScriptResult, Step
from car.eventlog.kinds import BROWSER_RUN
from car.ir.json import JsonObject, to_value
from car.server.browser import browser_of
from car.server.browser_tools import NAMES, TOOLS, UNTRUSTED, BrowserToolExecutor
from car.server.errors import InvalidParams
from car.server.registry import NoParams, method
from car.server.session import ClientSession

_RECORDED = ("url", "title", "element_count", "summary")
"""What of a step's data stands in the event."""


class LaunchParams(Struct, frozen=True, kw_only=True):
    """How a browser is launched: the page's size in CSS pixels, windows or none, more flags."""

    width: int = DEFAULT_WIDTH
    height: int = DEFAULT_HEIGHT
    headed: bool = False
    extra_args: list[str] = []

    @property
    def settings(self) -> LaunchSettings:
        """The settings; raises BadArguments for what cannot be honoured."""
        settings = LaunchSettings(self.width, self.height, self.headed, tuple(self.extra_args))
        check_settings(settings)
        return settings


class BrowserScript(LaunchParams, frozen=True, kw_only=True):
    """A script, as an object, an array of operations, or the JSON text of either."""

    script: str | list[Any] | dict[str, Any]


class ToolsWanted(LaunchParams, frozen=True, kw_only=True):
    """Which browser tools to register (all of them without ``tools``), and which of them need a
    person's yes for each call."""

    tools: list[str] | None = None
    approve: list[str] = []


@method("browser.run")
async def browser_run(session: ClientSession, params: BrowserScript) -> ScriptResult:
    """Run a script in this connection's browser, which the first one launches.

    Later scripts use the same browser, so that ids of elements stay valid; ``width``,
    ``height``, ``headed`` and ``extra_args`` count at the launch.  Scripts run one at a time,
    in order of arrival.  What goes wrong in a step is told there and ends the script.
    [The browser](browser.md) has the operations.

    Result: ``{steps: [{op, status, data, error, duration_ms}]}``, the status ``ok`` or
    ``error``.  Errors: -32602 ``parse script: …`` naming the field, or for a launch parameter
    that cannot be honoured; -32603 with ``data.code`` ``missing_component`` where there is no
    browser, ``busy`` with four scripts waiting or as many browsers open as allowed,
    ``timeout`` for a script of more than 5 minutes, ``browser`` for one that exited or did not
    start; ``session_ref: …`` with the code of the secret.
    """
    script = parse_script(params.script)
    settings = params.settings
    session.require_journal()
    result = await browser_of(session).run(script, settings)
    session.record(BROWSER_RUN, {"steps": [_recorded(step) for step in result.steps]})
    return result


@method("browser.close")
async def browser_close(session: ClientSession, params: NoParams) -> JsonObject:
    """Close this connection's browser, with the scripts that run or wait.

    Answers when nothing is left of it; the next script launches another.

    Result: ``{closed}``, false where there was none.
    """
    if session.browser is None:
        return {"closed": False}
    return {"closed": await browser_of(session).close()}


@method("browser.register_tools")
def browser_register_tools(session: ClientSession, params: ToolsWanted) -> JsonObject:
    """Register the browser's operations as tools of this session, which the daemon runs.

    A proposal then drives this connection's browser, under the session's policies
    (``deny_tool_param`` on ``url``, say).  Each call of a tool in ``approve`` waits for a
    ``host.resolve_approval``, which any connection may give, unless the daemon runs with
    ``--no-approvals``.  A tool of the client's under one of these names is replaced.

    Result: ``{tools: [name]}``.  Errors: -32602 for a name that is none of these tools, or a
    launch parameter that cannot be honoured; -32603 with ``data.code = "journal"`` while it
    cannot be recorded.
    """
    wanted = NAMES if params.tools is None else frozenset(params.tools)
    for field, names in (("tools", wanted), ("approve", params.approve)):
        unknown = next((name for name in names if name not in NAMES), None)
        if unknown is not None:
            known = ", ".join(sorted(NAMES))
            raise InvalidParams(f"{field}: no browser tool '{unknown:.60}'; there are {known}")
    executor = BrowserToolExecutor(session, params.settings, params.approve)
    schemas = [schema for schema in TOOLS if schema.name in wanted]
    session.require_journal()
    session.runtime.register_basics(executor, schemas)
    session.record("record_tools", {"registered": [to_value(schema) for schema in schemas]})
    return {"tools": [schema.name for schema in schemas]}


def _recorded(step: Step) -> JsonObject:
    """What of a step stands in the event; a page's own text is marked as such."""
    told: JsonObject = {"op": step.op, "status": step.status, "duration_ms": step.duration_ms}
    if step.error is not None:
        told["error"] = step.error
    told |= {name: step.data[name] for name in _RECORDED if step.data and name in step.data}
    return {**told, "untrusted": True} if step.op in UNTRUSTED else told
