"""Tests of car.browser.process: real browsers, and programs that only look like one."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # ships no types
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from car.application import the_reactor
from car.browser import child, process
from car.browser.arguments import LaunchSettings
from car.browser.capacity import BrowserCapacity
from car.browser.errors import BadArguments, BrowserExited, LaunchFailed, NoBrowser
from car.browser.finding import find_browser
from car.browser.process import BrowserProcess, launch
from car.browser.profile import KIND, sweep
from car.browser.slot import BrowserSlot
from car.ir.json import JsonObject
from car.scratch import prefix
from tests.browser.doubles import fake_program
from tests.browser.needed import extra_args, need_browser

SETTINGS = LaunchSettings(extra_args=extra_args())

END_SECONDS = 10.0
"""How long processes may take to end of themselves; crash handlers take a second or two."""


def processes_of(browser: BrowserProcess) -> list[Any]:
    """The browser's processes: those with its directory in their environment or command."""
    root = str(browser.profile.parent)
    found = []
    for each in psutil.process_iter(["cmdline", "environ"]):
        environment = (each.info["environ"] or {}).values()
        if any(root in text for text in (*environment, *(each.info["cmdline"] or ()))):
            found.append(each)
    return found


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


class LaunchTestCase(TestCase):
    """Browsers whose directories lie in one of the test's; nothing may be left there."""

    timeout = 60

    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="b"))
        self.addCleanup(self.directory.rmdir)
        self.patch(tempfile, "tempdir", str(self.directory))

    async def launch(self, settings: LaunchSettings = SETTINGS) -> BrowserProcess:
        """Launch a browser that is closed with the test at the latest."""
        browser = await launch(the_reactor(), settings)
        self.addCleanup(browser.close)
        return browser

    async def assert_ended(self, processes: list[Any], seconds: float = 1.0) -> None:
        """Make sure that all *processes* end in *seconds*, and that there were some."""
        self.assertNotEqual(processes, [])
        ended = Deferred.fromCoroutine(_until(lambda: not any(map(_is_alive, processes))))
        await ended.addTimeout(seconds, the_reactor())


class BrowserTests(LaunchTestCase):
    """A real Chromium: launched, used, ended in each way."""

    def setUp(self) -> None:
        need_browser()
        super().setUp()

    async def test_answers(self) -> None:
        """It answers, has one empty page, and runs in a group of its own."""
        browser = await self.launch()
        targets = (await browser.connection.call("Target.getTargets"))["targetInfos"]
        self.assertEqual(
            [(each["type"], each["url"]) for each in targets], [("page", "about:blank")]
        )
        self.assertEqual(os.getpgid(browser.pid), browser.pid)
        self.assertEqual(list(browser.downloads.iterdir()), [])

    async def test_no_listener(self) -> None:
        """Nobody can connect to it, and no secret of ours is in its environment."""
        self.patch(os, "environ", {**os.environ, "OPENAI_API_KEY": "secret"})
        browser = await self.launch()
        for each in processes_of(browser):
            states = {connection.status for connection in each.net_connections("tcp")}
            self.assertNotIn(psutil.CONN_LISTEN, states)
            self.assertNotIn("OPENAI_API_KEY", each.environ())

    async def test_closed(self) -> None:
        """Closing leaves no process and no directory; closing again is fine."""
        browser = await self.launch()
        processes = processes_of(browser)
        ends: list[BrowserExited] = []
        browser.on_end(ends.append)
        await gatherResults([browser.close(), browser.close()])
        await self.assert_ended(processes)
        self.assertEqual(list(self.directory.iterdir()), [])
        await browser.close()
        browser.on_end(ends.append)
        self.assertEqual([each.exit_code for each in ends], [0, 0])
        with self.assertRaises(BrowserExited):
            await browser.connection.call("Target.getTargets")

    async def test_killed(self) -> None:
        """Killed from outside it fails what waits, with the signal; nothing is left of it."""
        browser = await self.launch()
        processes = processes_of(browser)
        os.kill(browser.pid, signal.SIGSTOP)
        waiting = browser.connection.call("Browser.getVersion")
        os.kill(browser.pid, signal.SIGKILL)
        with self.assertRaises(BrowserExited) as caught:
            await waiting
        reason = caught.exception
        self.assertEqual(reason.exit_code, -signal.SIGKILL)
        self.assertTrue(str(reason).startswith("browser exited (signal 9)"), str(reason))
        await browser.close()
        await self.assert_ended(processes)
        self.assertEqual(list(self.directory.iterdir()), [])

    async def test_frozen(self) -> None:
        """A browser that answers nothing is killed with its helpers, full as its pipe may be."""
        self.patch(process, "GRACE_SECONDS", 0.2)
        browser = await self.launch()
        processes = processes_of(browser)
        for each in processes:
            each.suspend()
        waiting = browser.connection.call("Browser.getVersion", {"x": "x" * 1_000_000})
        await browser.close()
        with self.assertRaises(BrowserExited):
            await waiting
        await self.assert_ended(processes)

    async def test_cycles(self) -> None:
        """Opened and closed again and again, nothing piles up."""
        browser = await self.launch()
        await browser.close()
        before = descriptors()
        processes = []
        for _ in range(4):
            browser = await self.launch()
            processes += processes_of(browser)
            await browser.close()
        self.assertEqual(descriptors(), before)
        await self.assert_ended(processes)
        self.assertEqual(list(self.directory.iterdir()), [])

    async def test_cookies(self) -> None:
        """Two browsers at once see different cookies."""
        browsers = await gatherResults(
            [Deferred.fromCoroutine(self.launch()) for _ in range(2)], consumeErrors=True
        )
        url = "http://owl.test/"
        for number, browser in enumerate(browsers):
            cookie = {"name": "n", "value": str(number), "url": url}
            await browser.connection.call("Storage.setCookies", {"cookies": [cookie]})
        for number, browser in enumerate(browsers):
            answer: JsonObject = await browser.connection.call("Storage.getCookies")
            self.assertEqual([each["value"] for each in answer["cookies"]], [str(number)])

    async def test_daemon_killed(self) -> None:
        """kill -9 of the daemon ends its browser; the next launch sweeps what it left."""
        holder = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.holder"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "TMPDIR": str(self.directory)},
        )
        assert holder.stdout is not None
        pid, profile = holder.stdout.readline().split()
        main = psutil.Process(int(pid))
        processes = [main, *main.children(recursive=True)]
        holder.kill()
        holder.communicate()
        await self.assert_ended(processes, END_SECONDS)
        left = Path(profile).parent
        self.assertTrue(left.exists())
        browser = await self.launch()
        await browser.close()
        await _until(lambda: not left.exists())
        self.assertEqual(list(self.directory.iterdir()), [])

    async def test_survivor(self) -> None:
        """A browser that outlived its daemon is killed by the sweep."""
        left = self.directory / f"{prefix(KIND)}1-abc"
        (left / "data").mkdir(parents=True)
        (left / "lock").touch()
        flag = f"--user-data-dir={left / 'data'}"
        survivor = subprocess.Popen([sys.executable, "-c", "input()", flag], stdin=subprocess.PIPE)
        self.assertEqual(sweep(), [left])
        self.assertEqual(survivor.wait(END_SECONDS), -signal.SIGKILL)
        survivor.communicate()

    async def test_cancelled(self) -> None:
        """Cancelling a launch ends what was started before it fails."""
        launching = launch(the_reactor(), SETTINGS)
        await deferLater(the_reactor(), 0, lambda: None)
        launching.cancel()
        with self.assertRaises(CancelledError):
            await launching
        self.assertEqual(list(self.directory.iterdir()), [])

    async def test_root(self) -> None:
        """As root Chromium's refusal is told, with what can be done about it."""
        if os.geteuid() != 0:
            self.skipTest("only root is refused")
        with self.assertRaises(LaunchFailed) as caught:
            await self.launch(LaunchSettings())
        text = str(caught.exception)
        self.assertIn("Running as root without --no-sandbox is not supported", text)
        self.assertTrue(
            text.endswith('; pass extra_args: ["--no-sandbox"] if you trust the pages'), text
        )
        self.assertEqual(list(self.directory.iterdir()), [])

    async def test_slot(self) -> None:
        """A slot on a real browser: scripts, a crash, a new browser, the end."""

        async def make_page(browser: BrowserProcess, settings: LaunchSettings) -> BrowserProcess:
            return browser

        async def pid(page: BrowserProcess) -> int:
            await page.connection.call("Browser.getVersion")
            return page.pid

        async def crash(page: BrowserProcess) -> None:
            os.kill(page.pid, signal.SIGKILL)
            await Deferred()

        slot = BrowserSlot(the_reactor(), make_page, BrowserCapacity(1))
        self.addCleanup(slot.close)
        first = await slot.run(pid, SETTINGS)
        self.assertEqual(await slot.run(pid, SETTINGS), first)
        with self.assertRaises(BrowserExited):
            await slot.run(crash, SETTINGS)
        self.assertNotEqual(await slot.run(pid, SETTINGS), first)
        self.assertTrue(await slot.close())
        await _until(lambda: not list(self.directory.iterdir()))


class FakeProgramTests(LaunchTestCase):
    """Programs that are no browsers, and a machine that has none."""

    def setUp(self) -> None:
        super().setUp()
        self.programs = Path(self.mktemp()).absolute()
        self.patch(process, "GRACE_SECONDS", 0.1)

    def program(self, lines: str, name: str = "chromium") -> None:
        """Have *lines* be what is launched."""
        path = fake_program(self.programs, lines, name)
        self.patch(os, "environ", {**os.environ, "CAR_CHROME": str(path)})
        self.patch(process, "find_browser", lambda: find_browser(os.environ))

    async def text(self, kind: type[Exception], settings: LaunchSettings = SETTINGS) -> str:
        """What a launch fails with."""
        with self.assertRaises(kind) as caught:
            await launch(the_reactor(), settings, seconds=0.5)
        return str(caught.exception)

    async def test_exits(self) -> None:
        """The exit code and the last line are told, without Chromium's log prefix."""
        self.program("echo first >&2; echo '[1:1:1122/1:FATAL:a.cc:1] no luck' >&2; exit 3")
        text = await self.text(LaunchFailed)
        self.assertTrue(text.endswith("did not start: browser exited (code 3): no luck"), text)

    async def test_silent(self) -> None:
        """One that never answers is ended, though it ignores being asked and TERM."""
        self.program("trap '' TERM; while :; do sleep 1; done")
        text = await self.text(LaunchFailed)
        self.assertTrue(text.endswith("did not start: it was not ready after 0.5 s"), text)

    async def test_deaf(self) -> None:
        """One that closes its pipes and lives on is killed."""
        self.patch(child, "_LINGER_SECONDS", 0.1)
        self.program("exec 3<&- 4>&-; while :; do sleep 1; done")
        text = await self.text(LaunchFailed)
        self.assertTrue(text.endswith("did not start: browser exited (signal 9)"), text)

    async def test_nonsense(self) -> None:
        """One that talks nonsense is not ready."""
        self.program("printf 'hello\\0{}\\0' >&4; exec sleep 5")
        self.assertIn("it was not ready", await self.text(LaunchFailed))

    async def test_not_executable(self) -> None:
        """What the system refuses to run is told in its words."""
        self.program("")
        Path(os.environ["CAR_CHROME"]).write_bytes(b"\x7fELF nonsense")
        text = await self.text(LaunchFailed)
        self.assertIn("did not start", text)

    async def test_headed(self) -> None:
        """Headed without a display, or with the headless shell, is told before anything runs."""
        headed = LaunchSettings(headed=True)
        self.program("exit 1")
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            os.environ.pop(name, None)
        self.assertEqual(
            await self.text(NoBrowser, headed),
            "headed needs a display; DISPLAY and WAYLAND_DISPLAY are unset",
        )
        self.program("exit 1", "chromium-headless-shell")
        self.assertIn("is the headless shell", await self.text(NoBrowser, headed))

    async def test_missing(self) -> None:
        """Without a browser the answer is NoBrowser, with bad settings BadArguments."""
        self.program("exit 1")
        os.environ["CAR_CHROME"] = "/no/such"
        self.assertIn("CAR_CHROME is '/no/such'", await self.text(NoBrowser))
        await self.text(BadArguments, LaunchSettings(width=1))


async def _until(condition: Any) -> None:
    """Wait until *condition* holds, which a thread brings about."""
    while not condition():
        await deferLater(the_reactor(), 0.01, lambda: None)


def _is_alive(each: Any) -> bool:
    """Whether a process still runs; one that only waits for its parent's notice does not."""
    try:
        return bool(each.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
