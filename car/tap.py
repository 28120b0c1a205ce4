"""``twistd car``: the command line, the environment and the file, made into a service."""

import atexit
import gc
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from twisted.application.service import IService
from twisted.internet.interfaces import IReactorCore
from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    jsonFileLogObserver,
    textFileLogObserver,
)
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from twisted.python.usage import Options as UsageOptions
from twisted.python.usage import UsageError
from zope.interface import implementer

from car.application import Daemon, the_reactor
from car.errors import CarError
from car.setting_sources import Setting
from car.settings import SETTINGS, Settings, load

_log = Logger()

USAGE_STATUS = 2
"""The exit status of a start that cannot be, for whatever reason the operator can mend."""


def _appender(setting: Setting) -> Any:
    def append(self: "Options", value: str) -> None:
        self.setdefault(setting.flag, [])
        self[setting.flag].append(value)

    append.__doc__ = f"{setting.help} (may be given several times)"
    return append


class Options(UsageOptions):
    """The options of ``twistd car``, built from the table of settings."""

    synopsis = "[options]"
    longdesc = (
        "The open Common Agent Runtime: agents connect over WebSocket and propose plans; the "
        "daemon verifies and executes them. Each option has a CAR_... variable and a key in "
        "the TOML file of --config."
    )
    optFlags = [[s.flag, None, s.help] for s in SETTINGS if s.kind == "switch"]
    optParameters = [
        [s.flag, None, None, f"{s.help} [{s.default}]" if s.default is not None else s.help]
        for s in SETTINGS
        if s.kind != "switch" and not s.repeatable
    ]
    for _setting in SETTINGS:
        if _setting.repeatable:
            vars()["opt_" + _setting.flag.replace("-", "_")] = _appender(_setting)
    del _setting

    settings: Settings

    def parseOptions(self, options: Any = None) -> None:
        """Parse; whatever is wrong ends the program with one line and status 2."""
        try:
            super().parseOptions(options)
        except UsageError as problem:
            _refuse(str(problem))

    def parseArgs(self, *words: str) -> None:
        """Refuse words that belong to no option."""
        if words:
            raise UsageError(f"'{words[0]}' belongs to no option; twistd car --help lists them")

    def postOptions(self) -> None:
        """Read variables, file and defaults beside the flags."""
        flags = {s.name: self.get(s.flag) for s in SETTINGS}
        try:
            self.settings = load(flags, os.environ, Path.cwd())
        except CarError as problem:
            _refuse(str(problem))


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"car: {sentence}\n")
    sys.exit(USAGE_STATUS)


@implementer(IService)
class DaemonService(Daemon):
    """The daemon as ``twistd`` runs it: log format, a failed start, a second SIGTERM."""

    def __init__(self, settings: Settings, reactor: Any) -> None:
        super().__init__(settings, reactor=reactor)
        self._reactor = reactor
        self._ending = False

    def setServiceParent(self, parent: Any) -> None:
        """Join the application of ``twistd``, and say how it logs if that was asked for."""
        settings = self.settings
        origins = settings.origins
        asked = {origins["log_format"], origins["log_level"]} != {"default"}
        if asked and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, log_observer(settings))
        super().setServiceParent(parent)

    def startService(self) -> None:
        """Start; a start that cannot be ends the program with status 2."""
        try:
            super().startService()
        except CarError as problem:
            self._give_up(str(problem))
            return
        self.listening.addErrback(self._cannot_listen)
        IReactorCore(self._reactor).callWhenRunning(self._heed_signals)
        spare_collector()

    def _cannot_listen(self, failure: Failure) -> None:
        self._give_up(failure.getErrorMessage())

    def _give_up(self, sentence: str) -> None:
        _log.error("{problem}", problem=sentence)
        self._ending = True
        # After everything else of twistd's own shutdown; there is no other way to hand it
        # an exit status.
        atexit.register(_exit_with_failure, sentence)
        IReactorCore(self._reactor).callWhenRunning(self._reactor.stop)

    def _heed_signals(self) -> None:
        """Take SIGTERM and SIGINT ourselves.

        After Twisted's own handlers ``twistd`` ends as killed by the signal; a stop that was
        asked for and went well has the exit status 0 (``reliability.md`` §6).
        """

        def note(number: int, frame: Any) -> None:
            self._reactor.callFromThread(self._signalled, number)

        signal.signal(signal.SIGTERM, note)
        signal.signal(signal.SIGINT, note)

    def _signalled(self, number: int) -> None:
        """Stop; the second time, at once."""
        name = signal.Signals(number).name
        if self._ending:
            _log.info("{signal} again: stopping at once", signal=name)
            self.hurry()
        else:
            _log.info("{signal}: stopping", signal=name)
            self._ending = True
            self._reactor.stop()


def spare_collector() -> None:
    """Let the garbage collector pass over what stands since the start, and come less often.

    With 500,000 live objects a full collection holds the reactor for 165 ms; frozen ones
    are not looked at (performance.md §4, which has the thresholds as well).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _exit_with_failure(sentence: str) -> None:
    terminal = sys.__stderr__  # in whose place twistd has put its log
    if terminal is not None:
        terminal.write(f"car: {sentence}\n")
        terminal.flush()
    sys.stdout.flush()
    os._exit(USAGE_STATUS)


def log_observer(settings: Settings) -> Any:
    """The observer of ``--log-format`` and ``--log-level``, to the standard output."""
    make = jsonFileLogObserver if settings.log_format == "json" else textFileLogObserver
    level = LogLevel.levelWithName(settings.log_level)
    return FilteringLogObserver(make(sys.stdout), [LogLevelFilterPredicate(level)])


def makeService(options: Options) -> DaemonService:
    """The service of ``twistd car``; called by Twisted.

    Settings that are right each by itself may still not do together or on this system; that
    ends the program as a wrong option does.
    """
    reactor = the_reactor()
    # Twisted's reactor counts by the wall clock; a clock that is set must not fire or hold
    # up our timers.  Nothing has been scheduled yet.
    reactor.seconds = time.monotonic
    try:
        return DaemonService(options.settings, reactor)
    except CarError as problem:
        _refuse(str(problem))
