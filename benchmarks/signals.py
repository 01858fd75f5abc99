"""How well emotions and dangers are told, on writers held out: ``python -m benchmarks.signals``.

Sentences by two writers of whom no classifier has seen a line (``benchmarks/writers/signals``), the calls of the writers held out from the
reader (``benchmarks/writers/held_out``: 66, of which each names its risk), and their inquiries, which are harmless mostly but unlabelled.
The same of four ordinary weeks (``week`` and the three after it: 288 calls), whose writers no classifier has seen either. Writers paint
what callers may say in three words, so dangers said as plainly as can be are scored for themselves (``benchmarks/writers/plain``).
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from models.recipe.signals_recipe import RISKS, danger_rows, emotion_rows, signal_writers
from models.signals import SHIPPED_DANGER, SHIPPED_EMOTION
from models.signals.call import dangers_of, emotions_of
from models.signals.classifier import Classifier, load_classifier
from models.signals.labels import SIX, read_groups
from models.summarizer import SHIPPED_READER
from models.summarizer.conversation import written
from models.summarizer.summarizer import Summarizer
from models.summarizer.written import Written, calls, inquiries, writers
from models.training.signal_scores import DangerScores, EmotionScores

HELD = Path(__file__).parent / "writers" / "signals"
HELD_CALLS = Path(__file__).parent / "writers" / "held_out"
PLAIN = HELD.with_name("plain")
WEEKS = ("week", "second_week", "third_week", "fourth_week")


def held_calls() -> list[Written]:
    """Calls of writers held out."""
    return [call for writer in writers(HELD_CALLS) for call in calls(writer, HELD_CALLS)]


def emotions(folder: Path) -> dict[str, Any]:
    """Scores of all held-out sentences and of each writer's, and what calls look like."""
    classifier, rows = load_classifier(folder), emotion_rows(HELD)
    found: dict[str, object] = {"all": _without_matrix(EmotionScores.of(classifier, rows))}
    for writer in signal_writers(HELD):
        own = EmotionScores.of(classifier, [row for row in rows if row.style == writer])
        found[writer] = {"rows": own.rows, "accuracy": own.accuracy, "top5": own.top5, "six": own.six}
    told = emotions_of(classifier, [call.conversation for call in held_calls()], "")
    utterances = [felt for one in told for felt in one.curve]
    found["calls"] = {
        "calls": len(told),
        "with an emotion": sum(bool(one.label) for one in told),
        "with a turn": sum(one.turn is not None for one in told),
        "utterances": len(utterances),
        "utterances with an emotion": sum(bool(felt.label) for felt in utterances),
        "groups": Counter(read_groups("")[one.label] for one in told if one.label).most_common(len(SIX)),
    }
    return found


def _without_matrix(scores: EmotionScores) -> dict[str, object]:
    return scores.model_dump(exclude={"matrix", "calibration"})


def dangers(folder: Path) -> dict[str, object]:
    """Recall and alarms on held-out utterances and calls."""
    classifier = load_classifier(folder)
    scores, plain = (DangerScores.of(classifier, danger_rows(rows)) for rows in (HELD, PLAIN))
    found: dict[str, object] = {"utterances": scores.model_dump(mode="json", exclude={"missed", "false_alarms"})}
    found["missed"], found["false_alarms"] = scores.missed, scores.false_alarms
    found["said plainly"] = plain.model_dump(mode="json", exclude={"bounds"})
    found |= _of_calls(classifier, HELD_CALLS)
    found["weeks"] = {week: _of_calls(classifier, HELD_CALLS.with_name(week)) for week in WEEKS}
    return found


def _of_calls(classifier: Classifier, folder: Path) -> dict[str, object]:
    """What is flagged of the calls and inquiries of a folder's writers."""
    recorded = [call for writer in writers(folder) for call in calls(writer, folder)]
    verdicts = dangers_of(classifier, [call.conversation for call in recorded], "")
    risky = [(call, verdict) for call, verdict in zip(recorded, verdicts, strict=True) if call.risk in RISKS]
    harmless = [(call, verdict) for call, verdict in zip(recorded, verdicts, strict=True) if not call.risk]
    asked = [row for writer in writers(folder) for row in inquiries(writer, folder)]
    alarmed = [
        row.name for row, one in zip(asked, dangers_of(classifier, [row.conversation for row in asked], ""), strict=True) if one.signs
    ]
    return {
        "calls": {
            "risky": len(risky),
            "flagged": sum(bool(verdict.signs) for _, verdict in risky),
            "as the right kind": sum(RISKS[call.risk] in verdict.kinds for call, verdict in risky),
            "missed": [call.name for call, verdict in risky if not verdict.signs],
            "harmless": len(harmless),
            "alarms": [call.name for call, verdict in harmless if verdict.signs],
        },
        "inquiries": {"rows": len(asked), "alarms": alarmed},
    }


def cost(emotion: Path, danger: Path) -> dict[str, float]:
    """Processor milliseconds a held-out call, beside those of the reader that summarizes it."""
    conversations = [call.conversation for call in held_calls()]
    reader, felt, shown = Summarizer.load(SHIPPED_READER, "cpu", threads=1), load_classifier(emotion), load_classifier(danger)
    texts = [written((turn.by_caller, turn.text) for turn in conversation) for conversation in conversations]
    figures = {
        "summary": _milliseconds(lambda: reader.attempts(texts), len(texts)),
        "emotion": _milliseconds(lambda: emotions_of(felt, conversations, ""), len(texts)),
        "danger": _milliseconds(lambda: dangers_of(shown, conversations, ""), len(texts)),
    }
    return figures | {"more": (figures["emotion"] + figures["danger"]) / figures["summary"]}


def _milliseconds(work: Callable[[], object], calls: int) -> float:
    """The least of three: what others do on the machine only adds."""
    work()
    took = []
    for _ in range(3):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return 1000 * min(took) / calls


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emotion", type=Path, default=SHIPPED_EMOTION, help="folder of another classifier of emotions")
    parser.add_argument("--danger", type=Path, default=SHIPPED_DANGER, help="folder of another classifier of dangers")
    parser.add_argument("--short", action="store_true", help="leave out the figures of each label")
    options = parser.parse_args(arguments)
    felt: dict[str, Any] = emotions(options.emotion)
    told = {
        "emotion": felt,
        "danger": dangers(options.danger),
        "processor milliseconds a call": cost(options.emotion, options.danger),
    }
    if options.short:
        for name in ("labels", "confusions"):
            felt["all"].pop(name)
    print(json.dumps(told, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
