"""Tests of car.server.browser: a session's browser, and the end of all of them."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from zope.interface.verify import verifyObject

from car.browser.arguments import LaunchSettings
from car.browser.bundle import SessionBundle, SessionRefError
from car.browser.elements import Elements
from car.browser.errors import BrowserBusy, BrowserExited, LaunchFailed, NoBrowser
from car.browser.page import PageRules
from car.browser.process import BrowserProcess
from car.browser.script import Script, parse_script
from car.browser.steps import ScriptResult
from car.errors import SettingsError
from car.secrets.errors import SecretNotFound
from car.server import browser as module
from car.server.browser import Browsers, SessionBrowser, browser_of
from car.server.interfaces import IBrowserSlot
from tests.browser.doubles import FakeBrowser
from tests.server.doubles import ServerCase

SETTINGS = LaunchSettings()
EMPTY = Script([])


class FakePage:
    """Stands where a page would; ``done`` are the scripts that were run in it."""

    def __init__(self) -> None:
        self.elements = Elements()
        self.url = "http://shop.example/" + "x" * 600
        self.done: list[tuple[Script, SessionBundle | None]] = []
        self.wait: Deferred[None] = succeed(None)


class FakeSecrets:
    """Holds one secret."""

    async def get(self, key: str, service: str) -> str:
        """The bundle, under its name."""
        if (service, key) != ("car", "shop"):
            raise SecretNotFound(f"no secret '{key}'")
        return '{"headers": {"X-Extra": "kept"}}'


class BrowserCase(ServerCase):
    """Browsers that are launched when a test says so, and pages in which nothing happens."""

    def setUp(self) -> None:
        super().setUp()
        self.launches: list[Deferred[BrowserProcess]] = []
        self.pages: list[FakePage] = []
        self.patch(module, "open_page", self.open_page)
        self.patch(module, "run_script", self.run_script)
        self.browsers = self.new_browsers()
        self.browser = SessionBrowser(self.browsers)

    def new_browsers(self, most: str | None = "8", secrets: Any = None) -> Browsers:
        """Browsers that the server uses from now on."""
        browsers = Browsers(self.clock, PageRules(), most, secrets, launch=self.launch)
        self.state.browsers = browsers
        return browsers

    def launch(self, reactor: Any, settings: LaunchSettings) -> "Deferred[BrowserProcess]":
        """Begin a launch."""
        self.launches.append(Deferred())
        return self.launches[-1]

    async def open_page(self, *_: Any) -> FakePage:
        """A page of a browser."""
        self.pages.append(FakePage())
        return self.pages[-1]

    async def run_script(
        self, page: FakePage, script: Script, bundle: SessionBundle | None
    ) -> ScriptResult:
        """Note it, and wait if the test says so."""
        page.done.append((script, bundle))
        await page.wait
        return ScriptResult([])

    def launched(self, *, is_slow: bool = False) -> FakeBrowser:
        """Let the newest launch succeed."""
        browser = FakeBrowser(is_slow=is_slow)
        self.launches[-1].callback(browser)
        return browser

    def opened(self) -> FakeBrowser:
        """The session's browser, once its first script has run."""
        ran = self.browser.run(EMPTY, SETTINGS)
        browser = self.launched()
        self.successResultOf(ran)
        return browser


class SessionBrowserTests(BrowserCase):
    """SessionBrowser: launches, ids, bundles, closing."""

    def test_interface(self) -> None:
        """It is what a session asks for."""
        self.assertTrue(verifyObject(IBrowserSlot, self.browser))

    def test_lazy(self) -> None:
        """The first script launches, later ones use the same page."""
        self.assertEqual(self.launches, [])
        self.opened()
        self.successResultOf(self.browser.run(EMPTY, SETTINGS))
        self.assertEqual((len(self.launches), len(self.pages[0].done)), (1, 2))

    def test_not_available(self) -> None:
        """A launch that fails says so in the reference's words, and keeps its code."""
        for problem in (NoBrowser("no Chromium found"), LaunchFailed("it did not start")):
            ran = self.browser.run(EMPTY, SETTINGS)
            self.launches[-1].errback(problem)
            failure = self.failureResultOf(ran, type(problem))
            words = f"launch chrome: Browser not available: {problem}"
            self.assertEqual(str(failure.value), words)

    def test_ids_go_on(self) -> None:
        """After a crash the next page goes on with the same ids."""
        browser = self.opened()
        place = {"frame": "f", "document": "d", "url": "u", "role": "button", "name": ""}
        first = self.pages[0].elements.seen(node=1, **place)
        browser.end(BrowserExited("browser exited (code 1)"))
        self.opened()
        second = self.pages[1].elements.seen(node=1, **{**place, "document": "e"})
        self.assertEqual([first.id, second.id], ["el_0", "el_1"])

    def test_in_words(self) -> None:
        """Where the page is, and what an id stands for; before there is a page too."""
        self.assertEqual(self.browser.in_words(None), {"page": "about:blank"})
        self.opened()
        place = {"frame": "f", "document": "d", "url": "u", "role": "button", "name": "Pay"}
        self.pages[0].elements.seen(node=1, **place)
        told = self.browser.in_words("el_0")
        self.assertEqual((len(told["page"]), told["element"]), (500, 'button "Pay"'))
        unknown = self.browser.in_words("el_9")["element"]
        self.assertEqual(unknown, "no element 'el_9'; observe first")

    def test_close(self) -> None:
        """Whether there was one; twice is fine, and another one can be had."""
        self.assertIs(self.successResultOf(self.browser.close()), False)
        self.opened()
        self.assertIs(self.successResultOf(self.browser.close()), True)
        self.assertIs(self.successResultOf(self.browser.close()), False)
        self.assertEqual(self.browsers.open, set())
        self.opened()

    def test_cancelled(self) -> None:
        """A script that is given up leaves the browser to the next one."""
        self.opened()
        self.pages[0].wait = Deferred()
        ran = self.browser.run(EMPTY, SETTINGS)
        ran.cancel()
        self.failureResultOf(ran, CancelledError)
        self.pages[0].wait = succeed(None)
        self.successResultOf(self.browser.run(EMPTY, SETTINGS))
        self.assertEqual(len(self.launches), 1)


class BundleTests(BrowserCase):
    """What session_ref names."""

    def refused(self, key: str) -> SessionRefError:
        """How a script with that reference fails."""
        ran = self.browser.run(
            parse_script({"operations": [], "session_ref": {"key": key}}), SETTINGS
        )
        if self.launches and not self.launches[-1].called:
            self.launched()
        problem = self.failureResultOf(ran, SessionRefError).value
        assert isinstance(problem, SessionRefError)
        return problem

    def use(self, secrets: Any) -> None:
        """Use this store."""
        self.browser = SessionBrowser(self.new_browsers(secrets=secrets))

    def test_applied(self) -> None:
        """It is handed on with its script, not with others."""
        self.use(FakeSecrets())
        self.opened()
        script = parse_script({"operations": [], "session_ref": {"key": "shop"}})
        self.successResultOf(self.browser.run(script, SETTINGS))
        bundle = SessionBundle(headers={"X-Extra": "kept"})
        self.assertEqual(self.pages[0].done, [(EMPTY, None), (script, bundle)])

    def test_no_store(self) -> None:
        """A daemon that keeps nothing says what would help."""
        words = "session_ref: this daemon keeps no secrets: start it with a state directory"
        self.assertEqual(str(self.refused("shop")), words)

    def test_unknown(self) -> None:
        """The secret store's own words and code."""
        self.use(FakeSecrets())
        for key, words, code in (
            ("none", "session_ref: no secret 'none'", "not_found"),
            ("a/b", "session_ref: key: expected 1 to 128 of letters", "invalid_key"),
        ):
            problem = self.refused(key)
            self.assertTrue(str(problem).startswith(words), problem)
            self.assertEqual(problem.code, code)


class BrowsersTests(BrowserCase):
    """Browsers: the cap, and the end of all."""

    def test_cap(self) -> None:
        """Beyond it a launch is refused; a setting that is no number is told by its name."""
        self.browser = SessionBrowser(self.new_browsers("1"))
        self.opened()
        other = SessionBrowser(self.state.browsers)
        self.failureResultOf(other.run(EMPTY, SETTINGS), BrowserBusy)
        with self.assertRaisesRegex(SettingsError, "CAR_BROWSER_MAX is 'many'"):
            self.new_browsers("many")

    def test_stop(self) -> None:
        """Stopping closes all, and waits until they are gone."""
        ran = self.browser.run(EMPTY, SETTINGS)
        process = self.launched(is_slow=True)
        self.successResultOf(ran)
        stopped = self.browsers.stopService()
        self.assertTrue(process.asked_to_close)
        self.assertNoResult(stopped)
        process.end(BrowserExited("browser exited (code 0)", 0))
        self.successResultOf(stopped)
        self.assertEqual(self.browsers.open, set())

    def test_stop_amid_launch(self) -> None:
        """A browser that is still being launched is ended as well."""
        ran = self.browser.run(EMPTY, SETTINGS)
        stopped = self.browsers.stopService()
        self.failureResultOf(ran, BrowserExited)
        self.successResultOf(stopped)

    def test_nothing_to_stop(self) -> None:
        """Without browsers it is done at once."""
        self.successResultOf(self.browsers.stopService())

    def test_disconnect(self) -> None:
        """A connection that goes takes its browser along, another one keeps its own."""
        peers = [self.peer(), self.peer()]
        processes = []
        for peer in peers:
            peer.send("browser.run", {"script": []})
            processes.append(self.launched())
        peers[0].lose()
        self.assertEqual([process.asked_to_close for process in processes], [True, False])
        self.assertEqual(len(self.browsers.open), 1)

    def test_made_once(self) -> None:
        """A session has one, made when first asked for."""
        session = self.peer().session
        self.assertIsNone(session.browser)
        self.assertIs(browser_of(session), browser_of(session))

    def test_launch_refused(self) -> None:
        """A client is told of a failed launch by code and sentence."""
        self.patch(self.browsers, "launch", lambda *_: fail(NoBrowser("no Chromium found")))
        error = self.peer().error("browser.run", {"script": []})
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": "missing_component"}))
        self.assertIn("launch chrome: Browser not available: ", error["message"])
