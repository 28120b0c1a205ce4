"""Dialogues to find things in: two people over months, with questions and their evidence.

``generate`` makes them from a seed: a question keeps more or less close to what was told, many
details are given in turns that do not name their topic, and some things happen to both people,
or twice.  The topics fall into two halves, so that weights set on dialogues of the one can be
tried on dialogues of the other.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from benchmarks.dialogue_topics import HALVES, Topic


class Turn(msgspec.Struct, frozen=True):
    """What *speaker* said at *at*, seconds since the epoch, in session *session*."""

    speaker: str
    text: str
    at: float
    session: int


class Question(msgspec.Struct, frozen=True):
    """A question and the places of the turns that answer it; *sort* names its form."""

    text: str
    evidence: frozenset[int]
    sort: str


class Dialogue(msgspec.Struct, frozen=True):
    """Turns in the order they were said, and what is asked of them."""

    turns: list[Turn]
    questions: list[Question]


_NAMES = (
    ("Anna", "Bob"), ("Carmen", "Dmitri"), ("Elif", "Frank"), ("Grace", "Hugo"),
    ("Irene", "Jamal"), ("Kira", "Liam"), ("Mona", "Nate"), ("Olga", "Pedro"),
)  # fmt: skip
_WHENS = (
    ("yesterday", 1),
    ("two days ago", 2),
    ("last week", 7),
    ("last weekend", 5),
    ("last month", 30),
    ("the other day", 3),
    ("this morning", 0),
    ("a couple of weeks ago", 14),
    ("last Friday", 4),
)
_HELLOS = (
    "Hey {other}! Good to hear from you again. How have you been?",
    "Hi {other}, long time no talk! What's new?",
    "{other}! It's been a while. Anything exciting?",
)
_ELABORATIONS = (
    "",
    "",
    " The {thing} was all I could think about for days.",
    " I had put off the {thing} for so long.",
    " Ask me anything about the {thing}!",
)
_REACTIONS = (
    "Wow, that's great! I'm so happy for you.",
    "Oh really? Tell me more!",
    "No way, {other}!",
    "That sounds like quite an experience.",
    "I can imagine how that felt.",
    "Haha, that is so you.",
    "Sounds wonderful. I should try a {thing} too.",
    "A {thing}! How did that come about?",
)
_FILLERS = (
    "By the way, the weather has been crazy here.",
    "I have been so busy with work lately that I forget to eat.",
    "Did you see the game on TV? What a finish, I could not sit still.",
    "I really need a vacation, somewhere with a beach and no phone.",
    "My neighbours are loud again, I hardly slept.",
    "I'm making dinner while we talk, so forgive the noise.",
    "We should meet for coffee soon, it has been far too long.",
    "I keep thinking about getting a bike, the bus is always late.",
    "Thanks for listening, it means a lot to me.",
    "Family is everything to me, you know that.",
    "I watched a movie and fell asleep halfway through.",
    "Time flies, doesn't it? Summer is nearly over.",
    "My back hurts from sitting at the computer the whole day.",
    "Someone on our street got a drone and it hums all evening.",
)
_COMPANY = (
    "my cousin Ravi",
    "an old friend from college",
    "my neighbour Judith",
    "my brother",
    "two people from work",
    "my aunt",
    "nobody, just me",
)
_ASK_PLACE = (
    "Where was that?",
    "Where exactly?",
    "Where was it, the {thing}?",
    "Is the place of the {thing} far from you?",
)
_TELL_PLACE = ("It was at {value}.", "{value} - you would like it there.", "Over at {value}.")
_ASK_COMPANY = ("Did you do it alone?", "Who came along?", "Anyone with you for the {thing}?")
_TELL_COMPANY = ("{value} came too.", "I had company: {value}.", "With {value}, actually.")
_ASK_DETAIL = ("And how did it go?", "Come on, details!", "Tell me all about the {thing}.")
_AFTERTHOUGHTS = (
    "",
    " I'm still thinking about that {thing}.",
    " What a {thing} that was!",
    " It made the {thing} worth it.",
)
_NEAR_TO_FAR = (4, 2, 1)
"""How much oftener a question keeps close to what was said."""
_SHARED = 3
"""Topics of a dialogue that happen to both."""


class _Writer:
    """One dialogue in the making."""

    def __init__(self, rng: random.Random, topics: Sequence[Topic], names: tuple[str, str]):
        self.rng = rng
        self.topics = topics
        self.names = names
        self.turns: list[Turn] = []
        self.questions: list[Question] = []
        self.told: dict[tuple[int, int], set[int]] = {}
        self.session = 0
        self.now = datetime(2022, rng.randint(1, 12), 3, 15, tzinfo=UTC)

    def say(self, who: int, text: str) -> int:
        self.turns.append(Turn(self.names[who], text, self.now.timestamp(), self.session))
        self.now += timedelta(seconds=40)
        return len(self.turns) - 1

    def pick(self, choices: Sequence[str]) -> str:
        return self.rng.choice(choices)

    def react(self, who: int, topic: Topic) -> None:
        text = self.pick(_REACTIONS)
        self.say(who, text.format(other=self.names[1 - who], thing=topic.thing))

    def reply(self, who: int, forms: Sequence[str], value: str, topic: Topic) -> int:
        text = self.pick(forms).format(value=value)
        text += self.pick(_AFTERTHOUGHTS).format(thing=topic.thing)
        return self.say(who, text[0].upper() + text[1:])

    def act(self, topic: Topic) -> str:
        return self.rng.choices(topic.asked, _NEAR_TO_FAR)[0]

    def ask(self, text: str, evidence: set[int], sort: str) -> None:
        self.questions.append(Question(text, frozenset(evidence), sort))

    def event(self, who: int, number: int) -> None:
        """Tell one thing in a few turns, and ask for it."""
        topic, name = self.topics[number], self.names[who]
        first = (who, number) not in self.told
        when, days = self.rng.choice(_WHENS)
        text = self.pick(topic.told).format(when=when)
        text += self.pick(_ELABORATIONS).format(thing=topic.thing)
        opener = self.say(who, text[0].upper() + text[1:])
        self.told.setdefault((who, number), set()).add(opener)
        act = self.act(topic)
        if first:
            self.ask(f"When did {name} {act}?", {opener}, "when")
        else:
            month = (self.now - timedelta(days=days)).strftime("%B %Y")
            self.ask(f"What did {name} do in {month} for the second time: {act}?", {opener}, "date")
            return
        self.react(1 - who, topic)
        follow = ["place", "company", "detail"]
        self.rng.shuffle(follow)
        for kind in follow[: self.rng.randint(2, 3)]:
            self.follow_up(kind, who, topic)

    def follow_up(self, kind: str, who: int, topic: Topic) -> None:
        """One question of the other's, and the answer that gives a detail."""
        name, other, act = self.names[who], 1 - who, self.act(topic)
        if kind == "place":
            self.say(other, self.pick(_ASK_PLACE).format(thing=topic.thing))
            turn = self.reply(who, _TELL_PLACE, self.pick(topic.places), topic)
            self.ask(f"Where did {name} {act}?", {turn}, "where")
        elif kind == "company":
            self.say(other, self.pick(_ASK_COMPANY).format(thing=topic.thing))
            turn = self.reply(who, _TELL_COMPANY, self.pick(_COMPANY), topic)
            self.ask(f"Who was with {name} to {act}?", {turn}, "who")
        else:
            self.say(other, self.pick(_ASK_DETAIL).format(thing=topic.thing))
            turn = self.reply(who, topic.detail_turns, self.pick(topic.details), topic)
            self.ask(topic.detail_question.format(name=name), {turn}, "what")

    def converse(self, plan: Sequence[tuple[int, int]]) -> None:
        """One session: greetings, what *plan* says, and talk of nothing between."""
        self.session += 1
        opener = self.rng.randint(0, 1)
        self.say(opener, self.pick(_HELLOS).format(other=self.names[1 - opener]))
        for who, number in plan:
            for _ in range(self.rng.randint(1, 3)):
                self.say(self.rng.randint(0, 1), self.pick(_FILLERS))
            self.event(who, number)
        self.say(1 - opener, "I have to go now. Talk soon!")
        self.now += timedelta(days=self.rng.randint(5, 24))

    def compare(self) -> None:
        """Questions that need a turn of each."""
        for number, topic in enumerate(self.topics):
            both = [self.told.get((who, number)) for who in (0, 1)]
            if both[0] and both[1]:
                act, (one, two) = topic.asked[0], self.names
                self.ask(f"Did both {one} and {two} {act}?", both[0] | both[1], "both")


def generate(seed: int, count: int, half: int) -> Iterator[Dialogue]:
    """*count* dialogues on the topics of *half* 0 or 1; the same for the same arguments."""
    rng = random.Random(seed)
    topics = HALVES[half]
    for number in range(count):
        writer = _Writer(rng, topics, _NAMES[(number + half) % len(_NAMES)])
        plan = [(rng.randint(0, 1), number) for number in range(len(topics))]
        plan += [(1 - who, number) for who, number in rng.sample(plan, _SHARED)]
        plan += rng.sample(plan, _SHARED)
        rng.shuffle(plan)
        while plan:
            size = rng.randint(1, 2)
            writer.converse(plan[:size])
            plan = plan[size:]
        writer.compare()
        yield Dialogue(writer.turns, writer.questions)
