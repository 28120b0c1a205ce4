"""How much of the evidence is among the first ten turns found.

    python -m benchmarks.memory_recall [--friends DIR] [--tune] [--seed N]

Generated dialogues (``dialogues.py``), and with ``--friends`` FriendsQA (Emory NLP, Apache
License 2.0): DIR holds ``friendsqa_dev.json`` and ``friendsqa_tst.json``, from ``dat/`` of
github.com/emorynlp/FriendsQA.  Twenty scenes that follow one another make a dialogue there, a
scene a session, an utterance a turn; the answers' utterances are the evidence.

Printed are the halves kept back (other topics; the later scenes); ``--tune`` prints those that
the weights were set on.
Compared: bm25s with its defaults, a memory as an application uses it, our BM25 alone, the whole
retriever, and the retriever with one part at a time left out.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bm25s  # type: ignore[import-untyped]  # ships no types
import msgspec

from benchmarks.dialogues import Dialogue, Question, Turn, generate
from car.memgine.graph import Graph
from car.memgine.index import TextIndex
from car.memgine.memgine import Memgine
from car.memgine.retrieval import RetrievalOptions, Retriever

DEPTH = 10
SCENES = 20
GENERATED = 16
_DAYS_BETWEEN = 9
_SECONDS_OF_TURN = 30
_BEGIN = 1_600_000_000.0

Ranker = Callable[[str], Sequence[int]]

PLAIN = RetrievalOptions(neighbours=(), session=0, brevity=0, speaker=0, dates=0, timed=0, spread=0)
PARTS: dict[str, RetrievalOptions] = {
    "whole": RetrievalOptions(),
    "- neighbours": RetrievalOptions(neighbours=()),
    "- neighbours past the first": RetrievalOptions(neighbours=(0.5,)),
    "- session": RetrievalOptions(session=0),
    "- brevity": RetrievalOptions(brevity=0),
    "- speaker": RetrievalOptions(speaker=0),
    "- dates": RetrievalOptions(dates=0),
    "- timed": RetrievalOptions(timed=0),
    "BM25 alone": PLAIN,
    "BM25 + half of each neighbour": msgspec.structs.replace(PLAIN, neighbours=(0.5,)),
}


def library(dialogue: Dialogue) -> Ranker:
    """bm25s as it comes."""
    texts = [f"{turn.speaker}: {turn.text}" for turn in dialogue.turns]
    index = bm25s.BM25()
    index.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)

    def rank(question: str) -> Sequence[int]:
        tokens = bm25s.tokenize(question, show_progress=False)
        found, _ = index.retrieve(tokens, k=DEPTH, show_progress=False)
        return [int(place) for place in found[0]]

    return rank


def ours(dialogue: Dialogue, options: RetrievalOptions) -> Ranker:
    """The retriever over the dialogue's turns, linked as memory links them."""
    graph = Graph()
    retriever = Retriever(TextIndex(), graph, options)
    last = None
    for turn in dialogue.turns:
        node = graph.add_node(
            "conversation", turn.speaker, turn.text, at=turn.at, session=turn.session
        )
        if last is not None and last.session == node.session:
            graph.add_edge("TemporalNext", last.index, node.index, at=turn.at)
        retriever.add(node)
        last = node
    now = dialogue.turns[-1].at

    def rank(question: str) -> Sequence[int]:
        return [hit.node.index for hit in retriever.search(question, DEPTH, at=now)]

    return rank


def memory(dialogue: Dialogue) -> Ranker:
    """A whole memory, which also reads what the turns do to one another."""
    engine = Memgine()
    for turn in dialogue.turns:
        engine.ingest_conversation(turn.speaker, turn.text, turn.at)
    now = dialogue.turns[-1].at

    def rank(question: str) -> Sequence[int]:
        return [hit.node.index for hit in engine.query(question, DEPTH, now)]

    return rank


def recall(dialogues: Sequence[Dialogue], build: Callable[[Dialogue], Ranker]) -> float:
    """The mean share of a question's evidence that is found."""
    shares = []
    for dialogue in dialogues:
        rank = build(dialogue)
        for question in dialogue.questions:
            found = question.evidence.intersection(rank(question.text))
            shares.append(len(found) / len(question.evidence))
    return sum(shares) / len(shares)


def friends(path: Path) -> Iterator[Dialogue]:
    """The scenes of a FriendsQA file as dialogues of SCENES sessions; a short rest is left out."""
    scenes = json.loads(path.read_text())["data"]
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
    at = _BEGIN + session * _DAYS_BETWEEN * 86_400 + record["uid"] * _SECONDS_OF_TURN
    speakers = [name for name in record["speakers"] if not name.startswith("#")]
    return Turn(" and ".join(speakers), _joined(record["utterance"]), at, session)


def _question(record: Mapping[str, Any], base: int) -> Question:
    evidence = frozenset(base + answer["utterance_id"] for answer in record["answers"])
    return Question(_joined(record["question"]), evidence, record["id"].split("_")[3])


def _joined(tokens: str) -> str:
    """Text whose tokens were set apart, as people write it."""
    text = re.sub(r"\s+(n't|'\w+)\b", r"\1", tokens)
    text = re.sub(r"\b(gon|wan|got) na\b", r"\1na", text)
    return re.sub(r"\s+([?.!,;:])", r"\1", text)


def sets(folder: Path | None, seed: int, tune: bool) -> dict[str, list[Dialogue]]:
    """The dialogues to measure on, by name."""
    half = 0 if tune else 1
    found = {"generated": list(generate(2 * seed + half, GENERATED, half))}
    if folder is not None:
        name = "friendsqa_dev.json" if tune else "friendsqa_tst.json"
        found["FriendsQA"] = list(friends(folder / name))
    return found


def main() -> None:
    """Print a table: a line each way of searching, a column each set."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--friends", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tune", action="store_true")
    given = parser.parse_args()
    found = sets(given.friends, given.seed, given.tune)
    print(f"{'recall@10':32}", *(f"{name:>10}" for name in found))
    ways: dict[str, Callable[[Dialogue], Ranker]] = {"bm25s, defaults": library}
    ways["a memory as it is used"] = memory
    for name, options in PARTS.items():
        ways[name] = partial(ours, options=options)
    for name, build in ways.items():
        print(f"{name:32}", *(f"{recall(one, build):10.3f}" for one in found.values()))


if __name__ == "__main__":
    main()
