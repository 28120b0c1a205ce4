"""Tests of car.browser.operations: each operation, and each of its errors, in a real page."""

import base64
from pathlib import Path
from typing import ClassVar

from twisted.web.server import Site

from car.application import the_reactor
from car.browser import world
from car.browser.operations import uploading
from car.browser.page import PageRules
from car.ir.json import JsonObject
from tests.browser.driving import PageTestCase
from tests.browser.site import own_certificate


class NavigationTests(PageTestCase):
    """navigate, back, forward, reload"""

    async def test_history(self) -> None:
        """Back and forth, and what is said at either end; ids come back with their page."""
        home, second = self.site.url("/"), self.site.url("/second")
        await self.go("/")
        await self.go("/second")
        data = await self.run_ok(
            {"op": "back"},
            {"op": "forward"},
            {"op": "reload"},
            {"op": "back", "wait_until": "commit"},
        )
        self.assertEqual(data, [{"url": home}, {"url": second}, {"url": second}, {"url": home}])
        await self.run_ok({"op": "forward"})
        self.assertEqual(await self.run_failing({"op": "forward"}), "there is no later page")
        await self.run_ok({"op": "close_tab"})
        self.assertEqual(await self.run_failing({"op": "back"}), "there is no page to go back to")

    async def test_within(self) -> None:
        """A fragment of the same page, and states that the page has pushed."""
        seen = await self.go("/app")
        url = self.site.url("/app")
        data = await self.run_ok(
            {"op": "navigate", "url": f"{url}#part"},
            {"op": "click", "element_id": seen.id('button "Route"')},
            {"op": "back"},
            {"op": "back"},
            {"op": "click", "element_id": seen.id('button "Kept"')},
        )
        self.assertEqual(data[0], {"url": f"{url}#part"})
        self.assertEqual(data[2:4], [{"url": f"{url}#part"}, {"url": url}])

    async def test_stages(self) -> None:
        """Pages that never end, are slow, or never begin are waited for as far as they come."""
        url = self.site.url("/endless")
        text = await self.run_failing({"op": "navigate", "url": url, "timeout_ms": 500})
        self.assertEqual(text, "navigate took longer than 0.5 s")
        await self.run_ok({"op": "navigate", "url": url, "wait_until": "commit"})
        seen = await self.look()
        self.assertIn("(heading) Begun", seen.text)
        await self.run_ok(
            {"op": "navigate", "url": self.site.url("/second"), "wait_until": "network_idle"}
        )
        (data,) = await self.run_ok({"op": "navigate", "url": self.site.url("/pause?0.3")})
        self.assertEqual(data["url"], self.site.url("/pause?0.3"))
        text = await self.run_failing(
            {"op": "navigate", "url": self.site.url("/never"), "timeout_ms": 300}
        )
        self.assertEqual(text, "navigate took longer than 0.3 s")
        seen = await self.look()
        self.assertEqual(seen.data["title"], "Paused")

    async def test_errors(self) -> None:
        """What goes wrong is told in words, with Chromium's name; so is what is not opened."""
        for path, reason in (
            (self.site.url("/redirect"), "it redirects in circles (ERR_TOO_MANY_REDIRECTS)"),
            ("http://127.0.0.1:2/", "the connection was refused (ERR_CONNECTION_REFUSED)"),
            ("http://127.0.0.1:1/", "its port is one that browsers do not open (ERR_UNSAFE_PORT)"),
        ):
            text = await self.run_failing({"op": "navigate", "url": path})
            self.assertEqual(text, f"navigate to {path} failed: {reason}")
        for path, words in (
            ("/nothing", "the server sent no page, or loading was broken off (ERR_ABORTED)"),
            ("/fault", "the server answered with an error and no page"),
            ("/guarded", "it asks for a user and a password; set_extra_headers can send"),
        ):
            text = await self.run_failing({"op": "navigate", "url": self.site.url(path)})
            self.assertIn(f"{path} failed: {words}", text)
        text = await self.run_failing({"op": "navigate", "url": "https://%zz/"})
        self.assertEqual(text, "url: 'https://%zz/' is not a URL")
        missing = await self.go("/missing")
        self.assertIn("(heading) No such page", missing.text)

        text = await self.run_failing({"op": "navigate", "url": "file:///etc/hostname"})
        self.assertIn("url: file URLs are off", text)
        url = self.site.url("/redirect-to-file")
        text = await self.run_failing({"op": "navigate", "url": url})
        self.assertEqual(text, f"navigate to {url} failed: ERR_UNSAFE_REDIRECT")
        seen = await self.go("/tofile")
        await self.run_ok({"op": "click", "element_id": seen.id('link "Local"')})
        self.assertEqual(self.page.url, self.site.url("/tofile"))


class OddPageTests(PageTestCase):
    """Pages that break off, want another program, come over TLS that nobody vouches for"""

    async def test_cut_short(self) -> None:
        """What was broken off is not waited for, and told as incomplete."""
        for stage in ("load", "network_idle"):
            navigate = {"op": "navigate", "url": self.site.url("/cut"), "wait_until": stage}
            data, waited = await self.run_ok(
                navigate, {"op": "wait", "condition": "page_loaded", "timeout_ms": 5000}
            )
            self.assertEqual(data, {"url": self.site.url("/cut"), "incomplete": True})
            self.assertIs(waited["success"], True)

    async def test_other_program(self) -> None:
        """A link to another program is told; the page is blocked until navigate frees the tab."""
        seen = await self.go("/outside")
        click: JsonObject = {"op": "click", "element_id": seen.id('link "Owl"')}
        (data,) = await self.run_ok(click)
        self.assertEqual(data["asked_outside"], "owl:hoot")
        self.assertEqual(
            await self.run_failing(click),
            "the page asked for another program to open owl:hoot, and takes no input any more;"
            " navigate loads one that does",
        )
        for _ in range(2):
            seen = await self.go("/")
            await self.run_ok({"op": "click", "element_id": seen.id('button "Press"')})
            self.assertIn("clicked 1", (await self.look()).text)

    async def test_certificate(self) -> None:
        """A certificate that nobody vouches for is told; so is a link that leads to one."""
        port = the_reactor().listenSSL(0, Site(self.site), own_certificate(), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        url = f"https://127.0.0.1:{port.getHost().port}/"
        self.assertEqual(
            await self.run_failing({"op": "navigate", "url": url}),
            f"navigate to {url} failed: its certificate is not trusted"
            " (ERR_CERT_AUTHORITY_INVALID)",
        )
        seen = await self.go("/second")
        await self.page.tab.call(
            "Runtime.evaluate", {"expression": f"document.links[0].href = '{url}'"}
        )
        (data,) = await self.run_ok({"op": "click", "element_id": seen.id('link "Home"')})
        self.assertEqual(data["failed_to_load"], url)


class FileTests(PageTestCase):
    """file: URLs where they are allowed, and what else only some daemons allow"""

    rules: ClassVar[PageRules] = PageRules(allow_file=True, allow_evaluate=True)

    async def test_allowed(self) -> None:
        """A local file is shown; expressions have values, throw, are too long."""
        path = Path(self.mktemp()).absolute()
        path.write_text("local words")
        _, data = await self.run_ok({"op": "navigate", "url": f"file://{path}"}, {"op": "observe"})
        self.assertIn("local words", data["summary"])
        await self.go("/")
        data = await self.run_ok(
            *(
                {"op": "evaluate", "expression": expression}
                for expression in (
                    "document.title",
                    "Promise.resolve({a: [1, null]})",
                    "undefined",
                    "0 / 0",
                )
            )
        )
        self.assertEqual(
            data,
            [{"value": "Home"}, {"value": {"a": [1, None]}}, {"value": None}, {"value": "NaN"}],
        )
        for expression, text in (
            ("nothing.here", "evaluate: ReferenceError: nothing is not defined"),
            ("throw 5", "evaluate: 5"),
            ("'x'.repeat(2e6)", "evaluate: the value has more than 1048576 bytes"),
        ):
            self.assertEqual(
                await self.run_failing({"op": "evaluate", "expression": expression}), text
            )


class PointerTests(PageTestCase):
    """click, hover, scroll"""

    async def test_click(self) -> None:
        """Buttons of the mouse, counts, modifiers; what was clicked is told."""
        seen = await self.go("/")
        press = seen.id('button "Press"')
        (data,) = await self.run_ok({"op": "click", "element_id": press})
        self.assertEqual(data, {"element_id": press, "resolved_to": 'button "Press"'})
        self.assertIn("clicked 1", (await self.look()).text)
        await self.run_ok({"op": "click", "element_id": press, "count": 2, "modifiers": ["Shift"]})
        self.assertIn("clicked 2 shift", (await self.look()).text)
        await self.run_ok({"op": "click", "element_id": press, "button": "right"})
        self.assertEqual((await self.look()).id('button "context"'), press)
        (data,) = await self.run_ok({"op": "click", "element_id": seen.id('link "Second page"')})
        self.assertEqual(data["navigated_to"], self.site.url("/second"))
        self.assertEqual(
            await self.run_failing({"op": "click", "element_id": press, "count": 4}),
            "count: expected 1 to 3",
        )

    async def test_not_clickable(self) -> None:
        """Disabled, hidden, covered: each is told; one that becomes enabled is waited for."""
        self.patch(world, "PATIENCE_MS", 400)
        seen = await self.go("/moving")
        late = seen.id('button "Late"')
        await self.run_ok({"op": "click", "element_id": late})
        self.assertEqual((await self.look()).id('button "pressed"'), late)
        under = seen.id('button "Under"')
        self.assertEqual(
            await self.run_failing({"op": "click", "element_id": under}),
            f'element \'{under}\' (button "Under") is covered by <div id="over" class="shade">;'
            " deal with that first",
        )
        await self.page.tab.call(
            "Runtime.evaluate", {"expression": "over.remove(); under.hidden = true"}
        )
        self.assertEqual(
            await self.run_failing({"op": "click", "element_id": under}),
            f"element '{under}' (button \"Under\") is not visible",
        )
        off = (await self.go("/")).id('button "Off"')
        self.assertEqual(
            await self.run_failing({"op": "click", "element_id": off}),
            f"element '{off}' (button \"Off\") is disabled",
        )
        seen = await self.go("/moving")
        menu = seen.id('clickable "menu"')
        (data,) = await self.run_ok({"op": "hover", "element_id": menu})
        self.assertEqual(data, {"element_id": menu, "resolved_to": 'clickable "menu"'})
        self.assertEqual((await self.look()).id('clickable "hovered"'), menu)
        box = seen.id('list_box "Box"')
        data = await self.run_ok(
            {"op": "scroll", "delta_y": 300},
            {"op": "scroll", "delta_y": 100_000},
            {"op": "scroll", "delta_y": 10},
            {"op": "scroll", "delta_y": 50, "element_id": box},
            {"op": "scroll", "delta_y": -100_000, "delta_x": 5},
        )
        self.assertEqual(data[0], {"delta_y": 300, "delta_x": 0, "scrolled": {"x": 0, "y": 300}})
        self.assertGreater(data[1]["scrolled"]["y"], 1000)
        self.assertEqual(data[2]["scrolled"]["y"], 0)
        self.assertEqual(data[3]["scrolled"]["y"], 50)
        self.assertLess(data[4]["scrolled"]["y"], -1000)


class KeyboardTests(PageTestCase):
    """type, keypress, select_option"""

    async def test_form(self) -> None:
        """A form of all kinds of fields is filled and sent."""
        seen = await self.go("/form")
        fields = (
            ("text_input", "Name", {"text": "er"}),
            ("text_input", "Mail", {"text": ".example"}),
            ("date_input", "Born", {"text": "2001-02-03"}),
            ("text_input", "Notes", {"text": "one\ntwo"}),
            ("text_input", "Rich", {"text": "new", "clear": True}),
        )
        operations: list[JsonObject] = [
            {"op": "type", "element_id": seen.id(f'{role} "{name}"'), **what}
            for role, name, what in fields
        ]
        operations += [
            {"op": "select_option", "element_id": seen.id('select "Colour"'), "values": ["Green"]},
            {
                "op": "select_option",
                "element_id": seen.id('list_box "Sizes"'),
                "values": ["S", "M"],
            },
            {"op": "click", "element_id": seen.id('checkbox "Agree"')},
            {"op": "click", "element_id": seen.id('radio "One"')},
        ]
        data = await self.run_ok(*operations)
        self.assertEqual(data[0], {"element_id": "el_0", "resolved_to": 'text_input "Name"'})
        self.assertEqual(data[5]["selected"], ["Green"])
        after = await self.look()
        for listed in (
            'text_input "Rich" (value "new"',
            'select "Colour" (value "Green", collapsed, options "Red", "Green", "Grey")',
            'checkbox "Agree" (checked)',
            'date_input "Born" (value "2001-02-03"',
        ):
            self.assertIn(listed, after.elements)
        await self.run_ok({"op": "click", "element_id": seen.id('button "Send"')})
        sent = await self.look()
        self.assertEqual(
            [line.removeprefix("(paragraph) ") for line in sent.text.splitlines()[1:]],
            [
                "agree=on",
                "born=2001-02-03",
                "colour=g",
                "file=",
                "kind=1",
                "mail=a@b.example",
                "name=older",
                "notes=one two",
                "secret=fixed",
                "sizes=S+M",
            ],
        )

    async def test_submit(self) -> None:
        """Cleared and sent with Enter, which leads to the next page."""
        seen = await self.go("/form")
        name = seen.id('text_input "Name"')
        _, _, data = await self.run_ok(
            {"op": "type", "element_id": name, "text": "", "clear": True},
            {"op": "type", "element_id": seen.id('text_input "Mail"'), "text": "", "clear": True},
            {"op": "type", "element_id": name, "text": "Ada", "clear": True, "submit": True},
        )
        self.assertIn("/submitted?name=Ada&mail=&", data["navigated_to"])

    async def test_not_fillable(self) -> None:
        """What is no field or list, or does not take what it is given, is told."""
        seen = await self.go("/form")
        for listed, text in (
            ('button "Send"', "is not a text field"),
            ('checkbox "Agree"', "is not a text field"),
            ('text_input "Secret"', "is read-only"),
        ):
            element = seen.id(listed)
            self.assertEqual(
                await self.run_failing({"op": "type", "element_id": element, "text": "x"}),
                f"element '{element}' ({listed}) {text}",
            )
        born = seen.id('date_input "Born"')
        self.assertEqual(
            await self.run_failing({"op": "type", "element_id": born, "text": "tomorrow"}),
            f"text: not a value of element '{born}' (date_input \"Born\"), whose type is date",
        )
        fields = await self.go("/fields")
        for role, name, kind in (("slider", "Range", "range"), ("color_input", "Colour", "color")):
            element = fields.id(f'{role} "{name}"')
            text = await self.run_failing({"op": "type", "element_id": element, "text": "zz"})
            self.assertIn(f"whose type is {kind}", text)
        await self.run_ok(
            {"op": "type", "element_id": fields.id('slider "Range"'), "text": "7"},
            {"op": "wait", "condition": "text", "value": "7", "timeout_ms": 0},
        )
        seen = await self.go("/form")
        colour = seen.id('select "Colour"')
        send = seen.id('button "Send"')
        for element, values, text in (
            (
                colour,
                ["Blue"],
                f"values: element '{colour}' has no option 'Blue' that can be chosen;"
                " it has Red, Green, Grey",
            ),
            (
                colour,
                ["Grey"],
                f"values: element '{colour}' has no option 'Grey' that can be chosen;"
                " it has Red, Green, Grey",
            ),
            (
                colour,
                ["r", "g"],
                f"values: element '{colour}' (select \"Colour\") takes exactly one",
            ),
            (
                send,
                ["x"],
                f"element '{send}' (button \"Send\") is not a native list; click it, observe, and"
                " click the option",
            ),
        ):
            self.assertEqual(
                await self.run_failing(
                    {"op": "select_option", "element_id": element, "values": values}
                ),
                text,
            )

    async def test_keys(self) -> None:
        """Keys arrive as from a keyboard; Control with a letter edits."""
        seen = await self.go("/keys")
        field = seen.id('text_input "Keys"')
        await self.run_ok({"op": "click", "element_id": field})
        for key, modifiers, log in (
            ("a", [], "a KeyA 65"),
            ("b", ["Shift"], "shift b KeyB 66"),
            ("Enter", [], "Enter Enter 13"),
            ("ArrowLeft", ["ctrl", "alt"], "ctrl alt ArrowLeft ArrowLeft 37"),
            ("F5", [], "F5 F5 116"),
        ):
            (data,) = await self.run_ok({"op": "keypress", "key": key, "modifiers": modifiers})
            self.assertEqual(data, {"key": key, "modifiers": modifiers})
            self.assertIn(f"(paragraph) {log}", (await self.look()).text)
        self.assertIn('text_input "Keys" (value "aB"', (await self.look()).elements)
        await self.run_ok(
            {"op": "keypress", "key": "a", "modifiers": ["Control"]},
            {"op": "keypress", "key": "Backspace"},
        )
        self.assertIn('text_input "Keys" (focused)', (await self.look()).elements)
        text = await self.run_failing({"op": "keypress", "key": "Entre"})
        self.assertIn("key: unknown key 'Entre'", text)


class UploadTests(PageTestCase):
    """upload_file"""

    async def test_upload(self) -> None:
        """Files given with the script or by path, to a field or to what opens a chooser."""
        uploads = Path(self.mktemp()).absolute()
        uploads.mkdir()
        (uploads / "b.txt").write_text("from disk")
        self.page.rules = PageRules(uploads=uploads)
        seen = await self.go("/form")
        field, choose = seen.id('file_input "File"'), seen.id('button "Choose"')
        inline: JsonObject = {"name": "../a.txt", "text": "given"}
        (data,) = await self.run_ok({"op": "upload_file", "element_id": field, "files": [inline]})
        self.assertEqual(
            data,
            {"element_id": field, "resolved_to": 'file_input "File"', "files": ["a.txt"]},
        )
        await self.run_ok({"op": "wait", "condition": "text", "value": "a.txt: given"})
        await self.run_ok(
            {"op": "upload_file", "element_id": choose, "paths": ["b.txt"]},
            {"op": "wait", "condition": "text", "value": "b.txt: from disk"},
        )
        encoded: JsonObject = {"name": "c.bin", "data": base64.b64encode(b"bytes").decode()}
        await self.run_ok(
            {"op": "upload_file", "element_id": field, "files": [encoded]},
            {"op": "wait", "condition": "text", "value": "c.bin: bytes"},
        )
        (data,) = await self.run_ok({"op": "click", "element_id": choose})
        self.assertEqual(
            data["file_chooser"], "opened; use upload_file on the element that opens it"
        )

    async def test_fields(self) -> None:
        """Files of one name are different files; a field gets as many as it takes."""
        seen = await self.go("/fields")
        several, one, folder = (
            seen.id(f'file_input "{name}"') for name in ("Several", "One", "Folder")
        )
        files: list[JsonObject] = [{"name": "a", "text": "1"}, {"name": "a", "text": "2"}]
        upload: JsonObject = {"op": "upload_file", "files": files}
        await self.run_ok(
            {**upload, "element_id": several},
            {"op": "wait", "condition": "text", "value": "a=1,a=2"},
            {"op": "upload_file", "element_id": one, "files": [{"name": "日" * 300, "text": "x"}]},
        )
        for element, text in (
            (one, f"element '{one}' (file_input \"One\") takes one file"),
            (
                folder,
                f"element '{folder}' (file_input \"Folder\") takes a directory,"
                " which cannot be given",
            ),
        ):
            self.assertEqual(await self.run_failing({**upload, "element_id": element}), text)
        for path in ("a\0b", "x" * 5000):
            text = await self.run_failing({"op": "upload_file", "element_id": one, "paths": [path]})
            self.assertIn("paths: no file", text)

    async def test_refused(self) -> None:
        """Only files that may be given, to what takes files."""
        self.patch(uploading, "CHOOSER_SECONDS", 0.3)
        seen = await self.go("/form")
        field = seen.id('file_input "File"')
        for what, text in (
            ({}, "upload_file: expected paths, or files with a name and text or data"),
            (
                {"paths": ["/etc/hostname"]},
                "paths: no file '/etc/hostname' in the downloads of this browser",
            ),
            (
                {"paths": ["../../x"]},
                "paths: no file '../../x' in the downloads of this browser",
            ),
            ({"files": [{"name": "a"}]}, "files: 'a' needs either text or data"),
            (
                {"files": [{"name": "a", "data": "?"}]},
                "files: data of 'a' is not base64",
            ),
            (
                {"files": [{"name": "a", "text": "x" * 1_048_577}]},
                "files: expected up to 1048576 bytes in all",
            ),
        ):
            operation = {"op": "upload_file", "element_id": field, **what}
            self.assertEqual(await self.run_failing(operation), text)
        name = seen.id('text_input "Name"')
        files = [{"name": "a", "text": "x"}]
        self.assertEqual(
            await self.run_failing({"op": "upload_file", "element_id": name, "files": files}),
            f"element '{name}' (text_input \"Name\") is not a file field and opens no file chooser",
        )
        choose = seen.id('button "Choose"')
        self.assertEqual(
            await self.run_failing(
                {"op": "upload_file", "element_id": choose, "files": [*files, *files]}
            ),
            f"element '{choose}' (button \"Choose\") takes one file",
        )


class StorageTests(PageTestCase):
    """Cookies, headers, local storage"""

    async def test_cookies(self) -> None:
        """Set, told, sent, forgotten."""
        cookie = {
            "name": "a",
            "value": "1",
            "domain": "127.0.0.1",
            "path": "/",
            "secure": False,
            "http_only": True,
            "same_site": "Lax",
        }
        (data,) = await self.run_ok({"op": "set_cookies", "cookies": [cookie]})
        self.assertEqual(data, {"cookies_set": 1})
        self.assertIn("cookie: a=1", (await self.go("/headers")).text)
        told, elsewhere, cleared = await self.run_ok(
            {"op": "get_cookies"},
            {"op": "get_cookies", "urls": ["http://localhost/"]},
            {"op": "clear_cookies"},
        )
        self.assertEqual(told, {"cookies": [cookie]})
        self.assertEqual((elsewhere, cleared), ({"cookies": []}, {"cleared": True}))
        self.assertNotIn("a=1", (await self.go("/headers")).text)
        text = await self.run_failing(
            {"op": "set_cookies", "cookies": [{"name": "a;b", "value": "", "domain": "x"}]}
        )
        self.assertEqual(text, "cookies: the browser refused them: Invalid cookie fields")

    async def test_headers(self) -> None:
        """Sent with all requests, in new tabs too, until replaced."""
        (data,) = await self.run_ok(
            {"op": "set_extra_headers", "headers": {"X-Extra": "one", "X-More": "two"}}
        )
        self.assertEqual(data, {"headers_set": 2})
        self.assertIn("extra: one", (await self.go("/headers")).text)
        seen = await self.go("/")
        await self.run_ok({"op": "click", "element_id": seen.id('link "New tab"')})
        self.assertEqual(self.site.seen[-1].path, b"/second")
        self.assertEqual(self.site.seen[-1].getHeader(b"x-more"), b"two")
        await self.run_ok({"op": "set_extra_headers", "headers": {}})
        self.assertNotIn("extra: one", (await self.go("/headers")).text)
        for headers, text in (
            ({"Host": "x"}, "headers: 'Host' cannot be set"),
            ({"TE": "x"}, "headers: 'TE' cannot be set"),
            ({"Proxy-Authorization": "x"}, "headers: 'Proxy-Authorization' cannot be set"),
            ({"a b": "x"}, "headers: 'a b' cannot be set"),
            ({"A": "x\ny"}, "headers: the value of 'A' has characters that no header has"),
        ):
            operation = {"op": "set_extra_headers", "headers": headers}
            self.assertEqual(await self.run_failing(operation), text)

    async def test_local_storage(self) -> None:
        """Set and told for any origin, which is asked for nothing; the page stays where it is."""
        await self.go("/second")
        self.site.seen.clear()
        here, there = self.site.url(""), self.site.url("", "localhost")
        data = await self.run_ok(
            {"op": "set_local_storage", "origin": here, "items": {"a": "1", "b": "2"}},
            {"op": "set_local_storage", "origin": there, "items": {"c": "3"}},
            {"op": "get_local_storage"},
            {"op": "get_local_storage", "origin": there},
        )
        self.assertEqual(
            data,
            [
                {"items_set": 2},
                {"items_set": 1},
                {"origin": here, "items": {"a": "1", "b": "2"}},
                {"origin": there, "items": {"c": "3"}},
            ],
        )
        self.assertEqual([each for each in self.site.seen if each.path != b"/favicon.ico"], [])
        self.assertEqual((len(self.page.tabs), self.page.url), (1, self.site.url("/second")))
        self.assertEqual(
            await self.run_failing({"op": "set_local_storage", "origin": "x", "items": {}}),
            "origin: 'x' is not an origin such as https://example.org",
        )
        for origin, items, words in (
            ("https://%zz", {}, "origin: 'https://%zz' is refused: Cannot navigate to invalid URL"),
            (here, {"k": "x" * 6_000_000}, "items: the browser refused them: QuotaExceededError"),
        ):
            text = await self.run_failing(
                {"op": "set_local_storage", "origin": origin, "items": items}
            )
            self.assertIn(words, text)


class CaptureTests(PageTestCase):
    """screenshot, pdf, evaluate where it is off"""

    async def test_taken(self) -> None:
        """Pictures of the window, the whole page, an element; a PDF; no scripts."""
        seen = await self.go("/moving")
        window, whole, element, jpeg, observed = await self.run_ok(
            {"op": "screenshot"},
            {"op": "screenshot", "full_page": True},
            {"op": "screenshot", "element_id": seen.id('list_box "Box"')},
            {"op": "screenshot", "format": "jpeg", "quality": 50},
            {"op": "observe", "screenshot": True, "full_page": True},
        )
        self.assertEqual(png_size(window), (1280, 720))
        self.assertEqual(png_size(element), (200, 100))
        width, height = png_size(whole)
        self.assertEqual(width, 1280)
        self.assertGreater(height, 3000)
        self.assertEqual(png_size(observed["screenshot"]), (width, height))
        self.assertEqual(base64.b64decode(jpeg["data"])[:3], b"\xff\xd8\xff")
        self.assertEqual(jpeg["size_bytes"], len(base64.b64decode(jpeg["data"])))
        self.assertEqual(
            await self.run_failing({"op": "screenshot", "format": "jpeg", "quality": 0}),
            "quality: expected 1 to 100",
        )
        (data,) = await self.run_ok({"op": "pdf"})
        self.assertEqual(data["format"], "pdf")
        self.assertEqual(base64.b64decode(data["data"])[:5], b"%PDF-")
        self.assertEqual(
            await self.run_failing({"op": "evaluate", "expression": "1"}),
            "evaluate is off; the daemon's settings do not allow it",
        )


class WaitTests(PageTestCase):
    """wait"""

    async def test_conditions(self) -> None:
        """Each condition, met; also when another page has to come for it."""
        url = self.site.url("/late")
        data = await self.run_ok(
            {"op": "navigate", "url": url},
            {"op": "wait", "condition": "page_loaded"},
            {"op": "wait", "condition": "dom_content_loaded"},
            {"op": "wait", "condition": "selector", "value": "p.arrived"},
            {"op": "wait", "condition": "text", "value": "it is here"},
            {"op": "wait", "condition": "text", "value": "Second"},
            {"op": "wait", "condition": "url_contains", "value": "later"},
            {"op": "wait", "condition": "url_changed"},
            {"op": "wait", "condition": "time", "value": 10},
        )
        self.assertEqual(data[1], {"condition": "page_loaded", "success": True})
        self.assertTrue(all(each["success"] for each in data[1:]))

    async def test_not_met(self) -> None:
        """Half a second without a request; what does not come about in time is no error."""
        _, data = await self.run_ok(
            {"op": "navigate", "url": self.site.url("/busy")},
            {"op": "wait", "condition": "network_idle"},
        )
        self.assertEqual(data, {"condition": "network_idle", "success": True})
        self.assertEqual(len([each for each in self.site.seen if each.path == b"/pause"]), 2)
        await self.go("/second")
        for condition, value in (
            ("url_changed", None),
            ("selector", "p.never"),
            ("text", "never"),
            ("url_contains", "never"),
            ("download", None),
        ):
            operation: JsonObject = {"op": "wait", "condition": condition, "timeout_ms": 100}
            if value is not None:
                operation["value"] = value
            await self.run_ok({"op": "scroll", "delta_y": 1})
            (data,) = await self.run_ok(operation)
            self.assertEqual(data, {"condition": condition, "success": False})
        steps = await self.run_ok(
            *(
                {"op": "wait", "condition": condition, "value": value, "timeout_ms": 0}
                for condition, value in (("text", "Second"), ("selector", "h1"), ("time", 0))
            )
        )
        self.assertTrue(all(step["success"] for step in steps), steps)
        for operation, text in (
            ({"condition": "load"}, "unknown wait condition: load"),
            ({"condition": "text"}, "value: wait for text expects a text"),
            ({"condition": "time", "value": "x"}, "value: wait for time expects milliseconds"),
            (
                {"condition": "selector", "value": "p["},
                "value: 'p[' is not a CSS selector",
            ),
        ):
            self.assertEqual(await self.run_failing({"op": "wait", **operation}), text)


class DialogTests(PageTestCase):
    """Dialogs, and handle_dialogs"""

    async def test_answered(self) -> None:
        """Alerts are accepted, questions declined, or as the script says; the step tells."""
        seen = await self.go("/dialogs")
        said = []
        for name, extra in (
            ("Alert", None),
            ("Confirm", None),
            ("Prompt", None),
            ("Confirm", {"accept": True}),
            ("Prompt", {"accept": True, "prompt_text": "me"}),
        ):
            if extra is not None:
                (data,) = await self.run_ok({"op": "handle_dialogs", **extra})
                self.assertEqual(data, extra)
            click = {"op": "click", "element_id": seen.id(f'button "{name}"')}
            (data,) = await self.run_ok(click)
            (dialog,) = data["dialogs"]
            said.append((dialog["message"], dialog["accepted"], await self.said()))
        self.assertEqual(
            said,
            [
                ("hello", True, "alerted"),
                ("sure?", False, "confirmed false"),
                ("who?", False, "prompted null"),
                ("sure?", True, "confirmed true"),
                ("who?", True, "prompted me"),
            ],
        )

    async def test_leaving(self) -> None:
        """A page that does not want to be left is left."""
        seen = await self.go("/trap")
        await self.run_ok({"op": "click", "element_id": seen.id('button "Touch"')})
        (data,) = await self.run_ok({"op": "navigate", "url": self.site.url("/second")})
        self.assertEqual(data["url"], self.site.url("/second"))
        self.assertEqual(data["dialogs"][0]["type"], "beforeunload")

    async def said(self) -> str:
        """What the page says now."""
        text: str = (await self.look()).text
        return text.partition("(paragraph) ")[2]


class DownloadTests(PageTestCase):
    """Downloads"""

    async def test_kept(self) -> None:
        """A file comes into the browser's directory, under a name that is harmless."""
        seen = await self.go("/files")
        click = {"op": "click", "element_id": seen.id('link "Get"')}
        wait = {"op": "wait", "condition": "download"}
        steps = await self.run_ok(click, wait)
        done = [
            each
            for step in steps
            for each in step.get("downloads", ())
            if each["state"] == "completed"
        ]
        self.assertEqual(len(done), 1, steps)
        path = Path(done[0]["path"])
        self.assertEqual(path.parent, self.browser.downloads)
        self.assertEqual(path.name, done[0]["name"])
        self.assertEqual((path.read_text(), done[0]["size_bytes"]), ("content", 7))
        self.assertEqual(self.page.url, self.site.url("/files"))
        await self.run_ok(click, wait)
        self.assertEqual(len(list(self.browser.downloads.iterdir())), 2)
        (data,) = await self.run_ok({"op": "navigate", "url": self.site.url("/file")})
        self.assertTrue(data["download"])


def png_size(picture: JsonObject) -> tuple[int, int]:
    """Width and height of a PNG picture."""
    content = base64.b64decode(picture["data"])
    assert content.startswith(b"\x89PNG")
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
