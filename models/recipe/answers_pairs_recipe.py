"""How reading question and passage side by side is learnt: ``python -m models.recipe.answers_pairs_recipe`` (four minutes of one core).

A question's candidates are the sentences that answer it, the others of their passage, and those of near passages, by the encoder's cosines;
beside them stands "none", with log-odds 0. Cross-entropy over all, and once more with the right sentences taken away, when none is right:
near misses for nothing. The encoder stays as it is, so its states are computed once. Learnt are the projection beside it
(``pieces.safetensors``) and ``pairs.safetensors``.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from models.answers import SHIPPED_ENCODER
from models.answers.chunks import Chunk
from models.answers.encoder import E5, PIECES, Vectors, of_length_one
from models.answers.index import parts_of, rows_of
from models.answers.pairs import PAIRS
from models.answers.questions import GoldQuestion
from models.answers.together import LONGEST_QUESTION, PASSAGE, QUESTION
from models.errors import in_one_sentence
from models.recipe.insurers import Insurer, fingerprint, later_questions, learnt_from
from models.recipe.low_rank import slowed
from models.summarizer.packed import ADAPTER

WIDTH, HIDDEN = 128, 64
DROPPED = 0.2
EPOCHS, RATE = 4, 1e-3
QUESTIONS, CANDIDATES = 32, 16  # of one insurer, in each step; sentences
RIGHT = 2  # of them at most that answer
NEAREST, POOL = 4, 20  # passages whose sentences every time are there, and among how many the others are drawn
LONGEST_SENTENCE = 72  # pieces, its headings included: few have more, and all are padded to them
SCALES = 11.0, 4.0, 4.0  # that bring what is common, apart and own to numbers around 1
TAKEN_AWAY = 0.5  # what a question without its passage counts


@dataclass(frozen=True)
class Material:
    """An insurer's sentences and questions as states, padded, with what is there.

    ``gold`` are the sentences that answer each question, ``others`` those that do not, by their passage: its own first, then near ones.
    """

    sentences: torch.Tensor
    sentences_there: torch.Tensor
    questions: torch.Tensor
    questions_there: torch.Tensor
    gold: list[list[int]]
    others: list[list[list[int]]]


def material(insurer: Insurer, encoder: E5) -> Material:
    """What is computed once of an insurer."""
    chunks, asked = insurer.chunks, insurer.all_questions
    passages = encoder.states([PASSAGE + rows_of(chunk)[0] for chunk in chunks])
    questions = encoder.states([QUESTION + one.text for one in asked])
    sentences = [one for both in zip(passages, encoder.ranges([parts_of(chunk) for chunk in chunks]), strict=True) for one in _apart(*both)]
    ends = np.cumsum([0, *(len(chunk.sentences) for chunk in chunks)])
    of_passage = [list(range(first, last)) for first, last in pairwise(ends)]
    gold = [answering(one, chunks) for one in asked]
    others = [
        [[at for at in of_passage[number] if at not in right] for number in order]
        for right, order in zip(gold, _nearest(questions, passages, asked, chunks), strict=True)
    ]
    return Material(*_padded(sentences, LONGEST_SENTENCE), *_padded(questions, LONGEST_QUESTION), gold, others)


def answering(question: GoldQuestion, chunks: Sequence[Chunk]) -> list[int]:
    """The sentences that answer a question, counted through all passages; the whole passage where its piece reaches over several."""
    right, first = question.passages(chunks), 0
    found = list[int]()
    for number, chunk in enumerate(chunks):
        if number in right:
            held = [at for at, sentence in enumerate(chunk.sentences) if question.is_answered_by(sentence)]
            found += [first + at for at in held or range(len(chunk.sentences))]
        first += len(chunk.sentences)
    return found


def _apart(states: Vectors, ranges: Sequence[tuple[int, int]]) -> list[Vectors]:
    """The states of each sentence, led by those of the headings."""
    (_, headings), *sentences = ranges
    return [np.concatenate([states[:headings], states[first:last]]) for first, last in sentences]


def _nearest(
    questions: Sequence[Vectors], passages: Sequence[Vectors], asked: Sequence[GoldQuestion], chunks: Sequence[Chunk]
) -> list[list[int]]:
    """The passages that answer each question, then the nearest others."""
    means = [np.array([states.mean(axis=0) for states in several]) for several in (questions, passages)]
    there, found = (of_length_one(several - several.mean(axis=0)) for several in means)
    right = [one.passages(chunks) for one in asked]
    order = np.argsort(-there @ found.T, axis=1)
    return [[*sorted(own), *[int(number) for number in row if number not in own][:POOL]] for own, row in zip(right, order, strict=True)]


def _padded(states: Sequence[np.ndarray], longest: int) -> tuple[torch.Tensor, torch.Tensor]:
    cut = [torch.tensor(one[:longest]) for one in states]
    whole = pad_sequence(cut, batch_first=True)
    return whole, torch.arange(whole.shape[1]) < torch.tensor([len(one) for one in cut])[:, None]


class SideBySide(nn.Module):
    """``models.answers.pairs.Pairs`` and the projection before it, in training."""

    def __init__(self, learnt: Sequence[Material]) -> None:
        """Begin where pieces keep as much of the states as so few numbers can, and the nearest piece alone counts."""
        super().__init__()
        passages = torch.cat([one.sentences[one.sentences_there] for one in learnt])
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

    def pieces_of_sentences(self, states: torch.Tensor) -> torch.Tensor:
        """Shape (sentences, pieces, width)."""
        return functional.normalize(states @ self.narrower.T + self.of_passages, dim=-1)

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


def candidates(one: Material, number: int, drawn: random.Random) -> tuple[list[int], int]:
    """Sentences that answer, and how many they are, then some that do not: its passage's own, those of near passages, those of others."""
    gold = one.gold[number]
    right = drawn.sample(gold, min(RIGHT, len(gold)))
    others = one.others[number]
    always = len(others) - POOL + NEAREST
    rest = [*others[:always], *drawn.sample(others[always:], len(others) - always)]
    return [*right, *(at for passage in rest for at in passage)][:CANDIDATES], len(right)


def by_length(one: Material, drawn: random.Random) -> list[int]:
    """An insurer's questions, those of like length beside each other, so that little is padded: every time in another order."""
    pieces = one.questions_there.sum(1).tolist()
    return sorted(range(len(pieces)), key=lambda number: pieces[number] * drawn.uniform(0.8, 1.2))


def loss(model: SideBySide, one: Material, numbers: Sequence[int], drawn: random.Random) -> torch.Tensor:
    """Of some questions of an insurer."""
    chosen, counts = zip(*(candidates(one, number, drawn) for number in numbers), strict=True)
    right = torch.arange(CANDIDATES) < torch.tensor(counts)[:, None]
    longest = int(one.questions_there[numbers].sum(1).max())
    asked = model.pieces_of_questions(one.questions[numbers, :longest])
    used, places = torch.unique(torch.tensor(chosen), return_inverse=True)
    widest = int(one.sentences_there[used].sum(1).max())
    told, told_there = model.pieces_of_sentences(one.sentences[used, :widest]), one.sentences_there[used, :widest]
    scores = model(asked, one.questions_there[numbers, :longest], told[places], told_there[places])
    none = torch.zeros(len(numbers), 1)
    whole = torch.cat([scores, none], 1).logsumexp(1)
    held = scores.masked_fill(~right, -1e4).logsumexp(1)
    taken_away = torch.cat([scores.masked_fill(right, -1e4), none], 1).logsumexp(1)
    answered = right.any(1)
    value: torch.Tensor = (whole - answered * held + TAKEN_AWAY * answered * taken_away).mean()
    return value


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
    made_of = {"made_of": fingerprint(SHIPPED_ENCODER / ADAPTER, *later_questions())}
    save_file(model.projection(), options.pieces, made_of)
    save_file(model.pairs(), options.pairs, made_of)


if __name__ == "__main__":
    main()
