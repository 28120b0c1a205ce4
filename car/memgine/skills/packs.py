"""Packs: several skills that travel together, with a manifest that says what they are.

A pack is ``{name, skills: [skill, …]}``; its manifest is ``{digest, signatures: [{signer,
algorithm, signature}, …]}``, the digest ``sha256:`` and the hex digest of the pack's
canonical JSON (object keys sorted, no blanks).  The digest is checked.  Signatures are not:
that takes a cryptography package, which the plain install does not bring.  So no signer is
trusted, and a pack with a signature counts as signed, no more.
"""

import hashlib
from typing import Annotated, Literal

from msgspec import Meta, Struct

from car.ir.json import JsonObject, canonical, convert
from car.memgine.skills.deployment import SkillProvenance
from car.memgine.skills.errors import BrokenPack
from car.memgine.skills.records import DistilledSkill, Name, require_plain

TRUSTED_SIGNERS: tuple[str, ...] = ()
"""Signers whose signatures make a pack official: none while signatures cannot be checked."""


MAX_SKILLS = 100
"""Skills of one pack; each may need a human's approval."""


class Pack(Struct, frozen=True):
    """Skills under a common name."""

    name: Name
    skills: Annotated[list[DistilledSkill], Meta(max_length=MAX_SKILLS)]


class Signature(Struct, frozen=True):
    """One signature over a pack's digest; ``signature`` is base64."""

    signer: Name
    signature: Name
    algorithm: str = "ed25519"


class Manifest(Struct, frozen=True):
    """What a pack says of itself."""

    digest: str
    signatures: list[Signature] = []


def pack_digest(pack: JsonObject) -> str:
    """The digest that a manifest of *pack* states."""
    return f"sha256:{hashlib.sha256(canonical(pack)).hexdigest()}"


def read_pack(pack: JsonObject) -> Pack:
    """The skills of *pack*; raises RecordError naming the field, InvalidSkill, or BrokenPack."""
    read = convert(pack, Pack)
    names: set[str] = set()
    for skill in read.skills:
        require_plain(skill.name)
        if skill.name in names:
            raise BrokenPack(f"pack.skills: two of the skills are named '{skill.name}'")
        names.add(skill.name)
    return read


def manifest_provenance(
    pack: JsonObject,
    manifest: Manifest | None,
    *,
    scanned: bool,
    vulnerabilities: int,
    source: Literal["official", "first_party", "community", "unknown"],
) -> SkillProvenance:
    """Where the skills of *pack* come from, as far as its manifest tells.

    Raises BrokenPack for a digest that is not the pack's.
    """
    if manifest is not None and manifest.digest != pack_digest(pack):
        raise BrokenPack(
            f"manifest.digest: '{manifest.digest:.80}' is not the pack's, "
            f"which is '{pack_digest(pack)}'"
        )
    return SkillProvenance(
        signed=manifest is not None and bool(manifest.signatures),
        signer_trusted=False,
        scanned=scanned,
        vulnerabilities=vulnerabilities,
        source=source,
    )
