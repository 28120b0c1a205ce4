"""The child process of a worker: ``python -m car.worker.child MODULE``.

It reads frames from its standard input and writes frames to what was its standard output;
whatever a library prints goes to standard error.  Each call runs in a thread of its own.
When the input ends, as it does when the daemon dies, the process ends at once.  What the work
is, MODULE knows; Twisted is not imported here.
"""

import importlib
import os
import shutil
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, cast

from car.errors import CarError
from car.ir.json import JsonObject, JsonValue
from car.worker.frames import FrameReader, pack

Tell = Callable[[JsonValue], bool]
"""Sends a part of a result; answers whether the call was cancelled and should stop."""

READ_BYTES = 65_536
"""What is read from the pipe at once: its usual capacity on Linux."""

NICENESS = 5
"""How far the worker stands back (nice(2)), so that the daemon keeps answering [ours]."""

DEFECT_STATUS = 70
"""The exit status after an exception that nobody foresaw (sysexits.h, EX_SOFTWARE)."""


class Backend(Protocol):
    """What does the work: a loaded model, say."""

    def call(self, op: str, arguments: JsonObject, tell: Tell) -> JsonValue:
        """Do *op*; may be called from several threads at once.  Raises CarError."""


class BackendModule(Protocol):
    """The module that a worker is of."""

    @staticmethod
    def open_backend(options: JsonObject, directory: str) -> Backend:
        """Load what *options* name; *directory* is private to this process.  Raises CarError."""


class Worker:
    """Answers the frames that come in on *source*, a file descriptor, over *target*."""

    def __init__(self, module: BackendModule, source: int, target: int) -> None:
        self._module = module
        self._source = source
        self._target = target
        self._writing = threading.Lock()
        self._cancelled: set[int] = set()
        self._backend: Backend | None = None

    def run(self) -> None:
        """Work until the input ends, or nothing can be opened."""
        reader = FrameReader()
        directory = ""
        while data := os.read(self._source, READ_BYTES):
            for message in reader.feed(data):
                if "open" in message:
                    directory = message["directory"]
                    if not self._open(message["open"], directory):
                        return
                elif "cancel" in message:
                    self._cancelled.add(message["cancel"])
                else:
                    threading.Thread(target=self._answer, args=(message,), daemon=True).start()
        if directory:
            shutil.rmtree(directory, ignore_errors=True)

    def _open(self, options: JsonObject, directory: str) -> bool:
        try:
            self._backend = self._module.open_backend(options, directory)
        except CarError as problem:
            self._send({"failed": _told(problem)})
            return False
        self._send({"opened": True})
        return True

    def _answer(self, message: JsonObject) -> None:
        number: int = message["id"]
        backend = self._backend
        assert backend is not None  # "open" is the first frame

        def tell(part: JsonValue) -> bool:
            if number not in self._cancelled:
                self._send({"id": number, "part": part})
            return number in self._cancelled

        try:
            result = backend.call(message["op"], message["arguments"], tell)
        except CarError as problem:
            self._send({"id": number, "error": _told(problem)})
        else:
            self._send({"id": number, "result": result})
        self._cancelled.discard(number)

    def _send(self, message: JsonObject) -> None:
        frame = memoryview(pack(message))
        with self._writing:
            while frame:
                frame = frame[os.write(self._target, frame) :]


def _told(problem: CarError) -> JsonObject:
    return {"type": type(problem).__name__, "message": str(problem)}


def _exit_on_defect(arguments: threading.ExceptHookArgs) -> None:
    """End the process when a call's thread fails unforeseen, so that no caller waits forever."""
    kind: type[BaseException] = arguments.exc_type
    value: BaseException = arguments.exc_value or kind()
    trace: TracebackType | None = arguments.exc_traceback
    sys.excepthook(kind, value, trace)
    sys.stderr.flush()
    os._exit(DEFECT_STATUS)


def main(module: str) -> None:
    """Run a worker of *module*, a dotted name, on this process's standard streams."""
    target = os.dup(1)
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    threading.excepthook = _exit_on_defect
    try:
        Worker(cast(BackendModule, importlib.import_module(module)), 0, target).run()
    except BrokenPipeError:
        os._exit(0)  # the daemon is gone
    # Neither the native threads nor their destructors are waited for.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
