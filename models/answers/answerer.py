"""Answers a question from an index: the likeliest passage's sentences, quoted, or that the documents do not hold it."""

from typing import Protocol

from models.answers.told import NotHeld, Suggested


class Answers(Protocol):
    """Whoever answers questions from the documents; ``Answerer`` by an index in this process."""

    def answer(self, question: str) -> Suggested | NotHeld:
        """The answer to one question as somebody asks it, in about 20 ms. Never raises on odd questions: an empty one is not held."""
