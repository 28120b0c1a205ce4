"""What a user is told unasked: that a better model is there, that a purpose has none.

Nothing is told during an inference, nor what was dismissed, nor against the update policy.
"""

from car.inference.prefs import Prefs
from car.inference.recommend import CAPABILITY, Machine, recommend
from car.inference.registry import Snapshot
from car.inference.rows import upgrade_rows
from car.ir.json import JsonObject


def detected_upgrades(snapshot: Snapshot, prefs: Prefs) -> list[JsonObject]:
    """The rows of ``models.detect_upgrades``; none while the policy is ``off``."""
    if prefs.update.policy == "off":
        return []
    rows = []
    for row in upgrade_rows(snapshot):
        target = snapshot.find(row["to_id"])
        rows.append(
            {
                "from_id": row["from_id"],
                "from_name": row["from_name"],
                "to_id": row["to_id"],
                "to_name": row["to_name"],
                "reason": row["reason"],
                "trust_tier": target.model.trust_tier,
                "source": "catalogue",
                "target_pullable": row["target_pullable"],
            }
        )
    return rows


def upgrade_nudge(snapshot: Snapshot, prefs: Prefs, inference_active: bool) -> JsonObject:
    """The result of ``models.check_upgrade_nudge``: at most one finding at a time.

    ``auto_apply`` has the findings that the policy ``auto`` allows to be pulled.
    """
    answer: JsonObject = {"auto_apply": []}
    if inference_active:
        return answer
    fresh = [
        (row, key)
        for row in detected_upgrades(snapshot, prefs)
        if not prefs.is_dismissed(key := f"upgrade:{row['from_id']}>{row['to_id']}")
    ]
    if prefs.update.policy == "auto":
        answer["auto_apply"] = [row for row, _ in fresh if row["target_pullable"]]
        fresh = [(row, key) for row, key in fresh if not row["target_pullable"]]
    if fresh:
        row, key = fresh[0]
        answer["nudge"] = {
            "finding": row,
            "message": f"{row['to_name']} could replace {row['from_name']}: it {row['reason']}.",
            "dismiss_key": key,
        }
    return answer


def missing_purposes(
    snapshot: Snapshot, machine: Machine, prefs: Prefs, inference_active: bool
) -> list[JsonObject]:
    """The suggestions of ``models.check_concierge``: a local model for what none can do yet."""
    suggestions: list[JsonObject] = []
    if inference_active or prefs.update.policy == "off":
        return suggestions
    for use_case, capability in CAPABILITY.items():
        if any(e.available and capability in e.model.capabilities for e in snapshot.known):
            continue
        picks = recommend(snapshot, machine, use_case, "balanced", cloud_ok=False).picks
        pick = next((pick for pick in picks if not pick.already_installed), None)
        if pick is None or prefs.is_dismissed(key := f"suggest:{use_case}:{pick.model_id}"):
            continue
        suggestions.append(
            {
                "use_case": use_case,
                "model_id": pick.model_id,
                "display_name": pick.display_name,
                "download_mb": pick.download_mb,
                "message": (
                    f"No model can be used for {use_case} yet; {pick.display_name} "
                    f"({pick.download_mb} MB to pull) {pick.rationale}."
                ),
                "dismiss_key": key,
            }
        )
    return suggestions
