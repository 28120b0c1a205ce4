"""Models as rows of the wire: unified, search and legacy (``protocol-inference.md`` §4)."""

from car.inference.models import Local, ModelSchema
from car.inference.registry import Known, Snapshot, downloads_weights
from car.inference.sizing import billions
from car.ir.json import JsonObject, to_value


class Filter:
    """What ``models.search`` looks for; what is not given is not looked at."""

    def __init__(
        self,
        query: str | None = None,
        capability: str | None = None,
        provider: str | None = None,
        *,
        local_only: bool = False,
        available_only: bool = False,
    ) -> None:
        self._words = (query or "").lower().split()
        self._capability = capability
        self._provider = provider
        self._local_only = local_only
        self._available_only = available_only

    def takes(self, entry: Known) -> bool:
        """Whether the model is wanted: every word of the query is in its id, name or tags."""
        model = entry.model
        text = " ".join((model.id, model.name, model.family, *model.tags)).lower()
        return (
            all(word in text for word in self._words)
            and (self._capability is None or self._capability in model.capabilities)
            and (self._provider is None or self._provider == model.provider)
            and (model.is_local or not self._local_only)
            and (entry.available or not self._available_only)
        )


def unified_row(entry: Known) -> JsonObject:
    """A row of ``models.list_unified``; ``size_mb`` is 0 where it is not known."""
    model = entry.model
    cost: JsonObject = to_value(model.cost)
    return {
        "id": model.id,
        "name": model.name,
        "provider": model.provider,
        "capabilities": model.capabilities,
        "param_count": model.param_count,
        "size_mb": round(model.cost.size_mb or 0),
        "context_length": model.context_length,
        "available": entry.available,
        "is_local": model.is_local,
        "public_benchmarks": model.public_benchmarks,
        "weights_ready": entry.weights_ready,
        "downloads_weights": downloads_weights(model),
        "max_output_tokens": model.max_output_tokens,
        "cost": {**cost, "pricing_tiers": []},
    }


def search(snapshot: Snapshot, wanted: Filter, limit: int | None) -> JsonObject:
    """The result of ``models.search``; the counts are those of all that were found."""
    found = [entry for entry in snapshot.known if wanted.takes(entry)]
    upgrades = upgrade_rows(snapshot)
    rows = []
    for entry in found[:limit]:
        row = unified_row(entry) | {
            "family": entry.model.family,
            "version": entry.model.version,
            "tags": entry.model.tags,
            "pullable": entry.pullable,
        }
        upgrade = next((up for up in upgrades if up["from_id"] == entry.model.id), None)
        if upgrade is not None:
            row["upgrade"] = upgrade
        rows.append(row)
    local = sum(entry.model.is_local for entry in found)
    return {
        "models": rows,
        "upgrades": upgrades,
        "total": len(found),
        "available": sum(entry.available for entry in found),
        "local": local,
        "remote": len(found) - local,
    }


def upgrade_rows(snapshot: Snapshot) -> list[JsonObject]:
    """The rows of ``models.upgrades``: what could replace models that can be used now."""
    rows = []
    for upgrade in snapshot.upgrades:
        old, new = snapshot.get(upgrade.from_id), snapshot.get(upgrade.to_id)
        if old is None or new is None or not old.available:
            continue
        rows.append(
            {
                "from_id": old.model.id,
                "from_name": old.model.name,
                "to_id": new.model.id,
                "to_name": new.model.name,
                "reason": upgrade.reason,
                "minimum_runtimes": [],
                "target_available": new.available,
                "target_pullable": new.pullable,
                "remove_old_supported": downloads_weights(old.model),
            }
        )
    return rows


def legacy_rows(snapshot: Snapshot) -> list[JsonObject]:
    """The rows of ``models.list``: models that run from files."""
    return [
        {
            "name": entry.model.name,
            "hf_repo": entry.model.source.hf_repo,
            "hf_filename": entry.model.source.hf_filename,
            "tokenizer_repo": entry.model.source.tokenizer_repo,
            "role": _role(entry.model),
            "param_count": entry.model.param_count,
            "quantized_size_mb": round(entry.model.cost.size_mb or 0),
            "downloaded": entry.weights_ready,
        }
        for entry in snapshot.known
        if isinstance(entry.model.source, Local)
    ]


def _role(model: ModelSchema) -> str:
    """The part a model plays by its size, in the words of 0.7 clients' own catalogue."""
    if "generate" not in model.capabilities:
        return "embedding" if "embed" in model.capabilities else "other"
    size = billions(model) or 0.0
    limits = ((1.5, "small"), (6.0, "medium"), (20.0, "large"))
    return next((role for limit, role in limits if size < limit), "expert")
