"""One worker process and the calls that wait for it.

It is started by the first call, stopped after ten idle minutes, and started anew by the call
after its end.  What a worker holds is nowhere but in its memory, so that stopping it is
killing it.  What the calls mean is for those who make them; the process's streams are ``pipe``'s.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from car.errors import CarError
from car.ir.json import JsonObject, JsonValue
from car.worker.errors import CallTimeout, WorkerFailed
from car.worker.frames import pack
from car.worker.pipe import WorkerPipe

_log = Logger()

IDLE_SECONDS = 600.0
"""A worker that nobody calls for so long is stopped (``subsystems.md`` §1.4)."""

CALL_SECONDS = 600.0
"""How long a call may take, loading included [ours]."""

EXITS, EXIT_SECONDS, HOLD_SECONDS = 3, 60.0, 60.0
"""So many exits within so many seconds hold a worker off for so many (``subsystems.md`` §1.4)."""

LET_GO_SECONDS = 30.0
"""How long a loaded worker may take to let go of a cancelled call before it is killed [ours]."""

OnPart = Callable[[JsonValue], None]


class WorkerProcess:
    """A worker of one *kind*, a word for its errors.

    *reactor* provides IReactorProcess and IReactorTime.  *module* is the one that the child
    imports, for its ``open_backend`` (``child.BackendModule``).  *options* gives what that is
    to open and is asked at each start; the CarError that it raises fails the call.  *errors*
    are the types that stay what they were on their way out of the worker; any other error of
    it becomes one of the first type.
    """

    def __init__(
        self,
        reactor: Any,
        kind: str,
        module: str,
        options: Callable[[], JsonObject],
        errors: Sequence[type[CarError]],
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.kind = kind
        self._reactor = reactor
        self._module = module
        self._options = options
        self._other = errors[0]
        self._errors = {error.__name__: error for error in errors}
        self._idle_seconds = idle_seconds
        self._numbers = count(1)
        self._pipe: WorkerPipe | None = None
        self._ending: set[WorkerPipe] = set()
        self._calls: dict[int, tuple[Deferred[JsonValue], OnPart | None]] = {}
        self._cancelled: dict[int, IDelayedCall | None] = {}
        self._exits: deque[float] = deque(maxlen=EXITS)
        self._idle: IDelayedCall | None = None
        self._stopped: Deferred[None] | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process, None while there is none."""
        return None if self._pipe is None else self._pipe.pid

    @property
    def busy(self) -> bool:
        """Whether a call waits for it."""
        return bool(self._calls)

    def call(
        self,
        op: str,
        arguments: JsonObject,
        on_part: OnPart | None = None,
        *,
        seconds: float = CALL_SECONDS,
    ) -> "Deferred[JsonValue]":
        """Have the worker do *op*; fires with its result.

        *on_part* takes each part of it that comes before; it must not raise.  Fails with
        CallTimeout after *seconds*, WorkerFailed when the process ends, is held off or
        stopped, or with what the worker could not do.  Cancelling tells the worker to stop,
        which it does at the next part.
        """
        number = next(self._numbers)
        try:
            frame = pack({"id": number, "op": op, "arguments": arguments})
            pipe = self._start()
        except CarError as problem:
            return fail(problem)
        answer: Deferred[JsonValue] = Deferred(lambda _: self._give_up(number))
        self._calls[number] = (answer, on_part)
        pipe.write(frame)

        def too_late(_result: object, _seconds: float) -> JsonValue:
            raise CallTimeout(f"{self.kind} worker took longer than {seconds:g} s")

        return answer.addTimeout(seconds, self._reactor, too_late)

    def stop(self) -> "Deferred[None]":
        """Kill the process and refuse further calls; fires when it is gone.

        Calls that wait fail with WorkerFailed.
        """
        if self._stopped is None:
            self._stopped = Deferred()
            self._retire()
            self._fail_all(WorkerFailed(f"{self.kind} worker was stopped"))
            if not self._ending:
                self._stopped.callback(None)
        if self._stopped.called:
            return succeed(None)
        stopped: Deferred[None] = Deferred()
        self._stopped.chainDeferred(stopped)
        return stopped

    def retire(self) -> None:
        """Stop the process of a worker that nobody waits for; the next call starts another."""
        if not self._calls:
            self._retire()

    # ---- the process -------------------------------------------------------------------

    def _start(self) -> WorkerPipe:
        """The process, which is started where there is none.  Raises CarError."""
        if self._stopped is not None:
            raise WorkerFailed(f"{self.kind} worker was stopped")
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._pipe is not None:
            return self._pipe
        self._check_exits()
        options = self._options()
        pipe = WorkerPipe(self._module, self._message_received, self._process_ended)
        try:
            pipe.start(self._reactor)
        except OSError as problem:
            raise WorkerFailed(
                f"{self.kind} worker cannot be started: {problem.strerror}"
            ) from None
        self._pipe = pipe
        pipe.write(pack({"open": options, "directory": pipe.directory}))
        return pipe

    def _check_exits(self) -> None:
        """Raise WorkerFailed while the worker is held off."""
        if len(self._exits) < EXITS or self._exits[-1] - self._exits[0] > EXIT_SECONDS:
            return
        left = self._exits[-1] + HOLD_SECONDS - self._reactor.seconds()
        if left > 0:
            raise WorkerFailed(
                f"{self.kind} worker is held off for {left:.0f} s, "
                f"as it ended {EXITS} times within {EXIT_SECONDS:.0f} s"
            )
        self._exits.clear()

    def _retire(self) -> None:
        """Part with the process, if there is one, and kill it."""
        pipe, self._pipe = self._pipe, None
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self._forget_cancelled()
        if pipe is not None:
            self._ending.add(pipe)
            pipe.kill()

    def _process_ended(self, pipe: WorkerPipe, end: str) -> None:
        """The process of *pipe* has ended; *end* says how."""
        if pipe is self._pipe:
            self._pipe = None
            self._exits.append(self._reactor.seconds())
            self._forget_cancelled()
            _log.warn("{kind} worker exited ({end})", kind=self.kind, end=end)
            self._fail_all(WorkerFailed(f"{self.kind} worker exited ({end})"))
            return
        self._ending.discard(pipe)
        if self._stopped is not None and not self._ending and not self._stopped.called:
            self._stopped.callback(None)

    # ---- the calls ---------------------------------------------------------------------

    def _message_received(self, pipe: WorkerPipe, message: JsonObject) -> None:
        """The worker has said something."""
        if pipe is not self._pipe:
            return
        if "opened" in message:
            pipe.opened = True
        elif "failed" in message:
            self._retire()
            self._fail_all(self._error(message["failed"]))
        elif "part" in message:
            _, on_part = self._calls.get(message["id"], (None, None))
            if on_part is not None:
                on_part(message["part"])
        else:
            self._answer_received(message)

    def _answer_received(self, message: JsonObject) -> None:
        killer = self._cancelled.pop(message["id"], None)
        if killer is not None:
            killer.cancel()
        answer, _ = self._calls.pop(message["id"], (None, None))
        if answer is None:
            return
        self._rest()
        if "error" in message:
            answer.errback(self._error(message["error"]))
        else:
            answer.callback(message["result"])

    def _give_up(self, number: int) -> None:
        """Tell the worker that nobody waits for the call any more."""
        del self._calls[number]
        if self._pipe is not None:
            self._pipe.write(pack({"cancel": number}))
            # One that loads hears of it later, and others may wait for the loading.
            self._cancelled[number] = (
                self._reactor.callLater(LET_GO_SECONDS, self._holds_on, number)
                if self._pipe.opened
                else None
            )
        self._rest()

    def _holds_on(self, number: int) -> None:
        """The worker has not let go of a cancelled call."""
        self._cancelled[number] = None
        if self._pipe is not None:
            self._pipe.kill()  # its end is told as any other

    def _forget_cancelled(self) -> None:
        cancelled, self._cancelled = self._cancelled, {}
        for killer in cancelled.values():
            if killer is not None:
                killer.cancel()

    def _rest(self) -> None:
        """Begin to count idle time if nobody waits."""
        if not self._calls and self._pipe is not None and self._idle is None:
            self._idle = self._reactor.callLater(self._idle_seconds, self._idle_over)

    def _idle_over(self) -> None:
        self._idle = None
        self._retire()

    def _fail_all(self, problem: CarError) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        calls, self._calls = self._calls, {}
        for answer, _ in calls.values():
            answer.errback(problem)

    def _error(self, told: JsonObject) -> CarError:
        return self._errors.get(told["type"], self._other)(told["message"])
