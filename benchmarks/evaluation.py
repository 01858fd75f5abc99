"""Evaluation: seconds for scoring a validation set, with references embedded once against embedded at every evaluation.

    python -m benchmarks.evaluation [--rows 60] [--evaluations 2]

The encoder has the size of bert-base-multilingual-cased (12 layers of width 768, cut after layer 9) and random weights: times depend
on its shape, not on what it has learnt, and no download is needed. Its scores mean nothing and are not shown.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from models.recipe.generator import generate
from models.recipe.tokenizer import train_tokenizer
from models.training.metrics import MetricSettings, SummaryScorer


def main() -> None:
    """Measure both and print a row and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=60, help="rows of the validation set")
    parser.add_argument("--evaluations", type=int, default=2, help="evaluations timed, each with other summaries")
    options = parser.parse_args()
    rows = generate(options.rows * (options.evaluations + 1), seed=6)
    references = [row.summary for row in rows[: options.rows]]
    # Half of the summaries are right, as in the middle of a training.
    written = [
        [row.summary if i % 2 else references[i] for i, row in enumerate(rows[n * options.rows : (n + 1) * options.rows])]
        for n in range(1, options.evaluations + 1)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        settings = make_encoder(references, Path(scratch) / "bert-base-shaped")
        started = time.perf_counter()
        scorer = SummaryScorer(settings, references)
        setup = time.perf_counter() - started
        cached = seconds_each(scorer.rows, written)
        reloaded = seconds_each(lambda summaries: SummaryScorer(settings, references).rows(summaries), written)

        def embed_again(summaries: Sequence[str]) -> None:
            scorer.embed_references(references)
            scorer.rows(summaries)

        again = seconds_each(embed_again, written)
    row = {
        "benchmark": "evaluation",
        "rows": options.rows,
        "evaluations": options.evaluations,
        "cached_seconds": round(cached, 3),
        "uncached_seconds": round(again, 3),
        "reloaded_seconds": round(reloaded, 3),
        "setup_seconds": round(setup, 3),
        "ratio": round(again / cached, 2),
    }
    print(
        f"evaluation of {options.rows} rows: {row['uncached_seconds']} s with references embedded each time "
        f"({row['reloaded_seconds']} s with the encoder loaded each time too), {row['cached_seconds']} s with cached ones "
        f"({row['ratio']}x; {row['setup_seconds']} s once at the start)"
    )
    print(json.dumps(row))


def seconds_each(score: Callable[[Sequence[str]], object], written: Sequence[Sequence[str]]) -> float:
    """Seconds an evaluation, the mean over all."""
    started = time.perf_counter()
    for summaries in written:
        score(summaries)
    return (time.perf_counter() - started) / len(written)


def make_encoder(texts: Sequence[str], folder: Path) -> MetricSettings:
    """A new encoder of BERT-base's shape with random weights."""
    from transformers import BertConfig, BertModel

    tokenizer = train_tokenizer(texts, 2000)
    tokenizer.save_pretrained(folder)
    BertModel(BertConfig(vocab_size=len(tokenizer))).save_pretrained(folder)
    return MetricSettings(bertscore_model=str(folder), bertscore_layer=9, sts_model=str(folder))


if __name__ == "__main__":
    main()
