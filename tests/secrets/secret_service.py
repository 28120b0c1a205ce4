"""A process that keeps a secret in the Secret Service of its bus.

Arguments: the state root.  Standard input: the value, which must be nowhere else.  Writes a
JSON object of what it saw.
"""

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from car.ir.json import encode
from car.secrets.errors import SecretNotFound
from car.secrets.store import SecretStore
from tests.store.doubles import at_once


async def keep(store: SecretStore, value: str) -> dict[str, Any]:
    """Put, find, list, delete."""
    seen: dict[str, Any] = {"reason": await store.reason_unavailable()}
    for text in ("first", value):
        await store.put("OPENAI_API_KEY", text)
    seen["same"] = await store.get("OPENAI_API_KEY") == value
    seen["other"] = await store.exists("OPENAI_API_KEY", "mail")
    seen["known"] = await store.known()
    seen["deleted"] = [await store.delete("OPENAI_API_KEY") for _ in range(2)]
    try:
        await store.get("OPENAI_API_KEY")
    except SecretNotFound as problem:
        seen["missing"] = str(problem)
    return seen


def main() -> None:
    """Do it and tell."""
    store = SecretStore(Path(sys.argv[1]), {}, at_once, Clock())
    call: Coroutine[Any, Any, dict[str, Any]] = keep(store, sys.stdin.readline().strip())
    seen: list[Any] = []
    Deferred.fromCoroutine(call).addBoth(seen.append)
    result = seen[0] if isinstance(seen[0], dict) else {"failure": str(seen[0])}
    sys.stdout.write(encode(result).decode())


if __name__ == "__main__":
    main()
