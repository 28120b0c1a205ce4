"""Tests of car.browser.arguments."""

import shutil
from pathlib import Path
from types import SimpleNamespace

from twisted.trial.unittest import SynchronousTestCase

from car.browser.arguments import LaunchSettings, check_settings, command_line
from car.browser.errors import BadArguments


def line(settings: LaunchSettings) -> list[str]:
    """The command line of *settings*."""
    return command_line("/c", settings, Path("/p"), ("--remote-debugging-pipe",))


class CommandLineTests(SynchronousTestCase):
    """command_line: our flags, the caller's, and what cannot be had."""

    def test_own(self) -> None:
        """The profile, the transport and the size are there; the sandbox stays on."""
        words = line(LaunchSettings(800, 600))
        self.assertEqual((words[0], words[-1]), ("/c", "about:blank"))
        for flag in (
            "--headless",
            "--remote-debugging-pipe",
            "--user-data-dir=/p",
            "--window-size=800,600",
        ):
            self.assertIn(flag, words)
        self.assertNotIn("--no-sandbox", words)

    def test_headed(self) -> None:
        """A headed browser is not told to be headless."""
        self.assertNotIn("--headless", line(LaunchSettings(headed=True)))

    def test_extra(self) -> None:
        """Flags of the caller come after ours, before the page."""
        words = line(LaunchSettings(extra_args=("--no-sandbox", "--lang=de")))
        self.assertEqual(words[-3:], ["--no-sandbox", "--lang=de", "about:blank"])

    def test_features(self) -> None:
        """Features switched by the caller join ours: Chromium heeds one list alone."""
        for name, ours in (("--disable-features", "Translate"), ("--enable-features", "CDP")):
            words = line(LaunchSettings(extra_args=(f"{name}=Owls,Mice",)))
            (features,) = (word for word in words if word.startswith(f"{name}="))
            self.assertTrue(features.endswith(",Owls,Mice"))
            self.assertIn(ours, features)

    def test_small_shared_memory(self) -> None:
        """Where shared memory is small it is not used."""
        for total, is_told in ((64 * 1024**2, True), (8 * 1024**3, False)):
            self.patch(shutil, "disk_usage", lambda _, total=total: SimpleNamespace(total=total))
            self.assertEqual("--disable-dev-shm-usage" in line(LaunchSettings()), is_told)

    def test_no_shared_memory(self) -> None:
        """Where there is no such thing there is nothing to say."""

        def missing(_: object) -> None:
            raise FileNotFoundError

        self.patch(shutil, "disk_usage", missing)
        self.assertNotIn("--disable-dev-shm-usage", line(LaunchSettings()))


class CheckTests(SynchronousTestCase):
    """check_settings: what is refused, in which words."""

    def refused(self, *extra_args: str) -> str:
        """The text for flags that are refused."""
        settings = LaunchSettings(extra_args=extra_args)
        return str(self.assertRaises(BadArguments, check_settings, settings))

    def test_sizes(self) -> None:
        """A page that is too small, or too large, is refused by the field's name."""
        for settings, text in (
            (LaunchSettings(width=63), "width must be 64 to 8192 pixels, not 63"),
            (LaunchSettings(height=8193), "height must be 64 to 8192 pixels, not 8193"),
        ):
            self.assertEqual(str(self.assertRaises(BadArguments, check_settings, settings)), text)

    def test_connection(self) -> None:
        """All ways to get at the browser beside us are refused."""
        for name in ("port", "port=9222", "pipe", "address=0.0.0.0", "socket-name=x"):
            self.assertIn(
                "the connection is the daemon's", self.refused(f"--remote-debugging-{name}")
            )

    def test_ours(self) -> None:
        """Flags that are ours are refused with the reason, with and without a value."""
        self.assertEqual(
            self.refused("--user-data-dir=/home/me"),
            "extra_args: --user-data-dir is not allowed: each browser has a profile of its own",
        )
        self.assertIn("use headed", self.refused("--headless"))
        self.assertIn("use width and height", self.refused("--lang=de", "--window-size=1,1"))

    def test_programs(self) -> None:
        """Flags that start other programs are refused."""
        for flag in ("--renderer-cmd-prefix=xterm", "--gpu-launcher=xterm", "--debug"):
            self.assertIn("it would start another program", self.refused(flag))

    def test_no_flags(self) -> None:
        """What Chromium or its wrapper would take for something else is refused."""
        for word in ("https://example.com", "-g", "-user-data-dir=/x", "--", "", " --lang=de",
                     "--User-Data-Dir=/x", "--lang=\0"):  # fmt: skip
            self.assertIn("must be a flag as in --lang=de", self.refused(word))

    def test_many(self) -> None:
        """Too many are refused."""
        self.assertIn("more than the 64 entries", self.refused(*["--lang=de"] * 65))
