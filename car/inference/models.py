"""Model schemas: what a model is, what it can do, where it runs, what it costs."""

from typing import Literal

import msgspec
from msgspec import Struct

from car.ir.json import JsonObject

Protocol = Literal["open_ai_compat", "open_ai_responses", "anthropic", "google", "azure_open_ai"]


class Local(Struct, frozen=True, tag_field="type", tag="local"):
    """Files on this machine, or to be pulled to it.

    ``path`` is a file or directory, or ``package:<distribution>`` for a model inside an
    installed package; a file name alone lies under ``<root>/models``.  ``url`` is where it is
    pulled from, with its ``sha256`` and ``size_bytes``.
    """

    path: str = ""
    hf_repo: str = ""
    hf_filename: str = ""
    tokenizer_repo: str = ""
    url: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    format: Literal["gguf", "onnx", "package"] = "gguf"


class RemoteApi(Struct, frozen=True, tag_field="type", tag="remote_api"):
    """A provider's HTTP API."""

    endpoint: str
    api_key_env: str = ""
    api_key_envs: list[str] = msgspec.field(default_factory=list)
    api_version: str | None = None
    protocol: Protocol = "open_ai_compat"

    @property
    def key_names(self) -> list[str]:
        """The variables, or secrets, that may hold a key, in order."""
        return list(dict.fromkeys(name for name in (self.api_key_env, *self.api_key_envs) if name))


class Ollama(Struct, frozen=True, tag_field="type", tag="ollama"):
    """A model that an Ollama server runs."""

    model_tag: str = ""
    host: str = "http://localhost:11434"


class Delegated(Struct, frozen=True, tag_field="type", tag="delegated"):
    """A model that the host's runner runs."""


class Foreign(Struct, frozen=True, tag_field="type", tag="proprietary"):
    """A model of a kind that this daemon cannot run."""


class Mlx(Struct, frozen=True, tag_field="type", tag="mlx"):
    """A model for Apple's MLX, which this daemon cannot run."""

    hf_repo: str = ""


class VllmMlx(Struct, frozen=True, tag_field="type", tag="vllm_mlx"):
    """An MLX model behind a vLLM server; it speaks OpenAI's protocol."""

    endpoint: str = "http://localhost:8000"
    model_name: str = ""


class AppleFoundationModels(Struct, frozen=True, tag_field="type", tag="apple_foundation_models"):
    """Apple's own model, which this daemon cannot run."""


Source = Local | RemoteApi | Ollama | Delegated | Foreign | Mlx | VllmMlx | AppleFoundationModels


class Performance(Struct, frozen=True):
    """What to expect: milliseconds, tokens a second."""

    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    tokens_per_second: float | None = None


class Cost(Struct, frozen=True):
    """US dollars a million tokens; sizes in MB.  None is not known."""

    input_per_mtok: float | None = None
    output_per_mtok: float | None = None
    cache_read_input_per_mtok: float | None = None
    cache_write_input_per_mtok: float | None = None
    size_mb: float | None = None
    ram_mb: float | None = None


class ModelSchema(Struct, frozen=True, kw_only=True):
    """One model; ``id`` is ``provider/name:variant``."""

    id: str
    name: str
    provider: str = ""
    family: str = ""
    version: str = ""
    capabilities: list[str] = msgspec.field(default_factory=list)
    context_length: int = 0
    max_output_tokens: int | None = None
    param_count: str = ""
    quantization: str | None = None
    performance: Performance = Performance()
    cost: Cost = Cost()
    source: Source
    tags: list[str] = msgspec.field(default_factory=list)
    supported_params: list[str] = msgspec.field(default_factory=list)
    public_benchmarks: list[JsonObject] = msgspec.field(default_factory=list)
    trust_tier: str = "community"

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, in this daemon's charge."""
        return isinstance(self.source, Local)
