"""Tests of car.server.methods.vision and of the approval gate in front of it."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from car.server.methods.vision import observations
from tests.processes import FakeProcess
from tests.server.methods.calling import MethodTestCase, machine

HEAD = "level page_num block_num par_num line_num word_num left top width height conf text"

ROWS = """\
1 1 0 0 0 0 0 0 200 100 -1 .
2 1 1 0 0 0 10 10 100 40 -1 .
3 1 1 1 0 0 10 10 100 40 -1 .
4 1 1 1 1 0 10 10 100 20 -1 .
5 1 1 1 1 1 10 10 40 20 96.5 Hello
5 1 1 1 1 2 60 10 50 20 93.5 world
4 1 1 1 2 0 20 40 50 10 -1 .
5 1 1 1 2 1 20 40 50 10 80 again
4 1 1 1 3 0 20 60 50 10 -1 .
5 1 1 1 3 1 20 60 50 10 95 .
"""

TABLE = "\n".join(
    "\t".join("" if cell == "." else cell for cell in line.split(" "))
    for line in [HEAD, *ROWS.splitlines()]
)

FIRST = {"text": "Hello world", "confidence": 0.95, "x": 0.05, "y": 0.7, "w": 0.5, "h": 0.2}
SECOND = {"text": "again", "confidence": 0.8, "x": 0.1, "y": 0.5, "w": 0.25, "h": 0.1}


class VisionTests(MethodTestCase):
    """vision.ocr"""

    def read(self, **params: Any) -> "tuple[Deferred[Any], FakeProcess]":
        """Begin to read an image; the call and the program that does it."""
        self.on(machine(programs=["tesseract"]))
        called = self.begin("vision.ocr", {"image_path": "/tmp/a.png", **params})
        return called, self.reactor.processes[-1]

    def test_no_program(self) -> None:
        """Without tesseract there is nothing to see, and nobody is asked."""
        self.configure(approvals=True)
        answer = self.call("vision.ocr", {"image_path": "/tmp/a.png"})
        self.assertEqual(answer, {"available": False, "observations": []})
        self.assertEqual(self.host.approvals(), [])

    def test_lines(self) -> None:
        """Words become lines; boxes become fractions from the bottom left."""
        self.assertEqual(observations(TABLE), [FIRST, SECOND])
        self.assertEqual(observations(HEAD.replace(" ", "\t")), [])

    def test_program(self) -> None:
        """tesseract gets the path and the languages under its own names."""
        languages = ["en-US", "de", "zh-Hans", "zh_Hant", "chi_sim", "eng"]
        called, process = self.read(languages=languages)
        self.assertEqual(
            process.arguments,
            [
                "/bin/tesseract",
                "/tmp/a.png",
                "stdout",
                "-l",
                "eng+deu+chi_sim+chi_tra+chi_sim+eng",
                "tsv",
            ],
        )
        self.assertTrue(process.input_closed)
        process.end(output=TABLE.encode())
        self.assertEqual(
            self.successResultOf(called), {"available": True, "observations": [FIRST, SECOND]}
        )

    def test_minimum_height(self) -> None:
        """Smaller text is left out."""
        called, process = self.read(minimum_text_height=0.15)
        process.end(output=TABLE.encode())
        self.assertEqual(self.successResultOf(called)["observations"], [FIRST])

    def test_failure(self) -> None:
        """A file that is no image is told in the program's last words."""
        called, process = self.read()
        process.end(errors=b"Warning\nError during processing.\n", status=1)
        error = self.told(self.failureResultOf(called))
        self.assertEqual(
            (error["code"], error["message"]),
            (-32603, "vision.ocr failed: Error during processing."),
        )

    def test_timeout(self) -> None:
        """A program that does not end is killed."""
        called, process = self.read()
        self.reactor.advance(120)
        self.assertEqual(process.signals, ["KILL"])
        self.assertIn("took longer", self.told(self.failureResultOf(called))["message"])

    def test_cancelled(self) -> None:
        """When the connection goes, so does the program."""
        called, process = self.read()
        called.cancel()
        self.assertEqual(process.signals, ["KILL"])
        self.failureResultOf(called, CancelledError)

    def test_wrong_params(self) -> None:
        """Params of wrong types, relative paths and odd languages are -32602."""
        self.assertWrongParams(
            "vision.ocr",
            {
                "image_path": "/a.png",
                "fast_path": True,
                "languages": ["en"],
                "language_correction": True,
                "minimum_text_height": 0.1,
            },
        )
        for params in (
            {},
            {"image_path": "a.png"},
            {"image_path": "http://example.org/a.png"},
            {"image_path": "/a\0.png"},
            {"image_path": "/a.png", "languages": ["--psm"]},
            {"image_path": "/a.png", "languages": ["eng+deu"]},
            {"image_path": "/a.png", "languages": ["../x"]},
        ):
            self.assertEqual(self.error("vision.ocr", params)["code"], -32602)


class ApprovalTests(MethodTestCase):
    """The gate in front of a high-risk method that is supported."""

    def setUp(self) -> None:
        super().setUp()
        self.configure(approvals=True)
        self.on(machine(programs=["tesseract"]))
        self.called = self.begin("vision.ocr", {"image_path": "/" + "x" * 600})

    def test_raised(self) -> None:
        """The approval is the daemon's own, with the params cut; nothing runs meanwhile."""
        (row,) = self.host.approvals()
        self.assertEqual((row.client_id, row.action), (None, "ws.method:vision.ocr"))
        self.assertEqual(len(row.details["image_path"]), 500)
        self.assertNoResult(self.called)
        self.assertEqual(self.reactor.processes, [])

    def test_approved(self) -> None:
        """Once approved, it runs."""
        self.host.resolve_approval("another", self.host.approvals()[0].id, approved=True)
        self.reactor.processes[0].end(output=TABLE.encode())
        self.assertEqual(len(self.successResultOf(self.called)["observations"]), 2)

    def test_denied(self) -> None:
        """Denied, it fails with -32003."""
        self.host.resolve_approval("another", self.host.approvals()[0].id, approved=False)
        error = self.told(self.failureResultOf(self.called))
        self.assertEqual(error["code"], -32003)
        self.assertIn("vision.ocr was denied", error["message"])

    def test_late(self) -> None:
        """Not approved within 60 s, it fails with -32003 and the row is expired."""
        self.reactor.advance(60)
        error = self.told(self.failureResultOf(self.called))
        self.assertEqual(error["code"], -32003)
        self.assertIn("within 60 s", error["message"])
        self.assertEqual(self.host.approvals()[0].status, "expired")
        self.assertEqual(self.reactor.processes, [])

    def test_gone(self) -> None:
        """A caller that goes leaves the approval expired."""
        self.called.cancel()
        self.failureResultOf(self.called, CancelledError)
        self.assertEqual(self.host.approvals()[0].status, "expired")
