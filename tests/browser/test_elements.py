"""Tests of car.browser.elements: ids that keep their element, and are never given twice."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.browser import elements
from car.browser.elements import Element, Elements, gone_with_page, removed
from car.browser.errors import StepError


def see(elements: Elements, document: str, node: int, name: str = "n") -> Element:
    """Observe a button."""
    return elements.seen(
        frame="F", document=document, node=node, url="http://a/", role="button", name=name
    )


class ElementsTests(SynchronousTestCase):
    """Elements"""

    def test_order(self) -> None:
        """Ids count from 0 in the order of being seen."""
        elements = Elements()
        self.assertEqual(
            [see(elements, "d", node).id for node in (7, 5, 9)], ["el_0", "el_1", "el_2"]
        )

    def test_kept(self) -> None:
        """Seen again it has its id, and the name that it has now."""
        elements = Elements()
        see(elements, "d", 1)
        see(elements, "d", 2)
        again = see(elements, "d", 1, "other")
        self.assertEqual((again.id, again.text), ("el_0", 'button "other"'))
        self.assertIs(elements.get("el_0"), again)

    def test_another_document(self) -> None:
        """The same number in another document is another element."""
        elements = Elements()
        self.assertEqual(see(elements, "d", 1).id, "el_0")
        self.assertEqual(see(elements, "e", 1).id, "el_1")
        self.assertEqual(see(elements, "d", 1).id, "el_0")

    def test_unknown(self) -> None:
        """An id that was never given is told so."""
        problem = self.assertRaises(StepError, Elements().get, "nope")
        self.assertEqual(str(problem), "no element 'nope'; observe first")

    def test_bounded(self) -> None:
        """Those not seen for longest are forgotten; their ids are told as gone, not given again."""
        self.patch(elements, "MOST_KEPT", 3)
        known = Elements()
        for node in range(3):
            see(known, "d", node)
        see(known, "d", 0)
        self.assertEqual(see(known, "e", 1).id, "el_3")
        problem = self.assertRaises(StepError, known.get, "el_1")
        self.assertEqual(
            str(problem), "element 'el_1' is gone: only the 3 seen last are kept; observe again"
        )
        self.assertEqual(known.get("el_0").node, 0)
        self.assertEqual(see(known, "d", 1).id, "el_4")
        for unknown in ("el_5", "el_01", "el_-1", "el_" + "9" * 50):
            problem = self.assertRaises(StepError, known.get, unknown)
            self.assertIn("; observe first", str(problem))

    def test_stale(self) -> None:
        """Why an element that was there is not."""
        element = see(Elements(), "d", 1)
        self.assertEqual(
            str(gone_with_page(element)),
            "element 'el_0' belongs to a page that is gone (was http://a/); observe again",
        )
        self.assertEqual(
            str(removed(element)),
            "element 'el_0' (button \"n\") is no longer on the page; observe again",
        )

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5))))
    def test_never_twice(self, sights: list[tuple[str, int]]) -> None:
        """Whatever is seen: one id for each element, one element for each id."""
        elements = Elements()
        given_: dict[tuple[str, int], str] = {}
        for document, node in sights:
            found = see(elements, document, node).id
            self.assertEqual(given_.setdefault((document, node), found), found)
        self.assertEqual(len(set(given_.values())), len(given_))
