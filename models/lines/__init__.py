"""The lines of models that there are, by name. A new line is a module beside these and a row of the table."""

from typing import Any, Literal, get_args

from models.lifecycle.line import Line
from models.lines.request_classifier import RequestClassifierLine
from models.lines.summarizer import SummarizerLine

# Written out: the launch forms of the flows offer these to choose from.
LineName = Literal["summarizer", "request-classifier"]

SUMMARIZER = SummarizerLine()
REQUEST_CLASSIFIER = RequestClassifierLine()

LINES: dict[LineName, Line[Any]] = {"summarizer": SUMMARIZER, "request-classifier": REQUEST_CLASSIFIER}
NAMES: tuple[LineName, ...] = get_args(LineName)
