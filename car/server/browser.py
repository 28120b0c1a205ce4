"""The browsers of the daemon's sessions: one each, launched at its first script.

What they share is here: how many there may be, what scripts may do, the secret store, and
that none outlives the daemon.  How a browser is driven is ``car.browser``'s affair, what it is
asked on the wire that of the methods and of ``browser_tools``.
"""

import os
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from zope.interface import implementer

from car.browser.arguments import LaunchSettings
from car.browser.bundle import SessionBundle, SessionRefError, parse_bundle
from car.browser.capacity import VARIABLE, BrowserCapacity
from car.browser.elements import Elements
from car.browser.errors import LaunchFailed, NoBrowser, StepError
from car.browser.page import Page, PageRules, open_page
from car.browser.process import BrowserProcess, launch
from car.browser.script import Script, SessionRef
from car.browser.slot import BrowserSlot, Launch
from car.browser.steps import ScriptResult, run_script
from car.ir.json import JsonObject
from car.secrets.errors import SecretError
from car.secrets.names import public_name
from car.secrets.store import SecretStore
from car.server.interfaces import IBrowserSlot

if TYPE_CHECKING:
    from car.server.session import ClientSession

NOT_AVAILABLE = "launch chrome: Browser not available: "
"""How the failure of a launch begins (``protocol-integration.md`` §1)."""

_SHOWN_URL = 500
"""How much of a URL a person is shown."""


class Browsers(Service):
    """What the sessions' browsers share; when it is stopped, all of them are closed.

    *reactor* provides IReactorTime, IReactorProcess and IReactorThreads.  *most* is the setting
    that says how many may live at once, None to go by the memory of the machine; raises
    SettingsError for one that is no number.  *secrets* holds what ``session_ref`` names, None
    where nothing is kept.
    """

    def __init__(
        self,
        reactor: Any,
        rules: PageRules,
        most: str | None,
        secrets: SecretStore | None,
        *,
        launch: Launch = launch,
    ) -> None:
        self.reactor = reactor
        self.rules = rules
        self.capacity = BrowserCapacity.of_machine(os.environ if most is None else {VARIABLE: most})
        self.secrets = secrets
        self.launch = launch
        self.open: set[SessionBrowser] = set()
        """Those that may have a browser process."""

    def stopService(self) -> "Deferred[Any]":
        """Close all browsers; fires when nothing is left of them."""
        super().stopService()
        return DeferredList([browser.close() for browser in list(self.open)])


@implementer(IBrowserSlot)
class SessionBrowser:
    """One session's browser.

    Ids of elements go on over the end of a browser: none is given twice in a session.
    """

    def __init__(self, browsers: Browsers) -> None:
        self._browsers = browsers
        self._elements = Elements()
        self._page: Page | None = None
        self._slot: BrowserSlot[Page] = BrowserSlot(
            browsers.reactor, self._make_page, browsers.capacity, launch=browsers.launch
        )

    def run(self, script: Script, settings: LaunchSettings) -> "Deferred[ScriptResult]":
        """Run *script* when its turn comes; fire with its steps.

        *settings* count when this launches the browser.  Fails with NoBrowser or LaunchFailed
        (``launch chrome: …``), BadArguments, SessionRefError, BrowserBusy, BrowserExited, or
        ScriptTimeout.  Cancelling gives the script up; the browser lives on.
        """
        return Deferred.fromCoroutine(self._run(script, settings))

    def close(self) -> "Deferred[bool]":
        """End the browser, if there is one, and the scripts that use it.

        Fires when nothing is left of it: with whether there was one.
        """
        return self._slot.close().addBoth(self._has_closed)

    def in_words(self, element_id: str | None) -> JsonObject:
        """What a person needs to judge a step: ``{page, element?}``, a URL and ``button "Pay"``."""
        url = "about:blank" if self._page is None else self._page.url
        told: JsonObject = {"page": url[:_SHOWN_URL]}
        if element_id is not None:
            try:
                told["element"] = self._elements.get(element_id).text
            except StepError as unknown:
                told["element"] = str(unknown)
        return told

    async def _run(self, script: Script, settings: LaunchSettings) -> ScriptResult:
        self._browsers.open.add(self)
        try:
            return await self._slot.run(lambda page: self._perform(page, script), settings)
        except (NoBrowser, LaunchFailed) as problem:
            raise type(problem)(f"{NOT_AVAILABLE}{problem}") from None

    async def _perform(self, page: Page, script: Script) -> ScriptResult:
        """Run the script, now that it is its turn: secrets are looked up in that order too."""
        reference = script.session_ref
        bundle = None if reference is None else await self._bundle(reference)
        return await run_script(page, script, bundle)

    async def _bundle(self, reference: SessionRef) -> SessionBundle:
        """The bundle that a script names; raises SessionRefError, told with the secret's code."""
        secrets = self._browsers.secrets
        if secrets is None:
            raise SessionRefError(
                "session_ref: this daemon keeps no secrets: start it with a state directory"
            )
        try:
            name = public_name(reference.key)
            return parse_bundle(await secrets.get(name.key, name.service))
        except SecretError as problem:
            refused = SessionRefError(f"session_ref: {problem}")
            refused.code = problem.code
            raise refused from None

    async def _make_page(self, browser: BrowserProcess, settings: LaunchSettings) -> Page:
        page = await open_page(browser, settings, self._browsers.reactor, self._browsers.rules)
        page.elements = self._elements
        self._page = page
        return page

    def _has_closed(self, result: Any) -> Any:
        if not self._slot.is_open:
            self._page = None
            self._browsers.open.discard(self)
        return result


def browser_of(session: "ClientSession") -> SessionBrowser:
    """The session's browser; nothing is launched by asking."""
    if session.browser is None:
        session.browser = SessionBrowser(session.state.browsers)
    browser: SessionBrowser = session.browser
    return browser
