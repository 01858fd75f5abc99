"""What turns passages and questions into vectors: the encoder that ships, or any folder of sentence-transformers.

The shipped one is multilingual-e5-small with a Korean vocabulary and an adapter that learnt how callers ask
(``models.recipe.answers_encoder_recipe``); it serves in CTranslate2 with 8-bit weights, like the reader. Its states, one for each piece of
a text, are made narrower (``pieces.safetensors``) for what reads question and passage side by side (``models.answers.pairs``). With other
matrices on top it reads both together (``models.answers.together``).
"""

import json
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.answers import SHIPPED_ENCODER
from models.answers.together import LONGEST_QUESTION, PASSAGE, QUESTION, Together
from models.errors import ConfigurationError
from models.summarizer.conversion import converted_form
from models.summarizer.encoding import load_tokenizer
from models.summarizer.engine import BATCH_ROWS, Device, choose_device, compute_type, parallelism
from models.summarizer.folder import content_hash

Vectors = npt.NDArray[np.float32]  # (texts, width), of length 1
_LONGEST = 510  # pieces between the special tokens
PIECES = "pieces.safetensors"
LONGEST_PASSAGE = 256  # pieces that are looked at side by side


class Encoder(Protocol):
    """Vectors of texts. ``name`` changes with anything that changes them: an index answers questions of its own encoder alone."""

    name: str

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Of what is found."""

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Of what is asked."""

    def passage_pieces(self, passages: Sequence[Sequence[str]]) -> list[list[Vectors]]:
        """A vector of length 1 for each piece of each part of each passage, shape (pieces, width); parts are read as one text."""

    def question_pieces(self, texts: Sequence[str]) -> list[Vectors]:
        """A vector of length 1 for each piece of each question, shape (pieces, width)."""

    def read_together(self, question: str, passages: Sequence[Sequence[str]]) -> list[list[float]]:
        """The log-odds that each sentence of each passage answers, read as one text; a passage is its headings, then its sentences."""


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
        self._folder = folder
        self._device, self._threads, self._cache_dir = choose_device(device), threads, cache_dir
        converted = converted_form(folder, cache_dir)
        kind, sizes = compute_type(self._device), parallelism(converted, self._device, threads)
        self._encoder = ctranslate2.Encoder(str(converted), device=self._device, compute_type=kind, **sizes)
        self._tokenizer = load_tokenizer(folder)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Of what is found."""
        return self._vectors([PASSAGE + text for text in texts])

    def questions(self, texts: Sequence[str]) -> Vectors:
        """Of what is asked."""
        return self._vectors([QUESTION + text for text in texts])

    def passage_pieces(self, passages: Sequence[Sequence[str]]) -> list[list[Vectors]]:
        """Of what is found."""
        whole = self._pieces([PASSAGE + " ".join(parts) for parts in passages], LONGEST_PASSAGE, "of_passages")
        return [[pieces[first:last] for first, last in ranges] for pieces, ranges in zip(whole, self.ranges(passages), strict=True)]

    def ranges(self, passages: Sequence[Sequence[str]]) -> list[list[tuple[int, int]]]:
        """From and to which piece each part of each passage reaches; the first part has what comes before it, the last mark is nobody's."""
        encoded = self._tokenizer.encode_batch([PASSAGE + " ".join(parts) for parts in passages])
        made = list[list[tuple[int, int]]]()
        for parts, found in zip(passages, encoded, strict=True):
            ends = np.cumsum([len(PASSAGE) - 1, *(len(part) + 1 for part in parts)])[1:]
            last = [end for _, end in found.offsets[:-1]]
            after = [0, *(int(at) for at in np.searchsorted(last, ends, side="right"))]
            made.append(list(pairwise(after)))
        return made

    def question_pieces(self, texts: Sequence[str]) -> list[Vectors]:
        """Of what is asked."""
        return self._pieces([QUESTION + text for text in texts], LONGEST_QUESTION, "of_questions")

    def read_together(self, question: str, passages: Sequence[Sequence[str]]) -> list[list[float]]:
        """With other weights than passages are found by."""
        return self._together.odds(question, passages)

    @cached_property
    def _together(self) -> Together:
        return Together(self._device, self._threads, self._cache_dir)

    def _pieces(self, texts: Sequence[str], longest: int, kind: str) -> list[Vectors]:
        narrower, middle = self._projection["narrower"], self._projection[kind]
        return [of_length_one(states[:longest] @ narrower.T + middle) for states in self.states(texts)]

    @cached_property
    def _projection(self) -> dict[str, Vectors]:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            stored = load_file(self._folder / PIECES)
            return {name: stored[name].astype(np.float32) for name in ("narrower", "of_passages", "of_questions")}
        except (OSError, SafetensorError, KeyError) as error:
            remedy = "Restore the folder of the encoder that ships"
            raise ConfigurationError(f"{self._folder / PIECES} cannot be read ({error})", remedy=remedy) from error

    def states(self, texts: Sequence[str]) -> list[Vectors]:
        """What stands for each piece of each text, shape (pieces, width), its special tokens included."""
        ids = [[*found.ids[: _LONGEST + 1], found.ids[-1]][: len(found.ids)] for found in self._tokenizer.encode_batch(list(texts))]
        order, rows = sorted(range(len(ids)), key=lambda at: len(ids[at])), BATCH_ROWS[self._device]
        made: dict[int, Vectors] = {}
        for first in range(0, len(order), rows):
            batch = order[first : first + rows]
            states = np.asarray(self._encoder.forward_batch([ids[at] for at in batch]).last_hidden_state).astype(np.float32, copy=False)
            made |= {at: states[row, : len(ids[at])] for row, at in enumerate(batch)}
        return [made[at] for at in range(len(ids))]

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        return of_length_one(np.array([states.mean(axis=0) for states in self.states(texts)], dtype=np.float32))


class SentenceTransformer:
    """A folder of sentence-transformers, with its prompts where it has such; pieces are those of the encoder that ships."""

    def __init__(self, folder: Path, device: Device = "auto") -> None:
        """Load it; ConfigurationError where the library is not installed."""
        try:
            from sentence_transformers import SentenceTransformer as Library
        except ImportError as error:
            raise ConfigurationError(
                f"{folder} needs sentence-transformers", remedy="pip install -r requirements/train.txt, or use the encoder that ships"
            ) from error
        self._side_by_side = E5(SHIPPED_ENCODER, device)
        self.name = f"st-{content_hash(folder)[:16]}+{self._side_by_side.name}"
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

    def passage_pieces(self, passages: Sequence[Sequence[str]]) -> list[list[Vectors]]:
        """Of what is found."""
        return self._side_by_side.passage_pieces(passages)

    def question_pieces(self, texts: Sequence[str]) -> list[Vectors]:
        """Of what is asked."""
        return self._side_by_side.question_pieces(texts)

    def read_together(self, question: str, passages: Sequence[Sequence[str]]) -> list[list[float]]:
        """By the encoder that ships."""
        return self._side_by_side.read_together(question, passages)

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        return of_length_one(np.asarray(self._model.encode(list(texts), convert_to_numpy=True), dtype=np.float32))


def of_length_one(vectors: Vectors) -> Vectors:
    """Each row divided by its length."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)
