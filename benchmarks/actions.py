"""How true the things to do are: ``python -m benchmarks.actions`` over the calls of three writers who had no part in data or calibration.

A thing to do is right where the writer of the call names it: the same utterance or its neighbour, the caller's or ours, and a word in
common or two of one meaning (``models.actions.truth``). Beside it every sentence that promises or asks, as rules alone would have it.
Last, what it costs.

    python -m benchmarks.actions --folder benchmarks/writers/week --sheet week.txt

writes a sheet for who judges by reading: every call of the folder (``*.calls.txt`` or the ``*.jsonl`` of ``make summarize``), and below it
the lines that are told as an operator sees them, numbered; nothing of what the writer names. The requests are the shipped reader's.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.truth import HELD_OUT
from models.actions.action import Action, Who
from models.actions.extraction import ToDoModel, things_to_do
from models.actions.truth import CALLER, Said, paired
from models.summarizer import SHIPPED_READER
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener, morphology
from models.summarizer.summarizer import Summarizer
from models.summarizer.written import Written, calls, writers
from sandbox.summarize import read_calls


def judged(written: Sequence[Written], told: Sequence[Sequence[Action]], shortener: Shortener) -> dict[str, Any]:
    """Precision and recall over all calls; how many of the caller's and of ours; calls without any; how often a stated day is told."""
    pairs = [
        paired([Said(one.who, one.utterance, one.what) for one in actions], call.actions, shortener)
        for call, actions in zip(written, told, strict=True)
    ]
    both, said, named = sum(map(len, pairs)), sum(map(len, told)), sum(len(call.actions) for call in written)
    met = [(call.actions[j], actions[i]) for call, actions, found in zip(written, told, pairs, strict=True) for i, j in found]
    quiet = [not actions for call, actions in zip(written, told, strict=True) if not call.actions]
    dated = [one.due is not None for todo, one in met if todo.due]
    return {
        "calls": len(written),
        "told": said,
        "named by writers": named,
        "both": both,
        "precision": round(both / max(1, said), 3),
        "recall": round(both / max(1, named), 3),
        "recall of the caller's": _share([todo.who == CALLER for todo, _ in met], [t.who == CALLER for c in written for t in c.actions]),
        "recall of ours": _share([todo.who != CALLER for todo, _ in met], [t.who != CALLER for c in written for t in c.actions]),
        "calls without any": len(quiet),
        "of them told so": sum(quiet),
        "with the words for by when": round(sum(dated) / max(1, len(dated)), 3),
    }


def _share(found: Sequence[bool], named: Sequence[bool]) -> float:
    return round(sum(found) / max(1, sum(named)), 3)


def cost(written: Sequence[Written], model: ToDoModel, shortener: Shortener) -> dict[str, float]:
    """Milliseconds of one processor a call, Kiwi loaded."""
    begun = time.process_time()
    for call in written:
        things_to_do(call.conversation, model, shortener)
    return {"milliseconds of a processor a call": round(1000 * (time.process_time() - begun) / len(written), 2)}


_WHO = {Who.AGENT: "상담원", Who.CALLER: "고객", Who.OTHER_DESK: "다른 부서"}


def conversations(folder: Path) -> list[tuple[str, str]]:
    """Names and texts of a folder's calls, however its writers wrote them down."""
    found = [(call.name, call.text) for name in writers(folder) for call in calls(name, folder)]
    listed = [call for path in sorted(folder.glob("*.jsonl")) for call in read_calls(path)]
    return found + [(call.id, call.text) for call in listed if any(not turn.by_caller for turn in read(call.text))]


def sheet(folder: Path, model: ToDoModel, shortener: Shortener) -> Iterator[str]:
    """Every call of a folder with the lines told of it, as text."""
    named = conversations(folder)
    requests = Summarizer.load(SHIPPED_READER, "cpu").results([text for _, text in named])
    for (name, text), request in zip(named, requests, strict=True):
        conversation = read(text)
        yield f"=== {name}"
        yield from (f"{turn.number:3} {'고객' if turn.by_caller else '상담원'}: {turn.text}" for turn in conversation)
        told = things_to_do(conversation, model, shortener, None, request.text)
        yield "--- 할 일" if told else "--- 할 일 없음"
        for number, one in enumerate(told, 1):
            yield f"{number}. {one.desk or _WHO[one.who]} | {one.what} | {one.due.said if one.due else '-'} | {one.utterance}번 말"
        yield ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Count over the held-out writers' calls."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, default=HELD_OUT, help="writers to judge by")
    parser.add_argument("--lines", action="store_true", help="show every thing to do, for who judges by reading")
    parser.add_argument("--sheet", type=Path, help="write every call with its lines into this file, for who judges by reading, and stop")
    options = parser.parse_args(arguments)
    morphology()
    shortener, model = Shortener(), ToDoModel.shipped()
    if options.sheet:
        options.sheet.write_text("\n".join(sheet(options.folder, model, shortener)) + "\n", encoding="utf-8")
        return
    written = [call for name in writers(options.folder) for call in calls(name, options.folder)]
    told = [things_to_do(call.conversation, model, shortener) for call in written]
    everything = replace(model, lasting=replace(model.lasting, threshold=0.0), callers=0.0)
    rules = [things_to_do(call.conversation, everything, shortener) for call in written]
    row = judged(written, told, shortener) | {"rules alone": judged(written, rules, shortener)} | cost(written, model, shortener)
    for name, value in row.items():
        print(f"{name:40} {value}")
    for call, actions in zip(written, told, strict=True) if options.lines else ():
        print(call.name, "; ".join(f"{t.who} | {t.what} | {t.due or '-'} | {t.turn}" for t in call.actions) or "없음")
        for one in actions:
            print(f"    {one.who} {one.desk} | {one.what} | {one.due.said if one.due else '-'} | {one.utterance}")
    print(json.dumps({"benchmark": "actions", **row}, ensure_ascii=False))


if __name__ == "__main__":
    main()
