"""Generate distinct Korean insurance inquiries with their summaries, from the phrase banks, deterministic under a seed.

An inquiry is composed from independent choices: who speaks and how (style, speech level), what about (line of business or none,
topic or none), the request and one of its ways to be said, what is said around it, in which order, and what the recognizer made
of it. The summary follows from the meaning alone: ``[product] [topic] ending``, product and topic only if the caller says them.

    python -m models.recipe.generator --count 12000 --out data_12000.csv
"""

import argparse
import csv
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from random import Random

from models.errors import ConfigurationError, in_one_sentence
from models.recipe.judge import lines_named_in
from models.recipe.phrases import manners, out_of_domain, products
from models.recipe.phrases.morphology import conjugate, is_past, with_particle
from models.recipe.phrases.requests import INTENTS, Intent
from models.recipe.phrases.topics import FAMILY_SITUATIONS, TOPICS, Topic

_SLOT_OR_CHOICE = re.compile(r"\[([^\]]*)\]|\{([A-Z]+)([가-힣]*)\}")
_SENTENCE_END = re.compile(r"[.?!]+(?=\s|$)")
_ATTEMPTS_PER_PAIR = 60


@dataclass(frozen=True)
class Inquiry:
    """One inquiry with its summary and labels: ``product`` is a line of business or empty, ``request`` a kind's key,
    ``style`` a key of ``manners.STYLE_LEVELS``, ``length`` ``short`` (one or two sentences) or ``long``."""

    id: str
    input: str
    summary: str
    product: str
    request: str
    style: str
    length: str


@dataclass(frozen=True)
class _Slot:
    name: str
    particle: str


_Part = str | tuple[str, ...] | _Slot


@lru_cache(maxsize=32768)
def _parse(template: str) -> tuple[_Part, ...]:
    parts: list[_Part] = []
    end = 0
    for match in _SLOT_OR_CHOICE.finditer(template):
        if match.start() > end:
            parts.append(template[end : match.start()])
        parts.append(tuple(match[1].split("|")) if match[2] is None else _Slot(match[2], match[3]))
        end = match.end()
    if end < len(template):
        parts.append(template[end:])
    return tuple(parts)


class _Speaker:
    """One caller in one call: fills slots and puts endings on clauses, always in the same voice."""

    def __init__(self, rng: Random, style: str, product: str, topic: Topic | None, owned: bool = True) -> None:
        self.rng = rng
        self.style = style
        self.level = rng.choice(manners.STYLE_LEVELS[style])
        self.topic = topic
        self.product_name = rng.choice(products.SPOKEN_NAMES[product]) if product else ""
        self.other_product = ""
        self.unnamed = rng.choice(manners.UNNAMED) if owned else "보험"
        self.names_product_in_clauses = bool(product)
        self.family = style == "proxy" or rng.random() < 0.25
        self.joins_auxiliary = rng.random() < 0.5

    def pick(self, options: Sequence[str]) -> str:
        """One of the options."""
        return options[int(self.rng.random() * len(options))]

    def fill(self, template: str, **given: str) -> str:
        """The template with its choices made and its slots filled."""
        filled = []
        parts = _parse(template)
        for position, part in enumerate(parts):
            if isinstance(part, str):
                filled.append(part)
            elif isinstance(part, tuple):
                filled.append(self.fill(self.pick(part), **given))
            else:
                following = parts[position + 1] if position + 1 < len(parts) else ""
                filled.append(self._value(part, following if isinstance(following, str) else "", given))
        return "".join(filled)

    def _value(self, slot: _Slot, following: str, given: dict[str, str]) -> str:
        if slot.name in given:
            word = given[slot.name]
        elif slot.name == "P":
            word = self.product_name if self.names_product_in_clauses else self.unnamed
            bare = not slot.particle and not self.names_product_in_clauses
            if bare and following.startswith(" 보험"):
                return ""
        elif slot.name == "T":
            assert self.topic is not None
            word = self.pick(self.topic.said or (self.topic.name,))
        elif slot.name == "W":
            return self.pick(manners.WHO["family" if self.family else "self"])
        else:
            word = self._detail(slot.name)
        return with_particle(word, slot.particle) if slot.particle and word else word

    def _detail(self, name: str) -> str:
        if name == "NAME":
            return self.pick(manners.SURNAMES) + self.pick(manners.GIVEN_NAMES)
        if name == "D" and self.rng.random() < 0.25:
            return ""
        return self.fill(self.pick(_DETAILS[name]))

    def _humble(self, verb: str) -> str:
        if self.level in ("banmal", "monologue"):
            for polite, plain in _PLAIN_FOR_HUMBLE:
                verb = verb.replace(polite, plain)
        return verb

    def end(self, verb: str, endings: dict[str, tuple[str, ...]]) -> str:
        """The clause as a whole sentence with one of its level's endings."""
        verb = self._humble(verb)
        ending = self.pick(endings[self.level])
        if is_past(verb):
            while ending.startswith("@ ") or ending[:2] == "+서":
                ending = self.pick(endings[self.level])
        return conjugate(verb, ending)

    def say_favor(self, verb: str) -> str:
        """What the company shall do."""
        if verb.endswith("부탁하다"):
            return verb.removesuffix("부탁하다") + self.pick(manners.ASK_A_FAVOR[self.level])
        if self.joins_auxiliary and verb.endswith(" 주다"):
            verb = verb.removesuffix(" 주다") + "주다"
        return self.end(verb, manners.FAVOR_ENDINGS)

    def ask(self, verb: str) -> str:
        """A question, put directly or as something the caller wants to know."""
        if self.rng.random() < 0.6:
            return self.end(verb, manners.QUESTION_ENDINGS)
        ending = self.pick(manners.EMBED_ENDINGS)
        if ending.startswith("@ ") and is_past(verb):
            ending = "@지"
        embedded = conjugate(verb, ending)
        particle = embedded[-1] if ending in ("@지를", "@지가") else ""
        if particle != "가" and self.rng.random() < 0.5:
            return embedded + " " + self.pick(("", "", "좀 ", "한번 ")) + self.say_favor(self.pick(manners.KNOW_FAVORS))
        return embedded + " " + self.end(self.pick(manners.KNOW_WISHES[particle]), _WISH_ENDINGS)

    def voice(self, text: str) -> str:
        """The text with its pronouns in the speaker's level."""
        if self.level in ("banmal", "monologue", "elderly"):
            return _HUMBLE_PRONOUN.sub(lambda match: _PLAIN_PRONOUNS[match.group()], text)
        return text


_DETAILS: dict[str, tuple[str, ...]] = {
    "D": manners.WHEN, "K": manners.PERIODS, "Y": manners.YEARS, "M": manners.MONEY, "AGE": manners.AGES, "MONTH": manners.MONTHS,
    "DAY": manners.DAYS, "BIRTH": manners.BIRTHS, "PHONE": manners.PHONES,
}  # fmt: skip
_PLAIN_FOR_HUMBLE = (
    ("문의드리", "물어보"),
    ("전화드렸", "전화했"),
    ("연락드렸", "연락했"),
    ("여쭤보", "물어보"),
    ("요청드리", "요청하"),
    ("여쭤", "물어"),
)
_PLAIN_PRONOUNS = {
    "제가": "내가",
    "제": "내",
    "저희": "우리",
    "저는": "나는",
    "저도": "나도",
    "저한테": "나한테",
    "저만": "나만",
    "저랑": "나랑",
}
_HUMBLE_PRONOUN = re.compile(r"(?<![가-힣])(?:제가|저희|저는|저도|저한테|저만|저랑|제)(?=\s)")
_WISH_ENDINGS: dict[str, tuple[str, ...]] = {
    "polite": ("+요.", "+요.", "@데요.", "-거든요.", "+서요.", "=ㅂ니다."),
    "formal": ("=ㅂ니다.",),
    "banmal": ("+.", "+.", "@데.", "-거든.", "+서."),
    "monologue": ("@데.", "-네.", "+."),
    "elderly": ("+요.", "@데.", "#구먼.", "+서 그래요.", "@데 말이여."),
}


def _request_clauses(intent: Intent, bank: str, with_topic: bool) -> tuple[str, ...]:
    clauses: tuple[str, ...] = getattr(intent, bank)
    return clauses if with_topic else tuple(clause for clause in clauses if "{T" not in clause)


_BANK_WEIGHTS = (("asks", 3.2), ("acts", 2.6), ("favors", 2.2), ("hints", 2.6), ("infos", 1.6), ("deeds", 1.6))


@lru_cache(maxsize=1024)
def _banks(position: int, with_topic: bool) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[float, ...]]:
    """The clause banks of an intent that can be used, and the cumulated weight of each."""
    usable = [(bank, _request_clauses(INTENTS[position], bank, with_topic), weight) for bank, weight in _BANK_WEIGHTS]
    usable = [entry for entry in usable if entry[1]]
    return tuple((bank, clauses) for bank, clauses, _ in usable), tuple(accumulate(weight for _, _, weight in usable))


def _sentence(speaker: _Speaker, bank: str, clause: str) -> str:
    """One clause of a bank as a sentence."""
    text = speaker.fill(clause)
    roll = speaker.rng.random()
    if bank == "asks":
        return speaker.ask(text)
    if bank == "acts":
        return speaker.end(text, manners.ACT_ENDINGS)
    if bank == "favors":
        return speaker.say_favor(text)
    if bank == "hints":
        told = speaker.end(text, manners.STATEMENT_ENDINGS)
        return told if roll < 0.55 else f"{told} {speaker.pick(manners.FOLLOW_UPS[speaker.level])}"
    wishes, favors, questions, bare = _NOUN_FRAMES[bank]
    if roll < 0.4:
        return speaker.end(speaker.fill(speaker.pick(wishes), N=text), _WISH_ENDINGS)
    if roll < 0.65:
        return speaker.say_favor(speaker.fill(speaker.pick(favors), N=text))
    if roll < 0.85:
        return speaker.end(speaker.fill(speaker.pick(questions), N=text), manners.QUESTION_ENDINGS)
    return speaker.fill(speaker.pick(bare[speaker.level]), N=text)


_NOUN_FRAMES = {
    "infos": (manners.INFO_WISHES, manners.INFO_FAVORS, manners.INFO_QUESTIONS, manners.INFO_BARE),
    "deeds": (manners.DEED_WISHES, manners.DEED_FAVORS, manners.DEED_QUESTIONS, manners.DEED_BARE),
}


def _situation(speaker: _Speaker, topic: Topic) -> str:
    """What happened, in dictionary form."""
    shared = FAMILY_SITUATIONS[topic.family]
    own = topic.situations
    chosen = speaker.pick(own) if own and (not shared or speaker.rng.random() < 0.6) else speaker.pick(shared)
    return " ".join(speaker.fill(chosen, T=topic.name if not topic.said else speaker.pick(topic.said)).split())


def _lead_in(speaker: _Speaker, situation: str) -> str:
    """A situation with an ending that leads on to the request."""
    endings = manners.JOINING_PLAIN if speaker.level in ("banmal", "monologue", "elderly") else manners.JOINING_ENDINGS
    ending = speaker.pick(endings)
    if is_past(situation) and ending[0] == "+":
        ending = "@데"
    return conjugate(situation, ending)


@dataclass(frozen=True)
class _Meaning:
    position: int
    product: str
    topic: Topic | None

    @property
    def intent(self) -> Intent:
        return INTENTS[self.position]


_INTENT_WEIGHTS = tuple(accumulate(intent.weight for intent in INTENTS))
_LINES = tuple(products.SPOKEN_NAMES)
_LINE_WEIGHTS = tuple(accumulate(products.WEIGHTS.get(line, 1.0) for line in _LINES))


@lru_cache(maxsize=4096)
def _topics_for(position: int, product: str) -> tuple[Topic, ...]:
    """The topics that may be named with an intent and a line of business (any line where it is empty)."""
    intent = INTENTS[position]
    return tuple(
        topic
        for topic in TOPICS
        if topic.family in intent.families
        and (not intent.topics or topic.name in intent.topics)
        and (not product or product in topic.lines)
    )


def _meaning(rng: Random) -> _Meaning:
    position = rng.choices(range(len(INTENTS)), cum_weights=_INTENT_WEIGHTS)[0]
    intent = INTENTS[position]
    product = ""
    if rng.random() < 0.64:
        typical = intent.lines and rng.random() < 0.88
        product = rng.choice(intent.lines) if typical else rng.choices(_LINES, cum_weights=_LINE_WEIGHTS)[0]
    told = _topics_for(position, product) if intent.families else ()
    share = 0.8 if intent.kind in ("coverage", "roadside", "accident_report", "fault_ratio") else 0.5
    topic = rng.choice(told) if told and rng.random() < share else None
    return _Meaning(position, product, topic)


def summarize_meaning(ending: str, product: str, topic: str) -> str:
    """The summary of what was said: ``[product] [topic] ending``.

    A car accident whose caller names no product is asked as ``자동차 사고 보험 여부``; said together with 자동차보험 it is plain ``사고``.
    """
    if topic == "자동차 사고":
        if product == "자동차보험":
            topic = "사고"
        elif not product and ending == "보상 여부 확인 요청":
            ending = "보험 여부 확인 요청"
    if topic.endswith("사고") and ending.startswith("사고 "):
        ending = ending.removeprefix("사고 ")
    return " ".join(part for part in (product, topic, ending) if part)


def _compose(speaker: _Speaker, meaning: _Meaning, long: bool) -> str:
    """The whole inquiry as spoken, clean of recognition noise."""
    rng, level, style = speaker.rng, speaker.level, speaker.style
    before: list[str] = []
    after: list[str] = []
    intent = meaning.intent
    banks, weights = _banks(meaning.position, meaning.topic is not None)

    bank, clauses = rng.choices(banks, cum_weights=weights)[0]
    clause = speaker.pick(clauses)
    carried = bool(meaning.product) and ("{P" not in clause or rng.random() < 0.3)
    trailing = False
    if carried:
        speaker.names_product_in_clauses = rng.random() < 0.2
        roll = rng.random()
        if roll < 0.1:
            speaker.other_product = speaker.pick(products.SPOKEN_NAMES[speaker.pick(_LINES)])
            carrier = speaker.fill(speaker.pick(manners.CONTRAST_CARRIERS[level]), P=speaker.product_name, Q=speaker.other_product)
        elif roll < 0.22:
            trailing = True
            carrier = speaker.fill(speaker.pick(manners.TRAILING_PRODUCT[level]), P=speaker.product_name)
        elif speaker.family and level in ("polite", "formal") and roll < 0.5:
            carrier = speaker.fill(speaker.pick(manners.PROXY_CARRIERS), P=speaker.product_name)
        else:
            carrier = speaker.fill(speaker.pick(manners.PRODUCT_CARRIERS[level]), P=speaker.product_name)
        (after if trailing else before).append(carrier)

    request = _sentence(speaker, bank, clause)
    if style == "ironic" and intent.ironies and rng.random() < 0.8:
        irony = speaker.fill(speaker.pick(intent.ironies))
        alone = rng.random() < 0.35 and (not meaning.product or carried) and (meaning.topic is None or "{T" not in clause)
        request = irony if alone else f"{irony} {request}" if rng.random() < 0.6 else f"{request} {irony}"
    if meaning.topic is not None and ("{T" not in clause or rng.random() < 0.35):
        situation = _situation(speaker, meaning.topic)
        roll = rng.random()
        if roll < 0.5:
            request = f"{_lead_in(speaker, situation)} {request}"
        elif roll < 0.82 or not long:
            before.append(speaker.end(situation, manners.STATEMENT_ENDINGS))
        else:
            after.append(speaker.end(situation, manners.STATEMENT_ENDINGS))
    if level in ("polite", "formal") and rng.random() < 0.06:
        unmeant = rng.choice([kind for kind in manners.NOT_MEANT if kind != intent.kind])
        request = f"{speaker.pick(manners.NOT_MEANT[unmeant])} {request}"
    _dress(speaker, before, after, long)
    if long and rng.random() < 0.15:
        again_bank, again = rng.choices(banks, cum_weights=weights)[0]
        after.append(_sentence(speaker, again_bank, speaker.pick(again)))
    text = " ".join((*before, request, *after))
    return speaker.voice(" ".join(text.split()))


def _dress(speaker: _Speaker, before: list[str], after: list[str], long: bool) -> None:
    """Put around the request what callers say besides it: greetings, moods, small talk, answers to the agent, thanks."""
    rng, level, style = speaker.rng, speaker.level, speaker.style
    if style in manners.MOODS and not (style == "ironic" and rng.random() < 0.3):
        mood = speaker.pick(manners.MOODS[style])
        if style in ("angry", "ironic", "elderly") and rng.random() < 0.45:
            after.append(mood)
        else:
            before.insert(0, mood)
    if long:
        told = max(0, 3 - len(before) - len(after)) + int(rng.random() * 2)
        for talk in rng.sample(manners.SMALL_TALK[level], min(told, len(manners.SMALL_TALK[level]))):
            side = before if rng.random() < 0.62 else after
            side.insert(int(rng.random() * (len(side) + 1)), speaker.fill(talk))
    elif rng.random() < 0.12:
        before.insert(0, speaker.fill(speaker.pick(manners.SMALL_TALK[level])))
    if style == "dialogue":
        for _ in range(1 + int(rng.random() * (4 if long else 2))):
            before.insert(int(rng.random() * (len(before) + 1)), speaker.fill(speaker.pick(manners.CONFIRMATIONS)))
        if rng.random() < 0.6:
            after.extend(speaker.pick(manners.CLOSINGS) for _ in range(1 + int(rng.random() * 2)))
    if rng.random() < (0.45 if long else 0.22):
        before.insert(0, speaker.pick(manners.GREETINGS[level]))
    if rng.random() < (0.3 if long else 0.12):
        after.append(speaker.pick(manners.THANKS[level]))


_HAS_DIGIT = re.compile(r"\d")
_OBJECT_PARTICLE = re.compile(r"(?<=[가-힣]{2})를(?=\s)")


def hear(text: str, rng: Random) -> str:
    """The text as a recognizer of telephone speech may write it: fillers, repeats, lost particles, spacing and punctuation.

    Digits are never touched, and words are only added, repeated, joined, cut or misspelled as they sound.
    """
    if rng.random() < 0.35:
        text = _OBJECT_PARTICLE.sub("", text)
    if rng.random() < 0.25:
        meant = rng.choice([word for word in manners.MISHEARD if word in text] or [""])
        if meant:
            text = text.replace(meant, manners.MISHEARD[meant], 1)
    words = text.split(" ")
    for _ in range(int(rng.random() * 3.2)):
        words.insert(int(rng.random() * (len(words) + 1)), manners.FILLERS[int(rng.random() * len(manners.FILLERS))])
    for _ in range(int(rng.random() * 2.4)):
        _mishear_spacing(words, rng)
    text = " ".join(words)
    roll = rng.random()
    if roll < 0.45:
        text = re.sub(r"[.,!?]+(?=\s|$)", "", text)
    elif roll < 0.6:
        text = re.sub(r"[.!]+(?=\s)", "", text)
    return text


def _mishear_spacing(words: list[str], rng: Random) -> None:
    """Repeat, cut or join one word, in place."""
    position = int(rng.random() * len(words))
    word = words[position]
    if _HAS_DIGIT.search(word):
        return
    roll = rng.random()
    if roll < 0.4:
        words.insert(position, word.rstrip(".,?!")[: 1 + int(rng.random() * 3)])
    elif roll < 0.65 and len(word) >= 4:
        cut = 1 + int(rng.random() * (len(word) - 2))
        words[position : position + 1] = [word[:cut], word[cut:]] if word[cut] not in ".,?!" else [word]
    elif position + 1 < len(words) and not _HAS_DIGIT.search(words[position + 1]) and word[-1] not in ".,?!":
        words[position : position + 2] = [word + words[position + 1]]


_STYLES = tuple(manners.STYLE_WEIGHTS)
_STYLE_WEIGHTS = tuple(accumulate(manners.STYLE_WEIGHTS.values()))
_HEARD_SHARE = 0.3
# Kinds whose callers say plain 보험: they have none yet, or their clauses say 가입한 or 들어 있는 themselves.
_NOT_YET_OWNED = frozenset({"enroll", "withdraw", "double_cover", "terms", "accident_report", "roadside"})


def _draw(rng: Random, number: int) -> Inquiry | None:
    """One inquiry, or None where what came out names another product than meant (a chance meeting of words)."""
    meaning = _meaning(rng)
    style = rng.choices(_STYLES, cum_weights=_STYLE_WEIGHTS)[0]
    owned = meaning.intent.kind not in _NOT_YET_OWNED
    speaker = _Speaker(rng, style, meaning.product, meaning.topic, owned)
    text = _compose(speaker, meaning, long=rng.random() < 0.25)
    sentences = len(_SENTENCE_END.findall(text))
    meant = {meaning.product} if meaning.product else set()
    named = lines_named_in(text)
    if named != meant | (lines_named_in(speaker.other_product) if speaker.other_product else set()):
        return None
    if speaker.other_product and meaning.product in lines_named_in(speaker.other_product):
        return None
    if rng.random() < (0.55 if style == "dialogue" else _HEARD_SHARE):
        heard = hear(text, rng)
        if lines_named_in(heard) == named:
            text = heard
    elif rng.random() < 0.08:
        text = text.rstrip(".")
    summary = summarize_meaning(meaning.intent.ending, meaning.product, meaning.topic.name if meaning.topic else "")
    length = "short" if sentences <= 2 else "long"
    return Inquiry(f"g{number:06d}", text, summary, meaning.product, meaning.intent.kind, style, length)


def _draw_out_of_domain(rng: Random, number: int) -> Inquiry | None:
    subject = rng.choice(out_of_domain.SUBJECTS)
    style = rng.choice(("polite", "formal", "banmal", "elderly", "hesitant"))
    speaker = _Speaker(rng, style, "", None)
    thing = speaker.pick(subject.things)
    bank = rng.choice([bank for bank in ("asks", "acts", "favors", "hints") if getattr(subject, bank)])
    clause = speaker.fill(speaker.pick(getattr(subject, bank)), X=thing)
    if bank != "asks" and bank != "hints" and thing not in clause:
        return None
    text = speaker.voice(" ".join(f"{speaker.pick(out_of_domain.CARRIERS)} {_sentence(speaker, bank, clause)}".split()))
    if lines_named_in(text) or "보험" in text:
        return None
    length = "short" if len(_SENTENCE_END.findall(text)) <= 2 else "long"
    return Inquiry(f"o{number:06d}", text, f"{thing} {subject.ending}", "", "", style, length)


def _distinct(count: int, seed: int, draw: Callable[[Random, int], Inquiry | None]) -> list[Inquiry]:
    rng = Random(seed)
    said: set[str] = set()
    found: list[Inquiry] = []
    for _ in range(count * _ATTEMPTS_PER_PAIR):
        if len(found) == count:
            break
        inquiry = draw(rng, len(found) + 1)
        if inquiry is not None and inquiry.input not in said:
            said.add(inquiry.input)
            found.append(inquiry)
    if len(found) < count:
        raise ConfigurationError(f"The grammar gave {len(found)} distinct inquiries, not {count}: ask for fewer or widen the phrase banks.")
    return found


def generate(count: int, seed: int) -> list[Inquiry]:
    """``count`` distinct insurance inquiries; the same ``count`` and ``seed`` give the same list, a longer list begins with the shorter."""
    return _distinct(count, seed, _draw)


def generate_out_of_domain(count: int, seed: int) -> list[Inquiry]:
    """``count`` distinct inquiries from outside insurance (deliveries, bookings, telephone bills …), with no product and no kind."""
    return _distinct(count, seed, _draw_out_of_domain)


def write_csv(inquiries: Iterable[Inquiry], path: Path, labels: bool = False) -> None:
    """Write the CSV contract (``input,summary``, UTF-8), with the label columns after it when ``labels`` is set."""
    columns = ["input", "summary"]
    if labels:
        columns += [field.name for field in fields(Inquiry) if field.name not in columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([getattr(inquiry, column) for column in columns] for inquiry in inquiries)


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> int:
    """Write a generated data set to a file."""
    parser = argparse.ArgumentParser(
        prog="python -m models.recipe.generator", description="Generate Korean insurance inquiries with their summaries."
    )
    parser.add_argument("--count", type=int, default=12000, help="number of distinct pairs (default: 12000)")
    parser.add_argument("--seed", type=int, default=20, help="the same seed gives the same file (default: 20)")
    parser.add_argument("--out", type=Path, help="file to write (default: data_<count>.csv)")
    parser.add_argument("--labels", action="store_true", help="add the columns id, product, request, style and length")
    parser.add_argument("--out-of-domain", action="store_true", help="generate inquiries from outside insurance instead")
    chosen = parser.parse_args(arguments)
    if chosen.count < 1:
        parser.error("--count must be at least 1")
    draw = generate_out_of_domain if chosen.out_of_domain else generate
    path = chosen.out or Path(f"data_{chosen.count}.csv")
    write_csv(draw(chosen.count, chosen.seed), path, labels=chosen.labels)
    print(f"{path}: {chosen.count} pairs", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
