"""Our summarizer against the naive loop (``generate(num_beams=4)``, one text at a time): ``python -m benchmarks.summaries``.

The same model, the same hand-written inquiries, one run. Ours answers through the micro-batcher: first a lone caller who waits for each
summary, then many callers at once. The naive loop and ours take turns, so that a busy machine slows both; the best round of each counts.
Quality is judged on all texts by the judge that scores the shipped model. ``--model`` takes any model's folder, ``--device cuda`` a GPU.
"""

import argparse
import asyncio
import json
import math
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.recipe.recipe import free_form, score
from models.summarizer import SHIPPED_MODEL
from models.summarizer.batching import MicroBatcher
from models.summarizer.engine import Device
from models.summarizer.summarizer import AbstractiveSummarizer, Summarizer


def naive(reference: AbstractiveSummarizer, texts: Sequence[str]) -> tuple[list[str], float]:
    """Summaries one by one, and the seconds each took on average."""
    began = time.perf_counter()
    summaries = [reference.summarize([text])[0] for text in texts]
    return summaries, (time.perf_counter() - began) / len(texts)


async def lone(batcher: MicroBatcher, texts: Sequence[str]) -> tuple[list[str], float]:
    """One caller after the other, and the median seconds a caller waited."""
    summaries, waits = [], []
    for text in texts:
        began = time.perf_counter()
        summaries.append((await batcher.summarize(text)).text)
        waits.append(time.perf_counter() - began)
    return summaries, statistics.median(waits)


async def under_load(batcher: MicroBatcher, texts: Sequence[str], callers: int) -> float:
    """Seconds a summary with ``callers`` callers who each ask again as soon as they are answered."""
    waiting = iter(texts)

    async def caller() -> None:
        for text in waiting:
            await batcher.summarize(text)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return (time.perf_counter() - began) / len(texts)


def measure(model_dir: Path, device: Device, naive_rows: int, repeats: int, callers: int, rounds: int) -> dict[str, Any]:
    """Every figure of the benchmark; ``repeats`` times the texts are asked for under load."""
    rows = free_form(held_out=True)
    texts = [row.input for row in rows]
    reference = Summarizer.load_reference(model_dir, device)
    ours = Summarizer.load(model_dir, device)
    naive(reference, texts[:3])
    slow = wait = each = math.inf
    with MicroBatcher(ours) as batcher:
        asyncio.run(lone(batcher, texts[:20]))
        for _ in range(rounds):
            slow = min(slow, naive(reference, texts[:naive_rows])[1])
            own_summaries, waited = asyncio.run(lone(batcher, texts))
            wait = min(wait, waited)
            each = min(each, asyncio.run(under_load(batcher, texts * repeats, callers)))
        sizes = dict(sorted(batcher.batch_sizes.items()))
    theirs = naive(reference, texts)[0]
    return {
        "benchmark": "summaries",
        "model": f"{ours.name} {ours.version}",
        "device": ours.device,
        "naive_per_second": 1 / slow,
        "lone_per_second": 1 / wait,
        "loaded_per_second": 1 / each,
        "lone_milliseconds": 1000 * wait,
        "lone_ratio": slow / wait,
        "loaded_ratio": slow / each,
        "callers": callers,
        "batch_sizes": sizes,
        "texts": len(texts),
        "right_ours": score(own_summaries, rows).both / len(rows),
        "right_naive": score(theirs, rows).both / len(rows),
        "same_summary": sum(a == b for a, b in zip(own_summaries, theirs, strict=True)) / len(rows),
    }


def main() -> None:
    """Print one readable row and one JSON line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL, help="folder of the model")
    parser.add_argument("--device", default="cpu", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--naive-rows", type=int, default=60, help="texts for each round of the naive loop")
    parser.add_argument("--repeats", type=int, default=10, help="how often the texts are asked for under load")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--callers", type=int, default=64, help="callers at once under load")
    options = parser.parse_args()
    found = measure(options.model, options.device, options.naive_rows, options.repeats, options.callers, options.rounds)
    print(
        f"summaries a second on {found['device']}: naive loop {found['naive_per_second']:.1f}, ours for a lone call "
        f"{found['lone_per_second']:.0f} ({found['lone_ratio']:.1f} times, {found['lone_milliseconds']:.1f} ms), ours under load "
        f"{found['loaded_per_second']:.0f} ({found['loaded_ratio']:.1f} times); right: ours {found['right_ours']:.1%}, "
        f"naive {found['right_naive']:.1%}, same words {found['same_summary']:.1%}"
    )
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
