"""Tests of car.memgine.dialogue.interruptions and course: detours and returns."""

from car.memgine.dialogue.interruptions import (
    completes,
    leaves,
    returns,
    turns_back,
    turns_to_another,
)
from tests.memgine.dialogue.talk import Talk, TalkTestCase

MAIN = ["Found two leaks in the roof", "Promised the roof repair by Friday"]
DETOUR = ["The boiler is at 90 degrees", "Called the plumber"]


class DetourTests(TalkTestCase):
    """What was said between leaving a topic and taking it up again."""

    def test_detours(self) -> None:
        """Every way out, every way back."""
        for leaving in (
            "Hold on - boiler alarm",
            "Sorry, something came up: boiler alarm",
            "One second. Boiler alarm.",
            "Quick detour - boiler alarm",
            "Let me interrupt: boiler alarm",
            "Let's park this for a minute. Boiler alarm.",
        ):
            for returning in (
                "Back to the roof",
                "Okay, returning to the roof",
                "Where were we with the roof?",
                "Boiler is quiet, so let's resume the roof",
                "Anyway, as we were saying about the roof",
                "Let's continue with the roof",
            ):
                talk = Talk(*MAIN, leaving, *DETOUR, returning)
                marked = [node.value for node in talk.nodes if node.digression]
                self.assertEqual(marked, [leaving, *DETOUR], (leaving, returning))

    def test_other_words(self) -> None:
        """Leaving and coming back in words of no list; the topic's own word will do."""
        for leaving in (
            "I'm afraid I have to cut in: boiler alarm",
            "We'll come back to this later. Boiler alarm.",
            "Something has come up that can't wait: boiler alarm",
            "Forgive the interruption: boiler alarm",
            "Let us leave this where it is; boiler alarm.",
            "This has to wait. Boiler alarm.",
            "Boiler alarm needs me right now.",
            "Boiler alarm - I must deal with that first",
            "Just a second, there is the boiler alarm",
            "I'm being called to the boiler alarm",
            "We'll pick this up later; boiler alarm",
            "Boiler-room alarm is calling me away",
        ):
            for returning in (
                "So, the roof again",
                "The roof: where did we leave it?",
                "Done with that. The roof, then.",
                "I'm with you again for the roof",
                "That's dealt with - the roof is next",
                "We were at the roof",
                "All quiet now, roof please",
            ):
                talk = Talk(*MAIN, leaving, *DETOUR, returning)
                marked = [node.value for node in talk.nodes if node.digression]
                self.assertEqual(marked, [leaving, *DETOUR], (leaving, returning))

    def test_named_topics(self) -> None:
        """A turn that breaks off to name a topic, one that goes on to name another."""
        for leaving in (
            "The session is suspended for the following: boiler alarm.",
            "gotta run, boiler alarm. k?",
            "oh wait, I must go for a moment, it's the boiler alarm, you know",
            "Good morning. Sorry, something else needs me first: boiler alarm. Thanks.",
        ):
            for returning in (
                "okay, sorry about that, so, the roof",
                "right, so, the roof",
                "We resume consideration of the roof",
                "at the desk again. cont. the roof",
            ):
                talk = Talk(*MAIN, leaving, *DETOUR, returning)
                marked = [node.value for node in talk.nodes if node.digression]
                self.assertEqual(marked, [leaving, *DETOUR], (leaving, returning))

    def test_asked_leave(self) -> None:
        """Leave that is asked for, said after the topic's name, or with a moment counted."""
        for leaving in (
            "Can we pause here? Boiler alarm has come up.",
            "Boiler alarm. That takes me away from here for now.",
            "One moment please, something has come up: boiler alarm",
            "I have to take this: boiler alarm",
            "I'm being pulled into something: the boiler is on alarm",
        ):
            for returning in (
                "So about the roof.",
                "Right, the roof again, please.",
                "Sorry about that. The roof.",
                "Thanks for waiting. The slate roof.",
                "I'm back. The roof.",
            ):
                talk = Talk(*MAIN, leaving, "Called the plumber", returning)
                marked = [node.value for node in talk.nodes if node.digression]
                self.assertEqual(marked, [leaving, "Called the plumber"], (leaving, returning))

    def test_return_to_nothing(self) -> None:
        """A return that names nothing may only sound like one: the next one counts."""
        between = ["Picking this up again. The boiler is old.", "A new one has been ordered"]
        talk = Talk(*MAIN, "Hold on - boiler alarm", *between, "Now where were we? The roof.")
        marked = [node.value for node in talk.nodes if node.digression]
        self.assertEqual(marked, ["Hold on - boiler alarm", *between])

    def test_goes_on_about_the_detour(self) -> None:
        """What has words of the detour's own is no return, though it has those of the topic."""
        self.leaves_alone(
            [
                *MAIN,
                "Stop here, slate tiles are forbidden now",
                "Tiles add a day to the roof repair",
            ]
        )

    def test_filler_opening(self) -> None:
        """An excuse that leads nowhere opens no detour where a real one follows."""
        leaving = "One second please: boiler alarm"
        talk = Talk(
            MAIN[0], "Sorry, is this on? Okay. " + MAIN[1], leaving, *DETOUR, "Back to the roof"
        )
        marked = [node.value for node in talk.nodes if node.digression]
        self.assertEqual(marked, [leaving, *DETOUR])

    def test_nothing_to_leave(self) -> None:
        """The first turn of a session breaks nothing off."""
        self.leaves_alone(["Sorry, one thing first: the boiler", *DETOUR, "Back to the roof"])

    def test_names(self) -> None:
        """What says something of what it names is no mere name."""
        self.assertTrue(turns_to_another("Sorry, one thing first: the boiler"))
        self.assertTrue(turns_back("okay, so, the roof"))
        for text in ("Settled: the roof", "It was decided: a slate roof", "okay, the roof is done"):
            self.assertFalse(turns_back(text), text)
        self.assertFalse(turns_to_another("Sorry, the boiler is at 90 degrees"))
        self.assertTrue(turns_back("hello, still there? right, the slate roof"))

    def test_words_of_the_opening(self) -> None:
        """A topic is taken up again in the words by which it was left."""
        leaving = "Bookmark in, something came up: boiler alarm"
        talk = Talk(*MAIN, leaving, *DETOUR, "Bookmark out: the slate roof")
        marked = [node.value for node in talk.nodes if node.digression]
        self.assertEqual(marked, [leaving, *DETOUR])
        self.assertFalse(turns_back("Bookmark out: the slate roof", "Hold on: boiler alarm"))

    def test_detour_is_done(self) -> None:
        """What the detour began with is over: the main thread goes on."""
        leaving = "One second please: boiler alarm"
        talk = Talk(*MAIN, leaving, *DETOUR, "The alarm has been looked after.")
        marked = [node.value for node in talk.nodes if node.digression]
        self.assertEqual(marked, [leaving, *DETOUR])

    def test_doubtful_return(self) -> None:
        """What may have been the end of a detour is not, if the return comes later."""
        between = "The pump is settled now"
        talk = Talk(*MAIN, "Hold on - boiler alarm", between, *DETOUR, "Let's resume the roof")
        self.assertEqual(talk.holds(), [*MAIN, "Let's resume the roof"])

    def test_about_the_topic(self) -> None:
        """A turn that sounds like leaving but goes on about the topic is no detour."""
        talk = Talk(
            *MAIN, "Wait, the roof repair takes two leaks more", *DETOUR, "Back to the roof"
        )
        self.assertFalse(any(node.digression for node in talk.nodes))

    def test_open_detour(self) -> None:
        """Without a return it is the next topic."""
        talk = Talk(*MAIN, "Hold on - boiler alarm", *DETOUR)
        self.assertEqual(len(talk.holds()), 5)

    def test_return_is_no_choice(self) -> None:
        """ "Back to X" after a detour replaces nothing."""
        talk = Talk("We agreed on slate tiles", "Hold on - alarm", *DETOUR, "Back to the roof")
        self.assertIn("slate tiles", talk.text())

    def test_asked(self) -> None:
        """A query about the detour is told from one about the main thread."""
        talk = Talk(*MAIN, "Hold on - boiler alarm", *DETOUR, "Back to the roof")
        self.assertTrue(talk.reader.at_query("Did the plumber see the boiler?").digression)
        self.assertFalse(talk.reader.at_query("When is the roof repair?").digression)

    def test_not_leaving(self) -> None:
        """Holding something is not breaking off."""
        for text in ("Hold on to your tickets", "Wait times are long", "We hold the meeting here"):
            self.assertFalse(leaves(text), text)

    def test_not_returning(self) -> None:
        """Being back is not coming back to the topic."""
        for text in (
            "I'm back to running again.",
            "He gave it back to me",
            "The dog is back in bed",
        ):
            self.assertFalse(returns(text), text)

    def test_settled_for(self) -> None:
        """To have settled for something of a detour is not to be done with it."""
        self.assertTrue(completes("The boiler is settled."))
        self.assertFalse(completes("We've settled for a gas boiler."))

    def test_courtesy_is_no_name(self) -> None:
        """An adjective with "very" names no topic to return to."""
        self.assertFalse(turns_back("They stopped the heating here. Thanks, that's very kind."))

    def test_opening_words(self) -> None:
        """What an opening tells of its topic does not bring the old one back."""
        opening = "Something came up, sorry: urgent call from Ana about the boiler. Door shut."
        self.assertFalse(turns_back("Leak report from Ana: water pressure", opening))

    def test_laid_down(self) -> None:
        """A pause for what is laid down on the topic at hand is no detour."""
        self.leaves_alone(
            [
                "The hall needs new doors.",
                "Stop for a moment. There is a new fire requirement for all doors.",
                "Then the doors come a week later.",
            ]
        )
