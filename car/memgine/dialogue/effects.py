"""What a turn or a fact does to the nodes that were there before it.

The reader returns these; ``conversation`` applies them to the graph.  Nodes are named by
their index.
"""

import msgspec

from car.memgine.nodes import Retirement


class Retire(msgspec.Struct, frozen=True):
    """*node* no longer holds; *by* is the node that says so, None where none does."""

    node: int
    by: int | None
    reason: Retirement


class Revive(msgspec.Struct, frozen=True):
    """*node*, a turn, holds again: what took its place was taken back."""

    node: int


class Overrule(msgspec.Struct, frozen=True):
    """*by* has the higher authority: *node* stays, but is not what counts."""

    node: int
    by: int


class Review(msgspec.Struct, frozen=True):
    """*node* was derived from something that has changed."""

    node: int


class Place(msgspec.Struct, frozen=True):
    """*node* was said within *setting*, a scope such as ``what-if``; None is in earnest."""

    node: int
    setting: str | None


class Digress(msgspec.Struct, frozen=True):
    """*node* belongs to an interruption that is over, or no longer does."""

    node: int
    digression: bool = True


class Show(msgspec.Struct, frozen=True):
    """*node* is to be shown as *text*: what it says without a value that is dead."""

    node: int
    text: str


class Restrict(msgspec.Struct, frozen=True):
    """*node* is for askers of rank *min_authority* and above."""

    node: int
    min_authority: int


Effect = Retire | Revive | Overrule | Review | Place | Digress | Show | Restrict
