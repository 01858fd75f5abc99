"""An encoder that reads a whole conversation and marks where the caller's request is said.

    config.json, model.safetensors, tokenizer.json …   a BERT encoder as Hugging Face has it
    heads.safetensors                                  what is read off its states: ``token`` (request, subject) and ``nothing``
    reader.json                                        how sure is sure enough (``Thresholds``)

It serves in CTranslate2 with 8-bit weights. A conversation longer than the encoder reads is shortened in the agent's turns first; what is
still longer is read in pieces that overlap, so that a request is found wherever it is said.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError
from models.summarizer.conversation import Conversation
from models.summarizer.conversion import converted_form
from models.summarizer.encoding import load_tokenizer
from models.summarizer.engine import BATCH_TOKENS, Device, choose_device, compute_type, parallelism
from models.summarizer.marks import Mark, Reading

HEADS = "heads.safetensors"
SETTINGS = "reader.json"
AGENT, CALLER = "<A>", "<C>"  # a token before each turn says who speaks
POSITIONS = 512
PIECE = 256  # tokens of a piece where a conversation does not fit: in longer ones a short request drowns
OVERLAP = 6  # turns that two pieces of a conversation share
_AGENT_TURNS = (24, 10, 4)  # tokens that are left of an agent's turn, as often as the conversation is still too long

States = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Encoded:
    """A conversation as tokens, and for each token the turn and characters that it stands for (None for special tokens)."""

    ids: list[int]
    places: list[tuple[int, int, int] | None]


class ConversationEncoder:
    """Turns into tokens, the same for training and service; ``tokenizer`` is one of the library tokenizers."""

    def __init__(self, tokenizer: Any, longest: int = POSITIONS) -> None:
        self._tokenizer = tokenizer
        self._longest = longest
        self._begin, self._end, self._agent, self._caller = (self._id_of(mark) for mark in ("<s>", "</s>", AGENT, CALLER))

    def _id_of(self, mark: str) -> int:
        number: int | None = self._tokenizer.token_to_id(mark)
        if number is None:
            raise ConfigurationError(f"the tokenizer does not know {mark}", remedy=f"Add {AGENT} and {CALLER} to its special tokens")
        return number

    def encode(self, conversation: Conversation) -> Encoded:
        """Ids between the special tokens of a text, at most as many as the encoder has positions; what is longer is cut."""
        return self._joined(self._shortened(self._turns(conversation)))

    def pieces(self, conversation: Conversation) -> list[Encoded]:
        """The whole conversation, in as many overlapping pieces as the encoder needs; mostly one."""
        turns = self._shortened(self._turns(conversation))
        if sum(len(turn.ids) + 1 for turn in turns) <= self._longest - 2:
            return [self._joined(turns)]
        pieces, first = [], 0
        while True:
            last, length = first, 0
            while last < len(turns) and (last == first or length + len(turns[last].ids) < PIECE):
                length += len(turns[last].ids) + 1
                last += 1
            pieces.append(self._joined(turns[first:last]))
            if last >= len(turns):
                return pieces
            first = max(first + 1, last - OVERLAP)

    def _turns(self, conversation: Conversation) -> list["_EncodedTurn"]:
        """Each turn's tokens; a turn that is longer than a piece as several."""
        turns = []
        for turn in conversation:
            said = self._tokenizer.encode(turn.text, add_special_tokens=False)
            places = [(turn.number, start, end) for start, end in said.offsets]
            room = self._longest - 3
            turns += [
                _EncodedTurn(turn.by_caller, said.ids[first : first + room], places[first : first + room])
                for first in range(0, max(1, len(said.ids)), room)
            ]
        return turns

    def _shortened(self, turns: list["_EncodedTurn"]) -> list["_EncodedTurn"]:
        for kept in _AGENT_TURNS:
            if sum(len(turn.ids) + 1 for turn in turns) <= self._longest - 2:
                break
            turns = [turn if turn.by_caller else _EncodedTurn(False, turn.ids[:kept], turn.places[:kept]) for turn in turns]
        return turns

    def _joined(self, turns: Sequence["_EncodedTurn"]) -> Encoded:
        room = self._longest - 2
        ids: list[int] = []
        where: list[tuple[int, int, int] | None] = []
        for turn in turns:
            ids += [self._caller if turn.by_caller else self._agent, *turn.ids]
            where += [None, *turn.places]
        return Encoded([self._begin, *ids[:room], self._end], [None, *where[:room], None])


@dataclass(frozen=True)
class _EncodedTurn:
    by_caller: bool
    ids: list[int]
    places: list[tuple[int, int, int]]


class Reader:
    """A loaded encoder with its heads. Safe to call from several threads."""

    def __init__(self, model_dir: Path, device: Device = "auto", threads: int = 0, cache_dir: Path | None = None) -> None:
        """Load the 8-bit form, deriving it first where it is nowhere yet."""
        import ctranslate2

        self.device = choose_device(device)
        converted = converted_form(model_dir, cache_dir)
        self._encoder = ctranslate2.Encoder(
            str(converted), device=self.device, compute_type=compute_type(self.device), **parallelism(converted, self.device, threads)
        )
        self._tokenize = ConversationEncoder(load_tokenizer(model_dir))
        self._heads = Heads.load(model_dir)

    def read(self, conversations: Sequence[Conversation]) -> list[Reading]:
        """Mark the tokens of each conversation; pieces of like length pass together."""
        pieces = [self._tokenize.pieces(conversation) for conversation in conversations]
        readings = iter(self._read([piece for several in pieces for piece in several]))
        return [_as_one([next(readings) for _ in several]) for several in pieces]

    def _read(self, encoded: Sequence[Encoded]) -> list[Reading]:
        readings: dict[int, Reading] = {}
        for batch in batches([len(one.ids) for one in encoded], BATCH_TOKENS[self.device]):
            output = self._encoder.forward_batch([encoded[i].ids for i in batch])
            states = np.asarray(output.last_hidden_state).astype(np.float32, copy=False)
            for row, i in enumerate(batch):
                readings[i] = self._heads.reading(states[row, : len(encoded[i].ids)], encoded[i])
        return [readings[i] for i in range(len(encoded))]


def batches(lengths: Sequence[int], tokens: int, order: Sequence[float] | None = None) -> Iterator[list[int]]:
    """Places of texts of like length, as many together as ``tokens`` hold with their padding; a text that is longer alone.

    They are taken by length, or by ``order`` where that is given.

    >>> list(batches([400, 20, 30, 390], 800))
    [[1, 2], [3, 0]]
    """
    batch: list[int] = []
    by = lengths if order is None else order
    for i in sorted(range(len(lengths)), key=lambda i: by[i]):
        if batch and lengths[i] * (len(batch) + 1) > tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _as_one(readings: Sequence[Reading]) -> Reading:
    """The readings of a conversation's pieces together: each token as its likeliest reading has it; one piece that asks is enough."""
    if len(readings) == 1:
        return readings[0]
    marks: dict[tuple[int, int, int], Mark] = {}
    for mark in (mark for reading in readings for mark in reading.marks):
        place = (mark.turn, mark.start, mark.end)
        if place not in marks or mark.request > marks[place].request:
            marks[place] = mark
    return Reading([marks[place] for place in sorted(marks)], min(reading.nothing_asked for reading in readings))


@dataclass(frozen=True)
class Heads:
    """What is read off the encoder's states, shape (tokens, width): two likelihoods a token, one for the conversation."""

    token: States
    token_bias: States
    nothing_hidden: States
    nothing_hidden_bias: States
    nothing: States
    nothing_bias: States

    @classmethod
    def load(cls, model_dir: Path) -> "Heads":
        """Read the heads' file; ConfigurationError where it is missing or has other tensors."""
        from safetensors.numpy import load_file

        path = model_dir / HEADS
        if not path.is_file():
            raise ConfigurationError(f"{path} is missing", remedy="Restore the model's folder; an encoder alone marks nothing")
        found = load_file(path)
        wanted = set(cls.__dataclass_fields__)
        if set(found) != wanted:
            raise ConfigurationError(f"{path} holds {sorted(found)}, not {sorted(wanted)}", remedy="Make the model again")
        return cls(**{name: values.astype(np.float32) for name, values in found.items()})

    def reading(self, states: States, encoded: Encoded) -> Reading:
        """Likelihoods of each token and of the whole, for one conversation's states."""
        likely = _sigmoid(states @ self.token.T + self.token_bias)
        hidden = np.tanh(self.nothing_hidden @ states.mean(axis=0) + self.nothing_hidden_bias)
        nothing = float(_sigmoid(self.nothing @ hidden + self.nothing_bias)[0])
        marks = [
            Mark(*place, request=float(request), subject=float(subject))
            for place, (request, subject) in zip(encoded.places, likely, strict=True)
            if place is not None
        ]
        return Reading(marks, nothing)


@dataclass(frozen=True)
class Thresholds:
    """How sure is sure enough, chosen on writers who are neither learnt from nor published on.

    ``weights`` and ``bias`` make the likelihood that a statement is right of its features (``models.summarizer.confidence``).
    """

    nothing: float = 0.5
    summary: float = 0.5
    bias: float = 0.0
    weights: tuple[float, ...] = ()

    @classmethod
    def load(cls, model_dir: Path) -> "Thresholds":
        """The thresholds of a model's folder, or cautious ones."""
        path = model_dir / SETTINGS
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else cls()


def _sigmoid(values: States) -> States:
    return np.asarray(1.0 / (1.0 + np.exp(-values)), dtype=np.float32)
