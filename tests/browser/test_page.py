"""Tests of car.browser.page and what it stands on: steps, tabs, frames, shadow trees, ids."""

import os
import signal

from twisted.internet.defer import CancelledError, Deferred

from car.browser.bundle import SessionRefError, parse_bundle
from car.browser.errors import BrowserExited
from car.browser.script import parse_script
from car.browser.steps import ScriptResult, run_script
from car.ir.json import encode, to_value
from tests.browser.driving import PageTestCase, Seen


class StepTests(PageTestCase):
    """run_script"""

    async def test_script(self) -> None:
        """Steps come in order with their outcome; the first error ends the script."""
        script = parse_script(
            [
                {"op": "navigate", "url": self.site.url("/")},
                {"op": "click", "element_id": "nope"},
                {"op": "observe"},
            ]
        )
        result = to_value(await run_script(self.page, script))
        first, second = result["steps"]
        self.assertEqual(
            {**first, "duration_ms": 0},
            {
                "op": "navigate",
                "status": "ok",
                "data": {"url": self.site.url("/")},
                "error": None,
                "duration_ms": 0,
            },
        )
        self.assertEqual(
            (second["op"], second["status"], second["data"], second["error"]),
            ("click", "error", None, "no element 'nope'; observe first"),
        )
        self.assertGreater(first["duration_ms"], 0)
        empty = await run_script(self.page, parse_script([]))
        self.assertEqual(empty, ScriptResult([]))

    async def test_cancelled(self) -> None:
        """A script that is cancelled stops where it is; the page can be used on."""
        script = parse_script([{"op": "navigate", "url": self.site.url("/never")}])
        running = Deferred.fromCoroutine(run_script(self.page, script))
        await self.page.sleep(0.1)
        running.cancel()
        with self.assertRaises(CancelledError):
            await running
        await self.run_ok({"op": "navigate", "url": self.site.url("/")})

    async def test_browser_exits(self) -> None:
        """When the browser ends, so does the script, with what ended it."""
        script = parse_script([{"op": "navigate", "url": self.site.url("/never")}])
        running = Deferred.fromCoroutine(run_script(self.page, script))
        await self.page.sleep(0.1)
        os.kill(self.browser.pid, signal.SIGKILL)
        with self.assertRaises(BrowserExited):
            await running

    async def test_bundle(self) -> None:
        """A bundle is there before the first operation; one that cannot be applied is told."""
        origin = self.site.url("")
        cookie = {"name": "n", "value": "v", "domain": "127.0.0.1"}
        stored = {
            "cookies": [cookie],
            "headers": {"X-Extra": "1"},
            "local_storage": {origin: {"k": "v"}},
        }
        bundle = parse_bundle(encode(stored).decode())
        script = parse_script(
            [
                {"op": "navigate", "url": self.site.url("/headers")},
                {"op": "observe"},
                {"op": "get_local_storage"},
            ]
        )
        result = await run_script(self.page, script, bundle)
        summary, items = (step.data for step in result.steps[1:])
        assert summary is not None and items is not None
        self.assertIn("cookie: n=v\n(paragraph) extra: 1", summary["summary"])
        self.assertEqual(items, {"origin": origin, "items": {"k": "v"}})
        with self.assertRaises(SessionRefError) as caught:
            await run_script(self.page, script, parse_bundle('{"headers": {"a b": "c"}}'))
        self.assertEqual(str(caught.exception), "session_ref: headers: 'a b' cannot be set")


class ElementIdTests(PageTestCase):
    """Ids across calls, changes and pages"""

    async def test_changes(self) -> None:
        """An id keeps its element while the page rewrites the rest; new elements get new ids."""
        before = await self.go("/app")
        kept = before.id('button "Kept"')
        await self.run_ok({"op": "click", "element_id": before.id('button "Insert"')})
        after = await self.look()
        self.assertEqual(after.id('button "Kept"'), kept)
        self.assertNotIn(after.id('button "Inserted"'), before.summary)
        await self.run_ok({"op": "click", "element_id": kept})

    async def test_rewritten(self) -> None:
        """What the page has drawn anew is another element; the old one is gone."""
        before = await self.go("/app")
        add = before.id('button "Add"')
        await self.run_ok(
            {"op": "click", "element_id": add},
            {"op": "wait", "condition": "text", "value": "Item 0"},
        )
        after = await self.look()
        self.assertIn("(paragraph) Count 1", after.text)
        self.assertNotEqual(after.id('button "Add"'), add)
        self.assertEqual(
            await self.run_failing({"op": "click", "element_id": add}),
            f"element '{add}' (button \"Add\") is no longer on the page; observe again",
        )

    async def test_moved_within(self) -> None:
        """A page that changes its URL by itself is still the same page."""
        seen = await self.go("/app")
        (data,) = await self.run_ok({"op": "click", "element_id": seen.id('button "Route"')})
        self.assertNotIn("navigated_to", data)
        after = await self.look()
        self.assertEqual(after.data["url"], self.site.url("/app/routed"))
        await self.run_ok({"op": "click", "element_id": seen.id('button "Kept"')})

    async def test_gone(self) -> None:
        """After a navigation an old id says which page it belonged to; none is given again."""
        before = await self.go("/")
        old = before.id('link "Second page"')
        after = await self.go("/second")
        self.assertNotIn(after.id('link "Home"'), before.summary)
        for op in ("click", "hover"):
            self.assertEqual(
                await self.run_failing({"op": op, "element_id": old}),
                f"element '{old}' belongs to a page that is gone (was {self.site.url('/')});"
                " observe again",
            )


class TreeTests(PageTestCase):
    """Frames and shadow trees"""

    async def test_frames(self) -> None:
        """Frames of the same site and of another are seen and clicked in, scrolled or not."""
        seen = await self.go("/frames")
        self.assertIn(f"(frame) {self.site.url('/inner')}\n(paragraph) Inside", seen.text)
        self.assertIn(
            f"(frame) {self.site.url('/inner?other', 'localhost')}\n(paragraph) Inside", seen.text
        )
        ids = [line.split("]")[0][1:] for line in seen.elements.splitlines() if "Inner" in line]
        self.assertEqual(len(ids), 2)
        for element in ids:
            await self.run_ok({"op": "click", "element_id": element})
        after = await self.look()
        port = self.site.port.getHost().port
        self.assertEqual(after.id(f'button "done in 127.0.0.1:{port}"'), ids[0])
        self.assertEqual(after.id(f'button "done in localhost:{port}"'), ids[1])
        pictures = await self.run_ok(
            *({"op": "screenshot", "element_id": element} for element in ids)
        )
        self.assertTrue(all(picture["size_bytes"] > 100 for picture in pictures))

    async def test_shadow(self) -> None:
        """Open and closed shadow trees are seen, clicked and typed in."""
        seen = await self.go("/shadow")
        for mode in ("open", "closed"):
            self.assertIn(f"(paragraph) Text {mode}", seen.text)
            field = seen.id(f'text_input "Field {mode}"')
            await self.run_ok(
                {"op": "click", "element_id": seen.id(f'button "Button {mode}"')},
                {"op": "type", "element_id": field, "text": "typed"},
            )
            after = await self.look()
            after.id(f'button "{mode} hit"')
            after.id(f'text_input "Field {mode}" (value "typed"')


class TabTests(PageTestCase):
    """Tabs"""

    async def test_followed(self) -> None:
        """A new tab becomes current; one can switch back and close it."""
        home = self.site.url("/")
        second = self.site.url("/second")
        seen = await self.go("/")
        (data,) = await self.run_ok({"op": "click", "element_id": seen.id('link "New tab"')})
        self.assertEqual(data["opened_tab"], {"tab": 1, "url": second})
        after = await self.look()
        self.assertEqual(after.data["title"], "Second")
        self.assertEqual(
            after.data["tabs"],
            [
                {"tab": 0, "url": home, "current": False},
                {"tab": 1, "url": second, "current": True},
            ],
        )
        switched, clicked, _ = await self.run_ok(
            {"op": "switch_tab", "tab": 0},
            {"op": "click", "element_id": seen.id('button "Press"')},
            {"op": "switch_tab", "tab": 1},
        )
        self.assertEqual(switched, {"tab": 0, "url": home})
        self.assertEqual(clicked["resolved_to"], 'button "Press"')
        (closed,) = await self.run_ok({"op": "close_tab"})
        self.assertEqual(closed, {"closed_url": second, "url": home})
        (closed,) = await self.run_ok({"op": "close_tab"})
        self.assertEqual(closed, {"closed_url": home, "url": "about:blank"})
        self.assertEqual(
            await self.run_failing({"op": "switch_tab", "tab": 1}), "tab: expected 0 to 0"
        )

    async def test_closes_itself(self) -> None:
        """A window that closes when it is clicked in leaves the one before it current."""
        seen = await self.go("/opener")
        await self.run_ok({"op": "click", "element_id": seen.id('button "Open"')})
        popup = await self.look()
        click = {"op": "click", "element_id": popup.id('button "Close"')}
        clicked, looked = await self.run_ok(click, {"op": "observe"})
        self.assertEqual(clicked.get("closed_tabs", 0) + looked.get("closed_tabs", 0), 1)
        self.assertEqual(looked["title"], "Opener")

    async def test_crash(self) -> None:
        """A page that crashes fails the step; the browser lives on, and navigate goes on."""
        seen = await self.go("/")
        self.crash_soon()
        text = "the page has crashed; navigate loads another"
        waiting = {"op": "wait", "condition": "text", "value": "never"}
        self.assertEqual(await self.run_failing(waiting), text)
        self.assertEqual(await self.run_failing({"op": "observe"}), text)
        again = await self.go("/")
        self.assertNotEqual(again.id('button "Press"'), seen.id('button "Press"'))
        await self.run_ok({"op": "click", "element_id": again.id('button "Press"')})

    def crash_soon(self) -> None:
        """Crash the page in a moment."""
        tab = self.page.tab

        def crash(_: None) -> None:
            tab.send("Page.crash")

        self.page.sleep(0.1).addCallback(crash)


class ReloadTests(PageTestCase):
    """After a crash"""

    async def test_reload_after_crash(self) -> None:
        """reload brings a page back that has crashed."""
        await self.go("/second")
        self.page.tab.send("Page.crash")
        await self.page.until(lambda: self.page.tabs[0].has_crashed)
        await self.run_ok({"op": "reload"})
        (data,) = await self.run_ok({"op": "observe"})
        self.assertEqual(Seen(data).data["title"], "Second")
