"""A trained model's folder: which family of model lies in it, what it is told in config.json, and the hash that names its content."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.errors import ConfigurationError
from models.summarizer import SHIPPED_MODEL

FAMILIES = ("bart", "llama", "bert", "openai-compatible")
CONVERTED = "ctranslate2"  # folder beside the model's files with the form that serves, derived from them
# Everything else counts: a list of what counts would miss the next library's weights or tokenizer file.
_DECIDES_NOTHING = frozenset({"training.json", "training_args.bin", "trainer_state.json", "LICENSE", "NOTICE"})


def model_family(model_dir: Path) -> str:
    """``bart``, ``llama``, ``bert`` (a reader) or ``openai-compatible`` (a language model by its address), by config.json.

    ConfigurationError where the folder holds no model of ours.
    """
    config = read_config(model_dir)
    family = str(config.get("model_type", ""))
    if family not in FAMILIES:
        raise ConfigurationError(
            f"{model_dir / 'config.json'} is of type {family!r}", remedy=f"Summarizers are of type {', '.join(FAMILIES)}"
        )
    return family


def trainable(model_dir: Path) -> Path:
    """The folder that ``shipped`` means to training and scoring: the model in service, or the small BART where that cannot be trained."""
    return model_dir if model_family(model_dir) in ("bart", "llama") else SHIPPED_MODEL


def read_config(model_dir: Path) -> dict[str, Any]:
    """The model's config.json; raise ConfigurationError naming the folder where there is none."""
    path = model_dir / "config.json"
    if not path.is_file():
        raise ConfigurationError(
            f"No summarizer lies in {model_dir}: config.json is missing",
            remedy="Train one (python -m models.recipe.recipe) or point READBACK_MODEL_DIR at a fine-tuned model's folder",
        )
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config


def content_hash(model_dir: Path) -> str:
    """64 hexadecimal digits over every file that can decide what a model answers: weights of any format, tokenizer, settings.

    Left out are hidden files, documents, what training wrote down about itself, and the converted form, which is derived from the rest.
    """
    digest = hashlib.sha256()
    for path in _deciding_files(model_dir):
        digest.update(f"{path.relative_to(model_dir).as_posix()}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _deciding_files(model_dir: Path) -> Iterator[Path]:
    for path in sorted(model_dir.rglob("*")):
        parts = path.relative_to(model_dir).parts
        derived = parts[0] == CONVERTED or any(part.startswith(".") for part in parts)
        if path.is_file() and not derived and path.suffix != ".md" and path.name not in _DECIDES_NOTHING:
            yield path
