"""A GGUF model in a worker process, run by ``xllamacpp``.

The library is llama.cpp's server as a Python extension: it takes and gives what OpenAI's chat
completions look like, and always opens an HTTP listener.  That listener gets a UNIX socket in
a private directory, so that no TCP port appears; tokens are counted over it, as the extension
has no call for them.  Building requests and reading chunks is the daemon's side.
"""

import http.client
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from car.components import import_component
from car.inference.errors import (
    InferenceError,
    InvalidRequest,
    MissingComponent,
    UnsupportedMode,
)
from car.ir.json import JsonObject, JsonValue, decode, encode

BATCH_TOKENS = 64
"""Prompt tokens between two looks at whether the call was cancelled [ours]: some 0.5 s of a
135 M model on one slow core; larger batches are hardly faster without a GPU."""

PROBABILITIES = 4_096
"""How many of the likeliest next tokens are looked at for a label's."""

HTTP_SECONDS = 60.0
"""How long tokenizing may take; it waits for nothing but a thread of the listener."""

_ERRORS_ONLY = 1
"""llama.cpp's ``--verbosity`` for errors."""


class GgufModel:
    """The model in the file *path*, with room for *context* tokens.

    *slots* calls run at once, on *threads* threads; *directory* is private to this process.
    Raises MissingComponent, or InferenceError with the path, the size and what the library
    said.
    """

    def __init__(self, path: str, context: int, slots: int, threads: int, directory: str) -> None:
        library = import_component("xllamacpp", "local", "running a GGUF model", MissingComponent)
        self._socket = os.path.join(directory, "llm.sock")
        parameters = library.CommonParams()
        parameters.model.path = path
        parameters.hostnames = [self._socket]
        parameters.n_ctx = context
        parameters.n_parallel = slots
        parameters.kv_unified = True  # each slot may use the whole context
        parameters.n_batch = BATCH_TOKENS
        parameters.cpuparams.n_threads = threads
        parameters.cpuparams_batch.n_threads = threads
        parameters.n_threads_http = 1
        parameters.cache_ram_mib = 0  # the default keeps up to 8 GiB of earlier prompts
        parameters.warmup = False
        parameters.ui = False
        parameters.endpoint_slots = False  # it would show prompts
        parameters.verbosity = _ERRORS_ONLY
        with _standard_error() as said:
            try:
                self._server: Any = library.Server(parameters)
            except RuntimeError as problem:
                size = Path(path).stat().st_size
                raise InferenceError(
                    f"{path} ({size} bytes) cannot be loaded: {_last_error(said) or problem}"
                ) from None
        self._template: JsonObject = self._http("GET", "/props")["chat_template_caps"]

    def call(self, op: str, arguments: JsonObject, tell: Callable[[JsonValue], bool]) -> JsonValue:
        """Do one of

        - ``chat {body}``: OpenAI's chat completion; tells the JSON text of each chunk, fires
          with the last one's timings
        - ``tokenize {text}``, ``detokenize {tokens}``: raw ids, no special tokens
        - ``score {prompt, labels}``: each label's mean log-probability after the prompt
        """
        match op:
            case "chat":
                return self._chat(arguments["body"], tell)
            case "tokenize":
                return self._tokens(arguments["text"])
            case "detokenize":
                return self._http("POST", "/detokenize", {"tokens": arguments["tokens"]})["content"]
            case "score":
                return self._score(arguments["prompt"], arguments["labels"], tell)
        raise UnsupportedMode(f"UnsupportedMode: a GGUF model cannot {op}.")

    def _chat(self, body: JsonObject, tell: Callable[[JsonValue], bool]) -> JsonValue:
        if body.get("tools") and not self._template.get("supports_tools"):
            raise UnsupportedMode(
                "UnsupportedMode: the model's chat template has no place for tools."
            )
        timings: JsonObject = {}
        problems: list[str] = []

        def chunk_received(chunk: JsonObject) -> bool:
            if "error" in chunk:
                problems.append(chunk["error"]["message"])
                return True
            timings.update(chunk.get("timings", {}))
            return tell(encode(chunk).decode())

        with _as_errors():
            # Progress of the prompt is asked for to hear of a cancel before the first token.
            self._server.handle_chat_completions(
                {**body, "stream": True, "return_progress": True}, chunk_received
            )
        if problems:
            raise InvalidRequest(problems[0])
        return timings

    def _tokens(self, text: str) -> list[int]:
        asked = {"content": text, "add_special": False, "parse_special": False}
        tokens: list[int] = self._http("POST", "/tokenize", asked)["tokens"]
        return tokens

    def _score(
        self, prompt: str, labels: Sequence[str], tell: Callable[[JsonValue], bool]
    ) -> list[float]:
        """Look up every token of every label among the likeliest ones at its place.

        A token that is not among them counts as the least likely of them.
        """
        start = self._tokens(prompt)
        known: dict[tuple[int, ...], dict[int, float]] = {}
        scores = []
        for label in labels:
            tokens = self._tokens(f" {label}")
            total = 0.0
            for place, token in enumerate(tokens):
                before = tuple(tokens[:place])
                if before not in known:
                    if tell(None):
                        return []
                    known[before] = self._likeliest([*start, *before])
                total += known[before].get(token, min(known[before].values()))
            scores.append(total / max(len(tokens), 1))
        return scores

    def _likeliest(self, prompt: list[int]) -> dict[int, float]:
        """The log-probabilities of the likeliest tokens after *prompt*, by id."""
        asked = {"prompt": prompt, "n_predict": 1, "n_probs": PROBABILITIES, "cache_prompt": True}
        with _as_errors():
            answer = self._server.handle_completions({**asked, "temperature": 0, "stream": False})
        if "error" in answer:
            raise InvalidRequest(answer["error"]["message"])
        first = answer["choices"][0]["logprobs"]["content"][0]
        return {row["id"]: row["logprob"] for row in first["top_logprobs"]}

    def _http(self, method: str, path: str, body: JsonObject | None = None) -> Any:
        connection = _UnixConnection(self._socket)
        try:
            connection.request(
                method, path, None if body is None else encode(body), {"Connection": "close"}
            )
            answer = decode(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise InvalidRequest(answer["error"]["message"])
        return answer


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=HTTP_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@contextmanager
def _as_errors() -> Iterator[None]:
    """The library's own exceptions as ours: it raises ValueError for a request it cannot read."""
    try:
        yield
    except (ValueError, RuntimeError) as problem:
        raise InvalidRequest(str(problem)) from None


@contextmanager
def _standard_error() -> Iterator[BinaryIO]:
    """Gather what is written to the process's standard error meanwhile."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _last_error(said: BinaryIO) -> str:
    """The loader's own complaint among the lines of *said*, else the last of them."""
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").splitlines()
    told = [line.partition("error loading model: ")[2] for line in lines]
    return next((line for line in reversed(told) if line), "".join(lines[-1:]))
