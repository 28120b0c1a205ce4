"""A pack of skills, signed by one side and taken in by the other."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.defer import Deferred
from twisted.internet.task import react

from car.client.client import connect
from car.memgine.skills.packs import pack_digest

PACK = {
    "name": "shop",
    "skills": [{"name": "pay", "code": "click(#pay)", "task_keywords": ["pay"]}],
}


def text(octets):
    return base64.b64encode(octets).decode()


async def main(reactor):
    key = Ed25519PrivateKey.generate()
    public = text(key.public_key().public_bytes_raw())
    digest = pack_digest(PACK)
    signature = {
        "signer": "acme",
        "signature": text(key.sign(digest.encode())),
        "public_key": public,
    }
    manifest = {"digest": digest, "signatures": [signature]}
    print("for those who trust acme: --skill-signer acme=" + public[:4] + "...")

    client = await connect(reactor=reactor)
    adopted = await client.call(
        "skill.adopt_pack",
        {"pack": PACK, "manifest": manifest, "scanned": True, "requested_tier": "sandbox_edit"},
    )
    print("loaded:", adopted["loaded"], "signed:", adopted["provenance"]["signed"])
    print("by somebody trusted:", adopted["provenance"]["signer_trusted"])
    await client.close()


react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
