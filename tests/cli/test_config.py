"""Tests of car config."""

import json

from tests.cli.running import CommandCase


class ConfigTests(CommandCase):
    """Settings, shown and checked."""

    def test_show(self) -> None:
        """Value and origin of every setting; a token is not shown."""
        self.environ["CAR_AUTH_TOKEN"] = "quite secret"
        config = self.write("car.toml", 'port = 9200\nredact = ["password", "key"]\n')
        ended = self.run_here("config", "show", "--config", config)
        self.assertEqual(ended.status, 0, ended)
        rows = {line.split()[0]: line.split()[1:] for line in ended.out.splitlines()}
        self.assertEqual(rows["port"], ["file", "9200"])
        self.assertEqual(rows["redact"], ["file", "password,", "key"])
        self.assertEqual(rows["auth_token"], ["environment", "<secret>"])
        self.assertEqual(rows["tool_timeout"], ["default", "60"])
        self.assertEqual(rows["store"], ["default", "-"])
        self.assertEqual(rows["no_auth"], ["default", "off"])
        self.assertNotIn("quite", ended.out)

    def test_json(self) -> None:
        """--json has the same for programs."""
        self.environ["CAR_AUTH_TOKEN"] = "quite secret"
        told = json.loads(self.run_here("config", "show", "--json").out)
        self.assertEqual(told["port"], {"value": 9100, "origin": "default"})
        self.assertEqual(told["state_dir"], {"value": str(self.root), "origin": "environment"})
        self.assertEqual(told["auth_token"]["value"], "<secret>")

    def test_check(self) -> None:
        """Good settings are 0; warnings are told."""
        ended = self.run_here("config", "check")
        self.assertEqual((ended.status, ended.out), (0, "the settings are good\n"))
        self.environ.update(CAR_LISTEN="tcp:9100:interface=0.0.0.0", CAR_INSECURE_EXPOSE="1")
        ended = self.run_here("config", "check")
        self.assertEqual(ended.status, 0)
        self.assertTrue(ended.out.startswith("warning: "))
        told = json.loads(self.run_here("config", "check", "--json").out)
        self.assertTrue(told["ok"] and told["warnings"])

    def test_bad(self) -> None:
        """A setting that cannot be honoured is 1, naming it."""
        config = self.write("car.toml", "prot = 1\n")
        ended = self.run_here("config", "check", "--config", config)
        self.assertRefused(ended, 1, "prot", "did you mean 'port'?")
        self.environ["CAR_HOME"] = "here"
        self.assertRefused(self.run_here("config", "show"), 1, "absolute path")

    def test_missing_file(self) -> None:
        """A file that was named and is not there is usage."""
        ended = self.run_here("config", "check", "--config", "nowhere.toml")
        self.assertRefused(ended, 2, "nowhere.toml is not a file")
