"""Training: ours against the loop of the first code, on the same model, rows and machine, in one run.

    python -m benchmarks.training [--steps 1000]

The opponent is the first code's loop: batches of 2, every row padded to the longest of the data set, pads attended to and counted
in the loss. Both see the same number of rows per step and take the same number of steps from the same weights. "Learnt" is the
share of validation summaries that come out exactly right by greedy decoding afterwards. The rows are generated inquiries with one of
the eight most frequent summaries, so that a new model of 1.2 million parameters can learn them within the steps.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from models.recipe.generator import generate
from models.recipe.small_bart import SmallBart, new_bart
from models.recipe.tokenizer import train_tokenizer
from models.training import FinetuneConfig, finetune
from models.training.data.pair import Pair
from models.training.metrics import MetricSettings
from models.training.trainer import generate_summaries

BATCH = 2
LEARNING_RATE = 5e-4
GENERATED = 12_000
SUMMARIES = 8
VALIDATION = 100


def main() -> None:
    """Measure both and print a row and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000, help="updates of each, batch 2")
    steps = parser.parse_args().steps
    pairs = commonest()
    train, validation = pairs[VALIDATION:], pairs[:VALIDATION]
    with tempfile.TemporaryDirectory() as scratch:
        base = make_base(train, Path(scratch) / "base")
        naive_rate, naive_model, tokenizer = naive_loop(base, train, steps)
        config = FinetuneConfig(
            base=str(base),
            method="full",
            batch_size=BATCH,
            learning_rate=LEARNING_RATE,
            schedule="constant",
            max_steps=steps,
            evaluate_every=steps,
            log_every=steps,
            metrics=MetricSettings(enabled=False),
            device="cpu",
        )
        result = finetune(config, train, validation, Path(scratch) / "ours")
        from transformers import AutoModelForSeq2SeqLM

        our_model = AutoModelForSeq2SeqLM.from_pretrained(result.model_dir)
    row = {
        "benchmark": "training",
        "steps": steps,
        "batch_size": BATCH,
        "rows": len(train),
        "parameters": result.parameters,
        "naive_samples_per_second": round(naive_rate, 2),
        "our_samples_per_second": round(result.samples_per_second, 2),
        "ratio": round(result.samples_per_second / naive_rate, 2),
        "naive_exact": exact(naive_model, tokenizer, validation),
        "our_exact": exact(our_model, tokenizer, validation),
    }
    print(
        f"training, batch 2, {steps} steps: naive {row['naive_samples_per_second']} samples/s, exact {row['naive_exact']:.0%}; "
        f"ours {row['our_samples_per_second']} samples/s ({row['ratio']}x), exact {row['our_exact']:.0%}"
    )
    print(json.dumps(row))


def commonest() -> list[Pair]:
    """Generated inquiries with one of the most frequent summaries: little enough to be learnt in minutes from nothing."""
    inquiries = generate(GENERATED, seed=5)
    frequent = {summary for summary, _ in Counter(inquiry.summary for inquiry in inquiries).most_common(SUMMARIES)}
    return [Pair(row.input, row.summary, str(i)) for i, row in enumerate(inquiries) if row.summary in frequent]


def make_base(pairs: list[Pair], folder: Path) -> Path:
    """A small new BART: both start from these weights."""
    tokenizer = train_tokenizer([text for pair in pairs for text in (pair.input, pair.summary)], 2000)
    new_bart(tokenizer, SmallBart(layers=2, width=128, heads=4, feed_forward=512, positions=256), seed=1).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def naive_loop(base: Path, pairs: list[Pair], steps: int) -> tuple[float, Any, Any]:
    """The first code's training; returns samples per second, the model and the tokenizer."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    torch.manual_seed(42)
    tokenizer, model = AutoTokenizer.from_pretrained(base), AutoModelForSeq2SeqLM.from_pretrained(base)
    inputs = tokenizer([pair.input for pair in pairs], padding="longest", return_tensors="pt")["input_ids"]
    labels = tokenizer([pair.summary for pair in pairs], padding="max_length", max_length=inputs.shape[1], return_tensors="pt")["input_ids"]
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    model.train()
    order = torch.randperm(len(pairs)).repeat(1 + steps * BATCH // len(pairs))
    started = time.perf_counter()
    for step in range(steps):
        rows = order[step * BATCH : (step + 1) * BATCH]
        model(input_ids=inputs[rows], labels=labels[rows]).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return steps * BATCH / (time.perf_counter() - started), model, tokenizer


def exact(model: Any, tokenizer: Any, pairs: list[Pair]) -> float:
    """Share of the rows whose summary is written exactly."""
    config = FinetuneConfig(eval_max_tokens=32)
    written = generate_summaries(model, tokenizer, [tokenizer(pair.input)["input_ids"] for pair in pairs], config)
    return sum(summary == pair.summary for summary, pair in zip(written, pairs, strict=True)) / len(pairs)


if __name__ == "__main__":
    main()
