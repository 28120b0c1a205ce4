"""Where a model's requests go: its endpoint, its name there, its format, the names of its keys."""

from urllib.parse import urlsplit

from msgspec import Struct

from car.inference.errors import NoModel
from car.inference.models import ModelSchema, Ollama, Protocol, RemoteApi, VllmMlx
from car.inference.remote.exchange import IWireFormat
from car.inference.remote.protocols.anthropic import Anthropic
from car.inference.remote.protocols.azure import AzureOpenAI
from car.inference.remote.protocols.google import Google
from car.inference.remote.protocols.openai_chat import OpenAIChat
from car.inference.remote.protocols.openai_responses import OpenAIResponses
from car.inference.remote.urls import told

_FORMATS: dict[Protocol, IWireFormat] = {
    "open_ai_compat": OpenAIChat(),
    "open_ai_responses": OpenAIResponses(),
    "anthropic": Anthropic(),
    "google": Google(),
    "azure_open_ai": AzureOpenAI(),
}


class Target(Struct, frozen=True):
    """One model at one endpoint; no *key_names* means that no key is needed."""

    protocol: Protocol
    endpoint: str
    model_name: str
    key_names: list[str]
    api_version: str | None = None

    @property
    def format(self) -> IWireFormat:
        """The wire format that is spoken there."""
        return _FORMATS[self.protocol]


def find_target(model: ModelSchema) -> Target:
    """Where *model* is.  Raises NoModel where it is not remote, or its endpoint is no URL."""
    match model.source:
        case RemoteApi() as source:
            target = Target(
                source.protocol,
                source.endpoint,
                model.name,
                source.key_names,
                source.api_version,
            )
        case Ollama(model_tag=tag, host=host):
            target = Target("open_ai_compat", host, tag or model.name, [])
        case VllmMlx(endpoint=endpoint, model_name=name):
            target = Target("open_ai_compat", endpoint, name or model.name, [])
        case _:
            raise NoModel(f"the model {model.id} is not behind a remote API.")
    parts = urlsplit(target.endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NoModel(
            f"the endpoint of {model.id} is {told(target.endpoint)!r}; "
            "it must be an http:// or https:// URL."
        )
    return target
