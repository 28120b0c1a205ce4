"""The writer's thread, with a real pool."""

import threading
from collections.abc import Callable
from queue import Queue

from twisted.trial.unittest import SynchronousTestCase

from car.store.thread import WriterThread


class _Reactor:
    """Keeps what threads hand over until it is taken."""

    def __init__(self) -> None:
        self.calls: Queue[Callable[[], object]] = Queue()

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        """Keep it."""
        self.calls.put(lambda: function(*args))

    def take(self) -> None:
        """Wait for one call and make it."""
        self.calls.get(timeout=30)()


class WriterThreadTests(SynchronousTestCase):
    """WriterThread: one thread, in order."""

    def test_calls(self) -> None:
        """Calls run in one other thread, in order, and fire on the reactor's side."""
        reactor = _Reactor()
        thread = WriterThread(reactor, "writer")
        self.addCleanup(thread.stop)
        order: list[int] = []

        def note(n: int) -> int:
            order.append(n)
            self.assertTrue(threading.current_thread().daemon)
            return threading.get_ident()

        calls = [thread(note, n) for n in range(5)]
        for _ in calls:
            reactor.take()
        identities = {self.successResultOf(call) for call in calls}
        self.assertEqual(order, [0, 1, 2, 3, 4])
        self.assertEqual(len(identities), 1)
        self.assertNotIn(threading.get_ident(), identities)

    def test_failure(self) -> None:
        """What a call raises is its failure."""
        reactor = _Reactor()
        thread = WriterThread(reactor, "writer")
        self.addCleanup(thread.stop)
        called = thread(int, "x")
        reactor.take()
        self.failureResultOf(called, ValueError)

    def test_unused(self) -> None:
        """Without a call there is no thread, and nothing to stop."""
        before = threading.active_count()
        thread = WriterThread(_Reactor(), "writer")
        self.assertEqual(threading.active_count(), before)
        thread.stop()
