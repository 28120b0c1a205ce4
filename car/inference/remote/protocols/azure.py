"""OpenAI's chat completions as Azure serves them: by deployment, with a version and own header."""

from urllib.parse import quote, urlsplit

from car.inference.remote.exchange import Ask, HttpRequest
from car.inference.remote.protocols.openai_chat import OPERATION, OpenAIChat
from car.inference.remote.urls import operation_url, with_query
from car.ir.json import encode

API_VERSION = "2024-10-21"
"""The latest stable version of the inference API by deployment (Azure's REST reference)."""


class AzureOpenAI(OpenAIChat):
    """The wire format ``azure_open_ai``; the body is OpenAI's.

    The endpoint is a resource (``https://<name>.openai.azure.com``), one deployment of it, or
    its ``/openai/v1``, which takes the deployment's name from the body.
    """

    def build_request(self, ask: Ask, key: str | None) -> HttpRequest:
        """A POST to the deployment that the model is named after."""
        headers = {} if key is None else {"api-key": key}
        return HttpRequest(_url(ask), headers, encode(self.body(ask)))

    def max_tokens_name(self, ask: Ask) -> str:
        """Azure serves OpenAI's newer models, which refuse ``max_tokens``."""
        return "max_completion_tokens"


def _url(ask: Ask) -> str:
    path = urlsplit(ask.endpoint).path.rstrip("/")
    version = ask.api_version or API_VERSION
    if path.endswith("/openai/v1"):
        url = operation_url(ask.endpoint, OPERATION)
        version = ask.api_version or ""
    elif "/deployments/" in path:
        url = operation_url(ask.endpoint, OPERATION)
    else:
        resource = ask.endpoint.rstrip("/").removesuffix("/openai")
        deployment = f"openai/deployments/{quote(ask.model_name, safe='')}"
        url = operation_url(operation_url(resource, deployment), OPERATION)
    if not version or "api-version=" in url:
        return url
    return with_query(url, f"api-version={quote(version)}")
