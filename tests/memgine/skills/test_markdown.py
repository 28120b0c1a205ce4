"""Tests of exported skills."""

from hypothesis import given
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.skills.errors import BrokenSkillFile
from car.memgine.skills.markdown import export_skill, read_skill
from car.memgine.skills.records import Domain, Skill, SkillStats
from tests.memgine.skills.making import SKILLS, skill


class RoundTripTests(SynchronousTestCase):
    """What was exported is read back."""

    @given(SKILLS)
    def test_same(self, one: Skill) -> None:
        """Whatever stands in a skill, it comes back as it was."""
        self.assertEqual(read_skill(export_skill(one)), one)

    def test_without_outcomes(self) -> None:
        """Outcomes, versions and what was decided here stay here."""
        lived = skill(version=7, stats=SkillStats(3, 1), deployment_tier="read_only")
        self.assertEqual(read_skill(export_skill(lived)), skill())

    def test_readable(self) -> None:
        """The document: front matter in TOML, then the code in a fence."""
        text = export_skill(skill(scope=Domain("web"), code="a\n```\nb"))
        self.assertTrue(text.startswith('+++\nsha256 = "'))
        self.assertIn('name = "login"\n', text)
        self.assertIn('[scope]\ndomain = "web"\n', text)
        self.assertIn('task_keywords = ["log","in"]\n', text)
        self.assertTrue(text.endswith("+++\n\n````\na\n```\nb\n````\n"))


class BrokenTests(SynchronousTestCase):
    """Documents that are refused."""

    def setUp(self) -> None:
        self.text = export_skill(skill())

    def assertBroken(self, text: str, mention: str) -> None:
        problem = self.assertRaises(BrokenSkillFile, read_skill, text)
        self.assertIn(mention, str(problem))

    def test_changed(self) -> None:
        """Any change after the export shows."""
        self.assertBroken(self.text.replace("fill()", "drain()"), "sha256")
        self.assertBroken(self.text.replace("shopper", "admin"), "sha256")
        self.assertBroken(self.text.replace("sha256 =", "sha1 ="), "sha256")

    def test_no_document(self) -> None:
        """Text that is something else."""
        self.assertBroken("", "front matter")
        self.assertBroken("# hello", "front matter")
        self.assertBroken("x" + self.text, "front matter")
        self.assertBroken("+++\nname = \n+++\n", "not TOML")
        self.assertBroken(self.text.replace("```\n", ""), "fenced block")
        self.assertBroken(self.text.replace("\n```\n", "\n", 1), "fenced block")

    def test_no_skill(self) -> None:
        """Front matter that is no skill's names the field."""
        self.assertBroken('+++\nname = ""\n+++\n```\n```\n', "name")
        self.assertBroken("+++\nname = 9999999999999999999999\n+++\n```\n```\n", "name")

    def test_unknown_members(self) -> None:
        """What stands beside is passed over."""
        text = self.text.replace("+++\n", "+++\nauthor = 1999-01-01\n", 1)
        self.assertEqual(read_skill(text), replace(skill()))
