"""A shortener that takes no sentence apart twice: what is to be done is read from the same sentences several times over."""

from typing import Any

from models.summarizer.own_words import Shortener


class RememberingShortener(Shortener):
    """Remembers every sentence's morphemes for as long as it lives: a call's, or a whole training's."""

    def __init__(self) -> None:
        self._known: dict[str, list[Any]] = {}

    def tokens(self, text: str) -> list[Any]:
        """A text's morphemes."""
        if text not in self._known:
            self._known[text] = super().tokens(text)
        return self._known[text]
