"""Signs that a recognizer left out, put back before a caller's words are shortened: where sentences end, and which of them ask.

    SignWriter.load(SHIPPED_SIGNS).with_signs("차 안 빌릴게요 하루에 얼마예요")    → "차 안 빌릴게요… 하루에 얼마예요?"

Many Korean endings state and ask alike ("실비 돼요"), so a linear model looks at the word's last syllables together with what follows, what
stands before, and whether a question word is near. A sentence that does not surely ask ends open ("…"): its ending has to tell.
``models.recipe.signs_recipe`` makes its weights.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.summarizer.linear import Linear, columns

WEIGHTS = "signs.safetensors"
GOES_ON, ENDS, ASKS = range(3)  # what a word does
ENDED = 0.5  # how likely a sentence has to end after a word
SURELY_ASKS = 0.8  # share of asking among ends; below it a sentence may state or ask, and its ending has to tell
ASKED, OPEN = "?", "…"
SIGNS = ".,?!…"
_QUESTION_WORD = re.compile(r"언제|얼마|뭐|뭘|뭔|무엇|무슨|어떻|어떤|어디|몇|왜|누구|누가|누굴|어느|며칠|혹시|어째|우째|우예")
_REPORTED = re.compile(r"[라다냐자] (?:그래|그러|그랬|그럽|카|캐|하|했|해)\S*$")  # 자식들이 달라 그래서, 오늘까지 내라 하네요
_NUMERAL = re.compile(r"[영공일이삼사오육칠팔구십백천만억조]+")  # 이 구만 팔천 원
_ASKING = re.compile(r"(?:나|까|가|니|냐|노|교)(?:요|예)?$")
_KNOWN = re.compile(r"지(?:는|도|를|만)?$|든(?:지)?$")
_DENIES = frozenset(("안", "못"))  # 계산이 안 맞아요 asks seldom
_NEAR = 9  # words in which a question word is looked for
_FAR = 4  # words from which on it does not matter how far
_NO_WORD = "</>"


def features(words: Sequence[str], place: int, begin: int) -> Iterator[str]:
    """What is seen of a word without signs, in a sentence that begins at ``begin``; each as a text of its own."""
    word = words[place]
    after, later = (words[i] if i < len(words) else _NO_WORD for i in (place + 1, place + 2))
    before = words[place - 1] if place else _NO_WORD
    last, two, three = word[-1:], word[-2:], word[-3:]
    asked = next((place - i for i in range(place, max(begin, place - _NEAR) - 1, -1) if _QUESTION_WORD.match(words[i])), None)
    near = "-" if asked is None else min(asked, _FAR)
    far = min(place - begin, _FAR + 1)
    yield from (f"1{last}", f"2{two}", f"3{three}", f"4{word[-4:]}", f"w{word}", f"b{before[-2:]}|{two}", f"B{before}|{two}")
    yield from (f"a{after[:1]}", f"A{after[:2]}", f"n{after}", f"N{after}|{later[:2]}")
    yield from (f"x{two}|{after[:1]}", f"y{two}|{after}", f"z{three}|{after[:2]}", f"v{last}|{after[:2]}")
    yield from (f"q{near}", f"q{near}|{two}", f"Q{near}|{three}", f"e{near}|{after == _NO_WORD}|{two}")
    yield from (f"f{far}|{last}", f"F{far}|{two}", f"h{words[begin][:2]}|{two}")


def _asks(words: Sequence[str]) -> bool:
    """Whether a sentence's ending, or a question word that is not part of a clause (뭔지는 알겠는데), makes it a question."""
    return _ASKING.search(words[-1]) is not None or any(_QUESTION_WORD.match(word) and not _KNOWN.search(word) for word in words)


class SignWriter:
    """Puts signs where they are missing. Safe between threads."""

    def __init__(self, linear: Linear) -> None:
        """``linear`` has the classes ``GOES_ON``, ``ENDS`` and ``ASKS``."""
        self._linear = linear

    @classmethod
    def load(cls, folder: Path) -> "SignWriter":
        """Read the weights; ConfigurationError where they are missing."""
        return cls(Linear.load(folder / WEIGHTS, "python -m models.recipe.signs_recipe"))

    def with_signs(self, text: str, answers: bool = False) -> str:
        """A text whose every sentence ends with a sign; those that it has stay, and so do its spaces.

        What ``answers`` a question seldom asks: there only a question word or an ending that nothing else has makes one.
        """
        signed, done = "", 0
        for place, sign in self.missing(text, answers):
            signed += text[done:place] + sign
            done = place
        return signed + text[done:]

    def missing(self, text: str, answers: bool = False) -> Iterator[tuple[int, str]]:
        """Where a sign is missing (the characters before it), and which."""
        found = [word for word in re.finditer(r"\S+", text) if word[0].strip(SIGNS)]
        words = [word[0].rstrip(SIGNS) for word in found]
        begin = 0
        for place, word in enumerate(found):
            sign = word[0][-1]
            if sign not in SIGNS:
                goes_on = _NUMERAL.fullmatch(words[place]) or _REPORTED.search(" ".join(words[place : place + 2]))
                sign = "" if goes_on else self._sign_after(words, place, begin)
                said = words[begin : place + 1]
                if sign == ASKED and (answers or _DENIES.intersection(said[-3:])) and not _asks(said):
                    sign = OPEN
                if sign:
                    yield word.end(), sign
            if sign and sign != ",":
                begin = place + 1

    def _sign_after(self, words: Sequence[str], place: int, begin: int) -> str:
        _, states, asks = self._linear.shares(columns(features(words, place, begin)))
        if (ends := states + asks) < ENDED:
            return ""
        return ASKED if asks >= SURELY_ASKS * ends else OPEN
