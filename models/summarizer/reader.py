"""An encoder that reads a whole conversation and marks where the caller's request is said.

    config.json, model.safetensors, tokenizer.json …   a BERT encoder as Hugging Face has it
    heads.safetensors                                  what is read off its states: ``token`` (request, subject) and ``nothing``
    reader.json                                        how sure is sure enough (``Thresholds``)

It serves in CTranslate2 with 8-bit weights. A conversation longer than the encoder reads is shortened in the agent's turns first.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError
from models.summarizer.conversation import Conversation
from models.summarizer.conversion import converted_form
from models.summarizer.encoding import load_tokenizer
from models.summarizer.engine import BATCH_ROWS, Device, choose_device, compute_type, parallelism
from models.summarizer.statement import Mark, Reading

HEADS = "heads.safetensors"
SETTINGS = "reader.json"
AGENT, CALLER = "<A>", "<C>"  # a token before each turn says who speaks
POSITIONS = 512
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
        """Ids between the special tokens of a text, at most as many as the encoder has positions."""
        turns = []
        for turn in conversation:
            said = self._tokenizer.encode(turn.text, add_special_tokens=False)
            places = [(turn.number, start, end) for start, end in said.offsets]
            turns.append((turn.by_caller, said.ids, places))
        room = self._longest - 2
        for kept in _AGENT_TURNS:
            if sum(len(ids) + 1 for _, ids, _ in turns) <= room:
                break
            turns = [(ours, ids if ours else ids[:kept], places if ours else places[:kept]) for ours, ids, places in turns]
        ids: list[int] = []
        where: list[tuple[int, int, int] | None] = []
        for ours, said_ids, places in turns:
            ids += [self._caller if ours else self._agent, *said_ids]
            where += [None, *places]
        return Encoded([self._begin, *ids[:room], self._end], [None, *where[:room], None])


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
        """Mark the tokens of each conversation; those of like length pass together."""
        encoded = [self._tokenize.encode(conversation) for conversation in conversations]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids))
        readings: dict[int, Reading] = {}
        rows = BATCH_ROWS[self.device]
        for first in range(0, len(order), rows):
            batch = order[first : first + rows]
            output = self._encoder.forward_batch([encoded[i].ids for i in batch])
            states = np.asarray(output.last_hidden_state).astype(np.float32, copy=False)
            for row, i in enumerate(batch):
                readings[i] = self._heads.reading(states[row, : len(encoded[i].ids)], encoded[i])
        return [readings[i] for i in range(len(encoded))]


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
