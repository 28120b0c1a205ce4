"""Where settings come from: flags, variables, the TOML file, and their table's defaults.

What a row of the table looks like and how its value is read from each source stand here;
which settings there are, and what they mean together, stands in ``car.settings``.
"""

import difflib
import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from car.errors import SettingsError

Kind = Literal["switch", "text", "path", "port", "timeout", "seconds", "choice", "secret"]
Origin = Literal["flag", "environment", "file", "default"]


class Setting(Struct, frozen=True, kw_only=True):
    """One row of the table.

    ``default`` is what stands when nobody says otherwise.  ``metavar`` names the value in
    the help.  A repeatable setting is a list of texts; in its variable commas part them.
    """

    name: str
    kind: Kind
    help: str
    default: str | float | None = None
    metavar: str = ""
    env: str = ""
    repeatable: bool = False
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """The name of the flag, without the two dashes."""
        return self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return self.env or f"CAR_{self.name.upper()}"


class Sources:
    """The values given for *settings*, by flag, variable and file, in order of precedence.

    *flags* maps names of settings or flags to what was given; None, an empty text, an empty
    list and a switch that is off count as not given.  *file* stays empty until read.
    """

    def __init__(
        self, settings: Sequence[Setting], flags: Mapping[str, Any], environ: Mapping[str, str]
    ) -> None:
        self._settings = settings
        self._flags = {name.replace("-", "_"): value for name, value in flags.items()}
        self._environ = environ
        self._file: Mapping[str, Any] = {}
        self._file_name = ""
        self._check_names(self._flags, "the flags")

    def read_file(self, path: Path) -> None:
        """Take in a TOML file; raises SettingsError if it is unreadable or knows too much."""
        try:
            with path.open("rb") as file:
                content = tomllib.load(file)
        except OSError as problem:
            raise SettingsError(f"{path} cannot be read: {problem.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise SettingsError(f"{path} is not a TOML file: {problem}") from None
        if "config" in content:
            raise SettingsError(f"'config' cannot be set in {path}; give --config or CAR_CONFIG")
        self._check_names(content, str(path))
        self._file, self._file_name = content, str(path)

    def read(self, setting: Setting) -> tuple[Any, Origin]:
        """The value of *setting* as its kind has it, and where it came from.

        bool for a switch, int for a port, float for seconds, else str, None for nothing; a
        tuple of str for a repeatable one.  Raises SettingsError naming flag, variable or key.
        """
        flag = self._flags.get(setting.name)
        if _is_given(flag) and not (setting.kind == "switch" and not flag):
            return _convert(setting, flag, f"--{setting.flag}"), "flag"
        text = self._environ.get(setting.variable, "").strip()
        if text:
            return _convert(setting, _from_variable(setting, text), setting.variable), "environment"
        found = self._file.get(setting.name)
        if _is_given(found):
            return _convert(setting, found, f"'{setting.name}' in {self._file_name}"), "file"
        if setting.repeatable:
            return (), "default"
        return (False if setting.kind == "switch" else setting.default), "default"

    def _check_names(self, given: Mapping[str, Any], where: str) -> None:
        names = [setting.name for setting in self._settings]
        for name in given:
            if name not in names:
                near = difflib.get_close_matches(name, names, 1)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                raise SettingsError(f"unknown setting '{name}' in {where}{hint}")


def _is_given(value: object) -> bool:
    return value is not None and value != "" and value != [] and value != ()


def _from_variable(setting: Setting, text: str) -> Any:
    """What the text of a variable stands for; a switch counts when it is ``1`` or ``true``."""
    if setting.kind == "switch":
        return text.lower() in ("1", "true")
    if setting.repeatable:
        return [item.strip() for item in text.split(",") if item.strip()]
    return text


def _convert(setting: Setting, value: Any, where: str) -> Any:
    """*value* as the kind of *setting* has it; raises SettingsError naming *where*."""
    if setting.repeatable:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(i, str) for i in items):
            raise SettingsError(f"{where} must be a list of texts, not {value!r}")
        return tuple(items)
    match setting.kind:
        case "switch":
            if value in (0, 1):
                return bool(value)
            raise SettingsError(f"{where} must be true or false, not {value!r}")
        case "port":
            number = _number(value)
            if number is not None and 0 <= number <= 65535 and number.is_integer():
                return int(number)
            raise SettingsError(f"{where} must be a port from 0 to 65535, not {value!r}")
        case "timeout" | "seconds":
            number = _number(value)
            if number is not None and (number > 0 or (number == 0 and setting.kind == "seconds")):
                return number
            least = "above 0" if setting.kind == "timeout" else "of 0 or more"
            raise SettingsError(f"{where} must be a number of seconds {least}, not {value!r}")
        case "choice":
            if value in setting.choices:
                return value
            known = ", ".join(setting.choices)
            raise SettingsError(f"{where} must be one of {known}, not {value!r}")
        case "secret" | "text" | "path":
            if isinstance(value, str):
                return value
            raise SettingsError(f"{where} must be a text")


def _number(value: Any) -> float | None:
    """*value*, a number or the text of one, as a finite float; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
