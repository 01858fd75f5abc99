"""How an encoder-decoder reads a text, in training and in service alike: the tokenizer's tokens, and one end-of-sequence token last."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.errors import ConfigurationError
from models.summarizer.folder import read_config


def encode(tokenizer: Any, texts: Sequence[str], end: int, limit: int | None = None) -> list[list[int]]:
    """Token ids of texts by a ``tokenizers.Tokenizer``, each ending with ``end`` and at most ``limit`` long.

    Some tokenizers end a text themselves; KoBART's, as it is published, has no post-processor and does not.
    """
    return [_ended(encoding.ids, end, limit) for encoding in tokenizer.encode_batch(list(texts))]


def _ended(ids: list[int], end: int, limit: int | None) -> list[int]:
    ended = ids if ids and ids[-1] == end else [*ids, end]
    return ended if limit is None or len(ended) <= limit else [*ended[: limit - 1], end]


def end_of_sequence(folder: Path, tokenizer: Any) -> int:
    """The token that ends a text: the tokenizer's ``eos_token``, or the model's ``eos_token_id`` where the tokenizer names none."""
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        path = folder / name
        stated = json.loads(path.read_text(encoding="utf-8")).get("eos_token") if path.is_file() else None
        token = stated["content"] if isinstance(stated, dict) else stated
        if token is not None and tokenizer.token_to_id(token) is not None:
            return int(tokenizer.token_to_id(token))
    end = read_config(folder).get("eos_token_id")
    if not isinstance(end, int):
        raise ConfigurationError(f"{folder} names no end-of-sequence token", remedy="Set eos_token in its tokenizer_config.json")
    return end


def load_tokenizer(folder: Path) -> Any:
    """The folder's tokenizer for whole texts; ConfigurationError where it has no tokenizer.json."""
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ConfigurationError(f"{folder} has no tokenizer.json", remedy="Save the model with its fast tokenizer beside it")
    return whole_texts(Tokenizer.from_file(str(path)))


def whole_texts(tokenizer: Any) -> Any:
    """The ``tokenizers.Tokenizer`` itself, told to cut nothing, pad nothing and drop no merges, whatever its file says."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if hasattr(tokenizer.model, "dropout"):
        tokenizer.model.dropout = None
    return tokenizer


def tokens_a_character(tokenizer: Any) -> int:
    """At most how many tokens a character becomes: one, or those of its four bytes where a tokenizer knows bytes."""
    parts = json.loads(tokenizer.to_str())
    knows_bytes = parts["model"].get("byte_fallback") or "ByteLevel" in json.dumps(parts["pre_tokenizer"])
    return 4 if knows_bytes else 1
