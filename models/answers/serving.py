"""An index ready for service, behind the interface that every hot-swapped model has."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from models.answers.answerer import Answerer
from models.answers.encoder import Encoder
from models.answers.index import Index
from models.answers.nearest import Nearest
from models.answers.told import NotHeld, Place, Suggested

WARM_UP = "보험료 자동이체일을 바꾸고 싶어요"


class LoadedAnswers:
    """Answers questions by one version of the index; a ``models.lifecycle.line.LoadedModel``."""

    device = "cpu"

    def __init__(self, folder: Path, encoder: Encoder, version: str, near: Callable[[Index], Nearest] | None = None) -> None:
        """Load the folder; ModelRefused where it is damaged. ``near`` tells where its vectors are, if not in memory."""
        index = Index.load(folder)
        if near is not None:
            index.near = near(index)
        self._answerer = Answerer(index, encoder, version)

    def among(self, question: str, places: Callable[[Place], bool]) -> Suggested | NotHeld:
        """The answer to a question among the passages at some places."""
        return self._answerer.answer(question, places)

    def answers(self, texts: Sequence[str]) -> Sequence[Suggested | NotHeld]:
        """Answers to questions, in order."""
        return [self._answerer.answer(text) for text in texts]

    attempts = answers

    async def answer(self, text: str) -> Suggested | NotHeld:
        """One answer, computed in a thread."""
        return await asyncio.to_thread(self._answerer.answer, text)

    def close(self) -> None:
        """Nothing is held but memory."""
