"""KoBART and Llama 3.2 1B in their true shapes (random weights): fine-tune, merge, convert, serve, score; seconds and memory of each.

    python -m benchmarks.real_sizes                                 all that this machine can do, each in a process of its own
    python -m benchmarks.real_sizes --only bart-lora --steps 2      one of them
    python -m benchmarks.real_sizes --limit-gib 16 --log            on a GPU: with so much memory, the batches that fit it, into LOG.md
    python -m benchmarks.real_sizes --tiny --limit-gib 16           the same way in toy shapes: whether it runs, not what it takes

Weights are random since no hub can be reached where this was built: speed and memory are those of the shapes, scores mean nothing. Llama in
full takes 19.8 GB for weights, gradients and moments by AdamW; by Adafactor 9.9 GB and what one update of the embedding needs: so it is
trained here. A row a combination is printed, as JSON. Not run yet: Llama beyond its serving by LoRA, and anything on a GPU.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
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
FULL_LLAMA_GIB = 18  # computed, not measured: 9.2 of weights and gradients, 3 for an update of the embedding, activations, the rest
CHAT = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
SERVED_ROWS = 8
# A random model never ends an answer: each is 128 tokens in four beams, and eight of Llama took processors longer than all the rest.
ON_PROCESSORS: dict[Family, int] = {"bart": 8, "llama": 2}
EVALUATED_ROWS = 2  # twice, before the first step and after the last: with eight, evaluating Llama took three times as long as its step
TRAINED_ROWS = 64
FRUGAL = {"optimizer": "adafactor", "gradient_checkpointing": True}  # how Llama in full fits
LOG = Path(__file__).parent / "LOG.md"


@dataclass(frozen=True)
class SmallLlama:
    """The size of a new Llama."""

    layers: int = 1
    width: int = 64
    heads: int = 2
    key_value_heads: int = 1
    feed_forward: int = 128
    positions: int = 1024


@dataclass(frozen=True)
class Shapes:
    """How large the two bases are."""

    bart: SmallBart
    llama: SmallLlama
    vocabulary: dict[Family, int]


# hyunwoongko/kobart; Llama 3.2 1B: heads of 64, one embedding for input and output.
TRUE = Shapes(
    bart=SmallBart(layers=6, width=768, heads=16, feed_forward=3072, positions=1026),
    llama=SmallLlama(layers=16, width=2048, heads=32, key_value_heads=8, feed_forward=8192, positions=131_072),
    vocabulary={"bart": 30_000, "llama": 128_256},
)
TINY = Shapes(
    bart=SmallBart(layers=1, width=64, heads=2, feed_forward=128, positions=256),
    llama=SmallLlama(),
    vocabulary={"bart": 2_500, "llama": 2_500},
)


class Pieces:
    """Seconds of one piece after another and each one's own highest memory; told on standard error as they end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor: dict[str, float] = {}
        self.mib: dict[str, int] = {}

    @contextmanager
    def piece(self, name: str) -> Iterator[None]:
        """Measure what is done within."""
        gc.collect()  # the model of the piece before
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # Linux begins anew with the highest memory
        began, busy = time.perf_counter(), time.process_time()
        yield
        self.seconds[name], self.processor[name] = time.perf_counter() - began, time.process_time() - busy
        self.mib[name] = round(peak_memory_mib("cpu"))
        told = f"{name}: {self.seconds[name]:.1f} s, {self.processor[name]:.1f} s of processors, {self.mib[name]} MiB"
        print(told, file=sys.stderr, flush=True)

    def row(self) -> dict[str, float]:
        """Both of every piece, and of all of them."""
        taken = {f"{name}_seconds": round(value, 1) for name, value in self.seconds.items()}
        held = {f"{name}_mib": value for name, value in self.mib.items()}
        busy = round(sum(self.processor.values()), 1)
        return (
            taken
            | held
            | {"seconds": round(sum(self.seconds.values()), 1), "processor_seconds": busy, "memory_mib": max(self.mib.values())}
        )


def main() -> None:
    """Run one combination here, or each in a process of its own, so that one's memory is not the next one's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=COMBINATIONS, help="one combination")
    parser.add_argument("--steps", type=int, default=1, help="updates of each (default: 1)")
    parser.add_argument("--batch", type=int, default=2, help="rows an update (default: 2)")
    parser.add_argument("--limit-gib", type=float, default=0.0, help="find the largest batch; a GPU is given no more than so much")
    parser.add_argument("--tiny", action="store_true", help="toy shapes")
    parser.add_argument("--log", action="store_true", help=f"write a section on top of {LOG.name}")
    chosen = parser.parse_args()
    if chosen.only:
        shapes = TINY if chosen.tiny else TRUE
        print(json.dumps(measure(chosen.only, chosen.steps, chosen.batch, chosen.limit_gib, shapes)), flush=True)
        return
    given = ["--steps", str(chosen.steps), "--batch", str(chosen.batch), "--limit-gib", str(chosen.limit_gib)]
    rows = [run_one(name, [*given, *(["--tiny"] if chosen.tiny else [])]) for name in possible(chosen.limit_gib, tiny=chosen.tiny)]
    if chosen.log:
        intro, mark, earlier = LOG.read_text(encoding="utf-8").partition("\n## ")
        LOG.write_text(f"{intro}\n{section(rows)}{mark}{earlier}", encoding="utf-8")


def run_one(combination: str, given: Sequence[str]) -> dict[str, Any]:
    """One combination in a process of its own; its row, which is also printed."""
    command = [sys.executable, "-m", "benchmarks.real_sizes", "--only", combination, *given]
    row = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]
    print(row, flush=True)
    figures: dict[str, Any] = json.loads(row)
    return figures


def section(rows: Sequence[dict[str, Any]]) -> str:
    """What stands in the log of measurements."""
    shown = list(dict.fromkeys(name for row in rows for name in row if name != "benchmark"))
    lines = [
        f"## {datetime.now(UTC):%Y-%m-%d}: real sizes on {rows[0]['machine']}",
        "",
        "| " + " | ".join(shown) + " |",
        "| --- " * len(shown) + "|",
    ]
    lines += ["| " + " | ".join(str(row.get(name, "")) for name in shown) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def possible(limit_gib: float, *, tiny: bool) -> list[str]:
    """The combinations that this machine has the memory for: the GPU's, the processors' where there is none, or the limit."""
    import torch

    gpu = torch.cuda.is_available()
    own = torch.cuda.get_device_properties(0).total_memory if gpu else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    gib = min(own / 2**30, limit_gib) if gpu and limit_gib else own / 2**30
    return [name for name in COMBINATIONS if name != "llama-full" or tiny or gib >= FULL_LLAMA_GIB]


def measure(combination: str, steps: int, batch: int, limit_gib: float, shapes: Shapes) -> dict[str, Any]:
    """Everything of one combination: the row of figures."""
    import torch

    family: Family = "bart" if combination.startswith("bart") else "llama"
    device = choose_device("auto")
    if limit_gib and device == "cuda":
        torch.cuda.set_per_process_memory_fraction(min(1.0, limit_gib * 2**30 / torch.cuda.get_device_properties(0).total_memory))
    pieces = Pieces()
    with tempfile.TemporaryDirectory(prefix="real-sizes-") as scratch:
        work = Path(scratch)
        pairs = [Pair(row.input, row.summary, f"r:{n}") for n, row in enumerate(generate(TRAINED_ROWS + SERVED_ROWS, seed=3))]
        with pieces.piece("base"):
            base = make_base(family, pairs, work / "base", shapes)
        config = configured(family, combination.removeprefix(f"{family}-"), base, steps, batch)
        with pieces.piece("training"):
            result = finetune(config, pairs[SERVED_ROWS:], pairs[:EVALUATED_ROWS], work / "run")
        figures = {
            "benchmark": "real_sizes",
            "combination": combination,
            "machine": torch.cuda.get_device_name(0) if device == "cuda" else f"{os.cpu_count()} processors",
            "device": result.device,
            "precision": result.precision,
            "parameters": result.parameters,
            "trained_parameters": result.trained_parameters,
            "batch": batch,
            "samples_per_second": round(result.samples_per_second, 3),
            "training_memory_mib": round(result.memory_mib),
        }
        served = pairs[: SERVED_ROWS if device == "cuda" else ON_PROCESSORS[family]]
        figures |= serve(result.merged_dir or result.model_dir, served, work, pieces)
        if limit_gib:
            with pieces.piece("batches"):
                figures["largest_batch"] = largest_batch(config, pairs, work)
    return figures | pieces.row()


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
            **(FRUGAL if (family, method) == ("llama", "full") else {}),
        }
    )


def serve(folder: Path, rows: Sequence[Pair], work: Path, pieces: Pieces) -> dict[str, Any]:
    """Convert, serve all at once, one by ``generate`` (a turn of the naive loop), and score."""
    from models.summarizer.summarizer import Summarizer

    texts = [row.input for row in rows]
    with pieces.piece("conversion"):
        served = Summarizer.load(folder, cache_dir=work / "converted", faithful=False)
    with pieces.piece("serving"):
        answers = [answer.text for answer in served.attempts(texts)]
    served.close()
    with pieces.piece("loading"):
        naive = Summarizer.load_reference(folder, faithful=False)
    with pieces.piece("naive_loop"):
        naive.attempts(texts[:1])
    naive.close()
    with pieces.piece("scoring"):
        encoder = make_encoder(rows, work / "encoder")
        score = SummaryScorer(local_encoder(encoder), [row.summary for row in rows]).score(answers)
    return {
        "summaries_per_second": round(len(texts) / pieces.seconds["serving"], 3),
        "naive_summaries_per_second": round(1 / pieces.seconds["naive_loop"], 3),
        "score": round(score.score, 4),
    }


def largest_batch(config: FinetuneConfig, pairs: list[Pair], work: Path) -> int:
    """The largest power of two of rows an update that does not run out of memory; 0 where one row does."""
    fits, rows = 0, 1
    while rows <= TRAINED_ROWS:
        gc.collect()  # the model of the try before
        with tempfile.TemporaryDirectory(dir=work) as folder:  # Llama in full leaves 10 GB
            try:
                finetune(
                    config.model_copy(update={"batch_size": rows, "merge_adapter": False}), pairs, pairs[:EVALUATED_ROWS], Path(folder)
                )
            except TrainingFailed:
                return fits
        fits, rows = rows, rows * 2
    return fits


def make_base(family: Family, pairs: Sequence[Pair], folder: Path, shapes: Shapes) -> Path:
    """A base with random weights, kept in 16 bits, and a tokenizer with as many entries as the true one."""
    import torch

    tokenizer = tokenizer_of(family, pairs, shapes.vocabulary[family])
    if family == "bart":
        new_bart(tokenizer, shapes.bart, seed=0).to(torch.bfloat16).save_pretrained(folder)
    else:
        write_llama(tokenizer, shapes.llama, folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_llama(tokenizer: Any, size: SmallLlama, folder: Path) -> None:
    """A Llama 3.2 with random weights, one embedding for input and output.

    No model is made of it: PyTorch and transformers would draw 1.2 billion numbers one after the other, in 32 bits. One million is drawn
    here and laid into every weight again and again; it divides no width, so no two rows are alike.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.width,
        intermediate_size=size.feed_forward,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.key_value_heads,
        max_position_embeddings=size.positions,
        rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        architectures=[LlamaForCausalLM.__name__],
        dtype="bfloat16",
    )
    with torch.device("meta"):
        shapes = {name: weight.shape for name, weight in LlamaForCausalLM(config).named_parameters()}
    drawn = (torch.randn(1_000_003, generator=torch.Generator().manual_seed(0)) * config.initializer_range).to(torch.bfloat16)
    weights = {
        name: torch.ones(shape, dtype=torch.bfloat16)  # a norm's
        if len(shape) == 1
        else drawn.repeat(shape.numel() // len(drawn) + 1)[: shape.numel()].reshape(shape)
        for name, shape in shapes.items()
    }
    folder.mkdir(parents=True)
    config.save_pretrained(folder)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def tokenizer_of(family: Family, pairs: Sequence[Pair], entries: int) -> Any:
    """A tokenizer learnt from the rows and filled up to the true number of entries, none of which the filling ones is ever used."""
    texts = [text for pair in pairs for text in (pair.input, pair.summary)]
    marks = [] if family == "bart" else ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"]
    tokenizer = train_tokenizer(texts, 2000, marks=marks)
    described = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary = described["model"]["vocab"]
    for number in range(len(vocabulary), entries):
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
