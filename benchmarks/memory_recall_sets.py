"""Public dialogues with questions and their evidence, as far as somebody has put them on disk.

*FriendsQA* (Emory NLP, Apache License 2.0): ``friendsqa_dev.json`` and ``friendsqa_tst.json``,
from ``dat/`` of github.com/emorynlp/FriendsQA.  Twenty scenes that follow one another make a
dialogue, a scene a session, an utterance a turn; the answers' utterances are the evidence.

*BEAM* (Tavakoli and others, CC BY-SA 4.0): the folder ``chats/100K`` of
github.com/mohammadtavakoli78/BEAM.  People talk to an assistant over months, about money, work
and what to read; programming and mathematics are left out, and so are questions that no turn
answers.

*Molweni* (HIT-SCIR, Apache License 2.0): ``test.json``, from ``MRC(withDiscourse)/`` of
github.com/HIT-SCIR/Molweni.  Many people in a chat room; fifty conversations make a dialogue.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.dialogues import Dialogue, Question, Turn

SCENES = 20
CONVERSATIONS = 50
_DAYS_BETWEEN = 9
_SECONDS_OF_TURN = 30
_BEGIN = 1_600_000_000.0
_TALKS = range(6, 21)
"""The talks about life, by number."""
_NOT_ASKED = frozenset({"abstention", "summarization", "instruction_following"})
_COUNTER = re.compile(r"\s*->->.*$")


def friends(folder: Path, half: int) -> Iterator[Dialogue]:
    """The scenes of FriendsQA as dialogues of SCENES sessions; a short rest is left out."""
    name = ("friendsqa_dev.json", "friendsqa_tst.json")[half]
    scenes = json.loads((folder / name).read_text())["data"]
    for first in range(0, len(scenes) - SCENES // 2, SCENES):
        turns: list[Turn] = []
        questions: list[Question] = []
        for session, scene in enumerate(scenes[first : first + SCENES]):
            for paragraph in scene["paragraphs"]:
                base = len(turns)
                turns += [_utterance(one, session) for one in paragraph["utterances:"]]
                questions += [_question(one, base) for one in paragraph["qas"]]
        yield Dialogue(turns, questions)


def _utterance(record: Mapping[str, Any], session: int) -> Turn:
    speakers = [name for name in record["speakers"] if not name.startswith("#")]
    text = _joined(record["utterance"])
    return Turn(" and ".join(speakers), text, _at(session, record["uid"]), session)


def _question(record: Mapping[str, Any], base: int) -> Question:
    evidence = frozenset(base + answer["utterance_id"] for answer in record["answers"])
    return Question(_joined(record["question"]), evidence, record["id"].split("_")[3])


def beam(folder: Path, half: int) -> Iterator[Dialogue]:
    """The talks of BEAM with even numbers, or odd ones, each stretch with a date a session."""
    for number in _TALKS:
        if number % 2 == half:
            yield _talk(folder / str(number))


def _talk(folder: Path) -> Dialogue:
    file = folder / "chat_trunecated.json"
    batches = json.loads((file if file.exists() else folder / "chat.json").read_text())
    turns: list[Turn] = []
    places: dict[int, int] = {}
    at = _BEGIN
    for session, batch in enumerate(batches):
        for message in (one for group in batch["turns"] for one in group):
            if message.get("time_anchor"):
                anchor = datetime.strptime(message["time_anchor"], "%B-%d-%Y")
                at = anchor.replace(tzinfo=UTC).timestamp()
            places[message["id"]] = len(turns)
            text = _COUNTER.sub("", message["content"])
            turns.append(Turn(message["role"], text, at, session))
            at += _SECONDS_OF_TURN
    questions = []
    asked = json.loads((folder / "probing_questions" / "probing_questions.json").read_text())
    for sort, records in asked.items():
        for record in records if sort not in _NOT_ASKED else ():
            sources = _numbers(record.get("source_chat_ids"))
            evidence = frozenset(places[source] for source in sources if source in places)
            if evidence:
                questions.append(Question(record["question"], evidence, sort))
    return Dialogue(turns, questions)


def _numbers(given: object) -> list[int]:
    """The numbers in *given*, which may hold them in lists and under names."""
    if isinstance(given, dict):
        given = list(given.values())
    if isinstance(given, list):
        return [number for one in given for number in _numbers(one)]
    return [given] if isinstance(given, int) else []


def molweni(folder: Path, half: int) -> Iterator[Dialogue]:
    """One dialogue of the first, or the other, CONVERSATIONS of Molweni."""
    records = json.loads((folder / "test.json").read_text())["data"]["dialogues"]
    turns: list[Turn] = []
    questions: list[Question] = []
    chosen = records[CONVERSATIONS:] if half else records[:CONVERSATIONS]
    for session, record in enumerate(chosen):
        begins = []  # where each utterance begins in the text that the answers point into
        passed = 0
        for said in record["edus"]:
            begins.append((passed, len(turns)))
            passed += len(f"{said['speaker']}: {said['text']} ")
            text = _joined(said["text"])
            turns.append(Turn(said["speaker"], text, _at(session, len(turns)), session))
        for asked in record["qas"]:
            answers = [] if asked["is_impossible"] else asked["answers"]
            evidence = frozenset(
                max(turn for begin, turn in begins if begin <= answer["answer_start"])
                for answer in answers
            )
            if evidence:
                text = _joined(asked["question"])
                questions.append(Question(text, evidence, text.split()[0]))
    yield Dialogue(turns, questions)


def _at(session: int, turn: int) -> float:
    return _BEGIN + session * _DAYS_BETWEEN * 86_400 + turn * _SECONDS_OF_TURN


def _joined(tokens: str) -> str:
    """Text whose tokens were set apart, as people write it."""
    text = re.sub(r"\s+(n't|'\w+)\b", r"\1", tokens)
    text = re.sub(r"\b(gon|wan|got) na\b", r"\1na", text)
    return re.sub(r"\s+([?.!,;:])", r"\1", text)
