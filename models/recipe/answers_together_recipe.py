"""How reading question and passage together is learnt: ``python -m models.recipe.answers_together_recipe`` (75 minutes of one core).

A question's candidates are the sentences of a passage that answers it and of near ones that do not; beside them stands "none", with
log-odds 0. Cross-entropy over all, and once more where the passage is without the sentences that answer, when none is right: near misses
for nothing. Learnt are thin matrices beside those of the upper layers (``models.recipe.low_rank``), beginning as those that passages are
found by. Which passages are near is told by weights of their own: those that ship are learnt from what is learnt here.
"""

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from models.answers import SHIPPED_ENCODER
from models.answers.chunks import Chunk
from models.answers.encoder import E5
from models.answers.index import Index, parts_of
from models.answers.judge import Logistic
from models.answers.questions import GoldQuestion
from models.answers.signs import SIDE_BY_SIDE, candidates
from models.answers.together import BIAS, READ_WITH, WEIGHT, Text, passage_pieces, question_pieces, together
from models.errors import in_one_sentence
from models.recipe.insurers import Insurer, fingerprint, later_questions, learnt_from
from models.recipe.low_rank import FROZEN, begun, encoder, learnt, slowed
from models.summarizer.encoding import load_tokenizer
from models.summarizer.packed import ADAPTER

EPOCHS, RATE = 3, 1e-3
QUESTIONS = 16  # in each step
NEAR = 6  # passages that do not answer, of which the first is read every time and others are drawn
READ = 2  # of them beside a passage that answers; one more where none does
TAKEN_AWAY = 0.5  # what a question without its passage counts, and how often that passage is read without what answers
DROPPED = 0.1
_NEAREST = {  # as ADR 47 had them
    SIDE_BY_SIDE: 0.6547,
    "cosine": -1.8945,
    "nearer than others": 2.0283,
    "word rank": 2.9072,
    "sense rank": 2.6251,
    "same words": -0.5263,
}
_ROWS = 16  # that pass the encoder together
_BEGIN = -3.0  # log-odds of any sentence before anything is learnt: few answer


@dataclass(frozen=True)
class Asked:
    """A question with passages that answer it, each with the sentences that do; the same without them; and near ones that do not."""

    right: list[tuple[Text, list[bool]]]
    without: list[Text]
    near: list[Text]


def asked_of(insurer: Insurer, found_by: E5, tokenizer: Any) -> Iterator[Asked]:
    """What is read of an insurer."""
    index, nearness = Index.build([insurer.document], found_by), Logistic(-3.111, _NEAREST)
    passages = [passage_pieces(tokenizer, parts_of(chunk)) for chunk in index.chunks]
    for one in insurer.all_questions:
        question, gold = question_pieces(tokenizer, one.text), one.passages(index.chunks)
        whole = index.question(one.text, found_by)
        asked = replace(whole, words=replace(whole.words, likely={}))  # that was learnt from these very questions
        others = [each for each in index.find(asked) if each.number not in gold]
        by_nearness = sorted(candidates(index, asked, others), key=lambda each: -nearness.margin(each.signs))
        near = [each.found.number for each in by_nearness[:NEAR]]
        right, without = list[tuple[Text, list[bool]]](), list[Text]()
        for number in sorted(gold):
            chunk = index.chunks[number]
            answers = answering(one, chunk)
            right.append((together(question, *passages[number]), answers))
            if left := [sentence for sentence, answering in zip(chunk.sentences, answers, strict=True) if not answering]:
                without.append(together(question, *passage_pieces(tokenizer, [parts_of(chunk)[0], *left])))
        yield Asked(right, without, [together(question, *passages[number]) for number in near])


def answering(question: GoldQuestion, chunk: Chunk) -> list[bool]:
    """Which sentences of a passage that answers do so; all where the piece reaches over several."""
    held = [question.is_answered_by(sentence) for sentence in chunk.sentences]
    return held if any(held) else [True] * len(held)


class Learner(nn.Module):
    """``models.answers.together.Together`` in training."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = encoder(SHIPPED_ENCODER)
        begun(self.encoder, load_file(SHIPPED_ENCODER / ADAPTER))
        self.encoder.encoder.layer[FROZEN:].train()  # there are few passages, and all are read often
        self.head = nn.Linear(4 * self.encoder.config.hidden_size, 1)
        self.dropout = nn.Dropout(DROPPED)
        nn.init.zeros_(self.head.weight)
        nn.init.constant_(self.head.bias, _BEGIN)

    def forward(self, texts: Sequence[Text]) -> list[torch.Tensor]:
        """Log-odds that each sentence answers, of each text."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at].pieces))
        made: dict[int, torch.Tensor] = {}
        for first in range(0, len(order), _ROWS):
            batch = order[first : first + _ROWS]
            states = self._states([texts[at].pieces for at in batch])
            made |= {at: self._of(states[row], texts[at]) for row, at in enumerate(batch)}
        return [made[at] for at in range(len(texts))]

    def _states(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        lengths = torch.tensor([len(row) for row in rows])
        padded = pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=self.encoder.config.pad_token_id)
        padding = torch.arange(padded.shape[1]) >= lengths[:, None]
        mask = torch.zeros(padding.shape, dtype=torch.bfloat16).masked_fill(padding, -1e4)[:, None, None]
        with torch.no_grad():
            states = self.encoder.embeddings(input_ids=padded)
            for layer in self.encoder.encoder.layer[:FROZEN]:
                states = layer(states, attention_mask=mask)
        for layer in self.encoder.encoder.layer[FROZEN:]:
            states = layer(states, attention_mask=mask)
        whole: torch.Tensor = states.float()
        return whole

    def _of(self, states: torch.Tensor, text: Text) -> torch.Tensor:
        asked = states[: text.question].mean(0)
        means = torch.stack([states[a:b].mean(0) for a, b in text.sentences])
        beside = torch.cat([states[0], asked]).expand(len(means), -1)
        odds: torch.Tensor = self.head(self.dropout(torch.cat([means, beside, means * asked], 1)))[:, 0]
        return odds

    def kept(self) -> dict[str, torch.Tensor]:
        """The weights as ``models.answers.together`` takes them."""
        head = {WEIGHT: self.head.weight.detach().clone(), BIAS: self.head.bias.detach().clone()}
        return {name: values.contiguous() for name, values in (learnt(self.encoder) | head).items()}


def loss(model: Learner, several: Sequence[Asked], drawn: random.Random) -> torch.Tensor:
    """Of some questions."""
    chosen = [_drawn(one, drawn) for one in several]
    texts = [text for one in chosen for text in (*(text for text, _ in one.right), *one.without, *one.near)]
    odds = iter(model(texts))
    values = list[torch.Tensor]()
    for one in chosen:
        held, without = [next(odds) for _ in one.right], [next(odds) for _ in one.without]
        near = [*(next(odds) for _ in one.near), torch.zeros(1)]
        refused = torch.cat([*without, *near]).logsumexp(0)
        values.append(TAKEN_AWAY * refused if held else refused)
        for scores, (_, answers) in zip(held, one.right, strict=True):
            right = scores[torch.tensor(answers[: len(scores)])]
            if len(right):  # none where it stands behind the last piece that is read
                values.append(torch.cat([scores, *near]).logsumexp(0) - right.logsumexp(0))
    return torch.stack(values).sum() / len(several)


def _drawn(one: Asked, drawn: random.Random) -> Asked:
    right = drawn.sample(one.right, min(1, len(one.right)))
    without = drawn.sample(one.without, min(1, len(one.without))) if drawn.random() < TAKEN_AWAY else []
    first, others = one.near[:1], one.near[1:]
    more = READ - 1 if right else READ
    return Asked(right, without, [*first, *drawn.sample(others, min(more, len(others)))])


def course(several: Sequence[Asked], drawn: random.Random) -> list[list[Asked]]:
    """The steps: questions of like length beside each other, so that little is padded; every epoch in another order."""
    made = list[list[Asked]]()
    for _ in range(EPOCHS):
        order = sorted(several, key=lambda one: len([*(text for text, _ in one.right), *one.near][0].pieces) * drawn.uniform(0.8, 1.2))
        parts = [order[at : at + QUESTIONS] for at in range(0, len(order), QUESTIONS)]
        made += drawn.sample(parts, len(parts))
    return made


def learn(several: Sequence[Asked], watched: Callable[[int, Learner], None] = lambda step, model: None) -> Learner:
    """The model, learnt from some questions; it is shown as it is after each step."""
    torch.manual_seed(0)
    drawn, model = random.Random(0), Learner()
    steps = course(several, drawn)
    thin = [values for values in model.encoder.parameters() if values.requires_grad]
    optimizer = torch.optim.AdamW([{"params": thin, "lr": RATE}, {"params": model.head.parameters(), "lr": 4 * RATE}], weight_decay=0.0)
    slowing = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: slowed(step, len(steps)))
    for number, step in enumerate(steps, start=1):
        optimizer.zero_grad()
        value = loss(model, step, drawn)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(thin, 1.0)
        optimizer.step()
        slowing.step()
        print(f"step {number} of {len(steps)}: loss {value.item():.3f}", flush=True)
        watched(number, model)
    return model


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights that ship."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, default=READ_WITH, help="file that gets the weights")
    options = parser.parse_args(arguments)
    found_by, tokenizer = E5(SHIPPED_ENCODER), load_tokenizer(SHIPPED_ENCODER)
    several = [one for insurer in learnt_from() for one in asked_of(insurer, found_by, tokenizer)]
    save_file(learn(several).kept(), options.target, {"made_of": made_of()})


def made_of() -> str:
    """A fingerprint of what it is learnt from and begins as."""
    return fingerprint(SHIPPED_ENCODER / ADAPTER, *later_questions())


if __name__ == "__main__":
    main()
