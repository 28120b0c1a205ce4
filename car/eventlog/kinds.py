"""The kinds of journal lines: events, which clients see, and records, which a replay needs.

Events are those of ``engine.md`` §7 and the gates'; records are those of ``record.md`` §2.
How many of each an action makes is the engine's to know, what ``data`` holds that of
whoever appends.  Other packages may append kinds of their own: the log takes any word.
"""

from typing import Final

# One proposal and its actions.
PROPOSAL_RECEIVED: Final = "proposal_received"
ACTION_VALIDATED: Final = "action_validated"
ACTION_REJECTED: Final = "action_rejected"
ACTION_EXECUTING: Final = "action_executing"
ACTION_SUCCEEDED: Final = "action_succeeded"
ACTION_FAILED: Final = "action_failed"
ACTION_SKIPPED: Final = "action_skipped"
ACTION_RETRYING: Final = "action_retrying"
ACTION_DEDUPLICATED: Final = "action_deduplicated"
POLICY_VIOLATION: Final = "policy_violation"
STATE_CHANGED: Final = "state_changed"
STATE_SNAPSHOT: Final = "state_snapshot"
STATE_ROLLBACK: Final = "state_rollback"
REPLAN_ATTEMPTED: Final = "replan_attempted"
REPLAN_PROPOSAL_RECEIVED: Final = "replan_proposal_received"
REPLAN_REJECTED: Final = "replan_rejected"
REPLAN_EXHAUSTED: Final = "replan_exhausted"

# Appended only where that gate is on.
PERMISSION_DECISION: Final = "permission_decision"
APPROVAL_RECORDED: Final = "approval_recorded"
SUPERVISION_DECIDED: Final = "supervision_decided"

# A script that drove the session's browser, outside of any proposal: without what was typed.
BROWSER_RUN: Final = "browser_run"

# What a replay needs beside the events.
RECORD_OPENED: Final = "record_opened"
RECORD_TOOLS: Final = "record_tools"
RECORD_POLICY: Final = "record_policy"
RECORD_STATE: Final = "record_state"
RECORD_SETTINGS: Final = "record_settings"
RECORD_FINISHED: Final = "record_finished"
RECORD_DETACHED: Final = "record_detached"
RECORD_RESUMED: Final = "record_resumed"
RECORD_RESUMED_FROM: Final = "record_resumed_from"
RECORD_CLOSED: Final = "record_closed"

RECORD_PREFIX: Final = "record_"


def is_record(kind: str) -> bool:
    """Whether lines of *kind* stand in the file and the chain but not among the events."""
    return kind.startswith(RECORD_PREFIX)
