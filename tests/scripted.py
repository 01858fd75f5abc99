"""An engine that answers from a table, and the summarizer around it."""

import time
from collections.abc import Sequence

from models.summarizer import SHIPPED_MODEL
from models.summarizer.summarizer import AbstractiveSummarizer
from models.summarizer.vocabulary import Vocabulary

VOCABULARY = Vocabulary.load(SHIPPED_MODEL)


class Scripted:
    """An engine that answers from a table and remembers the batches it was given."""

    device = "cpu"
    max_input_tokens = 1024
    beams = 4

    def __init__(self, seconds: float = 0.0, candidates: Sequence[str] = ()) -> None:
        self.seconds, self.candidates, self.batches = seconds, list(candidates), list[list[str]]()

    def count_tokens(self, text: str) -> int:
        return len(text)

    def token_upper_bound(self, text: str) -> int:
        return self.count_tokens(text)

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        self.batches.append(list(texts))
        time.sleep(self.seconds)
        if "터짐" in texts:
            raise RuntimeError("the engine broke")
        return [self.candidates or [f"{text} 요약"] for text in texts]


def scripted(engine: Scripted) -> AbstractiveSummarizer:
    return AbstractiveSummarizer(engine, "scripted", "0", VOCABULARY.with_own_words())
