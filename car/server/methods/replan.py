"""``replan.set_config``: what happens after a proposal was aborted."""

from msgspec import Struct

from car.engine.settings import ReplanConfig, Replanner
from car.ir.json import JsonObject, to_value
from car.ir.proposal import U32
from car.server.callbacks import ClientReplanner
from car.server.errors import Unsupported
from car.server.registry import method
from car.server.session import ClientSession


class SetReplan(Struct, frozen=True):
    """A ReplanConfig whose first member must be given."""

    max_replans: U32
    delay_ms: U32 = 0
    verify_before_execute: bool = True
    replan_on_rejected: bool = False
    replanner: Replanner = "none"


@method("replan.set_config")
def replan_set_config(session: ClientSession, params: SetReplan) -> JsonObject:
    """Say how often and how to plan again after an abort.

    With ``replanner`` ``"client"`` this client is asked for other plans
    (``proposal.replan``); with ``"none"``, the default, nobody is, and the rest changes
    nothing.

    Result: ``{}``.  Errors: -32603 for ``"model"`` in a daemon without inference.
    """
    session.require_journal()
    runtime = session.runtime
    if params.replanner == "model":
        raise Unsupported("replanner 'model' needs an inference engine, and there is none here")
    runtime.set_replan(
        ReplanConfig(
            max_replans=params.max_replans,
            delay_ms=params.delay_ms,
            verify_before_execute=params.verify_before_execute,
            replan_on_rejected=params.replan_on_rejected,
            replanner=params.replanner,
        )
    )
    runtime.replanner = None
    if params.replanner == "client":
        timeout = session.state.config.limits.tool_timeout
        runtime.replanner = ClientReplanner(session.channel, timeout, params.max_replans)
    session.record("record_settings", {"replan": to_value(runtime.replan)})
    return {}
