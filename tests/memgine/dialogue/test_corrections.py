"""Tests of car.memgine.dialogue.corrections, rulings and trimming, through whole talks."""

from tests.memgine.dialogue.talk import Talk, TalkTestCase


class ReplacementTests(TalkTestCase):
    """A new value for the same slot retires the old one, whatever the words."""

    def test_weekday(self) -> None:
        """A correction without a subject answers the last date."""
        for words in (
            "No, make it Thursday.",
            "Sorry, I meant Thursday.",
            "Scratch that, Thursday.",
            "Actually, move it to Thursday.",
            "On second thought, Thursday instead.",
            "Could we do Thursday instead?",
            "Let's shift it to Thursday.",
        ):
            self.leaves(
                ["Book the dentist for Tuesday.", "assistant> Dentist booked for Tuesday.", words],
                kept=["Thursday"],
                gone=["Tuesday"],
            )

    def test_money(self) -> None:
        """An amount is replaced by another of the same thing, however it is spelt."""
        for words in (
            "Correction: the rent is $1,450.",
            "The rent is now $1,450.",
            "The rent went up to $1,450.",
            "The right figure for the rent is $1,450.",
        ):
            self.leaves(
                ["The rent is $1.3k.", "The deposit is $900.", words],
                kept=["1,450", "$900"],
                gone=["$1.3k"],
            )

    def test_choice(self) -> None:
        """What was chosen gives way to the next choice for the same purpose."""
        for first, second in (
            ("We're going with Hooli for the hosting.", "Let's use Raviga for the hosting."),
            ("We picked Hooli for the hosting.", "The hosting goes to Raviga after all."),
            ("Let's try Hooli for the hosting.", "We have decided on Raviga for the hosting."),
            ("We'll use Hooli for the hosting.", "Let's switch to Raviga instead."),
        ):
            self.leaves([first, second], kept=["Raviga"], gone=["Hooli"])

    def test_place(self) -> None:
        """A place said anew of the same subject needs no mark at all."""
        self.leaves(
            ["The workshop will be in Room 12.", "The workshop is in Room 40."],
            kept=["Room 40"],
            gone=["Room 12"],
        )

    def test_state(self) -> None:
        """States exclude one another."""
        for words in ("The migration is delayed.", "Latest: the migration is delayed."):
            self.leaves(["The migration is on track.", words], kept=["delayed"], gone=["on track"])

    def test_tentative_gives_way_to_official(self) -> None:
        """What was only considered is out once the matter is settled."""
        for words in (
            "It's official: we're doing a staged launch.",
            "The final decision is a staged launch.",
            "We have settled on a staged launch.",
        ):
            self.leaves(
                ["We're leaning towards a quiet launch for the product.", words],
                kept=["staged launch"],
                gone=["quiet launch"],
            )

    def test_revert(self) -> None:
        """Going back to an earlier choice retires the one in between."""
        for words in (
            "Let's go back to blue tiles.",
            "Blue tiles after all.",
            "Revert to blue tiles.",
        ):
            talk = self.leaves(
                ["The bathroom gets blue tiles.", "Let's use green tiles instead.", words],
                kept=[],
                gone=["green"],
            )
            self.assertIn("blue tiles", talk.text().lower())

    def test_part_of_a_statement(self) -> None:
        """Where a statement says more than the one value, only that value changes in it."""
        talk = Talk("Order: 40 chairs to the Lyon warehouse.", "Change the quantity to 55.")
        self.assertEqual(talk.holds()[0], "Order: 55 chairs to the Lyon warehouse.")

    def test_story_in_one_turn(self) -> None:
        """Within one turn the last step of the story stands."""
        self.leaves(
            [
                "The exam was originally on Monday. Then they moved it to Tuesday because of the"
                " strike. The final exam date is Friday."
            ],
            kept=["Friday"],
            gone=["Monday", "Tuesday"],
        )

    def test_old_value_named_beside_the_new(self) -> None:
        """A correction that names both values is shown without the old one."""
        talk = Talk("The fee is $20.", "The fee was raised from $20 to $25.")
        self.assertEqual(talk.holds(), ["The fee was raised to $25."])
        self.leaves(
            ["Erratum: typing error. The old value was 15%. The correct value is 18%."],
            kept=["18%"],
            gone=["15%"],
        )

    def test_later_report(self) -> None:
        """When or where the same thing is, said anew, needs no word for a change."""
        self.leaves(
            [
                "The viewing with Mrs Alder is at 2:00 PM in Room 8.",
                "We have moved Mrs Alder: the viewing takes place on Zoom at 11:00 AM.",
            ],
            kept=["11:00 AM"],
            gone=["2:00 PM", "Room 8"],
        )
        self.leaves(
            [
                "Under the contract the reply on CASE-77 is owed by 1:00 PM.",
                "Urgent: CASE-77 lapses in 15 minutes, somebody answer.",
            ],
            kept=["15 minutes"],
            gone=["1:00 PM"],
        )
        self.leaves(
            [
                "The reading is at the Bern office, Building A, Room 2.",
                "It's the Basel office, Building C, Room 1 for the reading.",
            ],
            kept=["Basel"],
            gone=["Bern"],
        )

    def test_state_of_what_was_named(self) -> None:
        """A state answers the one told of the same thing, and what goes on about that one."""
        talk = Talk()
        talk.signal("alert", "Lift in use: open incident. Engineers investigating.")
        talk.say("Please note: the engineers are investigating the incident.")
        talk.say("The incident is resolved, the lift is operational again.")
        self.assertNotIn("investigating", talk.text())

    def test_denied_beside_the_new(self) -> None:
        """What a statement says not to be so is not shown with what is."""
        for words in (
            "Correction: the ferry leaves at 10am, not 3pm.",
            "The timetable is old. Not 'Ferry leaves at 3pm' but 'Ferry leaves at 10am'.",
        ):
            self.leaves(["The ferry leaves at 3pm.", words], kept=["10am"], gone=["3pm"])

    def test_cancelled_thing(self) -> None:
        """What says that a thing is off brings back nothing said of it."""
        self.leaves(
            [
                "Work Order #7310 is approved for $900, proceed with ordering it.",
                "quick one - Work Order #7310 is cancelled, no more money.",
            ],
            kept=["cancelled"],
            gone=["$900"],
        )

    def test_arrow(self) -> None:
        """An arrow between two values says that the one became the other."""
        self.leaves(
            ["tonight 2 am - 4 am = dive window", "user> dive moved -> 4 am - 6 am, still dark"],
            kept=["4 am - 6 am"],
            gone=["2 am"],
        )

    def test_fact_of_a_lower_floor(self) -> None:
        """A turn retires the structured fact it corrects, but no rule from above."""
        talk = Talk()
        talk.fact("team_lunch", "Friday")
        rule = talk.fact("discount_rule", "At most 15% discount", authority="policy")
        talk.say("Let's move the team lunch to Monday.")
        talk.say("The discount is now 20%.")
        self.assertNotIn("Friday", talk.text())
        self.assertTrue(rule.live)


class LeftAloneTests(TalkTestCase):
    """Where nothing changes, nothing is retired."""

    def test_different_things(self) -> None:
        """Two subjects have two values."""
        self.leaves_alone(
            [
                "The kickoff is on Monday at 9am in Room 3.",
                "The retro is on Friday at 4pm in Room 3.",
                "Lot 1 (sold): $500,000.",
                "Lot 2 (reserved): $300,000.",
                "The Berlin office has 45 people, the Lisbon office has 20.",
                "Ines prefers tea. Omar prefers coffee.",
                "The survey budget is $2,000. The travel budget is $8,000.",
                "Customer wants to order 100 lamps.",
                "We have 50 lamps in stock.",
                "The bill for March is open. The bill for April is paid.",
                "Lunch with Ana is on Monday. Dinner with Ana is also on Tuesday.",
                "Cancel by Thursday if you do not want the box.",
                "So the ferry takes 3 hours.",
            ]
        )

    def test_small_talk(self) -> None:
        """Words that sound like a change are not one by themselves."""
        self.leaves_alone(
            [
                "I moved to Denver last month. The new flat is lovely.",
                "They went to Portugal for two weeks.",
                "I switched to cycling last year.",
                "I make it work with lentils and tofu.",
                "We decided to postpone the redesign.",
                "No rush on this.",
                "I changed my hair colour.",
                "If he gets the job, he would leave in May.",
                "Actually, my neighbour has kittens.",
            ]
        )


class PrecedenceTests(TalkTestCase):
    """Who decides over whom."""

    def test_higher_source_wins_in_either_order(self) -> None:
        """The lower source's other value is out, before and after."""
        low = "Noor (Office Manager): Book the $9k venue for the party."
        high = "Ada (CFO): Venue bookings for the party are capped at $4k."
        for lines in ([low, high], [high, low]):
            self.leaves(lines, kept=["$4k"], gone=["$9k"])

    def test_equals_stay(self) -> None:
        """Two of the same rank who disagree are both shown."""
        self.leaves_alone(
            [
                "Ole (Design Director): Use Figma for all prototypes.",
                "Pia (Product Director): Use Penpot for all prototypes.",
            ]
        )

    def test_same_person_later(self) -> None:
        """Somebody's later word counts."""
        self.leaves(
            [
                "Rosa (VP Support): Team leads can grant refunds up to $200 to customers",
                "Rosa (VP Support): All refunds over $50 to customers now need my approval",
            ],
            kept=["$50"],
            gone=["$200"],
        )

    def test_spoken_for(self) -> None:
        """A decision in the name of somebody above replaces the team's."""
        for words in ("Per the CEO, we'll be doing pair reviews.", "The CEO wants pair reviews."):
            self.leaves(
                ["The team decided on silent reviews.", words],
                kept=["pair reviews"],
                gone=["silent"],
            )

    def test_disowned(self) -> None:
        """Whose diagnosis was wrong has said nothing."""
        self.leaves(
            [
                "[Night Shift (Support)]: It might be the router. Replaced the router.",
                "[Day Shift (Senior Support)]: Night Shift was wrong. The cable is loose.",
            ],
            kept=["cable is loose"],
            gone=["router"],
        )


class DirectionTests(TalkTestCase):
    """ "Down to" and "up to" change a value only where one follows."""

    def test_comes_down_to(self) -> None:
        """What something comes down to replaces nothing."""
        self.leaves(
            [
                "The client call is at 2pm on Thursday.",
                "For you that comes down to this: prepare the deck by 1:30pm on Thursday.",
            ],
            kept=["2pm", "1:30pm"],
            gone=[],
        )


class ContinuedTests(TalkTestCase):
    """What a statement goes on about without naming it again."""

    def test_elliptic(self) -> None:
        """The second sentence is about what the first one names."""
        for first, words in (
            ("The parade is coming up. It's at 2 PM.", "The parade is at 5 PM now."),
            ("Release #77 is done. It passed.", "Hold release #77. The scan failed."),
            (
                "Ines's visa runs until Friday. That's 5 days for the embassy.",
                "Ines's visa ends today.",
            ),
        ):
            talk = Talk(first, words)
            for gone in ("2 PM", "passed", "5 days"):
                self.assertNotIn(gone, talk.text(), words)

    def test_elaborated(self) -> None:
        """What goes on about the sentence before it does not replace it."""
        line = "We have until tomorrow, June 30. That is the final day for Q2 orders."
        self.leaves_alone(["June 30 is the end of the quarter.", line])

    def test_denied_and_asserted(self) -> None:
        """The reason stands apart from what is denied and what is said instead."""
        for words in (
            "The hall was taken, so it's no longer the fair on May 4, it's the fair on June 9.",
            "The hall was taken. It should be the fair on June 9, not the fair on May 4.",
            "The hall was taken. What is true: the fair on June 9?",
        ):
            talk = Talk("The fair is on May 4.", words)
            self.assertNotIn("May 4", talk.text(), words)
            self.assertIn("June 9", talk.text(), words)

    def test_back_to_the_rule(self) -> None:
        """The usual rule is in force again: what was granted against it is gone."""
        for words in (
            "I'm afraid the usual policy is in force again.",
            "We are back to our standard policy.",
            "It is the standard terms for us again.",
        ):
            self.leaves(["I got approval for the 15% discount.", words], kept=[words], gone=["15%"])

    def test_place_in_the_reason(self) -> None:
        """A reason that goes on about the place says what takes place there."""
        self.leaves(
            [
                "The meeting is at the Lisbon office.",
                "Go to the Porto office, because the meeting is there.",
            ],
            kept=["Porto"],
            gone=["Lisbon"],
        )

    def test_service_states(self) -> None:
        """A service that is back is down no longer, a check that found faults passed no more."""
        for first, words in (
            ("The payments are down.", "The payments are back."),
            ("The payments are failing with 503 errors.", "The payments work again."),
            ("Payments throw 503 errors.", "The payments are running normally."),
            (
                "Release #77 came through all checks.",
                "Release #77 didn't make it through the scan.",
            ),
            ("Release #77 is ready to publish.", "The scan of release #77 failed."),
        ):
            self.assertEqual(Talk(first, words).holds(), [words])

    def test_other_openings(self) -> None:
        """A ruling otherwise, bad news, the rest the same, an award."""
        for lines, kept, gone in (
            (
                ["[Manager] $900 for the party is fine.", "[VP] I decide otherwise: $700."],
                "$700",
                "$900",
            ),
            (
                [
                    "The project status is on track.",
                    "assistant> Project status: on track.",
                    "Bad news, it's delayed.",
                ],
                "delayed",
                "on track",
            ),
            (
                ["Order: 40 crates to the Leith depot.", "60 of them, same address"],
                "60",
                "40",
            ),
            (
                [
                    "The contract goes to Raviga.",
                    "assistant> I'll prepare the paperwork for Raviga.",
                    "Let's have Globex for the contract then.",
                ],
                "Globex",
                "Raviga",
            ),
        ):
            self.leaves(lines, kept=[kept], gone=[gone])
