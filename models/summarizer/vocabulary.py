"""The words of the trade that condensing and the faithfulness guard know: data in the model's folder, part of the model's version.

    vocabulary.json
    {"products": {"실손보험": ["실손보험", "실비", …]}, "request_words": ["보상 여부", "해지", …], "unsaid_words": ["문의", …] or null}

The recipe writes the file of the model that ships from its taxonomy and phrase banks, so a phrase that changes there changes nothing
in service until a model is made again. Fine-tuning writes the file of its base into the model it makes. A folder without the file (a
KoBART trained elsewhere) is guarded by the product names of the model that ships, and may use words of its own.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from models.errors import ConfigurationError
from models.summarizer import SHIPPED_MODEL

FILE = "vocabulary.json"
BORROWED = SHIPPED_MODEL / FILE


@dataclass(frozen=True)
class Vocabulary:
    """What a model's guard takes for a product, what condensing takes for a request, and what a summary may say unheard.

    ``products`` maps each name, as summaries write it, to what callers say for it. ``request_words`` tell condensing that a sentence
    holds a request. ``unsaid_words`` are the only words that a summary may use although the caller did not say them; None for a model
    that may choose its words (products, amounts and dates must always have been said).
    """

    products: dict[str, tuple[str, ...]]
    request_words: tuple[str, ...]
    unsaid_words: frozenset[str] | None = None

    @classmethod
    def load(cls, model_dir: Path) -> Self:
        """The vocabulary of a model's folder, or the borrowed one; ConfigurationError where the file is damaged."""
        path = model_dir / FILE
        if path.is_file():
            return cls._read(path)
        return cls._read(BORROWED).with_own_words()

    @classmethod
    def _read(cls, path: Path) -> Self:
        try:
            return TypeAdapter(cls).validate_json(path.read_bytes())
        except ValidationError as error:
            raise ConfigurationError(
                f"{path} is no vocabulary: {error.errors()[0]['msg']}",
                remedy="Restore it, or delete it to borrow the shipped model's",
            ) from error

    def with_own_words(self) -> Self:
        """The same for a model that may choose its words."""
        return replace(self, unsaid_words=None)

    def save(self, model_dir: Path) -> None:
        """Write ``vocabulary.json``; equal vocabularies make equal files."""
        content = asdict(self) | {"unsaid_words": None if self.unsaid_words is None else sorted(self.unsaid_words)}
        (model_dir / FILE).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
