"""Tests of car.memgine.dialogue.quotations: what is said of earlier words by giving them."""

from twisted.trial.unittest import SynchronousTestCase

from car.memgine.dialogue.quotations import buries
from tests.memgine.dialogue.talk import BEGIN, Talk, TalkTestCase

OLD = "A ticket costs $12"
NEW = "A ticket costs $15 (the $12 was last year)"
DERIVED = "Quoted ten tickets at $12 each = $120"

BASES = (
    "From the list: {}",
    "The list says: {}",
    "We go by the list: {}.",
    "As the list has it, {}",
)
DRAWN = (
    "So: {}",
    "That gave us: {}",
    "On that footing: {}",
    "From which we got: {}",
    "We worked out: {}",
    "With this in hand: {}",
    "Accordingly, {}",
)
CORRECTIONS = (
    "Correction. {old} is wrong. Correct is: {new}.",
    'We slipped up: it is not "{old}" but "{new}".',
    '"{old}" was an error; it should have been "{new}".',
    'Kindly cross out "{old}"; "{new}" takes its place.',
    'Instead of "{old}" the entry is "{new}".',
    "The entry “{old}” has to give way to “{new}”.",
    "Wrong: {old}. Right: {new}.",
    "I told you {old}. That was mistaken. It is: {new}.",
    "Old: {old}. New: {new}.",
    'Please swap "{old}" for "{new}".',
    "Formerly: {old}. From now on: {new}.",
    'The true state of things is "{new}", and not "{old}".',
    "{old} - strike that. {new}.",
)
OBJECTIONS = (
    'Therefore "{}" is not to be relied on any more.',
    'Please do "{}" over.',
    "“{}” needs another look.",
    'Our earlier "{}" is affected and must be reckoned anew.',
    "This affects {}: please recalculate.",
    "{} is thereby void.",
    'That knocks out "{}".',
    'The calculation "{}" was done with a bad number.',
)


class ReplacedTests(TalkTestCase):
    """A statement that gives old words and new ones."""

    def test_every_wording(self) -> None:
        """The old words fall wherever they stand, and what was drawn from them with them."""
        for base in BASES:
            for number, correction in enumerate(CORRECTIONS):
                drawn = DRAWN[number % len(DRAWN)]
                said = correction.format(old=OLD, new=NEW)
                talk = [base.format(OLD), drawn.format(DERIVED), said]
                self.leaves(talk, kept=["$15"], gone=["$12", "$120"])

    def test_facts(self) -> None:
        """Structured facts fall as well, but no rule from above."""
        talk = Talk()
        talk.fact("ticket_price", OLD)
        rule = talk.fact("ticket_rule", OLD, authority="policy")
        talk.say(f'Not "{OLD}" but "A ticket costs $15".')
        self.assertEqual([node.live for node in talk.nodes], [False, True, True])
        self.assertTrue(rule.live)


class ObjectionTests(TalkTestCase):
    """A statement that gives old words to say that they no longer hold."""

    def test_after_the_correction(self) -> None:
        """It hands nothing dead back."""
        for objection in OBJECTIONS:
            self.leaves(
                [
                    f"From the list: {OLD}",
                    f"So: {DERIVED}",
                    "Correction: a ticket costs $15.",
                    objection.format(DERIVED),
                ],
                kept=["$15"],
                gone=["$120"],
            )

    def test_by_itself(self) -> None:
        """It takes the words back without a correction before it."""
        for objection in OBJECTIONS:
            self.leaves(
                [f"We did this: {DERIVED}", objection.format(DERIVED)], kept=[], gone=["$120"]
            )

    def test_said_again(self) -> None:
        """To repeat or to confirm is no objection."""
        for again in (
            f"I repeat: {OLD}. Please note it.",
            f'Yes, "{OLD}" still holds.',
            f'I confirm: "{OLD}".',
            f"{OLD} and the bus costs $3.",
        ):
            talk = Talk(f"{OLD}.", again)
            self.assertTrue(talk.nodes[0].live, again)

    def test_new_words_first(self) -> None:
        """The new words may stand before the old ones."""
        for words in (
            "The fair opens on September 15 rather than: the fair opens on August 1.",
            "The fair opens on September 15, we said the fair opens on August 1.",
            "The fair opens on September 15. This takes the place of 'the fair opens on August 1'.",
            "The fair opens on September 15 and not: the fair opens on August 1 (new permit).",
        ):
            talk = ["The owners say the fair opens on August 1.", words]
            self.leaves(talk, kept=["September 15"], gone=["August 1"])

    def test_scrapped_before(self) -> None:
        """What "that" stands for is not what comes after it."""
        self.leaves(
            [
                "The menu is the garden menu.",
                "assistant> Menu noted: the garden menu.",
                "Let's try the harbour menu instead.",
                "Scrap that, the garden menu after all.",
            ],
            kept=["garden"],
            gone=["harbour"],
        )


class ObituaryTests(SynchronousTestCase):
    """A fact that gives the fact it replaced only to bury it."""

    def test_buries(self) -> None:
        """A remark before the old words buries them; what goes on after them does not."""
        for text in (f"[void: bad input] {DERIVED}", f"No longer so: {DERIVED}"):
            self.assertTrue(buries(text, DERIVED, BEGIN), text)
        for text in (f"{OLD} at the door", "A ticket costs $15", f"{NEW}"):
            self.assertFalse(buries(text, OLD, BEGIN), text)

    def test_in_memory(self) -> None:
        """Such a fact is not shown, whether or not the other had fallen before."""
        talk = Talk()
        old = talk.fact("quote", DERIVED)
        talk.supersede(old, "quote_v2", f"(rests on a bad number) Was: {DERIVED}")
        self.assertEqual(talk.holds(), [])

    def test_reason(self) -> None:
        """The reason that stands in brackets is kept with the new words."""
        talk = Talk(
            "The price list reports: fair opens August 1.",
            'Errata (the owners waited for the harbour festival): replace "fair opens August 1" '
            'by "fair opens September 15"',
        )
        left = " ".join(talk.holds())
        self.assertIn("harbour festival", left)
        self.assertIn("September 15", left)
        self.assertNotIn("August 1", left)

    def test_ground(self) -> None:
        """A fact that gives what fell with the ground of it, and a remark, buries both."""
        talk = Talk(f"The list says: {OLD}", f"So: {DERIVED}")
        talk.say(f"Correction: the value was: {OLD}. The actual value is: {NEW}")
        talk.fact("quote_v2", f"{DERIVED} (drawn from the wrong figure: {OLD})")
        self.assertNotIn("$12", talk.text())
