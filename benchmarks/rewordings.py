"""A reworded copy of a memory-benchmark file: the same stories in other people's words.

    python -m benchmarks.rewordings IN.jsonl OUT.jsonl [--seed N] [--paraphrase k|l|m]

Names and dates move (``renaming``), turns are said differently (``reworder``): cues, fillers,
politeness, order of sentences, capitals, contractions.  Odd seeds speak the second set of wordings
of ``rewordings.toml``, even ones the first.  ``--paraphrase`` says whole turns in the words of
another writer, and where a fact repeats a turn it repeats it in the new words.

What the ground truth asks for is never touched: no rewording of a turn adds or removes a phrase
that an answer must or must not mention.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.renaming import Story, moved
from benchmarks.reworder import Phrases, Reworder, told
from benchmarks.wordings import PARAPHRASES, Voice, load_paraphrase, load_voice

ATTEMPTS = 20
"""How often new names are drawn for a timeline whose phrases they would disturb."""


def reworded(timeline: Story, voice: Voice, seed: int) -> Story:
    """*timeline* in other words, the same for the same *seed*.

    Raises ValueError where no choice of names leaves its phrases as they were.
    """
    before = Phrases(timeline).in_text(told(timeline))
    for attempt in range(ATTEMPTS):
        rng = random.Random(f"{seed} {attempt} {timeline['id']}")
        new = moved(timeline, rng)
        phrases = Phrases(new)
        if phrases.in_text(told(new)) != before:
            continue
        _reword(new, Reworder(voice, phrases, rng), facts_first=not voice.repeats)
        if phrases.in_text(told(new)) == before:
            return new
    raise ValueError(f"{timeline['id']}: no renaming leaves the phrases of its ground truth alone")


def _reword(timeline: Story, reworder: Reworder, *, facts_first: bool) -> None:
    """Say what is said in *timeline* differently, in place."""
    parts = (_reword_state, _reword_events)
    for part in parts if facts_first else reversed(parts):
        part(timeline, reworder)


def _reword_state(timeline: Story, reworder: Reworder) -> None:
    state = timeline["initial_state"]
    for fact in state["persistent_facts"]:
        fact["value"] = _marked(fact["value"], reworder)
    for item in state.get("working_set") or []:
        if item.get("content"):
            item["content"] = reworder.mark(item["content"])


def _reword_events(timeline: Story, reworder: Reworder) -> None:
    for event in timeline["events"]:
        if event["type"] == "conversation_turn":
            event["text"] = reworder.turn(event["text"])
        elif event["type"] == "query":
            event["prompt"] = reworder.question(event["prompt"])
        else:
            for write in event["writes"]:
                write["value"] = _marked(write["value"], reworder)


def _marked(value: Any, reworder: Reworder) -> Any:
    return reworder.mark(value) if isinstance(value, str) else value


def main(argv: Sequence[str] | None = None) -> None:
    """Reword a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="odd ones speak the second set")
    parser.add_argument("--paraphrase", choices=PARAPHRASES, help="whole turns in these words")
    options = parser.parse_args(argv)
    paraphrase: str | None = options.paraphrase
    voice = load_voice(options.seed % 2) if paraphrase is None else load_paraphrase(paraphrase)
    turns = same = 0
    with options.target.open("w", encoding="utf-8") as target:
        for line in options.source.read_text("utf-8").splitlines():
            old = json.loads(line)
            new = reworded(old, voice, options.seed)
            target.write(json.dumps(new, ensure_ascii=False) + "\n")
            for before, after in zip(old["events"], new["events"], strict=True):
                turns += before["type"] == "conversation_turn"
                same += "text" in before and before["text"] == after["text"]
    print(f"{turns} turns, {same} of them as they were")


if __name__ == "__main__":
    main(sys.argv[1:])
