"""Tests of signatures and of who is trusted."""

import base64

import msgspec
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.skills.errors import BrokenPack, BrokenSigner
from car.memgine.skills.signatures import (
    Signature,
    check_signatures,
    trusted_signers,
)
from tests.memgine.skills.signing import ACME, LAB, public_key, sign

DIGEST = "sha256:" + "0" * 64


class CheckTests(SynchronousTestCase):
    """check_signatures: what a row of signatures proves."""

    def check(self, *signatures: Signature) -> tuple[bool, bool]:
        trusted = trusted_signers([f"acme={public_key(ACME)}"])
        return check_signatures(DIGEST, signatures, trusted)

    def refused(self, *signatures: Signature) -> str:
        return str(self.assertRaises(BrokenPack, self.check, *signatures))

    def test_whose(self) -> None:
        """A trusted signer, one who shows a key, one who does not, nobody."""
        self.assertEqual(self.check(sign(DIGEST, "acme", ACME)), (True, True))
        self.assertEqual(self.check(sign(DIGEST, "lab", LAB, with_key=True)), (True, False))
        self.assertEqual(self.check(sign(DIGEST, "lab", LAB)), (False, False))
        self.assertEqual(self.check(), (False, False))
        both = sign(DIGEST, "lab", LAB, with_key=True), sign(DIGEST, "acme", ACME)
        self.assertEqual(self.check(*both), (True, True))

    def test_trusted_key_elsewhere(self) -> None:
        """A trusted key proves its signer only under the name that the operator gave it."""
        other = sign(DIGEST, "acme-2", ACME, with_key=True)
        self.assertEqual(self.check(other), (True, False))

    def test_forged(self) -> None:
        """Another digest, another key under a trusted name, no base64, none of 64 octets."""
        self.assertIn("over sha256:", self.refused(sign("sha256:1", "acme", ACME)))
        self.assertIn("'acme'", self.refused(sign(DIGEST, "acme", LAB, with_key=True)))
        good = sign(DIGEST, "acme", ACME)
        for text in ("é", "a", "AAAA"):
            self.assertIn("signatures[1]", self.refused(good, replace(good, signature=text)))

    def test_bad_key(self) -> None:
        """A key that is none is told by its place."""
        for key in ("é", "AAAA", base64.b64encode(b"k" * 33).decode()):
            text = self.refused(replace(sign(DIGEST, "lab", LAB), public_key=key))
            self.assertIn("signatures[0].public_key", text)

    def test_algorithm(self) -> None:
        """Another algorithm than Ed25519 is refused when the manifest is read."""
        row = {"signer": "a", "signature": "AAAA", "algorithm": "rsa"}
        self.assertRaises(msgspec.ValidationError, msgspec.convert, row, Signature)


class SignerTests(SynchronousTestCase):
    """trusted_signers: what an operator may name."""

    def test_wrong(self) -> None:
        """No name, no key, a key of another length, one name for two."""
        key = public_key(ACME)
        for text in (f"={key}", "acme", "acme=", "acme=AAAA", key):
            problem = self.assertRaises(BrokenSigner, trusted_signers, [text])
            self.assertIn("NAME=KEY", str(problem))
        twice = [f"acme={key}", f"acme={public_key(LAB)}"]
        self.assertEqual(len(trusted_signers([f"acme={key}"] * 2)), 1)
        self.assertIn("two keys", str(self.assertRaises(BrokenSigner, trusted_signers, twice)))
