"""Which models suit this machine and a purpose, and what is said of it.

Judged by the schemas and the machine's memory alone: nothing here was measured on it.  What
is not known, such as how a local model would be accelerated, is told as ``unknown``.
"""

import os
import platform
from collections.abc import Iterable
from typing import Literal

import psutil  # type: ignore[import-untyped]  # ships no types
from msgspec import Struct

from car.inference.registry import Known, Snapshot
from car.inference.scoring import HALF_LATENCY_MS, expected_latency_ms, prior_quality
from car.inference.sizing import is_too_big, memory_mb
from car.ir.json import JsonObject

UseCase = Literal["assistant", "coding", "search", "vision", "transcription", "summarize"]
Tier = Literal["fastest", "balanced", "most_capable"]
Fit = Literal["fits", "too_big", "server_provided", "unknown"]

CAPABILITY: dict[UseCase, str] = {
    "assistant": "generate",
    "coding": "code",
    "search": "embed",
    "vision": "vision",
    "transcription": "speech_to_text",
    "summarize": "summarize",
}
"""What a model must be able to do for a purpose."""

MOST_PICKS = 5
"""How many models are proposed [ours]."""

_QUALITY_SHARE: dict[Tier, float] = {"fastest": 0.2, "balanced": 0.5, "most_capable": 0.9}
"""How much quality counts against speed [ours]."""

_MB = 1_000_000


class Machine(Struct, frozen=True):
    """What models would run on; memory in MB."""

    os: str
    arch: str
    cores: int | None
    ram_mb: int
    available_mb: int
    acceleration: str = "unknown"


class Pick(Struct, frozen=True):
    """A model for a purpose, with how it would run; sizes in MB, ``score`` 0 to 1."""

    model_id: str
    display_name: str
    role: str
    rationale: str
    download_mb: int
    already_installed: bool
    fit: Fit
    acceleration: str
    is_local: bool
    requires_cloud_consent: bool
    trust_tier: str
    score: float


def look_at_machine() -> Machine:
    """This machine; reads ``/proc`` or its like, so it is called in a thread."""
    memory = psutil.virtual_memory()
    return Machine(
        os=platform.system().lower() or "unknown",
        arch=platform.machine().lower() or "unknown",
        cores=os.cpu_count(),
        ram_mb=memory.total // _MB,
        available_mb=memory.available // _MB,
    )


class Advice(Struct, frozen=True):
    """The models for a purpose, the best first; those that need more memory apart."""

    picks: list[Pick]
    not_enough_memory: list[Pick]
    note: str | None

    def wire(self) -> JsonObject:
        """The result of ``models.recommend``."""
        return _with_note(
            {"picks": self.picks, "not_enough_memory": self.not_enough_memory}, self.note
        )

    def plan(self, machine: Machine) -> JsonObject:
        """The result of ``models.setup_plan``."""
        plan: JsonObject = {
            "machine": machine,
            "alternatives": self.picks[1:],
            "needs_more_memory": self.not_enough_memory,
        }
        if self.picks:
            plan["recommended"] = self.picks[0]
        return _with_note(plan, self.note)


def recommend(
    snapshot: Snapshot, machine: Machine, use_case: UseCase, tier: Tier, cloud_ok: bool
) -> Advice:
    """The models for *use_case* that this machine can run, or providers if *cloud_ok*."""
    capability = CAPABILITY[use_case]
    able = [entry for entry in snapshot.known if capability in entry.model.capabilities]
    wanted = [
        entry
        for entry in able
        if (entry.weights_ready or entry.pullable) and (entry.model.is_local or cloud_ok)
    ]
    picks = _sorted(_pick(entry, machine, use_case, tier) for entry in wanted)
    fitting = [pick for pick in picks if pick.fit != "too_big"]
    note = None
    if not fitting:
        others = sum(not entry.model.is_local for entry in able)
        note = f"No local model known here can be used for {use_case} on this machine."
        if others and not cloud_ok:
            note += f" With cloud_ok, {others} that providers or servers run could be."
    return Advice(
        picks=fitting[:MOST_PICKS],
        not_enough_memory=[pick for pick in picks if pick.fit == "too_big"],
        note=note,
    )


def _pick(entry: Known, machine: Machine, use_case: UseCase, tier: Tier) -> Pick:
    model = entry.model
    quality = prior_quality(model, CAPABILITY[use_case])
    latency = expected_latency_ms(model, None, CAPABILITY[use_case])
    share = _QUALITY_SHARE[tier]
    speed = 1.0 / (1.0 + latency / HALF_LATENCY_MS)
    fit = _fit(entry, machine)
    needed = memory_mb(model)
    if not model.is_local:
        rationale = "runs at its provider" if entry.available else "needs its key or server"
    elif needed is None:
        rationale = "runs here; how much memory it needs is not known"
    else:
        rationale = f"needs about {needed / 1000:.1f} GB of {machine.ram_mb / 1000:.1f} GB memory"
    return Pick(
        model_id=model.id,
        display_name=model.name,
        role=use_case,
        rationale=rationale,
        download_mb=round(model.cost.size_mb or 0) if entry.pullable else 0,
        already_installed=model.is_local and entry.weights_ready,
        fit=fit,
        acceleration="unknown" if model.is_local else "server",
        is_local=model.is_local,
        requires_cloud_consent=not model.is_local,
        trust_tier=model.trust_tier,
        score=share * quality + (1.0 - share) * speed,
    )


def _fit(entry: Known, machine: Machine) -> Fit:
    if not entry.model.is_local:
        return "server_provided"
    if memory_mb(entry.model) is None:
        return "unknown"
    return "too_big" if is_too_big(entry.model, machine.ram_mb) else "fits"


def _sorted(picks: Iterable[Pick]) -> list[Pick]:
    return sorted(picks, key=lambda pick: (-pick.score, pick.model_id))


def _with_note(answer: JsonObject, note: str | None) -> JsonObject:
    return answer if note is None else {**answer, "note": note}
