"""Tests of car.browser.script, .urls and .bundle: what may be asked, and how errors read."""

from twisted.trial.unittest import SynchronousTestCase

from car.browser.bundle import SessionRefError, parse_bundle
from car.browser.errors import ScriptError, StepError
from car.browser.operations.keys import find_key, modifier_bits
from car.browser.operations.table import FUNCTIONS, MOST_SECONDS, seconds_for
from car.browser.script import (
    MOST_OPERATIONS,
    OPERATIONS,
    Click,
    Cookie,
    Navigate,
    SessionRef,
    SetCookies,
    Wait,
    parse_script,
)
from car.browser.urls import MOST_URL_CHARS, check_origin, check_url
from car.ir.json import JsonValue


class ScriptTests(SynchronousTestCase):
    """parse_script"""

    def assertRefused(self, value: JsonValue, text: str) -> None:
        """Make sure that *value* is refused with exactly *text*."""
        self.assertEqual(str(self.assertRaises(ScriptError, parse_script, value)), text)

    def test_forms(self) -> None:
        """An object, an array and the JSON text of either mean the same."""
        operations = [{"op": "navigate", "url": "http://a/"}, {"op": "click", "element_id": "el_0"}]
        expected = [Navigate(url="http://a/"), Click(element_id="el_0")]
        for value in (
            operations,
            {"operations": operations},
            '[{"op":"navigate","url":"http://a/"},{"op":"click","element_id":"el_0"}]',
            '{"operations":[{"op":"navigate","url":"http://a/"},{"op":"click","element_id":"el_0"}]}',
        ):
            self.assertEqual(parse_script(value).operations, expected)

    def test_empty(self) -> None:
        """A script may ask for nothing."""
        self.assertEqual(parse_script([]).operations, [])

    def test_session_ref(self) -> None:
        """A bundle is named by its key."""
        script = parse_script({"operations": [], "session_ref": {"key": "k"}})
        self.assertEqual(script.session_ref, SessionRef(key="k"))

    def test_unknown_fields(self) -> None:
        """Ignored in an operation, refused at the top."""
        self.assertEqual(
            parse_script([{"op": "navigate", "url": "u", "colour": 1}]).operations,
            [Navigate(url="u")],
        )
        self.assertRefused(
            {"operations": [], "colour": 1},
            "parse script: object contains unknown field `colour`",
        )

    def test_cookies(self) -> None:
        """Fields have the names of the wire, and defaults."""
        cookie = {"name": "n", "value": "v", "domain": "d", "http_only": True, "same_site": "Lax"}
        self.assertEqual(
            parse_script([{"op": "set_cookies", "cookies": [cookie]}]).operations,
            [
                SetCookies(
                    cookies=[
                        Cookie(name="n", value="v", domain="d", http_only=True, same_site="Lax")
                    ]
                )
            ],
        )

    def test_refused(self) -> None:
        """Each error names the field."""
        self.assertRefused(
            5,
            "parse script: expected an object with operations, an array of them, or the JSON text"
            " of either",
        )
        self.assertRefused("{", "parse script: input data was truncated")
        self.assertRefused({}, "parse script: object missing required field `operations`")
        self.assertRefused(
            {"operations": 1}, "parse script: operations: expected `array`, got `int`"
        )
        self.assertRefused(
            [{"op": "navigate"}],
            "parse script: operations[0]: object missing required field `url`",
        )
        self.assertRefused(
            [{"op": "observe"}, {"op": "type", "element_id": "el_0", "text": 5}],
            "parse script: operations[1].text: expected `str`, got `int`",
        )
        self.assertRefused(
            [{"url": "x"}], "parse script: operations[0]: object missing required field `op`"
        )
        self.assertRefused(
            [{"op": "fly"}],
            "parse script: operations[0].op: unknown operation 'fly'; expected one of "
            + ", ".join(OPERATIONS),
        )
        self.assertRefused(
            [{"op": "observe", "timeout_ms": -1}],
            "parse script: operations[0].timeout_ms: expected `float` >= 0.0",
        )
        self.assertRefused(
            [{"op": "wait", "condition": "time", "value": 10**400}],
            "parse script: operations[0].value: number out of range",
        )
        self.assertRefused(
            [{"op": "observe"}] * (MOST_OPERATIONS + 1),
            f"parse script: operations: expected up to {MOST_OPERATIONS}",
        )

    def test_table(self) -> None:
        """Each operation that can be written can be done."""
        self.assertEqual(FUNCTIONS.keys(), OPERATIONS.keys())

    def test_deadlines(self) -> None:
        """30 s, the operation's own, never more than a script has; wait ends by itself before."""
        self.assertEqual(seconds_for(Click(element_id="a")), 30)
        self.assertEqual(seconds_for(Click(element_id="a", timeout_ms=1500)), 1.5)
        self.assertEqual(seconds_for(Click(element_id="a", timeout_ms=1e9)), MOST_SECONDS)
        self.assertEqual(seconds_for(Wait(condition="page_loaded", timeout_ms=1000)), 6)
        self.assertEqual(seconds_for(Wait(condition="time", value=2000)), 8)


class UrlTests(SynchronousTestCase):
    """check_url and check_origin"""

    def test_allowed(self) -> None:
        """http, https and about:blank; file where it is allowed."""
        for url in ("http://a/", "https://a:8/b?c#d", "about:blank", "HTTP://a"):
            self.assertEqual(check_url(url, allow_file=False), url)
        self.assertEqual(check_url("file:///etc", allow_file=True), "file:///etc")

    def test_refused(self) -> None:
        """Everything else, with a reason."""
        hint = "is not an http or https URL; write it with its scheme, such as https://example.org/"
        for url, text in (
            ("example.org", f"url: 'example.org' {hint}"),
            ("javascript:alert(1)", f"url: 'javascript:alert(1)' {hint}"),
            ("data:text/html,x", f"url: 'data:text/html,x' {hint}"),
            ("chrome://crash", f"url: 'chrome://crash' {hint}"),
            ("http:///x", "url: 'http:///x' has no host"),
            ("http://[x", "url: 'http://[x' is not a URL"),
            (
                "file:///etc/passwd",
                "url: file URLs are off; CAR_BROWSER_ALLOW_FILE=1 in the daemon's environment"
                " allows them",
            ),
            (
                "http://a/" + "x" * MOST_URL_CHARS,
                f"url: expected up to {MOST_URL_CHARS} characters",
            ),
        ):
            with self.assertRaises(StepError) as caught:
                check_url(url, allow_file=False)
            self.assertEqual(str(caught.exception), text)

    def test_origins(self) -> None:
        """An origin has a scheme and a host, and no path."""
        self.assertEqual(check_origin("https://a:8"), "https://a:8")
        self.assertEqual(check_origin("http://a/"), "http://a")
        for origin in (
            *("a", "http://a/b", "file:///", "http://[", "ws://a"),
            *("http://a?b", "http://a#b", "http://user:pass@a"),
        ):
            self.assertRaises(StepError, check_origin, origin)


class BundleTests(SynchronousTestCase):
    """parse_bundle"""

    def test_read(self) -> None:
        """Cookies, headers, and local storage by origin; all may be absent."""
        bundle = parse_bundle(
            '{"cookies": [{"name": "n", "value": "v", "domain": "d"}], "headers": {"X": "1"},'
            ' "local_storage": {"http://a": {"k": "v"}}}'
        )
        self.assertEqual(bundle.cookies, [Cookie(name="n", value="v", domain="d")])
        self.assertEqual(bundle.headers, {"X": "1"})
        self.assertEqual(bundle.local_storage, {"http://a": {"k": "v"}})
        self.assertEqual(parse_bundle("{}").cookies, [])

    def test_refused(self) -> None:
        """What cannot be read is told by field, without its values."""
        for text, told in (
            ("{", "input data was truncated"),
            (
                '{"cookies": [{"name": "n", "value": 5}]}',
                "cookies[0].value: expected `str`, got `int`",
            ),
            ('{"token": "secret"}', "object contains unknown field `token`"),
        ):
            problem = self.assertRaises(SessionRefError, parse_bundle, text)
            self.assertEqual(str(problem), f"session_ref: the stored bundle cannot be read: {told}")


class KeyTests(SynchronousTestCase):
    """find_key and modifier_bits"""

    def test_names(self) -> None:
        """Names in any case, some other names, characters."""
        for name, code in (
            ("Enter", "Enter"),
            ("return", "Enter"),
            ("ESC", "Escape"),
            ("left", "ArrowLeft"),
            ("F5", "F5"),
            (" ", "Space"),
            ("space", "Space"),
            ("a", "KeyA"),
            ("7", "Digit7"),
            ("/", "Slash"),
            ("é", ""),
        ):
            self.assertEqual(find_key(name).code, code)

    def test_unknown(self) -> None:
        """What is no key is told with what would be."""
        text = str(self.assertRaises(StepError, find_key, "Entre"))
        self.assertIn("key: unknown key 'Entre'; expected a character or one of Enter, Tab", text)
        self.assertRaises(StepError, find_key, "")
        self.assertRaises(StepError, find_key, "\n")

    def test_modifiers(self) -> None:
        """Bits add up; what is none is refused."""
        self.assertEqual(modifier_bits(["Shift", "ctrl", "ALT", "cmd"]), 15)
        problem = self.assertRaises(StepError, modifier_bits, ["Hyper"])
        self.assertEqual(
            str(problem),
            "modifiers: unknown modifier 'Hyper'; expected Alt, Control, Meta or Shift",
        )
