"""What can go wrong with skills, in words for the client."""

from car.memgine.errors import MemoryFault


class UnknownSkill(MemoryFault):
    """A name under which no skill stands."""

    def __init__(self, name: str) -> None:
        super().__init__(f"skill '{name}' not found")


class InvalidSkill(MemoryFault):
    """A skill that cannot be taken in as it was given."""


class BrokenSkillFile(MemoryFault):
    """Markdown that is no exported skill, or was changed since; the message says where."""


class BrokenSigner(MemoryFault):
    """A trusted signer that is not named as one is."""


class BrokenPack(MemoryFault):
    """A pack that is not what its manifest says."""
