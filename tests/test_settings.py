"""Tests of car.settings and car.setting_sources."""

import tomllib
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from car.errors import SettingsError
from car.setting_sources import Setting
from car.settings import SETTINGS, Settings, load

CWD = Path("/work")
HOME = {"HOME": "/home/ada"}

KEY = "A" * 43 + "="
"""A public key in base64."""


def sample(setting: Setting, which: int) -> Any:
    """One of three legal values of *setting* in the form a TOML file would give it."""
    match setting.kind:
        case "switch":
            return True
        case "port":
            return 9200 + which
        case "timeout" | "seconds":
            return 5.5 + which
        case "choice":
            return setting.choices[which % len(setting.choices)]
        case _ if setting.name.endswith("_bind"):
            return f"127.0.0.1:{9200 + which}"
        case _ if setting.name == "limit":
            return [f"state_keys={which + 1}"]
        case _ if setting.name == "listen":
            return [f"unix:/run/{which}", f"tcp:{which}:interface=127.0.0.1"]
        case _ if setting.name == "skill_signer":
            return [f"acme-{which}={KEY}", f"lab-{which}={KEY}"]
    text = f"/some/{setting.name}-{which}"
    return [text, f"{text}-more"] if setting.repeatable else text


def as_text(value: Any) -> str:
    """A sample as the text of a variable."""
    if value is True:
        return "1"
    return ",".join(value) if isinstance(value, list) else str(value)


def shown(value: Any) -> Any:
    """A value of the settings in the form of the samples."""
    if isinstance(value, tuple):
        return list(value)
    if hasattr(value, "reveal"):
        return value.reveal()
    return str(value) if isinstance(value, Path) else value


class SettingsTestCase(SynchronousTestCase):
    """What the tests of settings share."""

    def load(
        self,
        flags: dict[str, Any] | None = None,
        environ: dict[str, str] | None = None,
        file: str | None = None,
    ) -> Settings:
        """Load settings on Linux, with *file* as the text of the TOML file if given."""
        variables = HOME | (environ or {})
        if file is not None:
            path = Path(self.mktemp()).absolute()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file, "utf-8")
            variables["CAR_CONFIG"] = str(path)
        return load(flags or {}, variables, CWD, platform="linux")

    def refusal(self, *args: Any, **kwargs: Any) -> str:
        """The sentence that settings are refused with."""
        return str(self.assertRaises(SettingsError, self.load, *args, **kwargs))


class PrecedenceTests(SettingsTestCase):
    """Flag over variable over file over default, for each setting of the table."""

    def test_each_setting(self) -> None:
        """Each source gives the value and its origin, and yields to the one above it."""
        for setting in SETTINGS:
            if setting.name == "config":
                continue
            by_file, by_variable, by_flag = (sample(setting, which) for which in range(3))
            file = f"{setting.name} = {toml(by_file)}"
            environ = {setting.variable: as_text(by_variable)}
            for given, expected, origin in (
                ({"file": file}, by_file, "file"),
                ({"file": file, "environ": environ}, by_variable, "environment"),
                (
                    {"file": file, "environ": environ, "flags": {setting.flag: by_flag}},
                    by_flag,
                    "flag",
                ),
            ):
                settings = self.load(**given)
                self.assertEqual(shown(settings.value(setting.name)), expected, setting.name)
                self.assertEqual(settings.origins[setting.name], origin, setting.name)

    def test_default(self) -> None:
        """What usage.Options holds for flags that were not given leaves the defaults."""
        absent: dict[str, Any] = {
            s.flag: [] if s.repeatable else 0 if s.kind == "switch" else None for s in SETTINGS
        }
        self.assertEqual(self.load(absent), self.load())
        self.assertEqual(set(self.load().origins.values()), {"default"})

    def test_switch_off_by_variable(self) -> None:
        """A variable that is neither 1 nor true turns off what the file turns on."""
        for text, on in (("1", True), ("true", True), ("TRUE", True), ("0", False), ("yes", False)):
            settings = self.load(environ={"CAR_NO_BLOBS": text}, file="no_blobs = true")
            self.assertEqual(settings.no_blobs, on, text)

    def test_blank_variable(self) -> None:
        """A blank variable counts as unset."""
        settings = self.load(environ={"CAR_HOME": "", "CAR_AUTH_TOKEN": "  "})
        self.assertEqual(settings.state_dir, Path("/home/ada/.car"))
        self.assertIsNone(settings.auth_token)


class RecordTests(SettingsTestCase):
    """The record: defaults, paths, places."""

    def test_table_and_record(self) -> None:
        """Every row has its value, and the record has nothing besides but what is derived."""
        names = {setting.name for setting in SETTINGS}
        settings = self.load()
        for name in names:
            settings.value(name)
        derived = {"limits", "places", "origins", "warnings"}
        timeouts = {"approval_timeout", "tool_timeout", "handler_timeout"}
        self.assertEqual(set(Settings.__struct_fields__), (names | derived) - timeouts)
        self.assertEqual(set(settings.origins), names)
        self.assertEqual(len({setting.variable for setting in SETTINGS}), len(SETTINGS))

    def test_documented_defaults(self) -> None:
        """The defaults of the flag table."""
        settings = self.load()
        self.assertEqual(settings.endpoints, ("tcp:9100:interface=127.0.0.1",))
        self.assertEqual(settings.journal_dir, Path("/home/ada/.car/journals"))
        self.assertEqual(settings.meetings_root, Path("/work/.car/meetings"))
        self.assertEqual(settings.agents_manifest, Path("/home/ada/.car/agents.json"))
        self.assertEqual(settings.socket, settings.places.socket)
        self.assertEqual(settings.durability, "process")
        self.assertEqual(settings.value("tool_timeout"), 60.0)
        self.assertEqual(settings.value("handler_timeout"), 1800.0)
        self.assertEqual(settings.value("approval_timeout"), 60.0)
        self.assertEqual(settings.resume_grace, 60.0)
        self.assertEqual((settings.log_format, settings.log_level), ("text", "info"))
        self.assertFalse(settings.no_auth)
        for name in ("tools_root", "store", "shared_memgine", "permission_tier", "mcp_bind"):
            self.assertIsNone(settings.value(name))

    def test_state_dir(self) -> None:
        """Paths below ``~/.car/`` follow the state root, wherever it was set."""
        for given in (
            {"flags": {"state-dir": "/srv/car"}},
            {"environ": {"CAR_HOME": "/srv/car"}},
            {"file": 'state_dir = "/srv/car"'},
        ):
            settings = self.load(**given)
            self.assertEqual(settings.state_dir, Path("/srv/car"))
            self.assertEqual(settings.journal_dir, Path("/srv/car/journals"))
            self.assertEqual(settings.places.auth_token.parent, Path("/srv/car/ai.parslee.car"))
        settings = self.load({"state_dir": "/srv/car", "tools_root": "~/.car/tools"})
        self.assertEqual(settings.tools_root, Path("/srv/car/tools"))

    def test_relative_state_dir(self) -> None:
        """A relative root is refused with its value."""
        sentence = (
            "the state directory (--state-dir, CAR_HOME) must be an absolute path, not 'here'"
        )
        self.assertEqual(self.refusal({"state-dir": "here"}), sentence)
        self.assertEqual(self.refusal(environ={"CAR_HOME": "here"}), sentence)

    def test_relative_paths(self) -> None:
        """A relative path lies under the working directory."""
        self.assertEqual(self.load({"tools-root": "tools"}).tools_root, Path("/work/tools"))

    def test_listen_replaces_port(self) -> None:
        """Endpoints given take the port's place."""
        settings = self.load({"port": "9200", "listen": ["unix:/run/car"]})
        self.assertEqual(settings.endpoints, ("unix:/run/car",))
        self.assertEqual(self.load({"port": 0}).endpoints, ("tcp:0:interface=127.0.0.1",))

    def test_no_socket(self) -> None:
        """``none`` is no Unix socket."""
        self.assertIsNone(self.load({"socket": "none"}).socket)
        self.assertEqual(self.load({"socket": "s"}).socket, Path("/work/s"))

    def test_shared_memgine(self) -> None:
        """A path is resolved, ``:memory:`` stays."""
        self.assertEqual(self.load({"shared-memgine": ":memory:"}).shared_memgine, ":memory:")
        self.assertEqual(self.load({"shared-memgine": "m.db"}).shared_memgine, "/work/m.db")

    def test_disabled_binds(self) -> None:
        """``disabled`` turns off what a file turned on."""
        settings = self.load({"mcp-bind": "disabled"}, file='mcp_bind = "127.0.0.1:9102"')
        self.assertIsNone(settings.mcp_bind)

    def test_limits(self) -> None:
        """A timeout's own flag wins over the general one, whose origin is told otherwise."""
        settings = self.load({"limit": ["tool_timeout=5", "handler_timeout=6"], "tool_timeout": 7})
        self.assertEqual(settings.limits.tool_timeout, 7.0)
        self.assertEqual(settings.limits.handler_timeout, 6.0)
        self.assertEqual(settings.origins["handler_timeout"], "flag")
        self.assertEqual(settings.origins["approval_timeout"], "default")


class FileTests(SettingsTestCase):
    """The TOML file and what can be wrong with it."""

    def test_place(self) -> None:
        """The file may lie under the root or the working directory, and is told."""
        root = Path(self.mktemp()).absolute()
        root.mkdir(parents=True)
        (root / "car.toml").write_text("port = 9300")
        environ = HOME | {"CAR_HOME": str(root)}
        for flag, cwd in (("~/.car/car.toml", CWD), ("car.toml", root)):
            settings = load({"config": flag}, environ, cwd, platform="linux")
            self.assertEqual(settings.port, 9300)
            self.assertEqual(settings.config, root / "car.toml")

    def test_unknown_key(self) -> None:
        """An unknown key is an error that names the nearest setting."""
        sentence = self.refusal(file="tool_timeot = 3")
        self.assertTrue(sentence.startswith("unknown setting 'tool_timeot' in /"), sentence)
        self.assertTrue(sentence.endswith("; did you mean 'tool_timeout'?"), sentence)
        self.assertNotIn("did you mean", self.refusal(file="zzzzzz = 3"))

    def test_not_in_the_file(self) -> None:
        """The file cannot name another one."""
        sentence = self.refusal(file='config = "x"')
        self.assertTrue(sentence.endswith("; give --config or CAR_CONFIG"), sentence)

    def test_unreadable(self) -> None:
        """A file that is absent or no TOML is told with its path."""
        self.assertEqual(
            self.refusal({"config": "gone.toml"}),
            "/work/gone.toml cannot be read: No such file or directory",
        )
        self.assertIn(" is not a TOML file: ", self.refusal(file="port: 3"))

    def test_wrong_values(self) -> None:
        """A value of another kind is told with its key."""
        for text, sentence in (
            ("port = true", "must be a port from 0 to 65535, not True"),
            ("store = 3", "must be a text"),
            ('no_auth = "yes"', "must be true or false, not 'yes'"),
            ("redact = 3", "must be a list of texts, not 3"),
            ("redact = [3]", "must be a list of texts, not [3]"),
        ):
            refusal = self.refusal(file=text)
            self.assertTrue(refusal.startswith(f"'{text.split()[0]}' in /"), refusal)
            self.assertTrue(refusal.endswith(sentence), refusal)


class ValueTests(SettingsTestCase):
    """Values that no source may give."""

    def test_flags(self) -> None:
        """A flag is named with its dashes, a variable by itself."""
        for flags, sentence in (
            ({"port": "x"}, "--port must be a port from 0 to 65535, not 'x'"),
            ({"port": "65536"}, "--port must be a port from 0 to 65535, not '65536'"),
            ({"tool-timeout": "0"}, "--tool-timeout must be a number of seconds above 0, not '0'"),
            (
                {"resume-grace": "inf"},
                "--resume-grace must be a number of seconds of 0 or more, not 'inf'",
            ),
            ({"durability": "all"}, "--durability must be one of none, process, power, not 'all'"),
            ({"mcp-bind": "9102"}, "mcp_bind must be HOST:PORT or disabled, not '9102'"),
            ({"prot": "1"}, "unknown setting 'prot' in the flags; did you mean 'port'?"),
            ({"limit": ["x"]}, "limit 'x' must be written NAME=VALUE"),
            (
                {"skill-signer": ["acme=AAAA"]},
                "skill_signer: 'acme=AAAA' must be NAME=KEY, with the 32 octets of an Ed25519 "
                "public key in base64",
            ),
        ):
            self.assertEqual(self.refusal(flags), sentence)
        self.assertEqual(
            self.refusal(environ={"CAR_LOG_LEVEL": "loud"}),
            "CAR_LOG_LEVEL must be one of debug, info, warn, error, critical, not 'loud'",
        )

    def test_zero(self) -> None:
        """Where 0 means off it is legal."""
        self.assertEqual(self.load({"resume-grace": "0"}).resume_grace, 0.0)


class TokenTests(SettingsTestCase):
    """The operator's token in its three forms."""

    def test_literal(self) -> None:
        """A literal on the command line works and is warned of, without its text."""
        settings = self.load({"auth-token": " s3cret "})
        assert settings.auth_token is not None
        self.assertTrue(settings.auth_token.matches("s3cret"))
        self.assertEqual(
            settings.warnings,
            (
                "every local user can see the token given by --auth-token; "
                "use --auth-token @FILE or CAR_AUTH_TOKEN",
            ),
        )
        self.assertNotIn("s3cret", repr(settings))

    def test_variable(self) -> None:
        """The variable is taken at its word, as clients take it."""
        settings = self.load(environ={"CAR_AUTH_TOKEN": "@x"})
        assert settings.auth_token is not None
        self.assertTrue(settings.auth_token.matches("@x"))
        self.assertEqual(settings.warnings, ())

    def test_file(self) -> None:
        """``@FILE`` is read and trimmed, and no warning is due."""
        path = Path(self.mktemp()).absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("s3cret\n")
        settings = self.load({"auth-token": f"@{path}"})
        assert settings.auth_token is not None
        self.assertTrue(settings.auth_token.matches("s3cret"))
        self.assertEqual(settings.warnings, ())
        path.write_bytes(b"\xff")
        self.assertEqual(
            self.refusal({"auth-token": f"@{path}"}), f"the token file {path} must hold UTF-8 text"
        )
        path.write_text("\n")
        self.assertEqual(
            self.refusal({"auth-token": f"@{path}"}), "the token of auth_token must not be blank"
        )

    def test_no_file(self) -> None:
        """An absent token file is told with its path."""
        self.assertEqual(
            self.refusal({"auth-token": "@gone"}),
            "the token file /work/gone cannot be read: No such file or directory",
        )


class ExposureTests(SettingsTestCase):
    """Listeners that other machines can reach (``reliability.md`` T5)."""

    def test_refused(self) -> None:
        """One clear line names the listener, what it lacks and the remedies."""
        for flags, start in (
            ({"listen": ["tcp:9100:interface=0.0.0.0"]}, "--listen tcp:9100:interface=0.0.0.0"),
            ({"mcp-bind": "0.0.0.0:9102"}, "--mcp-bind 0.0.0.0:9102"),
            ({"a2a-bind": "10.0.0.1:9103"}, "--a2a-bind 10.0.0.1:9103"),
        ):
            self.assertEqual(
                self.refusal(flags),
                f"{start} can be reached from other machines without TLS; "
                "bind 127.0.0.1, add what is missing, or give --insecure-expose",
            )
        self.assertIn(
            "without authentication and TLS", self.refusal({"listen": ["tcp:1"], "no-auth": 1})
        )

    def test_insisted(self) -> None:
        """With --insecure-expose it starts, and says so each time."""
        settings = self.load({"listen": ["tcp:9100"], "insecure-expose": True})
        self.assertEqual(
            settings.warnings,
            ("--listen tcp:9100 can be reached from other machines without TLS",),
        )

    def test_safe(self) -> None:
        """TLS with authentication needs no insisting."""
        endpoint = "ssl:9443:privateKey=k.pem:certKey=c.pem"
        self.assertEqual(self.load({"listen": [endpoint]}).warnings, ())
        self.assertIn(
            "without authentication;", self.refusal({"listen": [endpoint], "no_auth": True})
        )


def toml(value: Any) -> str:
    """*value* as TOML; checked by reading it back."""
    if value is True:
        text = "true"
    elif isinstance(value, list):
        text = f"[{', '.join(map(toml, value))}]"
    elif isinstance(value, str):
        text = f"'{value}'"
    else:
        text = str(value)
    assert tomllib.loads(f"x = {text}")["x"] == value
    return text
