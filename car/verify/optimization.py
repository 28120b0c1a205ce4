"""A proposal without the dependencies that order nothing."""

import msgspec

from car.ir.proposal import ActionProposal
from car.verify.writers import written_keys


def optimize(proposal: ActionProposal) -> ActionProposal:
    """*proposal* without state dependencies on keys that none of its actions writes.

    An action's own writes and those of later actions count; nothing else changes.
    """
    written = {key for action in proposal.actions for key in written_keys(action)}
    actions = [
        action
        if written.issuperset(action.state_dependencies)
        else msgspec.structs.replace(
            action, state_dependencies=[key for key in action.state_dependencies if key in written]
        )
        for action in proposal.actions
    ]
    return msgspec.structs.replace(proposal, actions=actions)
