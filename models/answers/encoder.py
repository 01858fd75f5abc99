"""What turns passages and questions into vectors: the encoder that ships, or any folder of sentence-transformers.

The shipped one is multilingual-e5-small with a Korean vocabulary; it serves in CTranslate2 with 8-bit weights, like the reader.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.answers import SHIPPED_ENCODER
from models.errors import ConfigurationError
from models.summarizer.conversion import converted_form
from models.summarizer.encoding import load_tokenizer
from models.summarizer.engine import BATCH_ROWS, Device, choose_device, compute_type, parallelism
from models.summarizer.folder import content_hash

Vectors = npt.NDArray[np.float32]  # (texts, width), of length 1
_QUESTION, _PASSAGE = "query: ", "passage: "  # as E5 was trained
_LONGEST = 510  # pieces between the special tokens


class Encoder(Protocol):
    """Vectors of texts. ``name`` changes with anything that changes them: an index answers questions of its own encoder alone."""

    name: str

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Of what is found."""

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Of what is asked."""


def load_encoder(folder: Path = SHIPPED_ENCODER, device: Device = "auto", threads: int = 0) -> Encoder:
    """The encoder of a folder; ConfigurationError where it holds none."""
    if (folder / "modules.json").is_file():
        return SentenceTransformer(folder, device)
    if not (folder / "config.json").is_file():
        raise ConfigurationError(f"{folder} holds no encoder", remedy="Set READBACK_ANSWERS_ENCODER to a folder of sentence-transformers")
    return E5(folder, device, threads)


class E5:
    """An encoder of the E5 family: the mean of its states, by a prefix for questions and one for passages. Thread-safe."""

    def __init__(self, folder: Path, device: Device = "auto", threads: int = 0, cache_dir: Path | None = None) -> None:
        """Load the 8-bit form, deriving it first where it is nowhere yet."""
        import ctranslate2

        self.name = f"e5-{content_hash(folder)[:16]}"
        self._device = choose_device(device)
        converted = converted_form(folder, cache_dir)
        kind, sizes = compute_type(self._device), parallelism(converted, self._device, threads)
        self._encoder = ctranslate2.Encoder(str(converted), device=self._device, compute_type=kind, **sizes)
        self._tokenizer = load_tokenizer(folder)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Of what is found."""
        return self._vectors([_PASSAGE + text for text in texts])

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Of what is asked."""
        return self._vectors([_QUESTION + text for text in texts])

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        ids = [[*found.ids[: _LONGEST + 1], found.ids[-1]][: len(found.ids)] for found in self._tokenizer.encode_batch(list(texts))]
        order, rows = sorted(range(len(ids)), key=lambda at: len(ids[at])), BATCH_ROWS[self._device]
        vectors: dict[int, Any] = {}
        for first in range(0, len(order), rows):
            batch = order[first : first + rows]
            states = np.asarray(self._encoder.forward_batch([ids[at] for at in batch]).last_hidden_state).astype(np.float32, copy=False)
            for row, at in enumerate(batch):
                vectors[at] = states[row, : len(ids[at])].mean(axis=0)
        return of_length_one(np.array([vectors[at] for at in range(len(ids))], dtype=np.float32))


class SentenceTransformer:
    """A folder of sentence-transformers, with its prompts for questions and passages where it has such."""

    def __init__(self, folder: Path, device: Device = "auto") -> None:
        """Load it; ConfigurationError where the library is not installed."""
        try:
            from sentence_transformers import SentenceTransformer as Library
        except ImportError as error:
            raise ConfigurationError(
                f"{folder} needs sentence-transformers", remedy="pip install -r requirements/train.txt, or use the encoder that ships"
            ) from error
        self.name = f"st-{content_hash(folder)[:16]}"
        self._model: Any = Library(str(folder), device=None if device == "auto" else device)
        stated = folder / "config_sentence_transformers.json"
        prompts = json.loads(stated.read_text(encoding="utf-8")).get("prompts") or {} if stated.is_file() else {}
        self._question, self._passage = (prompts.get(name, "") for name in ("query", "passage"))

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Of what is found."""
        return self._vectors([self._passage + text for text in texts])

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Of what is asked."""
        return self._vectors([self._question + text for text in texts])

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        return of_length_one(np.asarray(self._model.encode(list(texts), convert_to_numpy=True), dtype=np.float32))


def of_length_one(vectors: Vectors) -> Vectors:
    """Each row divided by its length."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)
