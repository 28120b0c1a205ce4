"""Tests of car.server.admission."""

from twisted.internet.defer import CancelledError
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from car.server.admission import AdmissionGate, Permit, permits_for, permits_from_system
from car.server.errors import Busy

GIB = 1024**3


class PermitsTests(SynchronousTestCase):
    """How many permits a machine gets."""

    def test_by_memory(self) -> None:
        """One for 8 GiB, never fewer than one nor more than eight."""
        for memory, permits in ((1, 1), (15, 1), (16, 2), (31, 3), (64, 8), (512, 8)):
            self.assertEqual(permits_for(memory * GIB), permits)

    def test_this_machine(self) -> None:
        """Without an override the machine's own RAM counts."""
        self.assertIn(permits_from_system(), range(1, 9))

    def test_override(self) -> None:
        """A positive whole number wins; anything else is ignored with one warning."""
        self.assertEqual(permits_from_system("12"), 12)
        for text in ("0", "-1", "2.5", "many"):
            with capturedLogs() as events:
                self.assertEqual(permits_from_system(text), permits_from_system())
            self.assertEqual(
                [formatEvent(event) for event in events],
                [
                    "CAR_INFERENCE_MAX_CONCURRENT must be a positive whole number, "
                    f"not {text}; ignored"
                ],
            )


class AdmissionGateTests(SynchronousTestCase):
    """AdmissionGate: order, cancelling, a full queue, the status."""

    def setUp(self) -> None:
        self.gate = AdmissionGate(2, most_waiting=3)

    def test_order(self) -> None:
        """Two are let in at once; the others follow in order as permits come back."""
        first = self.successResultOf(self.gate.acquire())
        self.successResultOf(self.gate.acquire())
        third, fourth = self.gate.acquire(), self.gate.acquire()
        self.assertNoResult(third)
        first.release()
        held = self.successResultOf(third)
        self.assertNoResult(fourth)
        held.release()
        self.successResultOf(fourth)

    def test_released_once(self) -> None:
        """A permit released twice counts once."""
        permit = self.successResultOf(self.gate.acquire())
        permit.release()
        permit.release()
        self.assertEqual(self.gate.status()["permits_available"], 2)

    def test_cancelled(self) -> None:
        """Who cancels leaves the queue and takes no permit."""
        permits = [self.successResultOf(self.gate.acquire()) for _ in range(2)]
        third, fourth = self.gate.acquire(), self.gate.acquire()
        third.cancel()
        self.failureResultOf(third, CancelledError)
        permits[0].release()
        self.successResultOf(fourth)

    def test_full(self) -> None:
        """Past the length of the queue the answer is an error, and the queue stays."""
        permits = [self.successResultOf(self.gate.acquire()) for _ in range(2)]
        waiting = [self.gate.acquire() for _ in range(3)]
        failure = self.failureResultOf(self.gate.acquire(), Busy)
        self.assertEqual(str(failure.value), "inference queue is full (3 waiting)")
        permits[0].release()
        self.successResultOf(waiting[0])

    def test_status(self) -> None:
        """admission.status tells permits and names the variable."""
        self.successResultOf(self.gate.acquire())
        self.assertEqual(
            self.gate.status(),
            {
                "permits_total": 2,
                "permits_available": 1,
                "permits_in_use": 1,
                "env_override": "CAR_INFERENCE_MAX_CONCURRENT",
            },
        )

    def test_long_queue(self) -> None:
        """Hundreds that release at once are served in order without deep recursion."""
        gate = AdmissionGate(1, most_waiting=5000)
        first = self.successResultOf(gate.acquire())
        served: list[int] = []

        def serve(permit: Permit, number: int) -> None:
            served.append(number)
            permit.release()

        for number in range(5000):
            gate.acquire().addCallback(serve, number)
        first.release()
        self.assertEqual(served, list(range(5000)))
        self.assertEqual(gate.status()["permits_available"], 1)
