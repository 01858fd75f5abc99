"""How the encoder learns how callers ask: ``python -m models.recipe.answers_encoder_recipe`` (five minutes of one core).

A question is to be nearer to the passage that answers it than to all others of its insurer's, and than ``none`` where nothing answers it:
cross-entropy over cosines, each taken from the middle of its kind as the index takes them (``models.answers.index``). What is learnt are
thin matrices beside those of the upper layers (``models.recipe.low_rank``); the lower layers' states are computed once.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from models.answers import SHIPPED_ENCODER
from models.answers.index import rows_of
from models.answers.together import LONGEST_QUESTION, PASSAGE, QUESTION
from models.errors import in_one_sentence
from models.recipe.insurers import Insurer, fingerprint, learnt_from
from models.recipe.low_rank import FROZEN, LONGEST_LEARNT, encoder, learnt, slowed
from models.summarizer.encoding import load_tokenizer
from models.summarizer.packed import ADAPTER

EPOCHS = 2
QUESTIONS = 100  # of one insurer, in each step, beside all its passages
RATE = 1e-3
SCALE = 20.0  # of cosines
_ROWS = 25  # that pass the encoder together


@dataclass(frozen=True)
class Material:
    """States of an insurer's passages and questions below the layers that learn, and the passages that answer each question."""

    passages: list[torch.Tensor]
    questions: list[torch.Tensor]
    gold: list[list[int]]


class Learner:
    """The encoder in training."""

    def __init__(self) -> None:
        self.model = encoder(SHIPPED_ENCODER)
        self._tokenizer = load_tokenizer(SHIPPED_ENCODER)
        self.none = torch.nn.Parameter(torch.tensor(9.0))

    def material(self, insurer: Insurer) -> Material:
        """What is computed once of an insurer."""
        chunks = insurer.chunks
        kept = [(one.text, sorted(one.passages(chunks))) for one in insurer.questions]
        return Material(
            passages=self._lower([PASSAGE + rows_of(chunk)[0] for chunk in chunks], LONGEST_LEARNT),
            questions=self._lower([QUESTION + text for text, _ in kept], LONGEST_QUESTION),
            gold=[gold for _, gold in kept],
        )

    def loss(self, material: Material, numbers: Sequence[int]) -> torch.Tensor:
        """Of some questions of an insurer."""
        passages = _from_the_middle(self._vectors(material.passages))
        questions = _from_the_middle(self._vectors([material.questions[number] for number in numbers]))
        scores = torch.cat([SCALE * questions @ passages.T, self.none.expand(len(numbers), 1)], 1)
        right = torch.full((len(numbers),), len(material.passages))
        for row, number in enumerate(numbers):
            if gold := material.gold[number]:
                right[row] = gold[0]
                scores[row, gold[1:]] = -torch.inf  # answers too
        return functional.cross_entropy(scores, right)

    def _lower(self, texts: Sequence[str], longest: int) -> list[torch.Tensor]:
        rows = [found.ids if len(found.ids) <= longest else [*found.ids[: longest - 1], found.ids[-1]] for found in self._encoded(texts)]
        states = []
        with torch.no_grad():
            for row in rows:
                first = self.model.embeddings(input_ids=torch.tensor([row]))
                states.append(self._through(self.model.encoder.layer[:FROZEN], first, torch.tensor([len(row)]))[0])
        return states

    def _encoded(self, texts: Sequence[str]) -> Any:
        return self._tokenizer.encode_batch(list(texts))

    def _vectors(self, states: Sequence[torch.Tensor]) -> torch.Tensor:
        order = sorted(range(len(states)), key=lambda at: len(states[at]))
        means = []
        for first in range(0, len(order), _ROWS):
            batch = [states[at] for at in order[first : first + _ROWS]]
            lengths = torch.tensor([len(one) for one in batch])
            upper = self._through(self.model.encoder.layer[FROZEN:], pad_sequence(batch, batch_first=True), lengths)
            there = (torch.arange(upper.shape[1]) < lengths[:, None])[..., None]
            means.append((upper.float() * there).sum(1) / lengths[:, None])
        return torch.cat(means)[torch.tensor(order).argsort()]

    def _through(self, layers: Any, states: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        padding = torch.arange(states.shape[1]) >= lengths[:, None]
        mask = torch.zeros(padding.shape, dtype=states.dtype).masked_fill(padding, -1e4)[:, None, None]
        for layer in layers:
            states = layer(states, attention_mask=mask)
        return states


def _from_the_middle(vectors: torch.Tensor) -> torch.Tensor:
    return functional.normalize(vectors - vectors.mean(0), dim=1)


def steps(material: Sequence[Material], drawn: random.Random) -> Iterator[tuple[Material, list[int]]]:
    """One epoch: every question once, those of a step by one insurer."""
    made = list[tuple[Material, list[int]]]()
    for one in material:
        order = list(range(len(one.questions)))
        drawn.shuffle(order)
        parts = max(1, round(len(order) / QUESTIONS))
        made += [(one, order[part::parts]) for part in range(parts)]
    drawn.shuffle(made)
    yield from made


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the adapter that ships."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, default=SHIPPED_ENCODER / ADAPTER, help="file that gets the adapter")
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    drawn, learner = random.Random(0), Learner()
    material = [learner.material(insurer) for insurer in learnt_from()]
    course = [step for _ in range(EPOCHS) for step in steps(material, drawn)]
    thin = [values for values in learner.model.parameters() if values.requires_grad]
    optimizer = torch.optim.AdamW([{"params": thin, "lr": RATE}, {"params": [learner.none], "lr": 10 * RATE}], weight_decay=0.0)
    slowing = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: slowed(step, len(course)))
    for number, (one, numbers) in enumerate(course, start=1):
        optimizer.zero_grad()
        loss = learner.loss(one, numbers)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(thin, 1.0)
        optimizer.step()
        slowing.step()
        print(f"step {number} of {len(course)}: loss {loss.item():.3f}", flush=True)
    save_file({name: values.contiguous() for name, values in learnt(learner.model).items()}, options.target, {"made_of": fingerprint()})


if __name__ == "__main__":
    main()
