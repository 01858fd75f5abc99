"""More ways to say the same: what recognizers do to speech, and the same request about another product.

Hand-written pairs are few and worth most. ``say_otherwise`` roughens an inquiry the way a telephone line and a recognizer do; its
summary stays. ``another_product`` puts another line of business (or none) into inquiry and summary alike, so that the model learns to
copy the product that is said and to write none where none is said, not to guess it from the rest.
"""

import random
import re
from dataclasses import dataclass, replace

from models.recipe.judge import judge
from models.recipe.phrases.manners import CLOSINGS as FAREWELLS
from models.recipe.phrases.manners import CONFIRMATIONS, GREETINGS, SMALL_TALK
from models.recipe.taxonomy import LINES_OF_BUSINESS

# Requests that any product can be the object of; a vehicle or a tooth in the story ties the others to their line.
ANY_PRODUCT = frozenset(
    [
        "documents",
        "claim",
        "delay",
        "denial",
        "cancel",
        "withdraw",
        "refund",
        "certificate",
        "auto_debit",
        "reinstate",
        "loan",
        "renewal",
        "premium",
        "enroll",
        "terms",
        "rider",
        "waiting_period",
        "maturity",
        "double_cover",
        "complaint",
        "contact",
        "digital",
    ]
)
FILLERS = ("어", "음", "그", "저", "저기", "아", "네", "예", "그니까", "뭐", "이제", "좀", "아니", "막", "그게")
OPENINGS = (
    "여보세요.",
    "안녕하세요.",
    "네 안녕하세요.",
    "수고하십니다.",
    "저기요.",
    "네 여보세요",
    "예 안녕하십니까",
    "뭐 좀 물어볼게요.",
    "말씀 좀 여쭐게요.",
)
CLOSINGS = ("감사합니다.", "부탁드립니다.", "네 감사합니다.", "확인 좀 부탁드려요.", "기다릴게요.", "네 네", "빨리 좀요.", "수고하세요.")
_SOUNDS = (
    ("되", "돼"),
    ("돼", "되"),
    ("데", "대"),
    ("내", "네"),
    ("에", "의"),
    ("왜", "외"),
    ("어떻게", "어떡해"),
    ("낫", "났"),
    ("안 ", "않 "),
)
_CHAT = [line for line in (*CONFIRMATIONS, *SMALL_TALK["polite"]) if "{" not in line]
_NAMES = {line.name for line in LINES_OF_BUSINESS}
_NAMING = re.compile("보험|실비|실손|연금|저축|상해|일배책|배상|책임")
_BARE = re.compile(r"(?<![가-힣])보험(?=[을를이은도에의인 ,.?]|만 |으로)")


@dataclass(frozen=True)
class Labelled:
    """A pair with what it is about: ``product`` a line of business or empty, ``request`` the kind's key."""

    input: str
    summary: str
    product: str
    request: str


def say_otherwise(text: str, rng: random.Random, strength: float = 1.0) -> str:
    """The text as a recognizer might have written it: fillers, repeats, lost particles and stops, wrong spacing, wrong syllables."""
    words = text.split()
    spoken: list[str] = []
    for word in words:
        roll = rng.random() / strength
        if roll < 0.03:
            spoken.append(rng.choice(FILLERS))
        elif roll < 0.045:
            spoken.append(word.rstrip(".,?!"))
        elif roll < 0.075 and len(word) > 2 and word[-1] in "을를은는이가":
            word = word[:-1]
        elif roll < 0.09:
            before, after = rng.choice(_SOUNDS)
            word = word.replace(before, after)
        elif roll < 0.11 and len(word) > 3:
            cut = rng.randrange(1, len(word))
            word = f"{word[:cut]} {word[cut:]}"
        elif roll < 0.14 and spoken:
            word = spoken.pop() + word
        elif roll < 0.155 and len(word) < 3:
            continue
        spoken.append(word)
    said = " ".join(spoken)
    if rng.random() < 0.3 * strength:
        said = re.sub(r"[.,?!…~]+", "" if rng.random() < 0.7 else " ", said)
    if rng.random() < 0.12 * strength:
        said = f"{rng.choice(OPENINGS)} {said}"
    if rng.random() < 0.12 * strength:
        said = f"{said} {rng.choice(CLOSINGS)}"
    return " ".join(said.split()) or text


def lose_words(text: str, summary: str, rng: random.Random, most: float) -> str:
    """The inquiry without up to ``most`` of its words, never without those that name a product or what the summary begins with.

    A model that must find the request in what is left learns to weigh all the evidence, not one telling phrase. What the summary
    says beside the request must stay sayable: otherwise the model would learn to make it up.
    """
    told = " ".join(summary.split()[:-3])
    share = rng.uniform(0.0, most)
    kept = [word for word in text.split() if _NAMING.search(word) or word[:2] in told or rng.random() >= share]
    return " ".join(kept) or text


def in_a_long_call(text: str, rng: random.Random) -> str:
    """The inquiry as a few minutes' call has it: greeting, identification and small talk before it, answers and farewells after it."""
    before = [rng.choice(GREETINGS["polite"]), *rng.sample(_CHAT, 20)]
    after = [*rng.sample(_CHAT, 20), *rng.sample(FAREWELLS, 3)]
    return " ".join([*before, text, *after])


def among_small_talk(text: str, rng: random.Random) -> str:
    """The inquiry as condensing leaves it of a long call: with a few lines of small talk still around it."""
    lines = rng.sample(_CHAT, rng.randint(3, 9))
    place = rng.randint(0, len(lines))
    return " ".join([*lines[:place], text, *lines[place:]])


def another_product(pair: Labelled, rng: random.Random) -> Labelled:
    """The same request about another product, about none, or about one where none was named; unchanged where the story ties it to one."""
    if pair.request not in ANY_PRODUCT:
        return pair
    if not pair.product:
        other = _with_product(pair, rng)
    elif rng.random() < 0.35:
        other = _without_product(pair)
    else:
        other = _swap(pair, rng)
    # Words around the new name may make it something else (고양이 보험 금액 is an amount): then the pair stays as it was.
    return other if judge(other.input, other.summary, other.product, other.request).right else pair


def _said(pair: Labelled) -> str:
    """What the caller calls the product where that can be exchanged: it ends in 보험 and is no part of 보험금, 보험료 and the like."""
    line = next(line for line in LINES_OF_BUSINESS if line.name == pair.product)
    for alias in sorted({line.name, *line.aliases}, key=len, reverse=True):
        if alias in pair.input:
            return alias if alias.endswith("보험") and not re.search(f"{alias}[금료사증]", pair.input) else ""
    return ""


def draw_product(rng: random.Random, but: str = "") -> tuple[str, str]:
    """Any line of business but one: its name, and a name that callers use for it and that ends in 보험."""
    line = rng.choice([line for line in LINES_OF_BUSINESS if line.name != but])
    return line.name, rng.choice([alias for alias in line.aliases if alias.endswith("보험")] or [line.name])


def _swap(pair: Labelled, rng: random.Random) -> Labelled:
    said = _said(pair)
    if not said or pair.product not in pair.summary:
        return pair
    name, alias = draw_product(rng, pair.product)
    return replace(pair, input=pair.input.replace(said, alias), summary=pair.summary.replace(pair.product, name), product=name)


def _without_product(pair: Labelled) -> Labelled:
    said = _said(pair)
    if not said or not pair.summary.startswith(pair.product + " ") or pair.input.count("보험") < 1:
        return pair
    text = pair.input.replace(said, "보험")
    line = next(line for line in LINES_OF_BUSINESS if line.name == pair.product)
    if any(alias in text for alias in line.aliases):
        return pair
    return replace(pair, input=text, summary=pair.summary.removeprefix(pair.product + " "), product="")


def _with_product(pair: Labelled, rng: random.Random) -> Labelled:
    if not _BARE.search(pair.input) or any(name in pair.summary for name in _NAMES):
        return pair
    name, alias = draw_product(rng)
    return replace(pair, input=_BARE.sub(alias, pair.input, count=1), summary=f"{name} {pair.summary}", product=name)
