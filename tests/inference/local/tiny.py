"""A tiny ONNX model and its tokenizer, written here octet by octet.

ONNX files are protocol buffers (onnx.proto3 of the ONNX project, whose field numbers stand
below); this writes just what is used, so that no test needs the package that makes such files.
"""

import json
from collections.abc import Sequence
from pathlib import Path

_INT64, _FLOAT = 7, 1
"""TensorProto.DataType."""

_OPSET = 11
"""With it, ReduceSum takes its axes as an attribute."""

WORDS = ["[PAD]", "[UNK]", "owl", "cat", "dog"]


def write_cross_encoder(directory: Path) -> tuple[Path, Path]:
    """A model whose logit is the sum of a pair's ids, and its tokenizer; their paths.

    The ids are those of WORDS.
    """
    cast = _node("Cast", ["input_ids"], "floats", _attribute("to", _INT, _FLOAT))
    axes = _field(1, "axes") + _field(8, 1) + _field(20, _INTS)
    reduce = _node("ReduceSum", ["floats"], "logits", axes, _attribute("keepdims", _INT, 1))
    graph = (
        _field(1, cast)
        + _field(1, reduce)
        + _field(2, "tiny")
        + _field(11, _value("input_ids", _INT64, ["texts", "tokens"]))
        + _field(12, _value("logits", _FLOAT, ["texts", "one"]))
    )
    model = _field(1, 7) + _field(7, graph) + _field(8, _field(1, "") + _field(2, _OPSET))
    weights, tokenizer = directory / "tiny.onnx", directory / "tokenizer.json"
    weights.write_bytes(model)
    tokenizer.write_text(json.dumps(_TOKENIZER))
    return weights, tokenizer


_TOKENIZER = {
    "version": "1.0",
    "pre_tokenizer": {"type": "Whitespace"},
    "model": {
        "type": "WordLevel",
        "vocab": {word: number for number, word in enumerate(WORDS)},
        "unk_token": "[UNK]",
    },
}

_INT, _INTS = 2, 7
"""AttributeProto.AttributeType."""


def _attribute(name: str, kind: int, value: int) -> bytes:
    return _field(1, name) + _field(3, value) + _field(20, kind)


def _node(op: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    octets = b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, op)
    return octets + b"".join(_field(5, attribute) for attribute in attributes)


def _value(name: str, kind: int, shape: Sequence[str]) -> bytes:
    dimensions = b"".join(_field(1, _field(2, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, dimensions)))


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _tag(number, 0) + _varint(value)
    octets = value.encode() if isinstance(value, str) else value
    return _tag(number, 2) + _varint(len(octets)) + octets


def _tag(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
