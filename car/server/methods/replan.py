"""``replan.set_config``: what happens after a proposal was aborted."""

from msgspec import Struct

from car.engine.settings import ReplanConfig
from car.ir.json import JsonObject, to_value
from car.ir.proposal import U32
from car.server.registry import method
from car.server.session import ClientSession


class SetReplan(Struct, frozen=True):
    """A ReplanConfig whose first member must be given."""

    max_replans: U32
    delay_ms: U32 = 0
    verify_before_execute: bool = True
    replan_on_rejected: bool = False


@method("replan.set_config")
def replan_set_config(session: ClientSession, params: SetReplan) -> JsonObject:
    """Say how often and how to plan again after an abort.

    Result: ``{}``.  Without a replanner the setting changes nothing.
    """
    session.require_journal()
    config = ReplanConfig(
        max_replans=params.max_replans,
        delay_ms=params.delay_ms,
        verify_before_execute=params.verify_before_execute,
        replan_on_rejected=params.replan_on_rejected,
    )
    session.runtime.set_replan(config)
    session.record("record_settings", {"replan": to_value(config)})
    return {}
