"""The daemon inside a program of your own: mounted under a parent service, with a client.

Serves on a free port, lets a client of the same process submit a plan, and stops.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.task import react
from zope.interface import implementer

from car.application import Application
from car.client.client import connect
from car.server.auth import Authenticator, Credentials
from car.server.config import ServerStateConfig
from car.server.interfaces import IMemoryEngine
from car.server.limits import Limits


@implementer(IMemoryEngine)
class Notebook:
    """An engine of ours in the slot for memory: every session finds it as its ``memgine``."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def ingest_conversation(self, speaker: str, text: str, at: float) -> None:
        """Keep what was said."""
        self.lines.append(f"{speaker}: {text}")


def search(word: str) -> dict[str, list[str]]:
    """Find owls whose name has *word* in it."""
    return {"hits": [owl for owl in ("tawny owl", "barn owl", "eagle owl") if word in owl]}


async def main(reactor: Any) -> None:
    """Start, use and stop the daemon."""
    credentials = Credentials()
    with TemporaryDirectory() as directory:
        config = ServerStateConfig(
            journal_dir=Path(directory),
            authenticator=Authenticator(credentials),
            limits=Limits(tool_timeout=10.0),
        )
        application = Application(
            config, listen=["tcp:0:interface=127.0.0.1"], memgine=Notebook(), reactor=reactor
        )
        program = MultiService()  # yours, with your other services beside ours
        application.setServiceParent(program)
        program.startService()
        await application.listening

        url = f"ws://127.0.0.1:{application.port}"
        client = await connect(url, reactor=reactor, token=credentials.token.reveal())
        await client.register_tool(search)
        call = {"type": "tool_call", "tool": "search", "parameters": {"word": "barn"}}
        result = await client.submit({"actions": [call]})
        print(result.results[0].status, result.results[0].output)

        await client.close()
        await program.stopService()
        (journal,) = Path(directory).glob("*.jsonl")
        print(len(journal.read_text().splitlines()), "lines of journal")


if __name__ == "__main__":
    react(main)
