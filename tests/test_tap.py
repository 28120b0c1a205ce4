"""Tests of car.tap: the command line of ``twistd car``."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.logger import LogLevel
from twisted.trial.unittest import SynchronousTestCase

from car import tap
from car.application import the_reactor
from car.setting_sources import Setting
from car.settings import SETTINGS
from car.tap import Options

CHECKOUT = Path(__file__).resolve().parents[1]

COMMAND = "from twisted.scripts.twistd import run; run()"


def given(setting: Setting) -> tuple[str, Any]:
    """A right value of *setting* as text, and what it is read as."""
    own: dict[str, tuple[str, Any]] = {
        "listen": ("tcp:9999:interface=127.0.0.1", None),
        "limit": ("held_requests=7", None),
        "socket": ("none", None),
        "mcp_bind": ("127.0.0.1:9102", "127.0.0.1:9102"),
        "a2a_bind": ("127.0.0.1:9103", "127.0.0.1:9103"),
        "inference_max_concurrent": ("2", "2"),
        "shared_memgine": (":memory:", ":memory:"),
        "auth_token": ("secret-of-43-characters", None),
        "store": ("sqlite:x", "sqlite:x"),
        "skill_signer": (f"acme={'A' * 43}=", None),
    }
    if setting.name in own:
        return own[setting.name]
    if setting.kind == "port":
        return "9999", 9999
    if setting.kind in ("timeout", "seconds"):
        return "12.5", 12.5
    if setting.kind == "choice":
        return setting.choices[-1], setting.choices[-1]
    return "x", None


class OptionsCase(SynchronousTestCase):
    """Options in a home directory of the test's own."""

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).absolute()
        self.home.mkdir()
        self.patch(os, "environ", {"HOME": str(self.home)})
        self.stderr = io.StringIO()
        self.patch(sys, "stderr", self.stderr)

    def parse(self, *arguments: str) -> Options:
        options = Options()
        options.parseOptions(list(arguments))
        return options

    def refusal(self, *arguments: str) -> str:
        """The one line that a wrong command line ends with, and status 2."""
        self.stderr.truncate(0)
        self.stderr.seek(0)
        ended = self.assertRaises(SystemExit, self.parse, *arguments)
        self.assertEqual(ended.code, 2)
        text = self.stderr.getvalue()
        self.assertTrue(text.startswith("car: "), text)
        self.assertEqual(text.count("\n"), 1)
        return text


class ParseTests(OptionsCase):
    """Every flag of the table."""

    def test_defaults(self) -> None:
        """Without a flag everything is at its default."""
        settings = self.parse().settings
        self.assertEqual((settings.port, settings.no_auth), (9100, False))
        self.assertEqual(set(settings.origins.values()), {"default"})
        self.assertEqual(settings.state_dir, self.home / ".car")

    def test_each_flag(self) -> None:
        """Each flag is taken and read, and known to have come from the command line."""
        (self.home / "car.toml").write_text("")
        for setting in SETTINGS:
            flag = f"--{setting.flag}"
            if setting.kind == "switch":
                settings = self.parse(flag).settings
                self.assertIs(settings.value(setting.name), True)
            else:
                text, value = given(setting)
                if setting.name == "config":
                    text = str(self.home / "car.toml")
                elif setting.name == "state_dir":
                    text = str(self.home / "root")
                settings = self.parse(flag, text).settings
                if value is not None:
                    self.assertEqual(settings.value(setting.name), value, flag)
            self.assertEqual(settings.origins[setting.name], "flag", flag)

    def test_repeated(self) -> None:
        """Repeatable flags add up, as separate words or with an equals sign."""
        for setting in SETTINGS:
            if not setting.repeatable:
                continue
            text = given(setting)[0]
            settings = self.parse(f"--{setting.flag}", text, f"--{setting.flag}={text}").settings
            self.assertEqual(settings.value(setting.name), (text, text))

    def test_two_parses(self) -> None:
        """One command line leaves nothing to the next."""
        self.parse("--redact", "a")
        self.assertEqual(self.parse().settings.redact, ())

    def test_sources(self) -> None:
        """A flag wins over a variable, a variable over the file."""
        config = self.home / "car.toml"
        config.write_text("port = 1\ntool_timeout = 1\n")
        os.environ.update({"CAR_PORT": "2", "CAR_CONFIG": str(config)})
        settings = self.parse("--port", "3").settings
        self.assertEqual((settings.port, settings.limits.tool_timeout), (3, 1))
        self.assertEqual(self.parse().settings.port, 2)

    def test_refusals(self) -> None:
        """Whatever is wrong is one line that names it, and status 2."""
        for arguments, mention in (
            (("--port", "high"), "--port"),
            (("--port", "70000"), "--port"),
            (("--port",), "port"),
            (("--durability", "maybe"), "--durability"),
            (("--tool-timeout", "0"), "--tool-timeout"),
            (("--tool-timeout", "nan"), "--tool-timeout"),
            (("--limit", "held_requests"), "held_requests"),
            (("--limit", "held_request=1"), "did you mean 'held_requests'"),
            (("--no-auth=1",), "no-auth"),
            (("--nonsense",), "nonsense"),
            (("stray",), "stray"),
            (("--state-dir", "relative"), "absolute"),
            (("--config", "missing.toml"), "missing.toml"),
            (("--auth-token", "@missing"), "missing"),
            (("--listen", "tcp:9100:interface=0.0.0.0"), "--insecure-expose"),
        ):
            self.assertIn(mention, self.refusal(*arguments))

    def test_wrong_variable(self) -> None:
        """A wrong variable is refused by its own name."""
        os.environ["CAR_PORT"] = "high"
        self.assertIn("CAR_PORT", self.refusal())

    def test_help(self) -> None:
        """The help names every flag."""
        text = str(Options())
        for setting in SETTINGS:
            self.assertIn(f"--{setting.flag}", text)


class ServiceTests(OptionsCase):
    """makeService"""

    def test_service(self) -> None:
        """The service has the settings of the options."""
        options = self.parse("--port", "0", "--socket", "none")
        service = tap.DaemonService(options.settings, the_reactor())
        self.assertEqual(service.settings.port, 0)
        self.assertIsNone(service.port)

    def test_log_observer(self) -> None:
        """The log has the form and the level that were asked for."""
        out = io.StringIO()
        self.patch(sys, "stdout", out)
        options = self.parse("--log-format", "json", "--log-level", "warn")
        observer = tap.log_observer(options.settings)
        for level in ("info", "warn"):
            observer(
                {
                    "log_level": LogLevel.levelWithName(level),
                    "log_format": level,
                    "log_time": 0.0,
                    "log_namespace": "car",
                }
            )
        self.assertNotIn('"info"', out.getvalue().replace('"log_level"', ""))
        self.assertIn('"warn"', out.getvalue())


class ProcessTests(SynchronousTestCase):
    """``twistd car`` in a process of its own."""

    def twistd(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        home = Path(self.mktemp()).absolute()
        home.mkdir()
        return subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=home,
            env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def test_listed(self) -> None:
        """``twistd --help`` lists it from any directory."""
        listed = self.twistd("--help")
        self.assertEqual(listed.returncode, 0)
        lines = [line.split() for line in listed.stdout.splitlines()]
        self.assertEqual(len([words for words in lines if words[:1] == ["car"]]), 1)

    def test_wrong_value(self) -> None:
        """A wrong value is one line on the standard error and status 2."""
        ended = self.twistd("-n", "car", "--port", "high")
        self.assertEqual((ended.returncode, ended.stderr.count("\n")), (2, 1))
        self.assertIn("--port", ended.stderr)

    def test_wrong_for_the_daemon(self) -> None:
        """So is a value that only the daemon itself finds wrong."""
        flags = ("--socket", "none", "--allowed-origin", "nonsense")
        ended = self.twistd("-n", "--pidfile=", "car", *flags)
        self.assertEqual((ended.returncode, ended.stderr.count("\n")), (2, 1))
        self.assertIn("'nonsense'", ended.stderr)

    def test_port_taken(self) -> None:
        """So is a port that is taken."""
        other = socket.socket()
        self.addCleanup(other.close)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        ended = self.twistd("-n", "--pidfile=", "car", "--socket", "none", "--port", port)
        self.assertEqual(ended.returncode, 2)
        self.assertIn(f"cannot listen on tcp:{port}", ended.stderr)
