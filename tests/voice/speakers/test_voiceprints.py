"""The files of voiceprints."""

import os
import stat
import tomllib
from pathlib import Path

import numpy as np
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from car.voice.errors import InvalidRequest, VoiceError
from car.voice.speakers.records import Voiceprint
from car.voice.speakers.voiceprints import Voiceprints, check_label
from tests.voice.speakers.doubles import direction

VECTOR = direction(0.6, -0.5, 1e-6, 0.0)


class VoiceprintsTests(SynchronousTestCase):
    """Voiceprints."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp()) / "voiceprints"
        self.prints = Voiceprints(self.directory)

    def test_written_and_read(self) -> None:
        """What is written is read again, in the layout of the specification."""
        path = self.prints.write(Voiceprint("ada.l-1_", "dvector-lstm-256", VECTOR))
        self.assertEqual(path, self.directory / "ada.l-1_.toml")
        content = tomllib.loads(path.read_text())
        self.assertEqual(list(content), ["label", "embedding"])
        self.assertEqual(list(content["embedding"]), ["values", "model"])
        [again] = self.prints.all()
        self.assertEqual((again.label, again.model_id), ("ada.l-1_", "dvector-lstm-256"))
        np.testing.assert_allclose(again.vector, VECTOR, atol=1e-6)

    def test_private(self) -> None:
        """Only the user may read a voiceprint, and none is left half-written."""
        path = self.prints.write(Voiceprint("ada", "m", VECTOR))
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(os.listdir(self.directory), ["ada.toml"])

    def test_replaced(self) -> None:
        """A second enrolment of a label takes the place of the first."""
        self.prints.write(Voiceprint("ada", "one", VECTOR))
        self.prints.write(Voiceprint("ada", "two", VECTOR))
        self.assertEqual([one.model_id for one in self.prints.all()], ["two"])

    def test_none(self) -> None:
        """Without a directory there are none."""
        self.assertEqual(self.prints.all(), [])

    def test_corrupt(self) -> None:
        """What is no voiceprint is left out, and the log says which and why."""
        self.prints.write(Voiceprint("grace", "m", VECTOR))
        wrong = {
            "syntax": b"label = ",
            "octets": b"\xff",
            "lacking": b'label = "lacking"',
            "text": b'label = "text"\n[embedding]\nvalues = ["x"]\nmodel = "m"',
            "zero": b'label = "zero"\n[embedding]\nvalues = [0]\nmodel = "m"',
            "infinite": b'label = "infinite"\n[embedding]\nvalues = [inf]\nmodel = "m"',
            "undefined": b'label = "undefined"\n[embedding]\nvalues = [nan]\nmodel = "m"',
            "empty": b'label = "empty"\n[embedding]\nvalues = []\nmodel = "m"',
            "renamed": b'label = "ada"\n[embedding]\nvalues = [1.0]\nmodel = "m"',
        }
        for name, content in wrong.items():
            (self.directory / f"{name}.toml").write_bytes(content)
        (self.directory / "folder.toml").mkdir()
        (self.directory / "notes.txt").write_text("not looked at")
        with capturedLogs() as logs:
            self.assertEqual([one.label for one in self.prints.all()], ["grace"])
        told = {Path(event["path"]).stem for event in logs if "path" in event}
        self.assertEqual(told, {*wrong, "folder"})

    def test_of_the_reference(self) -> None:
        """Whole numbers and further keys are no hindrance."""
        self.directory.mkdir(parents=True)
        (self.directory / "ada.toml").write_text(
            'label = "ada"\nnote = "x"\n[embedding]\nvalues = [3, 4.0]\nmodel = "fbank-stats-v1"\n'
        )
        [ada] = self.prints.all()
        self.assertEqual(ada.model_id, "fbank-stats-v1")
        np.testing.assert_allclose(ada.vector, [0.6, 0.8])

    def test_remove(self) -> None:
        """A label is forgotten; one that is not there as well."""
        self.prints.write(Voiceprint("ada", "m", VECTOR))
        self.prints.remove("ada")
        self.prints.remove("ada")
        self.assertEqual(self.prints.all(), [])

    def test_unwritable(self) -> None:
        """Where no file can be written or removed the error says so."""
        self.directory.parent.mkdir(parents=True)
        self.directory.write_text("in the way")
        with self.assertRaisesRegex(VoiceError, "ada.toml cannot be written: "):
            self.prints.write(Voiceprint("ada", "m", VECTOR))
        with self.assertRaisesRegex(VoiceError, "ada.toml cannot be removed: "):
            self.prints.remove("ada")


class LabelTests(SynchronousTestCase):
    """check_label."""

    def test_legal(self) -> None:
        """Letters, digits, dot, underscore and hyphen, 64 at most."""
        for label in ("a", "Ada.L-1_", "x" * 64, ".."):
            check_label(label)

    def test_characters(self) -> None:
        """Any other character is refused, as are those that lead elsewhere."""
        for label in ("a b", "../x", "é", "x\n", "a/b", "a\0"):
            problem = self.assertRaises(InvalidRequest, check_label, label)
            self.assertEqual(
                str(problem),
                f"invalid enrollment label '{label}': only [a-zA-Z0-9._-] allowed",
            )

    def test_length(self) -> None:
        """So are no character and 65."""
        for label in ("", "x" * 65):
            with self.assertRaisesRegex(
                InvalidRequest, f"1 to 64 characters, and this one {len(label)}"
            ):
                check_label(label)
