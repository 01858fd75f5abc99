"""Which words stand behind a deed as what the call is about, of all that may be told: the ones that say most of it.

    R: 변액연금 넣고 있는데요, 이거 깨면 얼마나 손해인지 문의, 여섯 달만 쉬게 해 달라는 요청
        상담원: 신청서 링크를 문자로 보내 드리겠습니다.    → 신청서 링크를 문자로 발송 (변액연금 여섯 달만 쉬게 요청)

What was said back, the call's topics, each phrase of the request and two of them together are weighed by how likely a summary names their
words (``models.actions.keywords``), whether they ask for something, read as a note, and take up what was said just before the deed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from models.actions.keywords import words_in
from models.actions.topics import ASKS, CALLS, POINTS, SPEAKS, clean
from models.summarizer.own_words import Shortener

LONGEST = 44  # characters
LEAST = 0.6  # what is worth less says nothing to work by
_FEW, _TELLING = 3, 0.4  # so few words with one noun, which is not likely, tell nothing
_UNKNOWN = 0.1  # of a word that no summary named yet: it tells the one call from another
_PAIR = 2
_ENOUGH = 1.2  # what one phrase is worth that needs no second one
_ASKED, _NOTED, _SPOKEN, _POINTING, _TWO, _NEAR, _SHORT, _BARE, _SUM = 0.5, 0.3, -0.5, -0.4, -0.2, 0.2, 0.6, 0.1, 0.2
_MEANT = 0.3
_INTENDS = re.compile(r"(?:면 함|려고(?: 함)?|[아어]야 (?:됨|함))$")
_NOTE = re.compile(r"(?:지|음|[가-힣](?<=[함됨옴김임봄]))$")
_SUMS = re.compile(r"[일이삼사오육칠팔구십백천만억\d]+ ?(?:원|세|달|년|대|명|억|만|백|천)(?![가-힣]*금)")
_IF = re.compile(r"(?<!\S)(?:안 되|못 [가-힣]+|있으|없으|넘으|넘|되|아니|그러)면 ")  # the second wish of somebody who has two
_BESIDES = re.compile(r"[가-힣]도 (?:\S+ )?(?:되|나오|가능|해당)\S*지")  # 외국 사람도 되는지
_ONLY_THE_WAY = re.compile(r"(?:문자|메일|팩스|우편|카톡|링크)(?:으?로)? (?:\S+ )?(?:발송|보내|넣어|달라|하겠)|(?:내|하|보내|받|주)겠음$")
_OF_THE_CALL_ITSELF = re.compile(
    r"전화(?:를)? ?(?:드렸|했|드린|한|걸)|^(?:아님|괜찮음|그렇게 진행 요청)$|그분|그 사람|걔|(?:사람|[가-힣]팀|직원)$"
)
_CLAUSE = re.compile(
    r"(?:(?<=[은인한던는]데)|(?<=데요)|(?<=니까)|(?<=[어아해라대래워겨려져와]서)|(?<=려고)|(?<=지만)|(?<=고요)|(?<=[가-힣]고)) (?=\S+ \S)"
)
_SURE = 0.6
_CHANGE = "변경"
_KNOWN = 0.12
_OF_PARTY = 0.25
_QUESTION = re.compile(r"(?:지|문의)$")
# Whose part a change is of: one that is not likely is named in passing (계약자는 저 그대로).
_PARTY = re.compile(r"계약자|수익자|예금주|명의|피보험자")
# Numbers of persons, days of birth, words that only point.
_STRAY = re.compile(
    r"(?:(?<!\S)[영공일이삼사오육칠팔구십]{2,} ){2,}|\S+ ?년 \S{1,3} ?월 \S{1,4} ?일 "
    r"|(?<!\S)(?:그려|제|내|그거|그걸|그것만|그거를|그라믄|그라모|그러려면|우선|혹시) (?=\S)"
)


_PRICES = (
    (SPEAKS, _SPOKEN),
    (CALLS, _SPOKEN),
    (_OF_THE_CALL_ITSELF, _SPOKEN),
    (_ONLY_THE_WAY, _SPOKEN),
    (POINTS, _POINTING),
    (_BESIDES, _POINTING),
    (_IF, 2 * _POINTING),
)


@dataclass(frozen=True)
class Matter:
    """What may be told as the matter; ``short`` where it is as staff name it: said back, a case, a topic, the product."""

    text: str
    short: bool = False
    phrases: tuple[str, ...] = ()  # of the request, of which it is made


def phrases(request: str) -> list[str]:
    """The phrases of a request, each without what was told before it where it is too long."""
    told = (phrase.rpartition("? ")[2] for phrase in request.rpartition(" 관련, ")[2].split(", "))  # what is wanted behind a reproach
    found = (_STRAY.sub("", clean(phrase)) for phrase in told)
    return [short for phrase in found if phrase and "?" not in phrase and (short := _end_of(phrase))]


def _end_of(phrase: str) -> str:
    """The clauses at the end of a phrase that are no longer than a matter."""
    begins = [0, *(found.end() for found in _CLAUSE.finditer(phrase))]
    return next((phrase[begin:] for begin in begins if len(phrase) - begin <= LONGEST), "")


def requested(request: str, product: str) -> Iterator[Matter]:
    """The phrases of a request and any two of them that go together, with the product in front where none of them names it."""
    told = phrases(request)
    for chosen in (*((one,) for one in told), *combinations(told, 2)):
        whole = ", ".join(chosen)
        named = not product or product.removesuffix("보험") in whole
        full = whole if named else f"{product} {whole}"
        if fitting := next((one for one in (full, whole) if len(one) <= LONGEST), ""):
            yield Matter(fitting, phrases=chosen)


def changed_party(likely: Mapping[str, float], product: str) -> Iterator[Matter]:
    """Whose part is changed, where both are sure: 종신보험 수익자 변경, which callers describe (죽으면 돈 받는 사람)."""
    parties = sorted((word for word, how in likely.items() if _PARTY.fullmatch(word) and how >= _SURE), key=lambda word: -likely[word])
    if parties and likely.get(_CHANGE, 0.0) >= _SURE:
        yield Matter(f"{product} {parties[0]} {_CHANGE}".strip(), short=True)


def _reads_as_note(piece: str, shortener: Shortener) -> bool:
    tokens = shortener.tokens(piece)
    return _NOTE.search(piece) is not None or (bool(tokens) and tokens[-1].tag in ("NNG", "NNP", "XSN", "NNB", "NR", "SN"))


def worth(matter: Matter, likely: Mapping[str, float], near: str, shortener: Shortener) -> float:
    """How much a matter tells of the call; ``near`` is what was said just before the deed."""
    words = dict.fromkeys(word for part in _parts(matter) for word, *_ in words_in(part, shortener))
    telling = max((likely.get(word, 0.0) for word in words), default=0.0) >= _TELLING or matter.short
    if not telling and len(words) <= 1 and len(matter.text.split()) <= _FEW:
        return 0.0  # 되는지 문의, 치아보험 되는지 문의
    if not words and _QUESTION.search(matter.text):
        return 0.0  # 어떻게 해야 되는지 방법 문의
    told = sum(max(likely.get(word, _UNKNOWN), _UNKNOWN) + (_NEAR if word in near else 0) for word in words)
    if matter.short:
        in_passing = any(_PARTY.search(word) and _likeliest(word, likely) < _OF_PARTY for word in words)
        return told + (_SHORT if " " in matter.text and not matter.text.endswith(" 관련") and not in_passing else _BARE)
    pieces = matter.phrases
    knows = any(likely.get(word, 0.0) >= _KNOWN for word in words if not word.endswith("보험"))
    told += _ASKED if any(ASKS.search(piece) and (knows or not _QUESTION.search(piece)) for piece in pieces) else 0
    told += _MEANT if any(map(_INTENDS.search, pieces)) else 0
    told += _SUM if _SUMS.search(matter.text) else 0
    notes = [_reads_as_note(piece, shortener) for piece in pieces]
    told += _NOTED if all(notes) else _SPOKEN * notes.count(False)
    for unclear, price in _PRICES:
        told += price * sum(unclear.search(piece) is not None for piece in pieces)
    return told + _TWO * (len(pieces) - 1)


def _parts(matter: Matter) -> Iterator[str]:
    """The product and each phrase by itself, so that no phrase is taken apart once more for each other that it is told with."""
    yield from matter.phrases or (matter.text,)
    if matter.phrases and not matter.text.startswith(matter.phrases[0]):
        yield matter.text[: matter.text.index(matter.phrases[0])].strip()


def _likeliest(word: str, likely: Mapping[str, float]) -> float:
    """The likelihood of a word, or of a longer one that holds it: 수익자 of 사망수익자."""
    return max((how for other, how in likely.items() if word in other), default=_UNKNOWN)


def ranked(matters: Sequence[Matter], likely: Mapping[str, float], near: str, shortener: Shortener) -> list[str]:
    """The matters that are worth telling, the best first; two phrases only where none says enough by itself."""
    weighed = [(worth(one, likely, near, shortener), one) for one in matters]
    alone = max((value for value, one in weighed if len(one.phrases) < _PAIR), default=0.0)
    telling = [(value, one) for value, one in weighed if value >= LEAST and (alone < _ENOUGH or len(one.phrases) < _PAIR)]
    best = [one.text for _, one in sorted(telling, key=lambda found: -found[0])]
    return best or [one.text for one in matters if one.short]
