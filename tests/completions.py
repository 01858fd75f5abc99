"""A language model's endpoint that answers what a test says."""

from collections.abc import Mapping
from typing import Any

from models.errors import VendorUnavailable
from models.summarizer.language_model import Completion


class Answers:
    """An endpoint that answers as it is told and keeps what it was asked."""

    def __init__(self, text: str = "", *, away: bool = False) -> None:
        self.text, self.away, self.asked = text, away, []

    def complete(self, body: Mapping[str, Any], *, until: float) -> Completion:
        self.asked.append(body)
        if self.away:
            raise VendorUnavailable("away")
        return Completion(self.text, True)

    def deadline_in(self, seconds: float) -> float:
        return seconds

    def close(self) -> None:
        """Nothing is open."""
