"""Tests of matching a request with a skill."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.memgine.skills.matching import Profile, Request, url_matches
from car.memgine.skills.records import Skill, Trigger
from tests.memgine.skills.making import SKILLS, skill

URL = "https://shop.test/a"


class ScoreTests(SynchronousTestCase):
    """Profile.match_score: the scale, and what counts."""

    def setUp(self) -> None:
        self.profile = Profile(skill())

    def score(self, persona: str = "", url: str = "", task: str = "") -> float:
        return self.profile.match_score(Request(persona, url, task))

    def test_single_signals(self) -> None:
        """Persona alone 0.46, URL alone 0.40, task words 0.28 to 0.39."""
        self.assertEqual(self.score(persona="Shopper"), 0.46)
        self.assertEqual(self.score(url=URL), 0.40)
        self.assertEqual(self.score(task="log in"), 0.39)
        profile = Profile(skill(trigger=Trigger(task_keywords=["deploy", "release", "ship"])))
        self.assertAlmostEqual(profile.match_score(Request(task="ship it")), 0.3167, 4)

    def test_all_three(self) -> None:
        """All three together are worth the documented 0.68."""
        self.assertAlmostEqual(self.score("shopper", URL, "log in"), 0.68, 2)
        self.assertGreater(self.score("shopper", URL, "sign in"), 0.61)

    def test_nothing(self) -> None:
        """A request that has nothing to do with the skill scores 0, an empty one too."""
        self.assertEqual(self.score(), 0)
        self.assertEqual(self.score("admin", "https://bank.test/", "bake bread"), 0)

    def test_stems(self) -> None:
        """Words are compared by their stems, whatever stands around them."""
        self.assertEqual(self.score(task="Logging in, please?"), 0.39)

    def test_common_words(self) -> None:
        """Words that carry no topic find nothing, though they are keywords."""
        self.assertEqual(self.score(task="write it in English"), 0)

    def test_keyword_of_words(self) -> None:
        """A keyword of several words asks for all of them."""
        profile = Profile(skill(description="", trigger=Trigger(task_keywords=["pull request"])))
        self.assertEqual(profile.match_score(Request(task="open a pull request")), 0.39)
        self.assertEqual(profile.match_score(Request(task="pull the lever")), 0)

    def test_own_text(self) -> None:
        """Without keywords the name and description count, if half of the words meet."""
        profile = Profile(skill("deploy", description="ship the web service", trigger=Trigger()))
        self.assertEqual(profile.match_score(Request(task="deploy service")), 0.28)
        self.assertGreater(profile.match_score(Request(task="deploy it tomorrow")), 0)
        far = Request(task="the service of that hotel near the old station was slow")
        self.assertEqual(profile.match_score(far), 0)

    @given(SKILLS, st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
    def test_range(self, one: Skill, persona: str, url: str, task: str) -> None:
        """Every score lies between 0 and 1, and is the same every time."""
        profile = Profile(one)
        request = Request(persona, url, task)
        score = profile.match_score(request)
        self.assertTrue(0 <= score <= 1)
        self.assertEqual(score, profile.match_score(request))


class UrlTests(SynchronousTestCase):
    """url_matches: a glob in which only the star is special."""

    def test_matches(self) -> None:
        """Patterns and URLs that fit."""
        for pattern, url in (
            ("https://shop.test/*", URL),
            ("https://*.shop.test/*/edit", "https://eu.shop.test/item/7/edit"),
            ("*", URL),
            ("http*://shop.test/*", URL),
            ("shop.test/*", URL),
            (URL, URL),
            ("https://x/?q=*", "https://x/?q=[1]"),
            ("a*b*b", "abb"),
        ):
            self.assertTrue(url_matches(pattern, url), (pattern, url))

    def test_others(self) -> None:
        """Patterns and URLs that do not."""
        for pattern, url in (
            ("https://shop.test/*", "https://shop.test.evil/"),
            ("https://shop.test/", URL),
            ("https://x/a?c", "https://x/abc"),
            ("ab*ba", "aba"),
            ("a*b*b", "ab"),
            ("", URL),
            ("*", ""),
        ):
            self.assertFalse(url_matches(pattern, url), (pattern, url))

    @given(st.lists(st.text("ab/", max_size=4), min_size=1, max_size=5), st.data())
    def test_filled_in(self, pieces: list[str], data: st.DataObject) -> None:
        """Whatever stands in place of the stars, the pattern matches."""
        fill = data.draw(st.lists(st.text("abc/", max_size=3), min_size=len(pieces) - 1))
        url = pieces[0] + "".join(gap + piece for gap, piece in zip(fill, pieces[1:], strict=False))
        if url and "*".join(pieces):
            self.assertTrue(url_matches("*".join(pieces), url))
