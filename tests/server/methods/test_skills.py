"""Tests of skills.*."""

from car.ir.json import JsonObject
from car.memgine.skills.records import MAX_BATCH
from tests.server.methods.skill_case import LOGIN, SkillCase

CLIENT_SKILL: JsonObject = {
    "code": "c",
    "description": "d",
    "domain": "web",
    "name": "sk",
    "scope": {"domain": "web"},
    "source": "success",
    "trigger": {"persona": "p", "task_keywords": ["k"], "url_pattern": ""},
    "when_to_apply": "w",
}
"""What official clients send (recorded frames)."""

TRACE: list[JsonObject] = [
    {"action_id": f"{tool}{n}", "data": {}, "kind": "action_succeeded", "tool": tool}
    for n in range(2)
    for tool in ("search", "save")
]


class CollectionTests(SkillCase):
    """Listing, learning, evolving."""

    def test_list(self) -> None:
        """All of them, or the global ones and a domain's."""
        self.client.call("skill.ingest", LOGIN)
        self.assertEqual(
            self.client.call("skills.ingest_distilled", {"skills": [CLIENT_SKILL]}),
            {"ingested": 1},
        )
        self.assertEqual(self.names(), ["login-form", "sk"])
        rows = self.client.call("skills.list", {"domain": "ops"})
        self.assertEqual([row["name"] for row in rows], ["login-form"])
        (_, row) = self.client.call("skills.list", {"domain": "web"})
        self.assertEqual((row["platform"], row["scope"]), ("distilled", {"domain": "web"}))
        self.assertEqual(row["when_to_apply"], "w")

    def test_too_many(self) -> None:
        """More skills at once than may be are -32602."""
        params = {"skills": [{"name": str(n)} for n in range(MAX_BATCH + 1)]}
        for name in ("skills.ingest_distilled", "skills.ingest_provisional"):
            self.assertEqual(self.client.error(name, params)["code"], -32602)

    def test_distil(self) -> None:
        """A trace gives skills, an empty one none; nothing is kept."""
        (skill,) = self.client.call("skills.distill", {"events": TRACE})
        self.assertEqual((skill["name"], skill["source"]), ("search-save", "success"))
        self.assertEqual(skill["source_event_ids"], ["search0", "save0", "search1", "save1"])
        self.assertEqual(self.client.call("skills.distill", {"events": []}), [])
        self.assertEqual(self.names(), [])

    def test_distilled_goes_in(self) -> None:
        """What is distilled can be handed back."""
        skills = self.client.call("skills.distill", {"events": TRACE})
        self.client.call("skills.ingest_distilled", {"skills": skills})
        found = self.client.call("skill.find", {"task": "search and save"})
        self.assertEqual([one["name"] for one in found], ["search-save"])

    def test_evolve(self) -> None:
        """Evolving keeps what it distils as candidates of the domain."""
        (skill,) = self.client.call("skills.evolve", {"events": TRACE, "domain": "web"})
        self.assertEqual(skill["scope"], {"domain": "web"})
        (row,) = self.client.call("skills.list", {"domain": "web"})
        self.assertEqual((row["name"], row["status"]), ("web/search-save@cand", "provisional"))
        self.assertEqual(self.client.call("skills.evolve", {"events": [], "domain": "web"}), [])

    def test_evolve_globally(self) -> None:
        """The domain ``global`` is none."""
        (skill,) = self.client.call("skills.evolve", {"events": TRACE, "domain": "global"})
        self.assertEqual((skill["name"], skill["scope"]), ("search-save", "global"))

    def test_domains(self) -> None:
        """Domains whose skills fail, by the threshold."""
        self.assertEqual(self.client.call("skills.domains_needing_evolution"), [])
        self.client.call("skill.ingest", LOGIN)
        self.report("login-form", "+-")
        self.assertEqual(self.client.call("skills.domains_needing_evolution"), ["global"])
        params = {"threshold": 0.5}
        self.assertEqual(self.client.call("skills.domains_needing_evolution", params), [])

    def test_gate(self) -> None:
        """Candidates are named by key, reported on, and promoted or not."""
        self.client.call("skill.ingest", LOGIN)
        better = {**CLIENT_SKILL, "name": "login-form", "code": "better()"}
        params = {"skills": [better], "tenant": "acme"}
        self.assertEqual(self.client.call("skills.ingest_provisional", params), {"ingested": 1})
        self.assertEqual(self.client.call("skills.gate"), {"promoted": [], "rejected": []})
        self.report("login-form@cand", "++")
        self.assertEqual(
            self.client.call("skills.gate"), {"promoted": ["login-form@cand"], "rejected": []}
        )
        (row,) = self.client.call("skills.list")
        self.assertEqual((row["code"], row["version"]), ("better()", 2))
