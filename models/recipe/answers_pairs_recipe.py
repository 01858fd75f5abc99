"""How reading question and passage side by side is learnt: ``python -m models.recipe.answers_pairs_recipe`` (two minutes of one core).

A question's candidates are a passage that answers it and near ones of its insurer's that do not, by the encoder's cosines; beside them
stands "none", with log-odds 0. Cross-entropy over both, and once more with the right passage taken away, when none is right: near misses
for nothing. The encoder stays as it is, so its states are computed once. Learnt are the projection beside it (``pieces.safetensors``) and
``pairs.safetensors``.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from models.answers import SHIPPED_ENCODER
from models.answers.encoder import E5, LONGEST_QUESTION, PASSAGE, PIECES, QUESTION, of_length_one
from models.answers.index import rows_of
from models.answers.pairs import PAIRS
from models.errors import in_one_sentence
from models.recipe.insurers import Insurer, fingerprint, learnt_from
from models.recipe.low_rank import LONGEST_LEARNT, slowed
from models.summarizer.packed import ADAPTER

WIDTH, HIDDEN = 128, 64
DROPPED = 0.2
EPOCHS, RATE = 5, 1e-3
QUESTIONS, CANDIDATES = 32, 8  # of one insurer, in each step
NEAREST, POOL = 4, 20  # candidates that every time are there, and among how many the others are drawn
SCALES = 11.0, 4.0, 4.0  # that bring what is common, apart and own to numbers around 1
TAKEN_AWAY = 0.5  # what a question without its passage counts


@dataclass(frozen=True)
class Material:
    """An insurer's passages and questions as states, padded, with what is there; passages that answer, and near ones that do not."""

    passages: torch.Tensor
    passages_there: torch.Tensor
    questions: torch.Tensor
    questions_there: torch.Tensor
    gold: list[list[int]]
    near: list[list[int]]


def material(insurer: Insurer, encoder: E5) -> Material:
    """What is computed once of an insurer."""
    chunks = insurer.chunks
    passages = encoder.states([PASSAGE + rows_of(chunk)[0] for chunk in chunks])
    questions = encoder.states([QUESTION + one.text for one in insurer.questions])
    gold = [sorted(one.passages(chunks)) for one in insurer.questions]
    means = [np.array([states.mean(axis=0) for states in several]) for several in (questions, passages)]
    asked, found = (of_length_one(several - several.mean(axis=0)) for several in means)
    order = np.argsort(-asked @ found.T, axis=1)
    near = [[int(number) for number in row if number not in right][:POOL] for row, right in zip(order, gold, strict=True)]
    return Material(*_padded(passages, LONGEST_LEARNT), *_padded(questions, LONGEST_QUESTION), gold, near)


def _padded(states: Sequence[np.ndarray], longest: int) -> tuple[torch.Tensor, torch.Tensor]:
    cut = [torch.tensor(one[:longest]) for one in states]
    whole = pad_sequence(cut, batch_first=True)
    return whole, torch.arange(whole.shape[1]) < torch.tensor([len(one) for one in cut])[:, None]


class SideBySide(nn.Module):
    """``models.answers.pairs.Pairs`` and the projection before it, in training."""

    def __init__(self, learnt: Sequence[Material]) -> None:
        """Begin where pieces keep as much of the states as so few numbers can, and the nearest piece alone counts."""
        super().__init__()
        passages = torch.cat([one.passages[one.passages_there] for one in learnt])
        questions = torch.cat([one.questions[one.questions_there] for one in learnt])
        middles = passages.mean(0), questions.mean(0)
        together = torch.cat([passages - middles[0], questions - middles[1]])
        _, _, axes = torch.linalg.svd(together[torch.randperm(len(together))[:20_000]], full_matrices=False)
        self.narrower = nn.Parameter(axes[:WIDTH].clone())
        self.of_passages, self.of_questions = (nn.Parameter(-axes[:WIDTH] @ middle) for middle in middles)
        self.weight = nn.Parameter(torch.zeros(WIDTH))
        self.sharpness, self.likeness, self.bias = (nn.Parameter(torch.tensor(value)) for value in (10.0, 8.0, -5.0))
        self.first = nn.Linear(3 * WIDTH + 1, HIDDEN)
        self.last = nn.Linear(HIDDEN, 1, bias=False)
        nn.init.zeros_(self.last.weight)
        self.dropout = nn.Dropout(DROPPED)

    def pieces_of_passages(self, one: Material) -> torch.Tensor:
        """Shape (passages, pieces, width)."""
        return functional.normalize(one.passages @ self.narrower.T + self.of_passages, dim=-1)

    def pieces_of_questions(self, states: torch.Tensor) -> torch.Tensor:
        """Shape (questions, pieces, width)."""
        return functional.normalize(states @ self.narrower.T + self.of_questions, dim=-1)

    def forward(self, asked: torch.Tensor, asked_there: torch.Tensor, told: torch.Tensor, told_there: torch.Tensor) -> torch.Tensor:
        """Log-odds, shape (questions, candidates); ``told`` has shape (questions, candidates, pieces, width)."""
        alike = torch.einsum("qnw,qcmw->qcnm", asked, told).masked_fill(~told_there[:, :, None, :], -1.0)
        nearest = alike.max(-1).values
        found = torch.einsum("qcnm,qcmw->qcnw", (self.sharpness * alike).softmax(-1), told)
        beside = asked[:, None].expand_as(found)
        both = torch.cat([SCALES[0] * beside * found, SCALES[1] * (beside - found).abs(), SCALES[2] * beside, nearest[..., None]], -1)
        of_piece = self.last(self.dropout(functional.relu(self.first(self.dropout(both)))))[..., 0] + self.likeness * nearest
        weights = (asked @ self.weight).masked_fill(~asked_there, -1e4).softmax(-1)[:, None]
        scores: torch.Tensor = (weights * of_piece).sum(-1) + self.bias
        return scores

    def projection(self) -> dict[str, torch.Tensor]:
        """What is kept beside the encoder."""
        return {name: getattr(self, name).detach().half().contiguous() for name in ("narrower", "of_passages", "of_questions")}

    def pairs(self) -> dict[str, torch.Tensor]:
        """The weights as ``models.answers.pairs`` takes them."""
        *wide, most = (self.first.weight.detach().T[at : at + WIDTH] for at in range(0, 3 * WIDTH + 1, WIDTH))
        common, apart, own = (scale * weights for scale, weights in zip(SCALES, wide, strict=True))
        kept = {"common": common, "apart": apart, "own": own, "most": most[0], "first": self.first.bias}
        kept |= {"last": self.last.weight[0], **{name: getattr(self, name) for name in ("weight", "sharpness", "likeness", "bias")}}
        return {name: values.detach().float().contiguous() for name, values in kept.items()}


def candidates(one: Material, number: int, drawn: random.Random) -> list[int]:
    """A passage that answers, where there is one, then near ones that do not."""
    right = [drawn.choice(one.gold[number])] if one.gold[number] else []
    near = one.near[number]
    others = [*near[:NEAREST], *drawn.sample(near[NEAREST:], len(near) - NEAREST)]
    return [*right, *others][:CANDIDATES]


def by_length(one: Material, drawn: random.Random) -> list[int]:
    """An insurer's questions, those of like length beside each other, so that little is padded: every time in another order."""
    pieces = one.questions_there.sum(1).tolist()
    return sorted(range(len(pieces)), key=lambda number: pieces[number] * drawn.uniform(0.8, 1.2))


def loss(model: SideBySide, one: Material, numbers: Sequence[int], drawn: random.Random) -> torch.Tensor:
    """Of some questions of an insurer."""
    chosen = torch.tensor([candidates(one, number, drawn) for number in numbers])
    answered = torch.tensor([bool(one.gold[number]) for number in numbers])
    longest = int(one.questions_there[numbers].sum(1).max())
    asked = model.pieces_of_questions(one.questions[numbers, :longest])
    scores = model(asked, one.questions_there[numbers, :longest], model.pieces_of_passages(one)[chosen], one.passages_there[chosen])
    none = torch.zeros(len(numbers), 1)
    whole, taken_away = (-torch.cat([some, none], 1).log_softmax(1) for some in (scores, scores[:, 1:]))
    return (torch.where(answered, whole[:, 0], whole[:, -1]) + TAKEN_AWAY * answered * taken_away[:, -1]).mean()


def learn(learnt: Sequence[Material], epochs: int = EPOCHS) -> SideBySide:
    """The model, learnt from some insurers."""
    torch.manual_seed(0)
    drawn, model = random.Random(0), SideBySide(learnt)
    course = list[tuple[Material, list[int]]]()
    for _ in range(epochs):
        orders = [(one, by_length(one, drawn)) for one in learnt]
        steps = [(one, order[at : at + QUESTIONS]) for one, order in orders for at in range(0, len(order), QUESTIONS)]
        course += drawn.sample(steps, len(steps))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    slowing = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: slowed(step, len(course)))
    for number, (one, numbers) in enumerate(course, start=1):
        optimizer.zero_grad()
        value = loss(model, one, numbers, drawn)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        slowing.step()
        if number % 20 == 0:
            print(f"step {number} of {len(course)}: loss {value.item():.3f}", flush=True)
    return model.eval()


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights that ship."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--pieces", type=Path, default=SHIPPED_ENCODER / PIECES, help="file that gets the projection")
    parser.add_argument("--pairs", type=Path, default=PAIRS, help="file that gets the weights")
    options = parser.parse_args(arguments)
    encoder = E5(SHIPPED_ENCODER)
    model = learn([material(insurer, encoder) for insurer in learnt_from()])
    made_of = {"made_of": fingerprint(SHIPPED_ENCODER / ADAPTER)}
    save_file(model.projection(), options.pieces, made_of)
    save_file(model.pairs(), options.pairs, made_of)


if __name__ == "__main__":
    main()
