"""KoBART and Llama 3.2 1B in their true shapes (random weights): fine-tune, merge, convert, serve, score; seconds and memory of each.

    python -m benchmarks.real_sizes                                 all that this machine can do, each in a process of its own
    python -m benchmarks.real_sizes --only bart-lora --steps 2      one of them
    python -m benchmarks.real_sizes --limit-gib 16                  on a GPU: as if it had so much memory, and the batches that fit it

Weights are random since no hub can be reached where this was built: speed and memory are those of the shapes, scores mean nothing. Llama in
full needs 19.8 GB for weights, gradients and moments, and is left out where no GPU has 32 GiB; 8-bit moments need a GPU too. A row a
combination is printed, as JSON. It has not been run on a GPU.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.errors import TrainingFailed
from models.recipe.generator import generate
from models.recipe.small_bart import SmallBart, new_bart
from models.recipe.tokenizer import train_tokenizer
from models.training import FinetuneConfig, finetune
from models.training.config import Family
from models.training.data.pair import Pair
from models.training.hardware import choose_device, peak_memory_mib
from models.training.metrics import MetricSettings, SummaryScorer, local_encoder

COMBINATIONS = ("bart-full", "bart-lora", "bart-qlora", "llama-lora", "llama-qlora", "llama-full")
VOCABULARY: dict[Family, int] = {"bart": 30_000, "llama": 128_256}
FULL_LLAMA_GIB = 32
CHAT = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
SERVED_ROWS = 8
TRAINED_ROWS = 64


def main() -> None:
    """Run one combination here, or each in a process of its own, so that one's memory is not the next one's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=COMBINATIONS, help="one combination")
    parser.add_argument("--steps", type=int, default=1, help="updates of each (default: 1)")
    parser.add_argument("--batch", type=int, default=2, help="rows an update (default: 2)")
    parser.add_argument("--limit-gib", type=float, default=0.0, help="GPU: use no more, and find the largest batch that fits")
    chosen = parser.parse_args()
    if chosen.only:
        print(json.dumps(measure(chosen.only, chosen.steps, chosen.batch, chosen.limit_gib)), flush=True)
        return
    for combination in possible():
        given = ["--steps", str(chosen.steps), "--batch", str(chosen.batch), "--limit-gib", str(chosen.limit_gib)]
        subprocess.run([sys.executable, "-m", "benchmarks.real_sizes", "--only", combination, *given], check=True)


def possible() -> list[str]:
    """The combinations that this machine has the memory for."""
    import torch

    gib = torch.cuda.get_device_properties(0).total_memory / 2**30 if torch.cuda.is_available() else 0
    return [name for name in COMBINATIONS if name != "llama-full" or gib >= FULL_LLAMA_GIB]


def measure(combination: str, steps: int, batch: int, limit_gib: float = 0.0) -> dict[str, Any]:
    """Everything of one combination: the row of figures."""
    import torch

    family, method = combination.split("-")
    device = choose_device("auto")
    if limit_gib and device == "cuda":
        torch.cuda.set_per_process_memory_fraction(min(1.0, limit_gib * 2**30 / torch.cuda.get_device_properties(0).total_memory))
    with tempfile.TemporaryDirectory(prefix="real-sizes-") as scratch:
        work = Path(scratch)
        pairs = [Pair(row.input, row.summary, f"r:{n}") for n, row in enumerate(generate(TRAINED_ROWS + SERVED_ROWS, seed=3))]
        base = make_base("bart" if family == "bart" else "llama", pairs, work / "base")
        config = configured(family, method, base, steps, batch)
        began = time.perf_counter()
        result = finetune(config, pairs[SERVED_ROWS:], pairs[:SERVED_ROWS], work / "run")
        trained = time.perf_counter() - began
        figures = {
            "benchmark": "real_sizes",
            "combination": combination,
            "device": result.device,
            "precision": result.precision,
            "parameters": result.parameters,
            "trained_parameters": result.trained_parameters,
            "batch": batch,
            "seconds_of_training_and_merging": round(trained, 1),
            "samples_per_second": round(result.samples_per_second, 3),
            "training_memory_mib": round(result.memory_mib),
        }
        figures |= serve(result.merged_dir or result.model_dir, pairs[:SERVED_ROWS], work)
        if limit_gib and device == "cuda":
            figures["largest_batch"] = largest_batch(config, pairs, work)
    return figures | {"memory_mib": round(peak_memory_mib("cpu"))}


def configured(family: str, method: str, base: Path, steps: int, batch: int) -> FinetuneConfig:
    """The table's settings, for a few steps."""
    return FinetuneConfig.model_validate(
        {
            "family": family,
            "method": method,
            "base": str(base),
            "batch_size": batch,
            "gradient_accumulation": 1,
            "max_steps": steps,
            "evaluate_every": steps,
            "log_every": steps,
            "eval_batch_size": 2,
            "eval_max_tokens": 8,
            "max_input_tokens": 128,
            "max_output_tokens": 64,
            "metrics": MetricSettings(enabled=False),
        }
    )


def serve(folder: Path, rows: Sequence[Pair], work: Path) -> dict[str, Any]:
    """Convert, serve in batches and one by one through ``generate`` (the naive loop), and score."""
    from models.summarizer.summarizer import Summarizer

    texts = [row.input for row in rows]
    began = time.perf_counter()
    served = Summarizer.load(folder, cache_dir=work / "converted", faithful=False)
    converted = time.perf_counter() - began
    answers, per_second = timed(served, texts)
    served.close()
    naive = Summarizer.load_reference(folder, faithful=False)
    began = time.perf_counter()
    for text in texts[:2]:
        naive.attempts([text])
    naive_per_second = 2 / (time.perf_counter() - began)
    naive.close()
    encoder = make_encoder(rows, work / "encoder")
    score = SummaryScorer(local_encoder(encoder), [row.summary for row in rows]).score(answers)
    return {
        "seconds_of_conversion": round(converted, 1),
        "summaries_per_second": round(per_second, 3),
        "naive_summaries_per_second": round(naive_per_second, 3),
        "score": round(score.score, 4),
    }


def timed(served: Any, texts: list[str]) -> tuple[list[str], float]:
    """Summaries of all texts at once, and how many a second."""
    began = time.perf_counter()
    answers = [answer.text for answer in served.attempts(texts)]
    return answers, len(texts) / (time.perf_counter() - began)


def largest_batch(config: FinetuneConfig, pairs: list[Pair], work: Path) -> int:
    """The largest power of two of rows an update that does not run out of memory; 0 where one row does."""
    fits, rows = 0, 1
    while rows <= TRAINED_ROWS:
        try:
            finetune(config.model_copy(update={"batch_size": rows, "merge_adapter": False}), pairs, pairs[:2], work / f"batch-{rows}")
        except TrainingFailed:
            return fits
        fits, rows = rows, rows * 2
    return fits


def make_base(family: Family, pairs: Sequence[Pair], folder: Path) -> Path:
    """A base of the true shape with random weights, kept in 16 bits, and a tokenizer with as many entries."""
    import torch

    torch.manual_seed(0)
    tokenizer = tokenizer_of(family, pairs)
    if family == "bart":
        size = SmallBart(layers=6, width=768, heads=16, feed_forward=3072, positions=1026)  # hyunwoongko/kobart
        model = new_bart(tokenizer, size, seed=0)
    else:
        model = new_llama(tokenizer)
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def new_llama(tokenizer: Any) -> Any:
    """Llama 3.2 1B: 16 layers of width 2,048, 32 heads on 8, one embedding for input and output."""
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=2048,
            intermediate_size=8192,
            num_hidden_layers=16,
            num_attention_heads=32,
            num_key_value_heads=8,
            head_dim=64,
            max_position_embeddings=131_072,
            rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )


def tokenizer_of(family: Family, pairs: Sequence[Pair]) -> Any:
    """A tokenizer learnt from the rows and filled up to the true number of entries, none of which the filling ones is ever used."""
    texts = [text for pair in pairs for text in (pair.input, pair.summary)]
    marks = [] if family == "bart" else ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"]
    tokenizer = train_tokenizer(texts, 2000, marks=marks)
    described = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary = described["model"]["vocab"]
    for number in range(len(vocabulary), VOCABULARY[family]):
        vocabulary[f"<unused{number}>"] = number
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    if family == "bart":
        special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    else:
        special = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>", "unk_token": "<unk>"}
        described["post_processor"] = None  # the template ends a text by itself
    filled = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(described)), **special)
    if family == "llama":
        filled.chat_template = CHAT
    return filled


def make_encoder(rows: Sequence[Pair], folder: Path) -> Path:
    """A small encoder that scores: what it says means nothing here, that it can be asked does."""
    tokenizer = train_tokenizer([text for row in rows for text in (row.input, row.summary)], 300)
    new_bart(tokenizer, SmallBart(layers=1, width=64, heads=2, feed_forward=64, positions=256, dropout=0.0), seed=1).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()
