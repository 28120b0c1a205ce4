"""All stand-ins on one site, each where its provider has it."""

from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import Site

from tests.inference.standins.anthropic import AnthropicMessages
from tests.inference.standins.google import GoogleContent
from tests.inference.standins.openai import AzureChat, OpenAIChat, OpenAIEmbeddings
from tests.inference.standins.provider import Provider
from tests.inference.standins.responses import OpenAIResponses


class StandIns:
    """The providers by the names of their protocols, and the ``site`` that serves them.

    *clock* is the reactor, or what stands for it.
    """

    def __init__(self, clock: Any) -> None:
        chat, azure = OpenAIChat(clock), AzureChat(clock)
        self.providers: dict[str, Provider] = {
            "open_ai_compat": chat,
            "open_ai_responses": OpenAIResponses(clock),
            "anthropic": AnthropicMessages(clock),
            "google": GoogleContent(clock),
            "azure_open_ai": azure,
            "embeddings": OpenAIEmbeddings(clock),
        }
        paths = {
            "v1/chat/completions": "open_ai_compat",
            "v1/responses": "open_ai_responses",
            "v1/messages": "anthropic",
            "v1/embeddings": "embeddings",
            "v1/models": "google",
            "v1beta": "google",
            "openai": "azure_open_ai",
        }
        root = Resource()
        for path, name in paths.items():
            *folders, last = path.encode().split(b"/")
            place = root
            for folder in folders:
                if folder not in place.children:
                    place.putChild(folder, Resource())
                place = place.children[folder]
            place.putChild(last, self.providers[name])
        self.site = _SilentSite(root, reactor=clock)


class _SilentSite(Site):
    """A site without an access log."""

    def log(self, request: object) -> None:
        """Write nothing."""
