"""How much of the evidence is among the first ten turns found.

    python -m benchmarks.memory_recall [--friends DIR] [--beam DIR] [--molweni DIR]
        [--tune] [--seed N]

Generated dialogues of two kinds (``dialogues.py``, ``memory_recall_chats.py``), and public ones
where their folders are given (``memory_recall_sets.py`` says what they hold and under which
licences).

Printed are the halves kept back (other topics, other stories, later scenes, other people);
``--tune`` prints those that the weights were set on.
Compared: bm25s with its defaults, a memory as an application uses it, our BM25 alone, the whole
retriever, and the retriever with one part at a time left out.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import bm25s  # type: ignore[import-untyped]  # ships no types
import msgspec

from benchmarks.dialogues import Dialogue, generate
from benchmarks.memory_recall_chats import chats
from benchmarks.memory_recall_sets import beam, friends, molweni
from car.memgine.graph import Graph
from car.memgine.index import TextIndex
from car.memgine.memgine import Memgine
from car.memgine.retrieval import Retriever
from car.memgine.weights import RetrievalOptions

DEPTH = 10
GENERATED = 16
CHATS = 8
PUBLIC: dict[str, Callable[[Path, int], Iterator[Dialogue]]] = {
    "friends": friends,
    "beam": beam,
    "molweni": molweni,
}

Ranker = Callable[[str], Sequence[int]]

PLAIN = RetrievalOptions(
    neighbours=(), session=0, brevity=0, speaker=0, dates=0, timed=0, placed=0, asking=0, frame=0,
    related=0, spread=0,
)  # fmt: skip
PARTS: dict[str, RetrievalOptions] = {
    "whole": RetrievalOptions(),
    "- neighbours": RetrievalOptions(neighbours=()),
    "- neighbours past the first": RetrievalOptions(neighbours=(0.5,)),
    "- session": RetrievalOptions(session=0),
    "- brevity": RetrievalOptions(brevity=0),
    "- speaker": RetrievalOptions(speaker=0),
    "- dates": RetrievalOptions(dates=0),
    "- timed": RetrievalOptions(timed=0),
    "- placed": RetrievalOptions(placed=0),
    "- asking": RetrievalOptions(asking=0),
    "- frame": RetrievalOptions(frame=0),
    "- related": RetrievalOptions(related=0),
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


def sets(folders: Mapping[str, Path], seed: int, tune: bool) -> dict[str, list[Dialogue]]:
    """The dialogues to measure on, by name; *folders* are those of the public ones."""
    half = 0 if tune else 1
    found = {
        "generated": list(generate(2 * seed + half, GENERATED, half)),
        "chats": list(chats(2 * seed + half, CHATS, half)),
    }
    for name, folder in folders.items():
        found[name] = list(PUBLIC[name](folder, half))
    return found


def main() -> None:
    """Print a table: a line each way of searching, a column each set."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in PUBLIC:
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tune", action="store_true")
    given = parser.parse_args()
    folders = {name: folder for name in PUBLIC if (folder := getattr(given, name)) is not None}
    found = sets(folders, given.seed, given.tune)
    print(f"{'recall@10':32}", *(f"{name:>10}" for name in found))
    ways: dict[str, Callable[[Dialogue], Ranker]] = {"bm25s, defaults": library}
    ways["a memory as it is used"] = memory
    for name, options in PARTS.items():
        ways[name] = partial(ours, options=options)
    for name, build in ways.items():
        print(f"{name:32}", *(f"{recall(one, build):10.3f}" for one in found.values()))


if __name__ == "__main__":
    main()
