"""What calls come to, from a file: ``python -m sandbox.summarize IN.jsonl OUT.jsonl`` (``make summarize INPUT=… OUTPUT=…``).

    in    {"id", "utterances": [{"spk": "agent" | "customer", "msg"}, …]}, and "at" (2026-11-27T10:20, Korea) where that is known
    out   {"id", "kind": "summary" | "own_words" | "no_request", "text", "confidence", "evidence": [{"phrase", "utterance"}, …],
           "model", "version", "risk": [kind, …],
           "emotion": {"label", "top5": [{"label", "likelihood"}, …], "curve": [{"utterance", "label", "mood"}, …]},
           "actions": [{"what", "who": "agent" | "caller" | "other_desk", "desk", "due", "due_at", "utterance", "also"}, …]}

An emotion's ``label`` is empty where none is sure; kinds of risk are self_harm, threat, confusion, voice_phishing, medical_emergency.
``due`` is by when as it was said, null where nothing was said of it, ``due_at`` the day or hour that it means where ``at`` is given.
A line a call, in order; the model is the one that calls are summarized with until staff promote another (``READBACK_MODEL_DIR``), emotion
and risk are told by the classifiers that ship.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from models.actions.action import Action
from models.actions.extraction import shipped, things_to_do
from models.call.record import Speaker, Utterance
from models.call.transcript import summarizer_input
from models.errors import BadTranscript, NoSpeech, ReadbackError
from models.lifecycle.versions import SHIPPED
from models.lines import DANGER, EMOTION
from models.signals.told import CallDanger, CallEmotion
from models.summarizer.conversation import read
from models.summarizer.language_model import LanguageModelSummarizer
from models.summarizer.outcome import Kind
from models.summarizer.own_words import Shortener
from models.summarizer.summarizer import Summarizer, SummaryResult
from wiring.configuration import load_settings
from wiring.lines import SUMMARIZER

BATCH = 64


@dataclass(frozen=True)
class Call:
    """A line: its id, the conversation as the summarizer reads it, and when it began, where that is known."""

    id: str
    text: str
    at: datetime | None = None


def read_calls(path: Path) -> Iterator[Call]:
    """The call of every line; BadTranscript names the line that is damaged."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadTranscript(f"{path} is not UTF-8: {error}", remedy="Save it as UTF-8 (a file of Windows' own is often CP949)") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            call = json.loads(line)
            if not isinstance(call, dict):
                raise TypeError(f"{type(call).__name__} instead of an object")
            at = datetime.fromisoformat(call["at"]) if call.get("at") else None
            yield Call(str(call["id"]), _conversation([_utterance(one) for one in call["utterances"]]), at)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            remedy = 'Write {"id": …, "utterances": [{"spk": "agent" or "customer", "msg": …}, …]} on each line'
            raise BadTranscript(f"{path}:{number} is no call: {type(error).__name__}: {error}", remedy=remedy) from error


def _utterance(said: dict[str, Any]) -> Utterance:
    words = said["msg"]
    if not isinstance(words, str):
        raise TypeError(f"msg is {type(words).__name__}, not text")
    return Utterance(speaker=Speaker(said["spk"]), start_ms=0, duration_ms=0, text=words)


def _conversation(utterances: Sequence[Utterance]) -> str:
    """As the summarizer reads a call's transcript; empty where nobody said what they want."""
    try:
        return summarizer_input(utterances)
    except NoSpeech:
        return ""


def answer_line(call: Call, result: SummaryResult, emotion: CallEmotion, danger: CallDanger, actions: Sequence[Action]) -> dict[str, Any]:
    """One line of the output."""
    return {
        "id": call.id,
        "kind": result.kind.value,
        "text": result.text,
        "confidence": None if result.confidence is None else round(result.confidence, 4),
        "evidence": [{"phrase": one.phrase, "utterance": one.utterance} for one in result.evidence],
        "model": result.model,
        "version": result.version,
        "emotion": emotion.model_dump(
            mode="json", include={"label": True, "top5": True, "curve": {"__all__": {"utterance", "label", "mood"}}}
        ),
        "risk": [kind.value for kind in danger.kinds],
        "actions": [_action(one) for one in actions],
    }


def _action(one: Action) -> dict[str, Any]:
    due = one.due
    moment = None if due is None or due.day is None else datetime.combine(due.day, due.hour) if due.hour else due.day
    return {
        "what": one.what,
        "who": one.who.value,
        "desk": one.desk,
        "due": due.said if due else None,
        "due_at": moment.isoformat() if moment else None,
        "utterance": one.utterance,
        "also": list(one.also),
    }


def summarize_file(source: Path, target: Path, model_dir: Path, device: Any) -> int:
    """Write the answers of a file; returns how many."""
    calls = list(read_calls(source))
    summarizer = SUMMARIZER.summarizer(model_dir, device)
    emotions = EMOTION.load(EMOTION.shipped(model_dir), device, SHIPPED)
    shortener = Shortener()
    dangers = DANGER.load(DANGER.shipped(model_dir), device, SHIPPED)
    with target.open("w", encoding="utf-8") as file:
        for first in range(0, len(calls), BATCH):
            batch = calls[first : first + BATCH]
            texts = [call.text for call in batch]
            told = zip(batch, _results(summarizer, texts), emotions.answers(texts), dangers.answers(texts), strict=True)
            for call, result, emotion, danger in told:
                actions = things_to_do(read(call.text), shipped(), shortener, call.at, result.text)
                file.write(json.dumps(answer_line(call, result, emotion, danger, actions), ensure_ascii=False) + "\n")
            print(f"\r{min(first + BATCH, len(calls))}/{len(calls)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    summarizer.close()
    return len(calls)


def _results(summarizer: Summarizer | LanguageModelSummarizer, texts: list[str]) -> list[SummaryResult]:
    """Answers in order; a call in which nobody said a word has no request."""
    spoken = [i for i, text in enumerate(texts) if text]
    found = dict(zip(spoken, summarizer.results([texts[i] for i in spoken]), strict=True))
    silent = SummaryResult("", summarizer.name, summarizer.version, kind=Kind.NO_REQUEST, confidence=1.0)
    return [found.get(i, silent) for i in range(len(texts))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Summarize a file of calls with the model in service."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="file with a call a line")
    parser.add_argument("target", type=Path, help="file that gets an answer a line")
    parser.add_argument("--model", type=Path, default=None, help="folder of another model")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
        count = summarize_file(options.source, options.target, options.model or settings.model_dir, settings.model_device)
    except (ReadbackError, OSError) as error:
        print(f"summarize: {error}", file=sys.stderr)
        return 1
    print(f"{count} calls summarized into {options.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
