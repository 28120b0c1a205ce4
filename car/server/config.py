"""ServerStateConfig: what an embedder or the daemon's options decide about a server."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from car.browser.page import PageRules
from car.memgine.memgine import Memgine
from car.memgine.skills.signatures import Signers
from car.server.auth import Authenticator
from car.server.limits import Limits

Durability = Literal["none", "process", "power"]
"""What an acknowledged line survives: nothing certain, the process's death, power loss (G2)."""


@dataclass(frozen=True, kw_only=True)
class ServerStateConfig:
    """Everything that connections share and that is decided before the first one.

    ``journal_dir`` is None for a server without journals, ``state_dir`` for one that keeps
    nothing else.  ``memgine`` is one memory for all connections that the embedder holds,
    ``shared_memgine`` one that the server keeps in that file, or in memory only (decision 6);
    None of both gives each connection its own.  ``memory_encoder`` is the embedding model whose
    vectors help memory find things; None leaves it to words.  ``skill_writer`` is the model that
    puts distilled skills in words; ``skill_signers`` are those whose packs of skills are
    trusted.  ``local_decode_timeout`` is in seconds, 0 for no bound.  ``tools_root`` is the
    directory that the built-in file tools cannot leave; None refuses them.  ``meetings_root`` is
    where meetings are kept that name no root of their own; None refuses those.  ``browser_rules``
    say what browser scripts may do, ``browser_max`` how many browsers may live at once, by the
    memory of the machine if None.  ``redact`` names
    keys whose values never reach the journal.  ``manifest_path`` is told to host subscribers.
    """

    journal_dir: Path | None = None
    state_dir: Path | None = None
    authenticator: Authenticator = field(default_factory=lambda: Authenticator(None))
    limits: Limits = field(default_factory=Limits)
    durability: Durability = "process"
    journal_chain: bool = False
    blobs: bool = True
    redact: frozenset[str] = frozenset()
    redact_key: bytes | None = None
    memgine: Memgine | None = None
    shared_memgine: Path | Literal[":memory:"] | None = None
    memory_encoder: str | None = None
    skill_writer: str | None = None
    skill_signers: Signers = field(default_factory=dict)
    inference: Any = None  # what car.inference.engine.InferenceEngine is
    inference_max_concurrent: str | None = None
    local_decode_timeout: float = 300.0
    tools_root: Path | None = None
    browser_rules: PageRules = field(default_factory=PageRules)
    browser_max: str | None = None
    meetings_root: Path | None = None
    approvals: bool = True
    permission_tier: str | None = None
    manifest_path: Path | None = None

    def with_inference(self, inference: Any) -> "ServerStateConfig":
        """The same, with an inference engine of the embedder's."""
        return replace(self, inference=inference)

    def with_memgine(self, memgine: Memgine) -> "ServerStateConfig":
        """The same, with one memory for all connections."""
        return replace(self, memgine=memgine)
