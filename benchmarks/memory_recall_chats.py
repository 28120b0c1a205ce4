"""Two friends who write to one another for months: the second kind of dialogue to find things in.

Where ``dialogues.py`` fills in forms, here whole stories are told, in longer turns and in words
that the questions mostly do not use.  What was "last Tuesday" in a turn may be a date in a
question, answers follow the questions of the other, photos are told of by what is on them, and
some questions name the wrong friend.  The stories come in two halves.
"""

import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from benchmarks import memory_recall_stories, memory_recall_stories_kept
from benchmarks.dialogues import Dialogue, Question, Turn

_HALVES = (memory_recall_stories.STORIES, memory_recall_stories_kept.STORIES)
_NAMES = (
    ("Tessa", "Moritz"), ("Yusuf", "Clara"), ("Rhiannon", "Paolo"), ("Bea", "Tomasz"),
    ("Sanjay", "Lotte"), ("Noor", "Felix"), ("Marta", "Idris"), ("Celine", "Oskar"),
)  # fmt: skip
_HELLOS = (
    "Hi {other}, it has been ages! How is life treating you?",
    "{other}! Finally. I've got a cup of tea and half an hour, what have I missed?",
    "Good morning {other}, are you awake yet?",
    "Hey {other}, I was just thinking of you. Everything all right?",
)
_SMALL_TALK = (
    ("The trains were a disaster again this morning, I stood the whole way.", "Mine too! Leaves."),
    ("What are you reading at the moment?", "A thriller about a lighthouse. The butler did it."),
    ("It's so hot here that the tar is melting.", "Here it hasn't stopped raining for nine days."),
    ("I burnt the rice again, the pan is done for.", "Soak it in vinegar, works every time."),
    ("My phone keeps dying at forty percent.", "Get the battery changed, it's not expensive."),
    ("Did you watch the final?", "Only the penalties, behind a cushion."),
    ("I slept four hours, the people upstairs had a party.", "Earplugs, the wax ones. Trust me."),
    ("Work is madness, three people are off sick.", "Don't let them put it all on you, please."),
    ("Have you been to the new Thai place?", "Twice! The green curry made me see colours."),
    ("I can't decide on a colour for the hallway.", "Anything but grey, you'd be sad by March."),
    ("How are your parents?", "Arguing about the satnav, so they're in good health."),
    (
        "I'm trying to drink less coffee.",
        "I'm trying to drink more water. We should be one person.",
    ),
    ("I found a five pound note in an old jacket!", "Don't spend it all at once."),
    ("Do you ever feel that the week is just one long Wednesday?", "Every week since school."),
    ("My sister sent me a plant and it is already dying.", "Stop watering it, I bet that's it."),
    (
        "They're digging up our road for the third time.",
        "Looking for the pipe they lost last time.",
    ),
)
_BYES = (
    "I have to run, talk soon!",
    "My lunch break is over, bye for now!",
    "Sleep well, we'll speak!",
)
_WHENS = (
    ("yesterday", 1), ("the day before yesterday", 2), ("last night", 1), ("three days ago", 3),
    ("last {weekday}", 3), ("last {weekday}", 5), ("on {weekday}", 2), ("on {weekday}", 4),
    ("a week ago", 7), ("two weeks ago", 14), ("last month", 30), ("earlier this week", 1),
    ("on the {ordinal}", 6), ("on {month} {day}", 11), ("this morning", 0),
)  # fmt: skip
_ASTRAY = 0.08
"""The share of questions that name the wrong friend."""
_TURN = re.compile(r"(?P<who>[AB]): (?P<text>.*?)(?: #(?P<name>\w+))?")
_ASK = re.compile(r"\?(?P<sort>\w+) (?P<text>.*?) \| (?P<names>.*)")
_Told = dict[str, tuple[int, datetime]]
"""Where each named turn stands, and when what it tells was."""
_TIME = re.compile(r"\{(day|month):(\w+)\}")


class _Line(msgspec.Struct, frozen=True):
    """One turn of a scene, by the person whose story it is or by the friend."""

    own: bool
    text: str
    name: str | None


class _Story(msgspec.Struct, frozen=True):
    """Scenes, and what is asked of them: kind, question, names of turns."""

    scenes: list[list[_Line]]
    asked: list[tuple[str, str, list[str]]]


def _read(story: str) -> _Story:
    scenes: list[list[_Line]] = [[]]
    asked: list[tuple[str, str, list[str]]] = []
    joined = re.sub(r"\n {6,}", " ", story.strip())
    for line in (written.strip() for written in joined.splitlines()):
        turn, question = _TURN.fullmatch(line), _ASK.fullmatch(line)
        if turn is not None:
            scenes[-1].append(_Line(turn["who"] == "A", turn["text"], turn["name"]))
        elif question is not None:
            asked.append((question["sort"], question["text"], question["names"].split()))
        elif scenes[-1]:
            scenes.append([])
    return _Story([scene for scene in scenes if scene], asked)


class _Writer:
    """One dialogue in the making."""

    def __init__(self, rng: random.Random, names: tuple[str, str]) -> None:
        self.rng = rng
        self.names = names
        self.turns: list[Turn] = []
        self.questions: list[Question] = []
        self.session = 0
        self.now = datetime(2023, rng.randint(1, 6), rng.randint(1, 28), 9, tzinfo=UTC)

    def say(self, who: int, text: str) -> int:
        self.turns.append(Turn(self.names[who], text, self.now.timestamp(), self.session))
        self.now += timedelta(seconds=self.rng.randint(20, 120))
        return len(self.turns) - 1

    def tell(self, scene: Sequence[_Line], who: int) -> _Told:
        """Say the lines of *scene*; where each named one stands, and when what it tells was."""
        told: _Told = {}
        for line in scene:
            phrase, days = self.rng.choice(_WHENS)
            then = self.now - timedelta(days=days)
            when = phrase.format(
                weekday=then.strftime("%A"), month=then.strftime("%B"), day=then.day,
                ordinal=f"{then.day}th" if 3 < then.day < 21 else f"{then:%A}",
            )  # fmt: skip
            text = line.text.replace("{when}", when)
            place = self.say(who if line.own else 1 - who, text[0].upper() + text[1:])
            if line.name is not None:
                told[line.name] = (place, then if "{when}" in line.text else self.now)
        return told

    def ask(self, story: _Story, who: int, told: _Told) -> None:
        """The questions about *story*, which was *who*'s."""
        for sort, text, names in story.asked:
            astray = self.rng.random() < _ASTRAY and "{B}" not in text
            one, other = self.names[who], self.names[1 - who]
            dated = _TIME.sub(lambda match: _dated(match[1], told[match[2]][1]), text)
            named = dated.format(A=other if astray else one, B=other)
            evidence = frozenset(told[name][0] for name in names)
            self.questions.append(Question(named, evidence, "astray" if astray else sort))

    def converse(self, scenes: Sequence[tuple[int, list[_Line], _Told]]) -> None:
        """One session: a greeting, *scenes* and small talk between them, a goodbye."""
        self.session += 1
        opener = self.rng.randint(0, 1)
        self.say(opener, self.rng.choice(_HELLOS).format(other=self.names[1 - opener]))
        for who, scene, told in scenes:
            for remark, reply in self.rng.sample(_SMALL_TALK, self.rng.randint(1, 2)):
                self.say(opener, remark)
                self.say(1 - opener, reply)
            told.update(self.tell(scene, who))
        self.say(opener, self.rng.choice(_BYES))
        self.now += timedelta(days=self.rng.randint(4, 16), minutes=self.rng.randint(0, 600))


def _dated(unit: str, then: datetime) -> str:
    return f"{then.day} {then:%B %Y}" if unit == "day" else f"{then:%B %Y}"


def chats(seed: int, count: int, half: int) -> Iterator[Dialogue]:
    """*count* dialogues of the stories of *half* 0 or 1; the same for the same arguments."""
    rng = random.Random(seed)
    stories = [_read(story) for story in _HALVES[half]]
    for number in range(count):
        writer = _Writer(rng, _NAMES[(number + half) % len(_NAMES)])
        tellers = [rng.randint(0, 1) for _ in stories]
        told: list[_Told] = [{} for _ in stories]
        following = [number for number, story in enumerate(stories) for _ in story.scenes]
        rng.shuffle(following)
        scenes = [iter(story.scenes) for story in stories]
        while following:
            size = rng.randint(1, 3)
            now, following = following[:size], following[size:]
            writer.converse([(tellers[one], next(scenes[one]), told[one]) for one in now])
        for story, who, places in zip(stories, tellers, told, strict=True):
            writer.ask(story, who, places)
        yield Dialogue(writer.turns, writer.questions)
