"""The list of words that callers and agents say: ``python -m models.recipe.common_words`` writes ``models/call/common_words.txt`` anew."""

import re
from collections import Counter

from models.call.common_words import WORDS
from models.recipe import WRITERS
from models.summarizer.written import everything

LEAST = 3
LONGEST_SYLLABLES = 8


def counted() -> list[str]:
    """Words of Hangul, two syllables to eight, that the recipe's writers have three times or more, in order."""
    found = Counter(word for row in everything(WRITERS) for turn in row.conversation for word in re.findall(r"[가-힣]+", turn.text))
    return sorted(word for word, times in found.items() if times >= LEAST and 2 <= len(word) <= LONGEST_SYLLABLES)


if __name__ == "__main__":
    WORDS.write_text("\n".join(counted()) + "\n", "utf-8")
