"""What every engine of a summarizer offers, on which device it computes, and how much it reads and writes.

Engines hand out all finished beams, best first, so that a caller can pass over one that says what nobody said. ``bart`` and ``llama``
serve with CTranslate2, which needs neither torch nor transformers' models; ``reference`` is Hugging Face's ``generate``.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from models.errors import ConfigurationError
from models.summarizer.folder import read_config

Device = Literal["auto", "cpu", "cuda"]

BEAMS = 4
MAX_OUTPUT_TOKENS = 128
MAX_INPUT_TOKENS = 1024
# Rows per forward pass: rows of like length pass together, so few of them waste little; a T4 at 1,024 tokens has room for 32.
BATCH_ROWS = {"cpu": 8, "cuda": 32}
# Tokens per pass of an encoder, padding included: eight whole calls at once cost a processor 1.4 times what they cost one by one, since
# their activations leave its cache (benchmarks/LOG.md); a GPU has room for its rows at an encoder's 512 positions.
BATCH_TOKENS = {"cpu": 768, "cuda": 32 * 512}
_SMALL_MODEL_BYTES = 64 * 2**20


class Engine(Protocol):
    """Candidate summaries for texts. Implementations may be called from several threads at once."""

    device: str
    max_input_tokens: int
    beams: int  # how wide the model is searched at first

    def count_tokens(self, text: str) -> int:
        """How many tokens the model would read for this text, its special tokens included."""

    def token_upper_bound(self, text: str) -> int:
        """A cheap upper bound on ``count_tokens``."""

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        """Up to ``beams`` summaries a text, most likely first."""


def choose_device(wanted: Device) -> Literal["cpu", "cuda"]:
    """Resolve ``auto`` without torch; raise ConfigurationError where CUDA is asked for and absent."""
    import ctranslate2

    devices = ctranslate2.get_cuda_device_count()
    if wanted == "cuda" and not devices:
        raise ConfigurationError(
            "The summarizer was told to run on CUDA and this machine has none", remedy="Set READBACK_MODEL_DEVICE to auto or cpu"
        )
    return "cuda" if devices and wanted != "cpu" else "cpu"


def input_limit(model_dir: Path) -> int:
    """Longest input in tokens: 1,024 by the requirements, less where the model has fewer positions or its tokenizer states less.

    A model reads badly beyond what it was trained on, so the small one states the length of its longest training rows.
    """
    positions = int(read_config(model_dir).get("max_position_embeddings", MAX_INPUT_TOKENS))
    path = model_dir / "tokenizer_config.json"
    stated = json.loads(path.read_text(encoding="utf-8")).get("model_max_length") if path.is_file() else None
    return int(min(MAX_INPUT_TOKENS, positions, stated or MAX_INPUT_TOKENS))


def output_limit(config: dict[str, Any]) -> int:
    """Longest summary in tokens: 128 by the requirements, less where the decoder has fewer positions (its start token takes one)."""
    return min(MAX_OUTPUT_TOKENS, int(config.get("max_position_embeddings", MAX_OUTPUT_TOKENS + 1)) - 1)


def first_beams(model_dir: Path) -> int:
    """How wide a model is searched at first: ``num_beams`` of its generation_config.json; 4 by the requirements where it says nothing."""
    path = model_dir / "generation_config.json"
    stated = json.loads(path.read_text(encoding="utf-8")).get("num_beams") if path.is_file() else None
    return int(stated or BEAMS)


def parallelism(converted: Path, device: str, threads: int) -> dict[str, int]:
    """A small model gains more from several batches side by side than from several threads on one matrix."""
    if device == "cuda":
        return {"inter_threads": 1}
    cores = threads or len(os.sched_getaffinity(0))
    small = (converted / "model.bin").stat().st_size < _SMALL_MODEL_BYTES
    return {"inter_threads": cores, "intra_threads": 1} if small else {"inter_threads": 1, "intra_threads": cores}


def compute_type(device: str) -> str:
    """What CTranslate2 computes in: 8-bit weights, on a GPU with 16-bit activations."""
    return "int8_float16" if device == "cuda" else "int8"
