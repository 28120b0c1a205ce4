"""Operations: their names, what they replace, which are legal."""

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from car.sync.clock import Hlc
from car.sync.errors import InvalidOperation
from car.sync.operations import SURFACES, Operation, Org, check
from tests.sync.doubles import op, turn


class OperationTests(SynchronousTestCase):
    """Operation."""

    def test_genuine(self) -> None:
        """An operation survives its JSON; one that was changed on the way is noticed."""
        recorded = op(payload={"n": 1.0, "text": "é", "big": 2**60}, scope=Org("acme"))
        read = msgspec.json.decode(msgspec.json.encode(recorded), type=Operation)
        self.assertEqual(read, recorded)
        self.assertTrue(read.genuine)
        for change in (
            {"seq": 2},
            {"payload": {"n": 1}},
            {"surface": "skill"},
            {"scope": "personal"},
            {"device_id": "dev-b"},
            {"hlc": Hlc(1, 1, "dev-a")},
            {"hlc": Hlc(1, 0, "dev-b")},
        ):
            self.assertFalse(msgspec.structs.replace(recorded, **change).genuine, change)

    def test_subject(self) -> None:
        """A payload's id names the subject within surface and scope; logs have none."""
        first = op(payload={"id": "x"})
        self.assertEqual(first.subject, op("dev-b", 9, payload={"id": "x", "n": 2}).subject)
        others = [
            op(payload={"id": "y"}),
            op(payload={"id": "x"}, surface="skill"),
            op(payload={"id": "x"}, surface="registry:tools"),
            op(payload={"id": "x"}, scope=Org("acme")),
            op(payload={"id": "x"}, scope=Org("other")),
            op(payload={}),
            op(payload={"id": 1}),
            op(payload={"id": "x"}, surface="run"),
            op(seq=2, payload={"id": "x"}, surface="run"),
            op(payload=turn(id="x"), surface="conversation"),
        ]
        self.assertEqual(len({first.subject, *(other.subject for other in others)}), 11)

    def test_precedence(self) -> None:
        """The later operation counts; of intents a committed one, then the highest epoch."""
        self.assertLess(op(wall_ms=1).precedence, op("dev-b", wall_ms=2).precedence)

        def intent(wall_ms: int, epoch: int, status: str) -> Operation:
            payload = {"agent_id": "a", "run_id": "r", "epoch": epoch, "status": status}
            return op(wall_ms=wall_ms, surface="intent", payload=payload)

        order = [
            intent(9, 1, "pending"),
            intent(5, 2, "pending"),
            intent(6, 2, "failed"),
            intent(1, 1, "committed"),
            intent(2, 1, "committed"),
        ]
        self.assertEqual(sorted(order, key=lambda found: found.precedence), order)
        self.assertEqual(len({found.subject for found in order}), 1)

    def test_deleted(self) -> None:
        """Only a true ``deleted`` deletes."""
        self.assertTrue(op(payload={"deleted": True}).deleted)
        self.assertFalse(op(payload={"deleted": 1}).deleted)

    def test_surfaces(self) -> None:
        """Every surface there is, any registry, and nothing else."""
        for surface in {*SURFACES, "registry:tools"} - {"conversation", "intent"}:
            check(surface, {})
        for surface in ("", "facts", "registry", "registry:", "knowledge:x"):
            problem = self.assertRaises(InvalidOperation, check, surface, {})
            self.assertIn("surface", str(problem))

    def test_payloads(self) -> None:
        """Turns and intents are checked however they are recorded."""
        for payload in ({}, turn(role="system"), turn(conversation_id=""), turn(content="")):
            self.assertRaises(InvalidOperation, check, "conversation", payload)
        intent = {"agent_id": "a", "run_id": "r", "epoch": 1, "status": "pending"}
        check("intent", intent)
        for wrong in ({"epoch": -1}, {"status": "done"}, {"agent_id": ""}, {"run_id": 7}):
            self.assertRaises(InvalidOperation, check, "intent", {**intent, **wrong})
        self.assertFalse(msgspec.structs.replace(op(), surface="from-the-future").legal)
