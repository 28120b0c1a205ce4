"""Packs: several skills that travel together, with a manifest that says what they are.

A pack is ``{name, skills: [skill, …]}``; its manifest is ``{digest, signatures: [signature,
…]}``, the digest ``sha256:`` and the hex digest of the pack's canonical JSON (object keys
sorted, no blanks).  What a signature proves is for ``signatures``.
"""

import hashlib
from typing import Annotated, Literal

from msgspec import Meta, Struct

from car.ir.json import JsonObject, canonical, convert
from car.memgine.skills.deployment import SkillProvenance
from car.memgine.skills.errors import BrokenPack
from car.memgine.skills.records import DistilledSkill, Name, require_plain
from car.memgine.skills.signatures import Signature, Signers, check_signatures

MAX_SKILLS = 100
"""Skills of one pack; each may need a human's approval."""

MAX_SIGNATURES = 16
"""Signatures of one manifest [ours]."""


class Pack(Struct, frozen=True):
    """Skills under a common name."""

    name: Name
    skills: Annotated[list[DistilledSkill], Meta(max_length=MAX_SKILLS)]


class Manifest(Struct, frozen=True):
    """What a pack says of itself."""

    digest: str
    signatures: Annotated[list[Signature], Meta(max_length=MAX_SIGNATURES)] = []


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
    signers: Signers,
    *,
    scanned: bool,
    vulnerabilities: int,
    source: Literal["official", "first_party", "community", "unknown"],
) -> SkillProvenance:
    """Where the skills of *pack* come from, as far as its manifest proves.

    Raises BrokenPack for a digest that is not the pack's or a signature that does not fit.
    """
    is_signed = is_trusted = False
    if manifest is not None:
        digest = pack_digest(pack)
        if manifest.digest != digest:
            raise BrokenPack(
                f"manifest.digest: '{manifest.digest:.80}' is not the pack's, which is '{digest}'"
            )
        is_signed, is_trusted = check_signatures(digest, manifest.signatures, signers)
    return SkillProvenance(
        signed=is_signed,
        signer_trusted=is_trusted,
        scanned=scanned,
        vulnerabilities=vulnerabilities,
        source=source,
    )
