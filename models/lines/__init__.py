"""The lines of models that there are, by name. A new line is a module beside these and a row of the table."""

from typing import Any, Literal, get_args

from models.lifecycle.line import Line
from models.lines.request_classifier import RequestClassifierLine
from models.lines.signals import DangerLine, EmotionLine
from models.lines.summarizer import SummarizerLine

# Written out: the launch forms of the flows offer these to choose from.
LineName = Literal["summarizer", "request-classifier", "emotion", "danger"]

SUMMARIZER = SummarizerLine()
REQUEST_CLASSIFIER = RequestClassifierLine()
EMOTION = EmotionLine()
DANGER = DangerLine()

LINES: dict[LineName, Line[Any]] = {
    "summarizer": SUMMARIZER,
    "request-classifier": REQUEST_CLASSIFIER,
    "emotion": EMOTION,
    "danger": DANGER,
}
NAMES: tuple[LineName, ...] = get_args(LineName)
