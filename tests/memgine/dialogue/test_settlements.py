"""Tests of car.memgine.dialogue.settlements: what the next word on a thing replaces."""

from tests.memgine.dialogue.talk import Talk, TalkTestCase

DATES = (
    "June 9 would suit better.",
    "Better June 9.",
    "Can you make that June 9?",
    "It will be June 9 after all.",
    "June 9, please, not May 4.",
    "We have to go for June 9.",
    "My error, June 9.",
    "That was wrong, it is June 9.",
    "Take June 9 for it.",
    "The offsite takes place on June 9.",
    "For the offsite June 9 holds.",
    "I would prefer June 9.",
    "June 9 then.",
    "Kindly enter June 9 for the offsite.",
    "On reflection June 9 is what we need.",
    "Put June 9 in its place.",
)
CHOICES = (
    "Raviga will do the catering.",
    "Let Raviga have the catering.",
    "I prefer Raviga for the catering.",
    "Give the catering to Raviga.",
    "We hand the catering to Raviga instead.",
    "For the catering I now favour Raviga.",
    "The catering contract is to be signed with Raviga.",
    "We are taking Raviga for the catering.",
)
MATTERS = (
    ("We might do a slow start for the rollout.", "slow start", "It has been settled: big bang."),
    ("The team voted for pair reviews.", "pair reviews", "The board wants solo reviews."),
    ("The team went for pair reviews.", "pair reviews", "By order of the CEO: solo reviews."),
    ("The project is on track.", "on track", "Bad tidings: the project has been called off."),
    ("The price is provisionally $85 per unit.", "$85", "Final price: $50 per unit."),
    (
        "[Manager] The budget of $100,000 is approved.",
        "$100,000",
        "[VP] No. The budget is $80,000.",
    ),
)


class ReplacedTests(TalkTestCase):
    """What was taken down gives way to the next word on it."""

    def test_dates(self) -> None:
        """A date of the same thing, or of none that is named, needs no cue."""
        for first in ("The offsite is on May 4.", "Put the offsite down for May 4."):
            for echo in ("Got it, offsite on May 4.", "May 4 it is for the offsite."):
                for words in DATES:
                    self.leaves(
                        [first, f"assistant> {echo}", words], kept=["June 9"], gone=["May 4"]
                    )

    def test_choices(self) -> None:
        """A name for the same job, whatever the verb."""
        for first in ("We have chosen Hooli Ltd for the catering.", "Our caterer is Hooli Ltd."):
            for words in CHOICES:
                talk = Talk(first, "assistant> Catering: Hooli Ltd.", "Is Raviga free?", words)
                talk.fact("caterer", "Hooli Ltd", minutes_ago=30)
                self.assertNotIn("Hooli", talk.text(), words)
                self.assertIn("Raviga", talk.text(), words)

    def test_matters(self) -> None:
        """States, prices, plans and decisions of others."""
        for first, old, words in MATTERS:
            self.leaves([first, f"assistant> Noted: {first}", words], kept=[], gone=[old])

    def test_loaded(self) -> None:
        """What was taken down before a load is still what a correction answers."""
        talk = Talk("The offsite is on May 4.", "assistant> Offsite: May 4.")
        talk.reader = type(talk.reader)()
        talk.reader.resume(talk.nodes)
        talk.say("Better June 9.")
        self.assertEqual(talk.holds(), ["Better June 9."])


class LeftAloneTests(TalkTestCase):
    """What says something else, or something more."""

    def test_something_else(self) -> None:
        """Other subjects, additions and questions replace nothing."""
        for words in (
            "Also book Raviga for the music.",
            "The retro is on Friday.",
            "Please invite the legal team.",
            "The kickoff slides are due June 1.",
            "We also take Raviga for the drinks.",
            "My sister's birthday is June 9.",
        ):
            self.leaves(
                [
                    "The offsite is on May 4.",
                    "assistant> Offsite: May 4.",
                    "Hooli Ltd does the catering.",
                    "assistant> Catering: Hooli Ltd.",
                    words,
                ],
                kept=["May 4", "Hooli"],
                gone=[],
            )


class PeopleTests(TalkTestCase):
    """Where several people with names talk, little falls."""

    def test_small_talk(self) -> None:
        """Cues, states and choices of others retire nothing; nor do stage directions."""
        self.leaves_alone(
            [
                "Mia> We're going with the blue sofa.",
                "Leo> No wait, I meant the green one is lovely.",
                "Mia> (laughs and sits down on the green sofa)",
                "Leo> Actually my cousin moved to Lyon.",
                "Mia> He is fine now. The party is cancelled, by the way.",
                "Leo> [Scene: the kitchen, later that day.]",
            ]
        )

    def test_correction(self) -> None:
        """A typed value of one subject gives way, also to another's word."""
        self.leaves(
            [
                "Mia> The team offsite is on May 4.",
                "Leo> Correction: the team offsite is on June 9.",
            ],
            kept=["June 9"],
            gone=["May 4"],
        )


class SubjectTests(TalkTestCase):
    """What a word on a settled matter may look like."""

    def test_short_forms(self) -> None:
        """ "qty" is the quantity, "loc" the location."""
        self.leaves(
            ["Order 40 chairs to Lyon.", "assistant> 40 chairs to Lyon.", "loc same, qty 60"],
            kept=["60"],
            gone=["40"],
        )

    def test_passive(self) -> None:
        """Whoever is appointed, chosen or awarded something is the choice."""
        self.leaves(
            [
                "Hooli has been selected for the roof contract.",
                "assistant> The papers for Hooli will be drawn up.",
                "Piedpaper is appointed for the roof contract.",
            ],
            kept=["Piedpaper"],
            gone=["Hooli"],
        )

    def test_anaphors(self) -> None:
        """ "The foregoing" names no subject of its own."""
        self.leaves(
            [
                "The fair takes place next week.",
                "assistant> The fair is entered for next week.",
                "The foregoing is to be amended to this week.",
            ],
            kept=["this week"],
            gone=["next week"],
        )

    def test_fact_of_a_choice_given_up(self) -> None:
        """A fact that says no more than the choice, with a word such as "tentative", falls."""
        talk = Talk(
            "Roof idea: slate tiles, nothing fixed.",
            "assistant> Roof tbc: slate tiles.",
            "It's copper sheets, official.",
        )
        talk.fact("cover", "slate tiles (tentative)", minutes_ago=10)
        self.assertNotIn("slate", " ".join(talk.holds()))

    def test_slip_of_the_pen(self) -> None:
        """A typo is a correction."""
        self.leaves(
            ["The fair is on May 4.", "assistant> Fair: May 4.", "Typo, May 9."],
            kept=["May 9"],
            gone=["May 4"],
        )


CHOSEN = (
    "We're having a slate roof.",
    "assistant> Noted, a slate roof.",
    "Scrap that, take a copper roof.",
    "assistant> It's a copper roof now.",
)


class ReinstatedTests(TalkTestCase):
    """A choice that was given up is brought back by naming it again."""

    def test_brought_back(self) -> None:
        """Whatever the verb, what had taken its place falls."""
        for words in (
            "Never mind, slate roof again.",
            "You know what, I liked the slate roof better.",
            "Upon reconsideration the slate roof is reinstated.",
            "The slate roof was good, let's return to it.",
        ):
            self.leaves([*CHOSEN, words], kept=["slate roof"], gone=["copper"])

    def test_declined(self) -> None:
        """To name a choice that was given up in order to decline it brings nothing back."""
        self.leaves([*CHOSEN, "I would never want the slate roof again."], kept=["copper"], gone=[])

    def test_another_matter(self) -> None:
        """To confirm an earlier choice leaves what was settled since of something else."""
        self.leaves(
            [
                "We're having a slate roof.",
                "assistant> Noted, a slate roof.",
                "Raviga will do the catering.",
                "assistant> Raviga it is for the catering.",
                "We keep the slate roof.",
            ],
            kept=["slate roof", "Raviga"],
            gone=[],
        )

    def test_asked_for(self) -> None:
        """What was asked for, and done, gives way as what was said does."""
        self.leaves(
            [
                "Could you put the fair down for next week?",
                "assistant> I have put the fair down for next week.",
                "Sorry, that was wrong, kindly make it this week.",
            ],
            kept=["this week"],
            gone=["next week"],
        )

    def test_as_given_back(self) -> None:
        """A fact falls with the choice as the assistant put it, remarks before it left out."""
        talk = Talk(
            "Memo to everybody: roof idea, undecided: slate tiles.",
            "assistant> Memo to everybody: roof candidate: slate tiles.",
            "Agreed by the owners, official now: copper sheets.",
        )
        talk.fact("cover", "slate tiles (tentative)", minutes_ago=10)
        self.assertNotIn("slate", " ".join(talk.holds()))

    def test_name_at_the_beginning(self) -> None:
        """A name that only the assistant writes large within a sentence is one."""
        self.leaves(
            [
                "Hooli won the catering.",
                "assistant> The papers for Hooli are on their way.",
                "We'll sign the catering with Raviga.",
            ],
            kept=["Raviga"],
            gone=["Hooli"],
        )

    def test_share(self) -> None:
        """More of them than there were is another count; fewer are some of them."""
        first = ["We order 500 bricks for the wall.", "assistant> Ordered: 500 bricks, wall."]
        self.leaves([*first, "I need 900 of them, please."], kept=["900"], gone=["500"])
        self.leaves([*first, "Send 20 of them to Ana."], kept=["500", "20"], gone=[])

    def test_echo_of_a_state(self) -> None:
        """What an assistant noted falls with what it had been told."""
        self.leaves(
            [
                "Shop health: on track.",
                "assistant> Logged as on track.",
                "From now on please regard the shop as delayed.",
            ],
            kept=["delayed"],
            gone=["on track"],
        )

    def test_granted(self) -> None:
        """What was asked for and granted takes the place of what stood, and gives way again."""
        talk = Talk(
            "We are using slate tiles as our roof.",
            "assistant> Slate tiles as the roof, confirmed.",
            "Could we do copper sheets rather than what we had?",
            "assistant> I've changed it to copper sheets.",
        )
        self.assertNotIn("late tiles", talk.text())
        talk.say("I've thought about it and want to return to slate tiles.")
        old = talk.fact("roof", "slate tiles", minutes_ago=9)
        talk.fact("roof", "copper sheets", minutes_ago=8)
        self.assertNotIn("copper", talk.text())
        self.assertIn("slate tiles", talk.text())
        self.assertFalse(old.live and old.setting)

    def test_subject_chosen(self) -> None:
        """What is called the choice may stand before the verb."""
        self.leaves(
            [
                "Slate tiles are our roof.",
                "assistant> Slate tiles are on file as the roof.",
                "I'd like to move to copper sheets.",
                "assistant> The change to copper sheets is made.",
                "We were right the first time. Please restore the slate tiles.",
            ],
            kept=["slate tiles"],
            gone=["copper"],
        )


class DraftTests(TalkTestCase):
    """What was only considered."""

    def test_decided_against(self) -> None:
        """It is dead, as a fact as well, once something else is settled."""
        talk = Talk(
            "Suppose we took slate tiles for the roof.",
            "assistant> Slate tiles for the roof would do.",
            "It is official now: copper sheets.",
        )
        talk.fact("roof", "slate tiles (tentative)", minutes_ago=10)
        self.assertNotIn("late tiles", talk.text())
        self.assertIn("copper sheets", talk.text())

    def test_decided_for(self) -> None:
        """It lives where it is what was settled."""
        talk = Talk(
            "Suppose we took slate tiles for the roof.",
            "assistant> Slate tiles for the roof would do.",
            "It is official now: slate tiles.",
        )
        talk.fact("roof", "slate tiles")
        self.assertIn("slate tiles", talk.holds())
