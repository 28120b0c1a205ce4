"""Whether a model can be used here and now: its file, its key, its server, its runner.

Computed for each look, as all of these come and go.  Only looked at, never loaded: what is
wrong with a file shows when it is used.
"""

from collections.abc import Collection
from importlib import util

from car.inference.local.locate import ModelFiles, backend_of
from car.inference.models import Delegated, Local, ModelSchema, RemoteApi
from car.inference.served import Served, listing_url

LIBRARIES = {"gguf": ("xllamacpp",), "onnx": ("onnxruntime", "tokenizers")}
"""The optional packages that run a kind of file (``subsystems.md`` §2)."""


def has_weights(model: ModelSchema, files: ModelFiles) -> bool:
    """Whether nothing has to be pulled before *model* runs.  Blocks on the file system."""
    return not model.is_local or files.is_present(model)


def is_usable(
    model: ModelSchema,
    weights_ready: bool,
    keys: Collection[str],
    served: Served,
    runner_connected: bool,
) -> bool:
    """Whether *model* can be asked now, given the names of the *keys* that are there.  Blocks."""
    source = model.source
    if isinstance(source, Local):
        return weights_ready and all(map(util.find_spec, LIBRARIES[backend_of(source)]))
    if isinstance(source, Delegated):
        return runner_connected
    if listing_url(model) is not None:
        return served.serves(model)
    if isinstance(source, RemoteApi):
        names = source.key_names
        return not names or any(name in keys for name in names)
    return False
