"""``models.*``: which models there are, which one would answer, bringing and keeping them.

What is recommended and suggested stands in ``models_advice``.
"""

from typing import Annotated

from msgspec import Meta, Struct

from car.inference.pull import PullEvent
from car.inference.records import GenerateRequest, IntentHint
from car.inference.rows import Filter, legacy_rows, search, unified_row, upgrade_rows
from car.ir.json import JsonObject, JsonValue, convert
from car.server.errors import InvalidParams
from car.server.registry import NoParams, method
from car.server.session import ClientSession


class ModelId(Struct, frozen=True):
    """One model by its id."""

    id: str


class ModelName(Struct, frozen=True):
    """One model by its name or id."""

    name: str


class AnyName(Struct, frozen=True):
    """One model by its id or name, under whichever of these a client sends."""

    id: str | None = None
    name: str | None = None
    model: str | None = None

    def text(self) -> str:
        """What was sent; raises InvalidParams for nothing or more than one."""
        given = [text for text in (self.id, self.name, self.model) if text]
        if len(given) != 1:
            raise InvalidParams("id: expected the id or name of one model")
        return given[0]


class RouteQuestion(Struct, frozen=True):
    """A prompt to find a model for."""

    prompt: str
    intent: IntentHint | None = None


class SearchQuestion(Struct, frozen=True, rename="camel"):
    """What to look for among the models; every word of the query must be found."""

    query: str | None = None
    capability: str | None = None
    provider: str | None = None
    local_only: bool = False
    available_only: bool = False
    limit: Annotated[int, Meta(ge=0)] | None = None


@method("models.list")
async def models_list(session: ClientSession, params: NoParams) -> list[JsonObject]:
    """The models that run from files, in the form of early clients.

    Result: ``[{name, hf_repo, hf_filename, tokenizer_repo, role, param_count,
    quantized_size_mb, downloaded}]``.
    """
    return legacy_rows(await session.state.models.snapshot())


@method("models.list_unified")
async def models_list_unified(session: ClientSession, params: NoParams) -> list[JsonObject]:
    """All models, local and remote, and whether each can be used now.

    Result: ``[{id, name, provider, capabilities, param_count, size_mb, context_length,
    available, is_local, public_benchmarks, weights_ready, downloads_weights,
    max_output_tokens, cost}]``; a size of 0 and a null price are not known.
    """
    return [unified_row(entry) for entry in (await session.state.models.snapshot()).known]


@method("models.register")
async def models_register(session: ClientSession, params: JsonObject) -> JsonObject:
    """Make a model known, in place of one with its id; it can be used at once.

    Params: a ModelSchema, bare or as ``{schema}``.  Its trust tier is ``community`` whatever
    it says.  Result: ``{id, registered: true, path, note}``; ``path`` is the file of
    registrations, null in a daemon that keeps nothing.  Errors: -32602 for what is no schema.
    """
    registry = session.state.models.registry
    model = await registry.register(params.get("schema", params))
    note = "visible immediately"
    if registry.path is None:
        note += "; forgotten when the daemon ends, as it keeps no state"
    path = None if registry.path is None else str(registry.path)
    return {"id": model.id, "registered": True, "path": path, "note": note}


@method("models.unregister")
async def models_unregister(session: ClientSession, params: JsonValue) -> JsonObject:
    """Forget a registered model.

    Params: ``{id}``, or the id itself.  Result: ``{id, unregistered: true, path, note}``.
    Errors: -32602 for what is neither, -32603 for one that is not registered.
    """
    registry = session.state.models.registry
    model_id = params if isinstance(params, str) else convert(params, ModelId).id
    await registry.unregister(model_id)
    return {
        "id": model_id,
        "unregistered": True,
        "path": None if registry.path is None else str(registry.path),
        "note": "effective immediately",
    }


@method("models.route")
async def models_route(session: ClientSession, params: RouteQuestion) -> JsonObject:
    """Which model would answer a prompt, and why; nothing is run.

    Result: ``{model_id, model_name, task, complexity, reason, strategy, predicted_quality,
    fallbacks, context_length, needs_compaction, candidates}``.  Errors: -32603 where no
    model will do.
    """
    request = GenerateRequest(prompt=params.prompt, intent=params.intent)
    return (await session.state.models.choose(request)).wire()


@method("models.stats")
async def models_stats(session: ClientSession, params: NoParams) -> JsonObject:
    """How the models that were called have done.

    Result: ``{profiles: [{model_id, total_calls, success_count, fail_count, success_rate,
    avg_latency_ms, ema_quality}]}``.
    """
    return {"profiles": await session.state.models.stats()}


@method("models.pull")
async def models_pull(session: ClientSession, params: ModelName) -> JsonObject:
    """Bring a model's files to this machine; one that is here is not brought again.

    Meanwhile this connection gets ``models.pull_progress`` notifications.  Result:
    ``{path}``.  Errors: -32603 for a model that is not known, has no files, or cannot be
    fetched.
    """
    return await _pull(session, params.name)


@method("models.install")
async def models_install(session: ClientSession, params: AnyName) -> JsonObject:
    """Bring a model's files to this machine, as ``models.pull`` does.

    Params: one of ``id``, ``name``, ``model``.  Result: ``{path}``.  Errors: as
    ``models.pull``.
    """
    return await _pull(session, params.text())


@method("models.remove")
async def models_remove(session: ClientSession, params: AnyName) -> JsonObject:
    """Delete the pulled files of a model; it stays known and can be pulled again.

    Params: one of ``id``, ``name``, ``model``.  Result: ``{id, removed: true}``.  Errors:
    -32603 for a model that is not known, or whose files were not pulled by this daemon.
    """
    model = await session.state.models.remove(params.text())
    return {"id": model.id, "removed": True}


@method("models.search")
async def models_search(session: ClientSession, params: SearchQuestion) -> JsonObject:
    """The models that match, with what could replace them.

    Result: ``{models, upgrades, total, available, local, remote}``: rows as of
    ``models.list_unified`` with ``family, version, tags, pullable, upgrade?``, at most
    ``limit`` of them; the counts are of all that match.
    """
    wanted = Filter(
        params.query,
        params.capability,
        params.provider,
        local_only=params.local_only,
        available_only=params.available_only,
    )
    return search(await session.state.models.snapshot(), wanted, params.limit)


@method("models.upgrades")
async def models_upgrades(session: ClientSession, params: NoParams) -> JsonObject:
    """What could replace models that can be used now.

    Result: ``{upgrades: [{from_id, from_name, to_id, to_name, reason, minimum_runtimes,
    target_available, target_pullable, remove_old_supported}]}``.
    """
    return {"upgrades": upgrade_rows(await session.state.models.snapshot())}


async def _pull(session: ClientSession, name: str) -> JsonObject:
    def tell(event: PullEvent) -> None:
        session.notify("models.pull_progress", {"model": name, "event": event})

    return {"path": str(await session.state.models.pull(name, tell))}
