"""One training example."""

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """An inquiry and its summary. ``row`` names it for ever: the file and its data row counted from 1, such as ``data_12000.csv:17``.

    ``origin`` is the row in the file that a split was drawn from, where the pair was read from one of the split's parts. Rows of one
    ``dialogue`` are about the same matter and go into the same part.
    """

    input: str
    summary: str
    row: str = ""
    style: str = ""
    origin: str = ""
    dialogue: str = ""


def normalized(text: str) -> str:
    """What makes two texts the same: composed Unicode, single spaces, no case."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()
