"""Fine-tuning that stays small: a product of two thin matrices beside each matrix of an encoder's upper layers (LoRA, Hu and others, 2021).

Kept are the thin ones alone, ``<matrix>.down`` (rank, columns) and ``<matrix>.up`` (rows, rank); ``models.summarizer.packed`` adds their
product to the weights when the form that serves is derived.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.summarizer.packed import with_whole_weights

RANK = 16
LONGEST_LEARNT = 128  # pieces of a passage: few have more, and all would be padded to them
FROZEN = 6  # lower layers that stay as they are: they need no backward pass
_MATRICES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


class LowRank(nn.Module):
    """A frozen matrix and what is learnt beside it; at first that is nothing."""

    def __init__(self, whole: nn.Linear) -> None:
        super().__init__()
        self.whole = whole
        self.down = nn.Parameter(torch.randn(RANK, whole.in_features) / whole.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(whole.out_features, RANK))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Both, added."""
        added = (states @ self.down.T.to(states.dtype)) @ self.up.T.to(states.dtype)
        return torch.add(self.whole(states), added)


def encoder(folder: Path) -> Any:
    """The encoder of a folder, without what was learnt on top before: frozen, in bfloat16, with thin matrices to learn."""
    from transformers import BertModel

    with with_whole_weights(folder, learnt=False) as whole:
        model = BertModel.from_pretrained(whole, add_pooling_layer=False, dtype=torch.bfloat16, attn_implementation="eager")
    model.requires_grad_(False)
    for layer in model.encoder.layer[FROZEN:]:
        for name in _MATRICES:
            holder, _, last = name.rpartition(".")
            part = layer.get_submodule(holder)
            setattr(part, last, LowRank(getattr(part, last)))
    return model.eval()  # without dropout: thin matrices have little to overfit with, and it costs a tenth


def begun(model: Any, adapter: Mapping[str, torch.Tensor]) -> None:
    """Put what was learnt before into the thin matrices, to learn on from there."""
    thin = {name: values for name, values in model.named_parameters() if values.requires_grad}
    with torch.no_grad():
        for name, values in thin.items():
            values.copy_(adapter[_kept(name)])


def slowed(step: int, all_steps: int) -> float:
    """What a step counts of the rate: up over the first six, then down a cosine to a twentieth."""
    return min(1.0, (step + 1) / 6) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / all_steps)))


def learnt(model: Any) -> dict[str, torch.Tensor]:
    """The thin matrices by the name of their matrix, as they are kept."""
    return {_kept(name): values.detach().half() for name, values in model.named_parameters() if values.requires_grad}


def _kept(name: str) -> str:
    return name.replace(".down", ".weight.down").replace(".up", ".weight.up")
