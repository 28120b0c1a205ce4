"""Tests of asking a human without waiting."""

from car.evolution.cascade import Verdict
from car.memgine.skills.deployment import SkillProvenance
from car.memgine.skills.records import SkillStats
from car.server.errors import Busy, InvalidParams
from car.server.limits import Limits
from car.server.skill_approvals import ASKING_SECONDS, human_verdict, with_record
from tests.server.doubles import ServerCase

KEY = "cascade:it works"


class VerdictTests(ServerCase):
    """human_verdict: asked once, then remembered."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def ask(self, key: str = KEY) -> Verdict | None:
        return human_verdict(self.client.session, key, {"why": "x"})

    def resolve(self, resolution: str) -> None:
        (row,) = [row for row in self.state.host.approvals() if row.status == "pending"]
        self.state.host.resolve_approval("somebody", row.id, resolution=resolution)

    def test_asked_once(self) -> None:
        """Asking again while nobody has answered raises no second approval."""
        self.assertIsNone(self.ask())
        self.assertIsNone(self.ask())
        (row,) = self.state.host.approvals()
        self.assertEqual((row.action, row.details, row.client_id), (KEY, {"why": "x"}, None))

    def test_remembered(self) -> None:
        """An answer holds from then on, for its own key."""
        for resolution, verdict in (("approve", "approved"), ("deny", "rejected")):
            key = f"cascade:{resolution}"
            self.ask(key)
            self.resolve(resolution)
            self.assertEqual(self.ask(key), verdict)
            self.assertEqual(self.ask(key), verdict)

    def test_expired(self) -> None:
        """One that nobody answered is asked anew."""
        self.ask()
        self.later(ASKING_SECONDS)
        self.assertIsNone(self.ask())
        statuses = [row.status for row in self.state.host.approvals()]
        self.assertEqual(statuses, ["expired", "pending"])

    def test_another_session(self) -> None:
        """The verdict is the daemon's, whichever session asks; it outlives the asker."""
        self.ask()
        self.client.lose()
        self.resolve("approve")
        self.client = self.peer()
        self.assertEqual(self.ask(), "approved")

    def test_not_asked(self) -> None:
        """What cannot be asked is an error."""
        self.serve(limits=Limits(host_approvals=1, host_message_bytes=100))
        self.client = self.peer()
        self.assertRaises(InvalidParams, self.ask, "cascade:" + "x" * 100)
        self.ask()
        self.assertRaises(Busy, self.ask, "cascade:another")


class RecordTests(ServerCase):
    """with_record: the daemon's own counts."""

    def test_counts(self) -> None:
        """They replace what was stated; without a provenance there is nothing else."""
        stated = SkillProvenance(scanned=True, success_count=99)
        found = with_record(stated, SkillStats(1, 2))
        self.assertEqual((found.scanned, found.success_count, found.fail_count), (True, 1, 2))
        self.assertEqual(with_record(None, SkillStats()), SkillProvenance())
