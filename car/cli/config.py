"""``car config``: the daemon's settings as it would read them here, and where from."""

import argparse
import os
from pathlib import Path
from typing import Any

from car.cli.errors import OK, UsageError
from car.cli.texts import print_json, print_table
from car.server.auth import Secret
from car.settings import SETTINGS, Settings, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command lines of ``car config``."""
    commands = parser.add_subparsers(metavar="ACTION", required=True)
    show_ = commands.add_parser("show", help="every setting, its value and its origin")
    show_.set_defaults(run=show)
    check_ = commands.add_parser("check", help="whether the daemon would start with them")
    check_.set_defaults(run=check)
    for command in (show_, check_):
        add_settings_arguments(command)
        command.add_argument("--json", action="store_true", help="one line of JSON")


def add_settings_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the daemon that decide where everything else is read from."""
    parser.add_argument("--config", metavar="FILE", help="TOML file of settings [CAR_CONFIG]")
    parser.add_argument("--state-dir", metavar="DIR", help="the daemon's root [CAR_HOME]")


def load_settings(options: argparse.Namespace) -> Settings:
    """The settings in force for *options* and this environment; raises SettingsError."""
    flags = {"config": options.config, "state_dir": options.state_dir}
    return load(flags, os.environ, Path.cwd())


def show(options: argparse.Namespace) -> int:
    """Print the settings."""
    settings = _load(options)
    rows = [(s.name, settings.value(s.name), settings.origins[s.name]) for s in SETTINGS]
    if options.json:
        print_json(
            {name: {"value": _plain(value), "origin": origin} for name, value, origin in rows}
        )
    else:
        print_table([(name, origin, _text(value)) for name, value, origin in rows])
    return OK


def check(options: argparse.Namespace) -> int:
    """Say whether the settings can be honoured; warnings are no failure."""
    settings = _load(options)
    if options.json:
        print_json({"ok": True, "warnings": settings.warnings})
    else:
        for warning in settings.warnings:
            print(f"warning: {warning}")
        print("the settings are good")
    return OK


def _load(options: argparse.Namespace) -> Settings:
    """As `load_settings`; a file that was named and is not there is wrong usage."""
    if options.config is not None and not Path(options.config).is_file():
        raise UsageError(f"--config {options.config} is not a file")
    return load_settings(options)


def _plain(value: Any) -> Any:
    """A setting's value as JSON; secrets stay secret."""
    return str(value) if isinstance(value, Path | Secret) else value


def _text(value: Any) -> str:
    match value:
        case None | () | "":
            return "-"
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case tuple():
            return ", ".join(map(str, value))
    return str(value)
