"""A session with a memory of its own, for the methods on skills."""

from car.ir.json import JsonObject
from tests.server.doubles import ServerCase

LOGIN: JsonObject = {
    "name": "login-form",
    "code": "fill(#u); fill(#p); click(#go)",
    "platform": "web",
    "persona": "shopper",
    "url_pattern": "https://shop.test/*",
    "task_keywords": ["log", "in"],
    "description": "sign in",
}
SCANNED: JsonObject = {"scanned": True, "source": "community"}


class SkillCase(ServerCase):
    """A client, and a human who watches the host's approvals."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()
        self.human = self.peer()

    def names(self) -> list[str]:
        """The skills that stand."""
        return [row["name"] for row in self.client.call("skills.list")]

    def report(self, name: str, outcomes: str) -> None:
        """Report outcomes, ``+`` and ``-``."""
        for outcome in outcomes:
            params = {"skill_name": name, "outcome": "success" if outcome == "+" else "fail"}
            self.client.call("skill.report", params)

    def open_approvals(self) -> list[JsonObject]:
        """What waits for a human."""
        rows = self.human.call("host.approvals")["approvals"]
        return [row for row in rows if row["status"] == "pending"]

    def resolve(self, approved: bool) -> None:
        """Answer the one approval that is open."""
        (row,) = self.open_approvals()
        params = {"approval_id": row["id"], "approved": approved}
        self.human.call("host.resolve_approval", params)
