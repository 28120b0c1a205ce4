"""Tests of car browse: what is asked, printed and written, and a real browser."""

import base64
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import succeed

from car.cli import browse
from car.client.errors import RpcError
from car.ir.json import JsonObject
from tests.browser.needed import extra_args, need_browser
from tests.cli.running import DaemonCase
from tests.cli.telling import ToldCase

SCRIPT = [{"op": "navigate", "url": "http://shop.example/"}]
PICTURE = b"\x89PNG picture"


def step(op: str, data: JsonObject | None = None, error: str | None = None) -> JsonObject:
    """How an operation went."""
    status = "ok" if error is None else "error"
    return {"op": op, "status": status, "data": data, "error": error, "duration_ms": 12.3}


class BrowseTests(ToldCase):
    """car browse against a daemon that says what it is told to."""

    module = browse

    def setUp(self) -> None:
        super().setUp()
        self.script = self.write("script.json", json.dumps(SCRIPT))

    def answer(self, *steps: JsonObject) -> None:
        """Let scripts end so."""
        self.client.answers["browser.run"] = {"steps": list(steps)}

    def asked(self) -> list[Any]:
        """The params of the calls."""
        return [params for _, params in self.client.calls]

    def test_steps(self) -> None:
        """A line for each step; what a page shows stands below, what could steer is escaped."""
        summary = "Visible Text:\n(heading) \x1b[31mShop\n\nInteractive Elements:\n(none)"
        seen = {"url": "http://shop.example/", "title": "Shop", "element_count": 0}
        self.answer(
            step("navigate", {"url": "http://shop.example/"}),
            step("observe", {**seen, "summary": summary}),
            step("wait", {"condition": "page_loaded", "success": True}),
            step("back"),
        )
        ended = self.run_here("browse", self.script)
        self.assertEqual((ended.status, ended.err), (0, ""))
        lines = ended.out.splitlines()
        self.assertEqual(lines[0], "1 navigate ok 12 ms  http://shop.example/")
        self.assertTrue(lines[1].startswith('2 observe ok 12 ms  {"url":"http://shop.example/"'))
        self.assertEqual(lines[2], "    Visible Text:")
        self.assertIn("Shop", lines[3])
        self.assertNotIn("\x1b", ended.out)
        self.assertEqual(lines[4:7], ["", "    Interactive Elements:", "    (none)"])
        self.assertEqual(
            lines[7:],
            ['3 wait ok 12 ms  {"condition":"page_loaded","success":true}', "4 back ok 12 ms"],
        )
        self.assertEqual(self.client.calls, [("browser.run", {"script": SCRIPT})])

    def test_failed_step(self) -> None:
        """Its sentence stands in its line; status 1."""
        self.answer(step("navigate", error="url: 'x' is not an http or https URL"))
        ended = self.run_here("browse", self.script)
        self.assertEqual(ended.status, 1)
        self.assertEqual(
            ended.out, "1 navigate error 12 ms  url: 'x' is not an http or https URL\n"
        )

    def test_options(self) -> None:
        """What is said of the launch is sent; the script may come from the standard input."""
        self.answer()
        self.patch(sys, "stdin", io.StringIO('{"operations": []}'))
        words = ["--width", "800", "--height", "600", "--headed"]
        words += ["--extra-arg=--lang=de", "--extra-arg=--no-sandbox"]
        self.assertEqual(self.run_here("browse", "-", *words), (0, "", ""))
        launch = {"width": 800, "height": 600, "headed": True}
        flags = {"extra_args": ["--lang=de", "--no-sandbox"]}
        self.assertEqual(self.asked(), [{"script": {"operations": []}, **launch, **flags}])

    def test_json(self) -> None:
        """--json prints the result on one line."""
        self.answer(step("back"))
        ended = self.run_here("browse", self.script, "--json")
        self.assertEqual(json.loads(ended.out), {"steps": [step("back")]})
        self.assertEqual(ended.out.count("\n"), 1)

    def test_schema(self) -> None:
        """What a script may say, without a daemon."""
        ended = self.run_here("browse", "schema")
        self.assertEqual((ended.status, self.client.calls), (0, []))
        self.assertIn("Navigate", json.loads(ended.out)["$defs"])

    def test_usage(self) -> None:
        """Files that cannot be used are usage; nobody is asked."""
        broken = self.write("broken.json", "{")
        for words, told in (
            (["/nowhere.json"], "cannot be read"),
            ([broken], "is not JSON"),
            ([self.script, "--screenshot", "page.gif"], ".png, .jpg, .jpeg"),
            ([self.script, "--screenshot", "/nowhere/page.png"], "no directory"),
        ):
            self.assertRefused(self.run_here("browse", *words), 2, told)
        self.assertEqual(self.client.calls, [])

    def test_refused(self) -> None:
        """What the daemon refuses is told in a line; status 1."""
        self.client.answers["browser.run"] = RpcError(-32602, "parse script: operations[0].op: …")
        self.assertRefused(self.run_here("browse", self.script), 1, "parse script: ")

    def test_interrupted(self) -> None:
        """Ctrl-C gives the script up; status 130."""
        self.assertRefused(self.run_here("browse", self.script), 130, "interrupted")


class ScreenshotTests(ToldCase):
    """--screenshot"""

    module = browse

    def setUp(self) -> None:
        super().setUp()
        self.script = self.write("script.json", json.dumps(SCRIPT))
        self.file = self.directory / "page.png"
        self.answers = [{"steps": [step("back")]}, {"steps": [self.picture()]}]
        self.patch(self.client, "call", self.answered)

    def picture(self) -> JsonObject:
        """The step that took it."""
        data = base64.b64encode(PICTURE).decode()
        return step("screenshot", {"format": "png", "data": data, "size_bytes": len(PICTURE)})

    def answered(self, method: str, params: JsonObject, *, timeout: float | None) -> Any:
        """Note a call, and answer it with the next that there is."""
        self.client.calls.append((method, params))
        return succeed(self.answers.pop(0))

    def test_written(self) -> None:
        """The picture is in the file, and not in what is printed."""
        ended = self.run_here("browse", self.script, "--screenshot", str(self.file), "--json")
        self.assertEqual((ended.status, ended.err), (0, ""))
        self.assertEqual(self.file.read_bytes(), PICTURE)
        self.assertEqual(json.loads(ended.out), {"steps": [step("back")]})
        taken = {"script": [{"op": "screenshot", "format": "png"}]}
        self.assertEqual(self.client.calls[1], ("browser.run", taken))

    def test_after_failure(self) -> None:
        """A page on which a step failed is shown too; the status is still 1."""
        self.answers[0] = {"steps": [step("click", error="no element 'x'; observe first")]}
        ended = self.run_here("browse", self.script, "--screenshot", str(self.file))
        self.assertEqual((ended.status, self.file.read_bytes()), (1, PICTURE))

    def test_none_taken(self) -> None:
        """A picture that cannot be taken is told after the steps; status 1."""
        self.answers[1] = {"steps": [step("screenshot", error="the page has crashed")]}
        ended = self.run_here("browse", self.script, "--screenshot", str(self.file))
        self.assertRefused(ended, 1, "no picture was taken: the page has crashed")
        self.assertIn("1 back ok", ended.out)

    def test_not_written(self) -> None:
        """The same for one that cannot be written."""
        self.file.mkdir()
        ended = self.run_here("browse", self.script, "--screenshot", str(self.file))
        self.assertRefused(ended, 1, "cannot be written")


class RealBrowserTests(DaemonCase):
    """A real daemon with a real Chromium."""

    def test_browse(self) -> None:
        """A script runs, and its page is in the picture."""
        need_browser()
        script = self.write("script.json", '[{"op": "navigate", "url": "about:blank"}]')
        picture = self.directory / "page.jpeg"
        flags = [f"--extra-arg={flag}" for flag in extra_args()]
        ended = self.run_child("browse", script, "--screenshot", str(picture), *flags)
        self.assertEqual((ended.status, ended.err), (0, ""), ended)
        self.assertIn("1 navigate ok", ended.out)
        self.assertTrue(Path(picture).read_bytes().startswith(b"\xff\xd8\xff"))
        if os.geteuid() == 0:
            self.assertRefused(self.run_child("browse", script), 1, "--no-sandbox")
