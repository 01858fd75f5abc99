"""Question and passage read together, as one text: how well each sentence of the passage answers.

Side by side (``models.answers.pairs``) each piece of a question looks for its like in a sentence; read together, every piece of both knows
of every other one through all layers of an encoder, which tells an answer from what nearly is one. That costs a pass of the encoder for
each passage, so only the first ones are read so. It is the encoder that ships, with the matrices of ``READ_WITH`` on top instead of those
that passages are found by (``models.recipe.answers_together_recipe`` learns them).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.answers import SHIPPED_ENCODER
from models.errors import ConfigurationError
from models.summarizer.conversion import converted_form
from models.summarizer.encoding import load_tokenizer
from models.summarizer.engine import BATCH_ROWS, Device, compute_type, parallelism

READ_WITH = Path(__file__).parent / "together.safetensors"
QUESTION, PASSAGE = "query: ", "passage: "  # as E5 was trained
LONGEST_QUESTION, LONGEST = 64, 320  # pieces of the question, and of both
WEIGHT, BIAS = "head.weight", "head.bias"

Numbers = npt.NDArray[np.float32]
Ranges = list[tuple[int, int]]


@dataclass(frozen=True)
class Text:
    """A question and a passage as one row of pieces: where the question ends, and from and to where each sentence reaches."""

    pieces: list[int]
    question: int
    sentences: Ranges


def question_pieces(tokenizer: Any, question: str) -> list[int]:
    """A question with its marks, cut where it is long."""
    ids: list[int] = tokenizer.encode(QUESTION + question).ids
    return ids if len(ids) <= LONGEST_QUESTION else [*ids[: LONGEST_QUESTION - 1], ids[-1]]


def passage_pieces(tokenizer: Any, parts: Sequence[str]) -> tuple[list[int], Ranges]:
    """A passage without the first mark, and from and to which piece each sentence reaches; ``parts`` are headings, then sentences."""
    found = tokenizer.encode(PASSAGE + " ".join(parts))
    ends = np.cumsum([len(PASSAGE) - 1, *(len(part) + 1 for part in parts)])[1:]
    last = [end for _, end in found.offsets[1:-1]]
    after = [int(at) for at in np.searchsorted(last, ends, side="right")]
    return found.ids[1:], list(pairwise(after))


def together(question: Sequence[int], passage: Sequence[int], sentences: Ranges) -> Text:
    """Both as one row; a sentence that reaches over its end is cut, one behind it is nowhere."""
    first, whole = len(question), [*question, *passage][:LONGEST]
    there = [(first + a, min(first + b, len(whole))) for a, b in sentences if first + a < len(whole)]
    return Text(whole, first, [(a, max(a + 1, b)) for a, b in there])  # one without a piece of its own has its neighbour's


class Together:
    """Reads with a file of weights. Thread-safe."""

    def __init__(self, device: Device, threads: int = 0, cache_dir: Path | None = None, weights: Path = READ_WITH) -> None:
        """Load the 8-bit form, deriving it first where it is nowhere yet; ConfigurationError where the weights are damaged."""
        import ctranslate2

        self._weight, self._bias = _head(weights)
        converted = converted_form(SHIPPED_ENCODER, cache_dir, weights)
        kind, sizes = compute_type(device), parallelism(converted, device, threads)
        self._encoder = ctranslate2.Encoder(str(converted), device=device, compute_type=kind, **sizes)
        self._rows = BATCH_ROWS[device]
        self._tokenizer = load_tokenizer(SHIPPED_ENCODER)

    def odds(self, question: str, passages: Sequence[Sequence[str]]) -> list[list[float]]:
        """The log-odds that each sentence of each passage answers; a passage is its headings, then its sentences.

        A sentence behind the last piece that is read has no odds; a passage has those of one sentence at least.
        """
        asked = question_pieces(self._tokenizer, question)
        texts = [together(asked, *passage_pieces(self._tokenizer, parts)) for parts in passages]
        order = sorted(range(len(texts)), key=lambda at: len(texts[at].pieces))
        made: dict[int, list[float]] = {}
        for first in range(0, len(order), self._rows):
            batch = order[first : first + self._rows]
            states = np.asarray(self._encoder.forward_batch([texts[at].pieces for at in batch]).last_hidden_state).astype(
                np.float32, copy=False
            )
            made |= {at: self._of(states[row], texts[at]) for row, at in enumerate(batch)}
        return [made[at] for at in range(len(texts))]

    def _of(self, states: Numbers, text: Text) -> list[float]:
        asked = states[: text.question].mean(axis=0)
        sentences = text.sentences or [(text.question, len(text.pieces))]
        means = np.array([states[a:b].mean(axis=0) for a, b in sentences])
        beside = np.broadcast_to(np.concatenate([states[0], asked]), (len(means), 2 * len(asked)))
        return [float(odds) for odds in np.concatenate([means, beside, means * asked], axis=1) @ self._weight + self._bias]


def _head(path: Path) -> tuple[Numbers, float]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        stored = load_file(path)
        weight, bias = stored[WEIGHT][0].astype(np.float32), float(stored[BIAS][0])
        if not (np.isfinite(weight).all() and np.isfinite(bias)):
            raise ValueError("not every weight is a number")
    except (OSError, SafetensorError, KeyError, ValueError, IndexError) as error:
        raise ConfigurationError(f"{path} holds no weights ({error})", remedy="python -m models.recipe.answers_together_recipe") from error
    return weight, bias
