"""From pairs to token ids: what each family reads, what it must say, and which tokens count in the loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import ConfigurationError
from models.summarizer.chat import chat_prompt, end_of_turn
from models.summarizer.encoding import encode
from models.training.config import FinetuneConfig
from models.training.data.pair import Pair

IGNORED = -100  # label that cross entropy leaves out


@dataclass(frozen=True)
class Limits:
    """Longest input and longest summary in tokens, special tokens included."""

    input: int
    output: int


def limits(config: FinetuneConfig, model_config: Any) -> Limits:
    """The configured limits, never above what the model has positions for."""
    positions = int(getattr(model_config, "max_position_embeddings", 0) or 1024)
    return Limits(min(config.input_limit or positions, positions), min(config.output_limit or positions, positions))


class Seq2SeqExamples:
    """Encoder input and labels of an encoder-decoder: encoded as in service.

    ``reader`` encodes the inputs where it is given, such as a tokenizer that drops merges; summaries are always cut the same way.
    """

    def __init__(self, tokenizer: Any, pairs: Sequence[Pair], bounds: Limits, reader: Any = None) -> None:
        self.tokenizer, self.pairs, self._bounds = tokenizer, pairs, bounds
        self._reader = reader or tokenizer

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, i: int) -> dict[str, list[int]]:
        pair = self.pairs[i]
        ids = self._encode(self._reader, pair.input, self._bounds.input)
        return {
            "input_ids": ids,
            "attention_mask": [1] * len(ids),
            "labels": self._encode(self.tokenizer, pair.summary, self._bounds.output),
        }

    def prompt(self, i: int) -> list[int]:
        """What the model reads when it is to write the summary of row ``i``."""
        return self[i]["input_ids"]

    def is_cut(self, i: int) -> bool:
        """Whether row ``i`` is longer than the limits."""
        pair = self.pairs[i]
        long_input = len(self._encode(self._reader, pair.input)) > self._bounds.input
        return long_input or len(self._encode(self.tokenizer, pair.summary)) > self._bounds.output

    def _encode(self, tokenizer: Any, text: str, limit: int | None = None) -> list[int]:
        return encode(tokenizer.backend_tokenizer, [text], self.tokenizer.eos_token_id, limit)[0]


class ChatExamples:
    """Prompt and summary of a causal model as one sequence; the labels of the prompt are ignored, so only the summary is learnt."""

    def __init__(self, tokenizer: Any, pairs: Sequence[Pair], bounds: Limits) -> None:
        self.tokenizer, self.pairs, self._bounds = tokenizer, pairs, bounds
        self._end = end_of_turn(tokenizer)
        self._frame = len(chat_prompt(tokenizer, ""))
        if self._frame >= bounds.input:
            raise ConfigurationError(
                f"The chat template alone takes {self._frame} tokens of {bounds.input}",
                remedy=f"Raise max_input_tokens above {self._frame}",
            )

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, i: int) -> dict[str, list[int]]:
        prompt, answer = self.prompt(i), self._answer(i)
        return {
            "input_ids": prompt + answer,
            "attention_mask": [1] * (len(prompt) + len(answer)),
            "labels": [IGNORED] * len(prompt) + answer,
        }

    def prompt(self, i: int) -> list[int]:
        """What the model reads when it is to write the summary of row ``i``; a long inquiry loses its end, never the template."""
        text = self.pairs[i].input
        ids = chat_prompt(self.tokenizer, text)
        words = self._words(text)
        room = self._bounds.input - self._frame
        while len(ids) > self._bounds.input and words and room > 0:
            ids = chat_prompt(self.tokenizer, self.tokenizer.decode(words[:room]))
            room -= 8  # text cut elsewhere may come back as a few tokens more
        return ids

    def is_cut(self, i: int) -> bool:
        """Whether row ``i`` is longer than the limits."""
        pair = self.pairs[i]
        long_input = len(chat_prompt(self.tokenizer, pair.input)) > self._bounds.input
        return long_input or len(self._words(pair.summary)) + 1 > self._bounds.output

    def _words(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _answer(self, i: int) -> list[int]:
        return [*self._words(self.pairs[i].summary)[: self._bounds.output - 1], self._end]


Examples = Seq2SeqExamples | ChatExamples


def make_examples(config: FinetuneConfig, tokenizer: Any, pairs: Sequence[Pair], bounds: Limits, reader: Any = None) -> Examples:
    """The examples of the configured family, encoded when asked for, so that a ``reader`` with dropout cuts an input anew each epoch."""
    if config.family == "llama":
        return ChatExamples(tokenizer, pairs, bounds)
    return Seq2SeqExamples(tokenizer, pairs, bounds, reader)
