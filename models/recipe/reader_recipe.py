"""How the reader that ships is made: ``python -m models.recipe.reader_recipe`` (about an hour on a core; bf16 where there is AVX-512).

``--start FOLDER`` teaches a reader further instead, on rows that came later: half an hour; the model's card has the commands.

1. The pretrained encoder (``pretrained_encoder``), its vocabulary cut down to Korean.
2. Rows: the writers' inquiries and calls (``written``), an inquiry in eight also put into the frame of somebody's call; some lose their
   punctuation or their spaces, as recognizers lose them.
3. Labels a token: is it part of the request (the pieces that were marked, else the turn), and does it name the subject (a word of the
   writer's summary, by ``told_by``, or what the pieces leave unsaid). Labels a conversation: is nothing asked for.
4. Every weight trained, the heads from nothing; beside the labels, the turns that tell a call's request have to stand out among its turns,
   by what passages are chosen by (ADR 45). Matrices are kept as rows of 8 bits, all else as float16; thresholds come from the
   calibration writers.
"""

import argparse
import math
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from models.errors import in_one_sentence
from models.recipe import WRITERS, pretrained_encoder
from models.recipe.told_by import places_told
from models.summarizer import reader
from models.summarizer.conversation import SENTENCE_END, Conversation, Turn
from models.summarizer.packed import EIGHT_BIT, in_eight_bits, with_whole_weights
from models.summarizer.passages import STRONGEST
from models.summarizer.reader import AGENT, CALLER, HEADS, ConversationEncoder, Heads
from models.summarizer.written import Piece, Written, calls, inquiries, writers

IGNORED = -1.0
Spans = list[tuple[int, int]]
_PUNCTUATION = re.compile(r"[.,?!]")
_ACKNOWLEDGED = ("네 고객님", "네 그러셨군요", "아 네 잠시만요", "네 확인해 보겠습니다", "네네 말씀하세요", "아 예예", "네 듣고 있습니다")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what the reader is."""

    seed: int = 0
    epochs: float = 4.0
    learning_rate: float = 1e-4
    heads_learning_rate: float = 5e-4
    batch_tokens: int = 1600
    longest: int = 416
    in_a_call: float = 0.15
    unpunctuated: float = 0.2
    unpunctuated_calls: float = 0.5
    misspaced: float = 0.15
    share_of_inquiries: float = 1.0
    which_turn: float = 0.5
    dropout: float = 0.1


@dataclass(frozen=True)
class Example:
    """Token ids, a pair of labels each (request, subject; ``IGNORED`` where there is none), and whether nothing is asked for.

    ``turns`` are the places of each turn's tokens that the caller says in a call, with whether it tells the request.
    """

    ids: list[int]
    labels: list[tuple[float, float]]
    nothing: float
    turns: list[tuple[list[int], bool]]


class Material:
    """The writers' rows, varied anew for every epoch."""

    def __init__(self, names: Sequence[str], encoder: ConversationEncoder, recipe: Recipe, folder: Path = WRITERS) -> None:
        self._encoder, self._recipe = encoder, recipe
        self.inquiries = [row for name in names for row in inquiries(name, folder)]
        self.calls = [row for name in names for row in calls(name, folder)]
        self._frames = [frame for row in self.calls if (frame := _frame(row))]

    def epoch(self, rng: random.Random) -> list[Example]:
        """Every row once, inquiries roughened, some of them in a call as well."""
        rows: list[Written] = []
        few = rng.sample(self.inquiries, round(self._recipe.share_of_inquiries * len(self.inquiries)))
        for row in few:
            rows.append(self._roughened(row, rng))
            if self._frames and rng.random() < self._recipe.in_a_call:
                rows.append(_framed(row, *rng.choice(self._frames), rng))
        rows += [_unpunctuated(row) if rng.random() < self._recipe.unpunctuated_calls else row for row in self.calls]
        return [self.example(row) for row in rows]

    def example(self, row: Written) -> Example:
        """One row as the encoder reads it."""
        encoded = self._encoder.encode(row.conversation)
        turns = {turn.number: turn for turn in row.conversation}
        truth = {number: _truth(row, turn) for number, turn in turns.items()}
        labels = [(IGNORED, IGNORED) if place is None else truth[place[0]].labels(*place[1:]) for place in encoded.places]
        return Example(encoded.ids, labels, float(not row.summary), _turns(encoded.places, labels) if row.is_call else [])

    def _roughened(self, row: Written, rng: random.Random) -> Written:
        if rng.random() < self._recipe.unpunctuated:
            row = _unpunctuated(row)
        if rng.random() < self._recipe.misspaced:
            text = "".join(character for character in row.conversation[0].text if character != " " or rng.random() > 0.15)
            row = replace(row, conversation=(Turn(0, True, text),))
        return row


def _turns(places: Sequence[tuple[int, int, int] | None], labels: Sequence[tuple[float, float]]) -> list[tuple[list[int], bool]]:
    """The turns of which it is known whether they tell the request: where their tokens stand, and whether one of these does."""
    tokens: dict[int, list[int]] = {}
    for token, place in enumerate(places):
        if place is not None and labels[token][0] != IGNORED:
            tokens.setdefault(place[0], []).append(token)
    return [(stand, any(labels[token][0] > 0 for token in stand)) for stand in tokens.values()]


def _unpunctuated(row: Written) -> Written:
    """As recognizers without signs write it; a turn that was nothing else stays."""
    turns = tuple(replace(turn, text=_PUNCTUATION.sub("", turn.text).strip() or turn.text) for turn in row.conversation)
    pieces, about = (tuple(replace(piece, text=_PUNCTUATION.sub("", piece.text)) for piece in group) for group in (row.pieces, row.about))
    return replace(row, conversation=turns, pieces=pieces, about=about)


@dataclass(frozen=True)
class Truth:
    """From and to (characters) of what a turn says of the request and of its subject; None where that is not known."""

    request: Spans | None
    subject: Spans | None

    def labels(self, start: int, end: int) -> tuple[float, float]:
        """The two labels of a token that stands there."""
        return _lies_in(self.request, start, end), _lies_in(self.subject, start, end)


def _lies_in(spans: Spans | None, start: int, end: int) -> float:
    return IGNORED if spans is None else float(any(start < stop and end > begin for begin, stop in spans))


def _truth(row: Written, turn: Turn) -> Truth:
    """What is known of one turn.

    A reader marked the clearest place of a call's request only; its other turns may say the same and count neither way. What a call is
    about is what the reader named and, beside it, the summary's nouns where they stand in the pieces: elsewhere they need no telling.
    """
    pieces = [span for piece in row.pieces if piece.turn in (None, turn.number) for span in _places(piece, turn.text)]
    told = places_told(row.summary, turn.text)
    if row.is_call and row.pieces and row.turns:
        named = [span for piece in row.about for span in _places(piece, turn.text)]
        request = pieces if pieces or turn.number not in row.turns else None
        subject = [*named, *(span for span in told if any(span[0] >= start and span[1] <= end for start, end in pieces))]
    else:
        request = [(0, len(turn.text))] if turn.number in row.turns else pieces
        subject = told
    return Truth(request if turn.by_caller else None, subject if row.summary else None)


def _places(piece: Piece, text: str) -> Spans:
    """Where words are said, whatever the spaces between their letters."""
    return [match.span() for match in re.finditer(r"\s*".join(map(re.escape, re.sub(r"\s+", "", piece.text))), text)]


def _frame(row: Written) -> tuple[Conversation, Conversation] | None:
    """How a call begins before its request is said, and how it ends."""
    return (row.conversation[: min(row.turns)], row.conversation[-3:]) if row.turns else None


def _framed(row: Written, opening: Conversation, closing: Conversation, rng: random.Random) -> Written:
    """An inquiry told in a call, sentence by sentence or at once."""
    said: list[tuple[bool, str]] = [(turn.by_caller, turn.text) for turn in opening[-rng.randint(1, 5) :]]
    sentences = [sentence for sentence in SENTENCE_END.split(row.conversation[0].text) if sentence]
    while sentences:
        count = rng.randint(1, len(sentences)) if rng.random() < 0.6 else len(sentences)
        said.append((True, " ".join(sentences[:count])))
        sentences = sentences[count:]
        if sentences:
            said.append((False, rng.choice(_ACKNOWLEDGED)))
    said += [(turn.by_caller, turn.text) for turn in closing]
    return replace(row, conversation=tuple(Turn(i, by_caller, text) for i, (by_caller, text) in enumerate(said)))


def batches(examples: Sequence[Example], tokens: int, rng: random.Random) -> list[list[Example]]:
    """Rows of like length together, as many as fit into ``tokens`` with their padding; in any order."""
    lengths = [len(one.ids) for one in examples]
    roughly = [length + 8 * rng.random() for length in lengths]
    found = [[examples[place] for place in places] for places in reader.batches(lengths, tokens, roughly)]
    rng.shuffle(found)
    return found


def from_nothing(encoder_file: Path, dropout: float) -> tuple[Any, Any]:
    """The pretrained encoder with new heads, and its tokenizer."""
    encoder, tokenizer = pretrained_encoder.load(encoder_file, extra_tokens=(AGENT, CALLER))
    return new_network(encoder, dropout), tokenizer


def from_reader(folder: Path, dropout: float) -> tuple[Any, Any]:
    """A reader that was made before, to be taught further, and its tokenizer; ConfigurationError where the folder is none."""
    import torch
    from transformers import AutoTokenizer, BertModel

    heads = asdict(Heads.load(folder))
    with with_whole_weights(folder) as whole:
        network = new_network(BertModel.from_pretrained(whole, add_pooling_layer=False, dtype=torch.float32), dropout)
    parameters = {name.replace("_bias", ".bias") if name.endswith("_bias") else f"{name}.weight": values for name, values in heads.items()}
    network.load_state_dict({name: torch.from_numpy(values) for name, values in parameters.items()}, strict=False)
    return network, AutoTokenizer.from_pretrained(folder)


def train(recipe: Recipe, names: Sequence[str], begin: tuple[Any, Any], report: Callable[[str], None] = print) -> Any:
    """Teach every weight of a network (with its tokenizer, ``begin``) the writers' rows; returns it."""
    import torch

    torch.manual_seed(recipe.seed)
    network, tokenizer = begin
    material = Material(names, ConversationEncoder(tokenizer.backend_tokenizer, recipe.longest), recipe)
    report(f"{len(material.inquiries):,} inquiries and {len(material.calls):,} calls by {len(names)} writers")
    rng = random.Random(recipe.seed)
    total = math.ceil(recipe.epochs * len(batches(material.epoch(random.Random(1)), recipe.batch_tokens, rng)))
    heads = [values for name, values in network.named_parameters() if not name.startswith("encoder")]
    groups = [{"params": network.encoder.parameters(), "lr": recipe.learning_rate}, {"params": heads, "lr": recipe.heads_learning_rate}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / (0.1 * total)) * max(0.02, 1 - step / total))
    began = time.perf_counter()
    network.train()
    for step, batch in enumerate(_endless(material, recipe, rng), 1):
        loss = _loss(network, batch, recipe.which_turn)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 50 == 0 or step == total:
            report(f"{step}/{total} loss {loss.item():.3f}, {time.perf_counter() - began:.0f} s")
        if step == total:
            break
    return network.eval()


def _endless(material: Material, recipe: Recipe, rng: random.Random) -> Iterator[list[Example]]:
    while True:
        yield from batches(material.epoch(rng), recipe.batch_tokens, rng)


def new_network(encoder: Any, dropout: float) -> Any:
    """The encoder with two outputs a token and one for the whole, as ``models.summarizer.reader.Heads`` reads them."""
    from torch import nn

    width = encoder.config.hidden_size

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            self.dropout = nn.Dropout(dropout)
            self.token = nn.Linear(width, 2)
            self.nothing_hidden = nn.Linear(width, width)
            self.nothing = nn.Linear(width, 1)

        def forward(self, ids: Any, mask: Any) -> tuple[Any, Any]:
            """Logits: (rows, tokens, 2) and (rows,)."""
            states = self.dropout(self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state)
            mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            return self.token(states), self.nothing(self.nothing_hidden(mean).tanh())[..., 0]

    return Network()


def _loss(network: Any, batch: Sequence[Example], which_turn: float) -> Any:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
    from torch.nn.utils.rnn import pad_sequence

    ids = pad_sequence([torch.tensor(one.ids) for one in batch], batch_first=True, padding_value=1)
    labels = pad_sequence([torch.tensor(one.labels) for one in batch], batch_first=True, padding_value=IGNORED)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported()):
        tokens, nothing = network(ids, (ids != 1).long())
    counted = (labels >= 0).float()
    request = cross_entropy(tokens[..., 0].float(), labels[..., 0].clamp(min=0), reduction="none")
    a_row = (request * counted[..., 0]).sum(1) / counted[..., 0].sum(1).clamp(min=1)  # a long call weighs no more than an inquiry
    subject = cross_entropy(tokens[..., 1].float(), labels[..., 1].clamp(min=0), reduction="none", pos_weight=torch.tensor(2.0))
    subjects = (subject * counted[..., 1]).sum() / counted[..., 1].sum().clamp(min=1)
    asked = cross_entropy(nothing.float(), torch.tensor([one.nothing for one in batch]))
    return a_row.mean() + 0.7 * subjects + 0.5 * asked + which_turn * _misplaced(tokens[..., 0].float(), batch)


def _misplaced(requests: Any, batch: Sequence[Example]) -> Any:
    """How far the turns that tell a call's request are from standing out among its turns, by what their passages are chosen by."""
    import torch

    losses = []
    for row, one in zip(requests, batch, strict=True):
        tells = torch.tensor([told for _, told in one.turns], dtype=torch.float32)
        if 0 < tells.sum() < len(tells):
            scores = torch.stack([row[stand].topk(min(STRONGEST, len(stand))).values.mean() for stand, _ in one.turns])
            losses.append(-(scores.log_softmax(0) * tells).sum() / tells.sum())
    return torch.stack(losses).sum() / len(batch) if losses else requests.new_zeros(())


def ship(network: Any, tokenizer: Any, target: Path) -> None:
    """Write the serving folder: the encoder's weights packed, the heads, the tokenizer."""
    from safetensors.numpy import save_file as save_packed
    from safetensors.torch import save_file

    target.mkdir(parents=True, exist_ok=True)
    network.encoder.config.architectures, network.encoder.config.dtype = ["BertModel"], "float16"
    network.encoder.config.save_pretrained(target)
    weights = {name: values.detach().float().numpy() for name, values in network.encoder.state_dict().items()}
    save_packed(in_eight_bits(weights), target / EIGHT_BIT)
    tokenizer.save_pretrained(target)
    heads = {
        f"{name}{suffix}": values.detach().half().contiguous()
        for name in ("token", "nothing_hidden", "nothing")
        for suffix, values in (("", getattr(network, name).weight), ("_bias", getattr(network, name).bias))
    }
    save_file(heads, target / HEADS)


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the reader, of all writers but those left out."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, required=True, help="folder that gets the model")
    parser.add_argument("--without", nargs="*", default=[], help="writers to leave out")
    parser.add_argument(
        "--start", type=Path, default=None, help="folder of a reader that is taught further, instead of the pretrained encoder"
    )
    parser.add_argument(
        "--encoder", type=Path, default=None, help=f"file of the pretrained encoder; by default the one in {pretrained_encoder.PACKAGE}"
    )
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    options = vars(parser.parse_args(arguments))
    target, without, encoder, start = (options.pop(name) for name in ("target", "without", "encoder", "start"))
    names, recipe = [name for name in writers(WRITERS) if name not in without], Recipe(**options)
    begin = from_reader(start, recipe.dropout) if start else from_nothing(encoder or pretrained_encoder.find_file(), recipe.dropout)
    ship(train(recipe, names, begin), begin[1], target)


if __name__ == "__main__":
    main()
