"""Where the speaker encoder is found."""

import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import MissingComponent
from car.voice.speakers import locate
from car.voice.speakers.locate import find_encoder


class LocateTests(SynchronousTestCase):
    """find_encoder."""

    def setUp(self) -> None:
        self.file = Path(self.mktemp()).absolute()
        self.file.write_bytes(b"")
        self.patch(locate, "find_spec", lambda name: name)
        self.patch(locate, "packaged_file", lambda name, ending: None)

    def test_variable(self) -> None:
        """The environment's file goes first."""
        self.patch(locate, "packaged_file", lambda name, ending: Path("/packaged"))
        self.assertEqual(find_encoder({"CAR_SPEAKER_MODEL": str(self.file)}), self.file)
        self.assertEqual(find_encoder({}), Path("/packaged"))

    def test_wrong_variable(self) -> None:
        """A variable that names no file is not passed over."""
        for wrong in ("/nowhere.onnx", "relative.onnx", str(self.file.parent)):
            with self.assertRaisesRegex(MissingComponent, f"CAR_SPEAKER_MODEL .*'{wrong}' is none"):
                find_encoder({"CAR_SPEAKER_MODEL": wrong})

    def test_no_model(self) -> None:
        """Without a model the error says how to get one."""
        with self.assertRaisesRegex(MissingComponent, "set CAR_SPEAKER_MODEL .* or install"):
            find_encoder({})

    def test_no_library(self) -> None:
        """Without the library the error has the command that installs it; nothing is imported."""
        self.patch(locate, "find_spec", lambda name: None)
        before = set(sys.modules)
        with self.assertRaisesRegex(
            MissingComponent, r"onnxruntime; .*pip install \".*\[speaker\]"
        ):
            find_encoder({"CAR_SPEAKER_MODEL": str(self.file)})
        self.assertNotIn("onnxruntime", set(sys.modules) - before)
