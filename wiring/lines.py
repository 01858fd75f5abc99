"""The lines of models as this process loads them: with the way to language models that its settings allow."""

from typing import Any

from models import lines
from models.lifecycle.line import Line
from models.lines import LineName
from models.lines.summarizer import SummarizerLine
from models.summarizer.summarizer import TellKinds, none_promoted
from wiring.language_models import language_model


def summarizer_line(promoted: TellKinds = none_promoted) -> SummarizerLine:
    """The line of summarizers, language models among them."""
    return SummarizerLine(promoted, language_model)


SUMMARIZER = summarizer_line()
LINES: dict[LineName, Line[Any]] = {**lines.LINES, "summarizer": SUMMARIZER}
