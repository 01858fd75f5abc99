"""How many statements the reader that ships makes a second, beside the naive loop: ``python -m benchmarks.statements``.

The naive loop is the same encoder with the same heads in transformers, float32, one conversation at a time, its words shortened by the
same morphology. Ours answers through the micro-batcher, first a lone caller, then many at once; both take turns and the best round of each
counts. The texts are the held-out writers': as in service, most are short, and some are whole calls.
"""

import argparse
import asyncio
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.summaries import lone, under_load
from benchmarks.truth import HELD_OUT
from models.summarizer import SHIPPED_READER
from models.summarizer.batching import MicroBatcher
from models.summarizer.conversation import Conversation
from models.summarizer.encoding import load_tokenizer
from models.summarizer.packed import with_whole_weights
from models.summarizer.reader import ConversationEncoder, Heads
from models.summarizer.statements import StatementMaker
from models.summarizer.summarizer import Summarizer
from models.summarizer.written import Written, everything

WANTED_PER_SECOND = 20


def naive_loop(model_dir: Path) -> Callable[[Conversation], str]:
    """What one conversation comes to, by the encoder as its library runs it."""
    import torch
    from transformers import AutoModel

    with with_whole_weights(model_dir) as whole:
        encoder = AutoModel.from_pretrained(whole, dtype=torch.float32).eval()
    encode, heads = ConversationEncoder(load_tokenizer(model_dir)), Heads.load(model_dir)
    maker = StatementMaker(model_dir, "cpu")

    def tell(conversation: Conversation) -> str:
        encoded = encode.encode(conversation)
        with torch.inference_mode():
            states = encoder(input_ids=torch.tensor([encoded.ids])).last_hidden_state[0].numpy()
        return maker.state(conversation, heads.reading(np.asarray(states, dtype=np.float32), encoded)).text

    return tell


def seconds_each(tell: Callable[[Conversation], str], rows: Sequence[Written]) -> tuple[list[str], float]:
    """What each row comes to, and the mean seconds that it took."""
    began = time.perf_counter()
    told = [tell(row.conversation) for row in rows]
    return told, (time.perf_counter() - began) / len(rows)


def measure(model_dir: Path, rows: Sequence[Written], rounds: int, repeats: int, callers: int) -> dict[str, Any]:
    """Every figure of one part."""
    texts = [row.text for row in rows]
    slow = wait = each = math.inf
    naive = naive_loop(model_dir)
    seconds_each(naive, rows[:3])
    with MicroBatcher(Summarizer.load(model_dir, "cpu")) as batcher:
        asyncio.run(lone(batcher, texts[:5]))
        for _ in range(rounds):
            theirs, seconds = seconds_each(naive, rows)
            ours, waited = asyncio.run(lone(batcher, texts))
            slow, wait = min(slow, seconds), min(wait, waited)
            each = min(each, asyncio.run(under_load(batcher, texts * repeats, callers)))
    return {
        "texts": len(texts),
        "naive_per_second": round(1 / slow, 1),
        "lone_milliseconds": round(1000 * wait, 1),
        "loaded_per_second": round(1 / each, 1),
        "loaded_ratio": round(slow / each, 2),
        "same_words": round(sum(a == b for a, b in zip(ours, theirs, strict=True)) / len(texts), 3),
    }


def main() -> None:
    """Print a readable row for inquiries and for calls, and one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statements", description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=SHIPPED_READER, help="folder of the reader")
    parser.add_argument("--rows", type=int, default=60, help="inquiries, and calls")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each side")
    parser.add_argument("--repeats", type=int, default=3, help="how often the texts are asked for under load")
    parser.add_argument("--callers", type=int, default=64, help="callers at once under load")
    options = parser.parse_args()
    rows = list(everything(HELD_OUT))
    found: dict[str, Any] = {"benchmark": "statements"}
    for part, is_call in (("inquiries", False), ("calls", True)):
        chosen = [row for row in rows if row.is_call is is_call][: options.rows]
        found[part] = one = measure(options.model, chosen, options.rounds, options.repeats, options.callers)
        print(
            f"{part}: {one['loaded_per_second']} a second under load (wanted: {WANTED_PER_SECOND}), naive loop {one['naive_per_second']} "
            f"({one['loaded_ratio']} times); a lone one waits {one['lone_milliseconds']} ms; {one['same_words']:.0%} the same words"
        )
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
