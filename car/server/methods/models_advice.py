"""``models.*``, what is recommended for this machine and what the user is told unasked."""

from msgspec import Struct

from car.inference.prefs import PrefsChange, UpdatePrefs
from car.inference.recommend import Advice, Machine, Tier, UseCase, recommend
from car.inference.suggestions import detected_upgrades, missing_purposes, upgrade_nudge
from car.ir.json import JsonObject
from car.server.registry import NoParams, method
from car.server.session import ClientSession


class Purpose(Struct, frozen=True):
    """What models are wanted for, and whether providers' count as well."""

    use_case: UseCase = "assistant"
    tier: Tier = "balanced"
    cloud_ok: bool = False


class Moment(Struct, frozen=True):
    """Whether the user waits for a model right now, so that nothing should be suggested."""

    inference_active: bool = False


class Dismissal(Struct, frozen=True):
    """A suggestion that is not to come again."""

    dismiss_key: str


@method("models.recommend")
async def models_recommend(session: ClientSession, params: Purpose) -> JsonObject:
    """Which models suit a purpose on this machine, the best first.

    Result: ``{picks, not_enough_memory, note?}``, of ``{model_id, display_name, role,
    rationale, download_mb, already_installed, fit, acceleration, is_local,
    requires_cloud_consent, trust_tier, score}``.
    """
    advice, _ = await _advise(session, params)
    return advice.wire()


@method("models.setup_plan")
async def models_setup_plan(session: ClientSession, params: Purpose) -> JsonObject:
    """What to set up for a purpose on this machine.

    Result: ``{machine: {os, arch, cores, ram_mb, available_mb, acceleration}, recommended?,
    alternatives, needs_more_memory, note?}``, models as of ``models.recommend``.
    """
    advice, machine = await _advise(session, params)
    return advice.plan(machine)


@method("models.detect_upgrades")
async def models_detect_upgrades(session: ClientSession, params: NoParams) -> JsonObject:
    """What could replace models in use, as far as the update policy wants to know.

    Result: ``{upgrades: [{from_id, from_name, to_id, to_name, reason, trust_tier, source,
    target_pullable}]}``.
    """
    models = session.state.models
    prefs = await models.preferences()
    return {"upgrades": detected_upgrades(await models.snapshot(), prefs)}


@method("models.check_upgrade_nudge")
async def models_check_upgrade_nudge(session: ClientSession, params: Moment) -> JsonObject:
    """Whether to tell the user of a better model now.

    Result: ``{auto_apply, nudge?: {finding, message, dismiss_key}}``.
    """
    models = session.state.models
    prefs = await models.preferences()
    return upgrade_nudge(await models.snapshot(), prefs, params.inference_active)


@method("models.check_concierge")
async def models_check_concierge(session: ClientSession, params: Moment) -> JsonObject:
    """Which purposes no model can be used for yet, each with a local one that could.

    Result: ``{suggestions: [{use_case, model_id, display_name, download_mb, message,
    dismiss_key}]}``.
    """
    models = session.state.models
    prefs = await models.preferences()
    machine = await models.machine()
    snapshot = await models.snapshot()
    return {"suggestions": missing_purposes(snapshot, machine, prefs, params.inference_active)}


@method("models.dismiss_upgrade", "models.dismiss_suggestion")
async def models_dismiss(session: ClientSession, params: Dismissal) -> JsonObject:
    """Let a suggestion not come again.

    Result: ``{dismissed: true}``.
    """
    await (await session.state.models.preferences()).dismiss(params.dismiss_key)
    return {"dismissed": True}


@method("models.update_prefs_get")
async def models_update_prefs_get(session: ClientSession, params: NoParams) -> UpdatePrefs:
    """How models are to be brought up to date.

    Result: UpdatePrefs.
    """
    return (await session.state.models.preferences()).update


@method("models.update_prefs_set")
async def models_update_prefs_set(session: ClientSession, params: PrefsChange) -> UpdatePrefs:
    """Change how models are to be brought up to date; what is not named stays.

    Result: UpdatePrefs.
    """
    return await (await session.state.models.preferences()).change(params)


async def _advise(session: ClientSession, purpose: Purpose) -> tuple[Advice, Machine]:
    models = session.state.models
    machine = await models.machine()
    snapshot = await models.snapshot()
    advice = recommend(snapshot, machine, purpose.use_case, purpose.tier, purpose.cloud_ok)
    return advice, machine
