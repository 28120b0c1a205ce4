"""Tests of the reworded benchmark: the story and what is asked of it stay, the words do not."""

import copy
import json
import random
import re
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.renaming import moved
from benchmarks.reworder import Phrases, Reworder, told
from benchmarks.rewordings import main, reworded
from benchmarks.wordings import PARAPHRASES, load_paraphrase, load_voice

VOICES = (load_voice(0), load_voice(1))
WORDINGS = VOICES[0].wordings


def turn(text: str, at: str = "2025-11-27T16:00:00") -> dict[str, Any]:
    """A turn of the user's."""
    return {"type": "conversation_turn", "speaker": "user", "text": text, "ts": at}


def story(*said: str, must: tuple[str, ...] = (), ban: tuple[str, ...] = ()) -> dict[str, Any]:
    """A timeline in which *said* is said, and then something is asked."""
    truth = {"must_mention": list(must), "must_not_mention": list(ban)}
    now = "2025-11-27T16:00:00"
    return {
        "id": "T-1",
        "initial_state": {
            "identity_role": {"user_name": "Laura", "organization": "Owlwatch Labs"},
            "persistent_facts": [
                {
                    "id": "F-1",
                    "key": "birdhouse_contract",
                    "value": "[RESTRICTED: terms restricted to VP+] BirdHouse is paid until Friday",
                    "supersedes": None,
                }
            ],
            "working_set": [{"content": "[SCOPE: sandbox] owl: 5", "ts": now}],
            "environment": {"now": now},
        },
        "events": [
            *map(turn, said),
            {
                "type": "supersession",
                "ts": now,
                "writes": [
                    {"key": "nest", "value": "Laura's nest", "supersedes": "birdhouse_contract"}
                ],
            },
            {"type": "query", "prompt": "Where is BirdHouse?", "ts": now, "ground_truth": truth},
        ],
    }


def said(timeline: dict[str, Any]) -> list[str]:
    """The turns of a timeline."""
    return [event["text"] for event in timeline["events"] if "text" in event]


class RenamingTests(SynchronousTestCase):
    """moved: another place, another time."""

    def test_names_everywhere(self) -> None:
        """A name changes alike in turns, facts, keys, references and ground truth."""
        old = story("Laura met BirdHouse", must=("BirdHouse",), ban=("Laura",))
        new = moved(old, random.Random(1))
        name = new["initial_state"]["identity_role"]["user_name"]
        company = new["events"][-1]["ground_truth"]["must_mention"][0]
        self.assertNotIn(name, ("Laura", company))
        self.assertEqual(said(new), [f"{name} met {company}"])
        fact, write = new["initial_state"]["persistent_facts"][0], new["events"][1]["writes"][0]
        self.assertEqual(fact["key"], f"{company.lower()}_contract")
        self.assertEqual(write["supersedes"], fact["key"])
        self.assertEqual(new["events"][-1]["ground_truth"]["must_not_mention"], [name])
        self.assertTrue(new["initial_state"]["identity_role"]["organization"].endswith(" Labs"))

    def test_words_that_look_like_names(self) -> None:
        """A verb at the start of a sentence, and a technical word, stay."""
        new = moved(story("Mark that down. We use PostgreSQL and OAuth"), random.Random(1))
        self.assertEqual(said(new), ["Mark that down. We use PostgreSQL and OAuth"])

    def test_countries(self) -> None:
        """A country and what is of it go together."""
        text = said(moved(story("The German prospect is in Germany"), random.Random(2)))[0]
        found = re.fullmatch(r"The (\w+) prospect is in (\w+)", text)
        assert found is not None
        self.assertNotEqual(found[2], "Germany")
        self.assertEqual(found[1][:3], found[2][:3])

    def test_time(self) -> None:
        """Instants, weekdays, months, quarters and years move together."""
        old = story("From Monday, December 29, 2025 to Friday; Q4 ends on Dec 31", must=("Friday",))
        for seed in range(8):
            new = moved(old, random.Random(seed))
            found = re.fullmatch(
                r"From (\w+), (\w+) 29, 2026 to (\w+); Q(\d) ends on (\w+) 31", said(new)[0]
            )
            assert found is not None, said(new)
            self.assertEqual(found[2][:3], found[5])
            quarter = {"March": 1, "June": 2, "September": 3, "December": 4}
            if found[2] in quarter:
                self.assertEqual(quarter[found[2]], int(found[4]))
            self.assertEqual(new["events"][-1]["ground_truth"]["must_mention"], [found[3]])
            self.assertEqual(new["initial_state"]["environment"]["now"], new["events"][0]["ts"])

    def test_impossible_dates(self) -> None:
        """No 30th of February, and no month that could be taken for the verb."""
        for seed in range(20):
            text = said(moved(story("Ready on January 30"), random.Random(seed)))[0]
            self.assertNotIn("February", text)
            self.assertNotIn("May", text)


class WordingTests(SynchronousTestCase):
    """Reworder: a turn in other words."""

    def reworder(self, number: int, seed: int = 0, **truth: tuple[str, ...]) -> Reworder:
        """One that speaks set *number*."""
        return Reworder(VOICES[number], Phrases(story(**truth)), random.Random(seed))

    def variants(self, text: str) -> list[set[str]]:
        """What either set makes of a turn, over many seeds, fillers aside."""
        return [
            {self.reworder(number, seed).turn(text) for seed in range(150)} for number in (0, 1)
        ]

    def test_sets_share_nothing(self) -> None:
        """No wording stands in both sets."""
        for cue in (*WORDINGS.cue, *WORDINGS.mark, *WORDINGS.form):
            first, second = (set(map(str.lower, cue.wordings(number))) for number in (0, 1))
            self.assertTrue(first and second and not first & second, cue.says)

    def test_frequent_cues_vary(self) -> None:
        """A switch, a correction, a cancellation, an interruption: fifteen ways and more."""
        for text in (
            "Actually, let's switch to owls instead.",
            "Change of plans: the owl left.",
            "Cancel that nest.",
            "Hold on - an owl is here",
            "Back to the nest",
        ):
            first, second = self.variants(text)
            self.assertTrue(len(first | second) >= 15, text)
            self.assertFalse(first & second)
            self.assertNotIn(text, first | second)

    def test_phrases_stay(self) -> None:
        """What the ground truth asks for is neither removed nor added."""
        for seed in range(30):
            for number in (0, 1):
                reworder = self.reworder(number, seed, must=("cancelled",), ban=("scrap", "please"))
                new = reworder.turn("The flight is cancelled due to owls. Cancel that nest.")
                self.assertIn("cancelled", new)
                self.assertNotRegex(new.lower(), r"\bscrap\b|\bplease\b")

    def test_speaker_stays(self) -> None:
        """Who speaks, and as what, is still said."""
        for number in (0, 1):
            for seed in range(8):
                new = self.reworder(number, seed).turn("[Ann (Head Keeper)]: Note: owls sleep.")
                self.assertRegex(new.lower(), r"ann\W.*head keeper\W.*owls sleep")

    def test_nothing_is_lost(self) -> None:
        """What a wording has no place for is said in front of it."""
        for number in (0, 1):
            for seed in range(8):
                new = self.reworder(number, seed).turn("Fire is out, back to the nest").lower()
                self.assertRegex(new, r"fire is out.*the nest")

    def test_marks(self) -> None:
        """The mark of a restricted fact is worded anew, who may see it stays."""
        mark = "[RESTRICTED: nest data restricted to VP+] two eggs"
        for number in (0, 1):
            new = self.reworder(number).mark(mark)
            self.assertNotEqual(new, mark)
            for words in ("VP+", "nest data", "two eggs"):
                self.assertIn(words, new)
        self.assertEqual(self.reworder(0).mark("two eggs"), "two eggs")


class FileTests(SynchronousTestCase):
    """Whole timelines and files."""

    STORY = story(
        "Note: BirdHouse keeps 3 owls.",
        "Actually, let's switch to bats instead.",
        must=("bats", "BirdHouse"),
        ban=("3 owls", "elephants"),
    )

    def test_deterministic(self) -> None:
        """A seed says it all, and the original stays as it was."""
        before = copy.deepcopy(self.STORY)
        self.assertEqual(
            reworded(self.STORY, VOICES[0], 4), reworded(copy.deepcopy(before), VOICES[0], 4)
        )
        self.assertEqual(self.STORY, before)
        self.assertNotEqual(
            reworded(self.STORY, VOICES[0], 4)["events"],
            reworded(self.STORY, VOICES[1], 5)["events"],
        )

    def test_told_alike(self) -> None:
        """Every phrase that was told is told again, and none that was not."""
        for seed in range(10):
            new = reworded(self.STORY, VOICES[seed % 2], seed)
            self.assertEqual(Phrases(new).in_text(told(new)), [True, True, True, False])

    def test_impossible(self) -> None:
        """A timeline whose phrases hang on what must change is refused by its id."""
        names = story("Good morning", must=("laura's nest",))
        self.assertRaisesRegex(ValueError, "T-1", reworded, names, VOICES[0], 0)

    def test_file(self) -> None:
        """A file is reworded line by line."""
        source, target = Path(self.mktemp()), Path(self.mktemp())
        source.write_text(f"{json.dumps(self.STORY)}\n" * 2)
        main([str(source), str(target), "--seed", "1"])
        lines = target.read_text().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertEqual(json.loads(lines[0]), reworded(self.STORY, VOICES[1], 1))


class ParaphraseTests(SynchronousTestCase):
    """The paraphrases: whole turns in the words of other writers."""

    STORY = story(
        "I'm committed to BirdHouse. I prefer owls for now.",
        "Actually, let's switch to bats instead. That works better for me.",
        must=("BirdHouse", "bats"),
    )

    def test_every_turn(self) -> None:
        """A turn that follows a template is said anew, with what varies in it."""
        for name in PARAPHRASES:
            voice = load_paraphrase(name)
            for seed in range(5):
                new = reworded(self.STORY, voice, seed)
                house, bats = new["events"][-1]["ground_truth"]["must_mention"]
                first, second = said(new)
                self.assertNotIn("I'm committed to", first)
                self.assertNotIn("let's switch to", second)
                self.assertIn(house, first)
                self.assertIn(bats, second.lower())

    def test_facts_repeat(self) -> None:
        """A fact that repeats a turn repeats it in the new words."""
        turned = story("I'm committed to BirdHouse. I prefer owls for now.")
        (old,) = said(turned)
        turned["events"][1]["writes"][0]["value"] = old
        new = reworded(turned, load_paraphrase("k"), 0)
        self.assertIn(new["events"][1]["writes"][0]["value"], said(new)[0])

    def test_file(self) -> None:
        """The command takes the paraphrase by its name."""
        source, target = Path(self.mktemp()), Path(self.mktemp())
        source.write_text(f"{json.dumps(self.STORY)}\n")
        main([str(source), str(target), "--paraphrase", "l"])
        (line,) = target.read_text().splitlines()
        self.assertEqual(json.loads(line), reworded(self.STORY, load_paraphrase("l"), 0))
