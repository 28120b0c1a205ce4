"""Tests of packs and their manifests."""

from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import RecordError
from car.memgine.skills.deployment import SkillProvenance
from car.memgine.skills.errors import BrokenPack
from car.memgine.skills.packs import (
    Manifest,
    manifest_provenance,
    pack_digest,
    read_pack,
)
from tests.memgine.skills.signing import ACME, sign

PACK = {"name": "shop", "skills": [{"name": "login", "code": "fill()"}, {"name": "buy"}]}


class PackTests(SynchronousTestCase):
    """read_pack."""

    def test_skills(self) -> None:
        """A pack is a name and skills."""
        self.assertEqual([skill.name for skill in read_pack(PACK).skills], ["login", "buy"])

    def test_wrong(self) -> None:
        """A wrong field is named; two skills of a name are one too many."""
        problem = self.assertRaises(RecordError, read_pack, {"name": "p", "skills": [{}]})
        self.assertIn("skills[0]", str(problem))
        double = {"name": "p", "skills": [{"name": "a"}, {"name": "a"}]}
        self.assertIn("'a'", str(self.assertRaises(BrokenPack, read_pack, double)))


class ManifestTests(SynchronousTestCase):
    """manifest_provenance: what a manifest proves."""

    def provenance(self, manifest: Manifest | None) -> SkillProvenance:
        return manifest_provenance(
            PACK,
            manifest,
            {"acme": ACME.public_key()},
            scanned=True,
            vulnerabilities=0,
            source="community",
        )

    def test_digest(self) -> None:
        """The digest is that of the pack, in whatever order its members come."""
        turned = {"skills": PACK["skills"], "name": "shop"}
        self.assertEqual(pack_digest(turned), pack_digest(PACK))
        wrong = Manifest(digest="sha256:0")
        problem = self.assertRaises(BrokenPack, self.provenance, wrong)
        self.assertIn("manifest.digest", str(problem))

    def test_signed(self) -> None:
        """What its signatures prove; without one, nothing."""
        digest = pack_digest(PACK)
        unsigned = self.provenance(Manifest(digest))
        self.assertEqual((unsigned.signed, unsigned.scanned), (False, True))
        signed = self.provenance(Manifest(digest, [sign(digest, "acme", ACME)]))
        self.assertEqual((signed.signed, signed.signer_trusted), (True, True))

    def test_no_manifest(self) -> None:
        """Without a manifest there is no signature."""
        self.assertEqual(self.provenance(None), SkillProvenance(scanned=True, source="community"))
