"""How sure is sure enough: ``python -m models.recipe.calibration models/summarizer/shipped_reader``.

Writers whom the reader has not learnt from, and on whom nothing is published, tell which of its statements are right. A logistic
regression on what can be seen of a statement (``models.summarizer.confidence``) makes the confidence; the threshold leaves the least sure
share of the statements to the caller's own words.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from models.errors import in_one_sentence
from models.summarizer.confidence import likelihood
from models.summarizer.outcome import Kind
from models.summarizer.own_words import Shortener
from models.summarizer.reader import SETTINGS, Reader, Thresholds
from models.summarizer.statements import asks_nothing, draft_of
from models.summarizer.truth import Verdict, judge
from models.summarizer.written import SET_ASIDE, everything

OWN_WORDS = 0.15


def calibrate(model_dir: Path, own_words: float = OWN_WORDS) -> Thresholds:
    """Fit the confidence and choose the threshold; writes the model's reader.json."""
    from sklearn.linear_model import LogisticRegression

    rows = list(everything(SET_ASIDE))
    shortener, seen, right = Shortener(), [], []
    for row, reading in zip(rows, Reader(model_dir, "cpu").read([row.conversation for row in rows]), strict=True):
        draft = draft_of(row.conversation, reading, shortener)
        if draft is None or asks_nothing(reading, draft, Thresholds.nothing):
            continue
        seen.append(draft.features)
        right.append(judge(Kind.SUMMARY, draft.text, must=row.must, wrong=row.wrong, asked=bool(row.summary)) is Verdict.RIGHT)
    fitted = LogisticRegression(C=1.0).fit(seen, right)
    weights, bias = tuple(float(w) for w in fitted.coef_[0]), float(fitted.intercept_[0])
    sure = [likelihood(values, weights, bias) for values in seen]
    thresholds = Thresholds(summary=float(np.quantile(sure, own_words)), bias=bias, weights=weights)
    (model_dir / SETTINGS).write_text(json.dumps(asdict(thresholds), indent=1) + "\n", encoding="utf-8")
    return thresholds


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Calibrate a reader."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("model", type=Path, help="folder of the reader")
    parser.add_argument("--own-words", type=float, default=OWN_WORDS, help="share of statements that are left to the caller's own words")
    options = parser.parse_args(arguments)
    print(calibrate(options.model, options.own_words))


if __name__ == "__main__":
    main()
