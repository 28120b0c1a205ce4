"""The official client's memory and skills, against the daemon's."""

import json

from tests.interop.clients import ClientTestCase, make_classes


class MemoryTests(ClientTestCase):
    """Facts, queries, contexts."""

    scenario = "memory"
    needs = "add_fact"

    def test_daemon(self) -> None:
        """The daemon takes it all in good order."""
        self.assert_daemon_well()
        self.assertIsNone(self.value("state_after"))

    def test_facts(self) -> None:
        """Each fact counts, one that is said again does not."""
        self.assertEqual([self.value(step) for step in ("first", "second", "again")], [1, 2, 2])
        self.assertEqual(self.value("count"), 2)

    def test_query(self) -> None:
        """A question finds the fact whose words it has; a strange word finds nothing."""
        [row] = self.json("query")
        self.assertEqual((row["subject"], row["body"]), ("ci", "runs on pushes to main"))
        self.assertEqual(self.json("query_nothing"), [])

    def test_context(self) -> None:
        """The context has the constraint and the fact, twice the same."""
        text = self.value("context")
        self.assertIn("⚠️ [ws-1] no friday deploys: ship before Thursday", text)
        self.assertIn("- [ws-0] [usr] ci: runs on pushes to main", text)
        self.assertEqual(self.value("context_again"), text)

    def test_consolidate(self) -> None:
        """The report counts nodes, and nothing was lost."""
        report = self.json("consolidate")
        self.assertEqual(report["superseded_gc"], 0)
        self.assertGreaterEqual(report["total_nodes"], 2)


class FileTests(ClientTestCase):
    """Writing and reading files, from 0.8.2 on by the daemon."""

    scenario = "memory"
    needs = "persist_memory"

    def test_files(self) -> None:
        """What was written is loaded in the place of what came since; nothing leads out."""
        self.assertEqual(self.value("persist"), 2)
        self.assertEqual(self.value("load"), 2)
        self.assertEqual(self.value("count_after_load"), 2)
        self.assert_raised("persist_outside", "memory.persist rejected path")

    def test_fast_context(self) -> None:
        """The fast context has constraints and facts too."""
        self.assertIn("runs on pushes to main", self.value("context_fast"))


class SkillTests(ClientTestCase):
    """Skills: learnt, found, reported on."""

    scenario = "memory"
    needs = "ingest_skill"

    def test_found(self) -> None:
        """A skill is found by what it is for, and not for something else."""
        self.assertIsInstance(self.value("ingest_skill"), int)
        found = self.json("find_skill")
        skill = found[0] if isinstance(found, list) else found
        self.assertEqual(skill["name"], "login-form")
        self.assertIn(self.json("find_no_skill"), ([], None))

    def test_degrades(self) -> None:
        """The third failure degrades it; an unknown one is told by name."""
        degraded = [self.json(f"report_{attempt}")["degraded"] for attempt in range(3)]
        self.assertEqual(degraded, [False, False, True])
        self.assert_raised("report_unknown", "skill 'nobody' not found")

    def test_listed(self) -> None:
        """Skills are listed with what they did."""
        [skill] = self.json("list_skills")
        self.assertEqual((skill["name"], skill["stats"]["fail_count"]), ("login-form", 3))

    def test_distilled(self) -> None:
        """Nothing distils into nothing; a distilled skill is taken in."""
        self.assertEqual(self.json("distil_nothing"), [])
        self.assertEqual(self.value("ingest_distilled"), 1)
        self.assertEqual(self.value("domains"), ["global"])


class SkillExchangeTests(ClientTestCase):
    """Skills as text, from 0.22 on."""

    scenario = "memory"
    needs = "export_skill"

    def test_exchange(self) -> None:
        """A skill is looked at, written as text with its digest, and read back."""
        self.assertEqual(self.json("skill_meta")["name"], "pay")
        self.assertIn("click(#pay)", self.value("export"))
        self.assertIs(json.loads(json.dumps(self.value("import"))), True)
        self.assertEqual(self.json("gate"), {"promoted": [], "rejected": []})


class UtilityTests(ClientTestCase):
    """The settings of proactive memory, from 0.40 on."""

    scenario = "memory"
    needs = "utility_retrieval"

    def test_utility(self) -> None:
        """What is set beyond its range is brought into it."""
        self.assertEqual(self.json("utility"), {"utility_weight": 0.25, "utility_exploration": 4.0})


make_classes(
    [MemoryTests, FileTests, SkillTests, SkillExchangeTests, UtilityTests],
    globals(),
)
