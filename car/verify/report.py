"""What an analysis of a proposal says: issues, the state it would lead to, the evidence."""

from typing import Literal

from msgspec import Struct

from car.ir.json import JsonObject

Severity = Literal["error", "warning", "info"]
Tier = Literal["decision_procedure", "heuristic", "sampled"]

WHOLE_PROPOSAL = "proposal"
"""The ``action_id`` of an issue that concerns no single action."""


class VerifyIssue(Struct, frozen=True, kw_only=True):
    """One finding.  ``tier`` says how it was come by: proved, or a rule of thumb."""

    action_id: str
    severity: Severity
    message: str
    tier: Tier = "decision_procedure"


class Check(Struct, frozen=True, kw_only=True):
    """One kind of check: whether it ran, what it can and cannot tell, how much it found."""

    name: str
    ran: bool
    verifies: str
    cannot_verify: str
    findings: int
    tier: Tier


class Evidence(Struct, frozen=True, kw_only=True):
    """What the verdict rests on.

    ``confidence`` is the share of the checks that ran, 0 to 1, lowered to half its value
    where something in ``untested_regions`` decides the outcome.
    """

    checks: list[Check]
    assumptions: list[str]
    untested_regions: list[str]
    residual_risks: list[str]
    confidence: float


class VerifyReport(Struct, frozen=True, kw_only=True):
    """The verdict: ``valid`` unless some issue is an error.

    ``conflicts`` are triples of the ids of two writers and the key they both write.
    """

    valid: bool
    issues: list[VerifyIssue]
    simulated_state: JsonObject
    execution_levels: list[list[str]]
    conflicts: list[tuple[str, str, str]]
    evidence: Evidence

    def count(self, severity: Severity) -> int:
        """How many issues have that severity."""
        return sum(issue.severity == severity for issue in self.issues)
