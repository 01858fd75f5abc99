"""Questions with the passages that answer them: ``question`` and ``gold`` in a table with tabs.

``gold`` is a piece of the right passage, or several, `` | `` between them, any of which will do; ``없음`` where no document holds it.
``calibration.tsv`` is what weights and bounds are chosen on; it also tells how callers' questions sound (``models.answers.index``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.answers.chunks import Chunk
from models.errors import ConfigurationError

CALIBRATION = Path(__file__).parent / "calibration.tsv"
NOT_HELD = "없음"
_HEADER = "question\tgold"
_WHOLE = 9  # characters of a sentence that is no chance part of a piece


@dataclass(frozen=True)
class GoldQuestion:
    """A question and pieces of the passages that answer it; none where the documents do not hold it."""

    text: str
    gold: tuple[str, ...]

    def passages(self, chunks: Sequence[Chunk]) -> set[int]:
        """The numbers of the passages that answer it."""
        texts = [_squeezed(chunk.text) for chunk in chunks]
        return {number for number, text in enumerate(texts) if any(_squeezed(piece) in text for piece in self.gold)}

    def is_answered_by(self, sentence: str) -> bool:
        """Whether a piece of it stands in a sentence, or reaches over the whole of it."""
        whole = _squeezed(sentence)
        return any(piece in whole or (len(whole) >= _WHOLE and whole in piece) for piece in map(_squeezed, self.gold))


def read_questions(path: Path) -> list[GoldQuestion]:
    """A table's questions; ConfigurationError names the line that has another shape."""
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows, start=2):
        if header != _HEADER or len(row) != 2 or not all(map(str.strip, row)):
            raise ConfigurationError(f"{path}:{number} is no question with its gold", remedy="Write question, tab, gold under that header")
    return [GoldQuestion(text, () if gold == NOT_HELD else tuple(gold.split(" | "))) for text, gold in rows]


@cache
def calibration() -> tuple[GoldQuestion, ...]:
    """The questions that ship."""
    return tuple(read_questions(CALIBRATION))


def _squeezed(text: str) -> str:
    return "".join(text.split())
