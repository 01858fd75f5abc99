"""Korean particles and verb endings, so that words and speech levels can vary independently of each other.

A phrase bank writes each clause once, its last verb in dictionary form (``두 달째 돈이 안 들어오다``); ``conjugate`` puts the
ending of any speech level on it. Endings are written with a leading sign for how they attach:

- ``-고``    straight to the stem: 들어오고
- ``=ㄹ까요``  with 으 after a final consonant: 들어올까요, 먹을까요
- ``+요``    to the 아/어 form: 들어와요
- ``@지``    to the adnominal: 들어오는지 for a verb, 비싼지 for an adjective
- ``%요``    to the questioning 나/ㄴ가: 들어오나요, 비싼가요
- ``#구먼``   to the plain present: 들어오는구먼, 비싸구먼

A trailing ``*`` on the dictionary form marks an adjective or the copula 이다.
"""

from functools import lru_cache

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

_REGULAR_B = frozenset("입잡뽑씹집접업좁꼽")
_IRREGULAR_D = frozenset("듣걷묻")
_IRREGULAR_S = frozenset("짓낫붓잇긋")
_REGULAR_REU = ("들르", "치르", "따르")
_CONTRACTIONS = {"ㅗ": "ㅘ", "ㅜ": "ㅝ", "ㅣ": "ㅕ", "ㅚ": "ㅙ"}
_OWN_VOWEL = frozenset("ㅏㅓㅐㅔㅕㅖㅑ")

# How each digit and Latin letter ends when it is read aloud, for the particle that follows it.
_READ_FINALS = {"0": "ㅇ", "1": "ㄹ", "3": "ㅁ", "6": "ㄱ", "7": "ㄹ", "8": "ㄹ", "L": "ㄹ", "M": "ㅁ", "N": "ㄴ", "R": "ㄹ"}

_PARTICLES = {
    "를": ("을", "를"),
    "가": ("이", "가"),
    "는": ("은", "는"),
    "로": ("으로", "로"),
    "랑": ("이랑", "랑"),
    "라": ("이라", "라"),
    "요": ("이요", "요"),
    "나": ("이나", "나"),
    "와": ("과", "와"),
    "예요": ("이에요", "예요"),
    "면": ("이면", "면"),
    "이다": ("이다", "이다"),
}


def _split(syllable: str) -> tuple[str, str, str]:
    code = ord(syllable) - 0xAC00
    return _INITIALS[code // 588], _VOWELS[code % 588 // 28], _FINALS[code % 28].strip()


def _join(initial: str, vowel: str, final: str = "") -> str:
    return chr(0xAC00 + _INITIALS.index(initial) * 588 + _VOWELS.index(vowel) * 28 + _FINALS.index(final or " "))


def final_consonant(word: str) -> str:
    """The final consonant of a word as it is read aloud; empty where it ends in a vowel."""
    last = word[-1]
    if "가" <= last <= "힣":
        return _split(last)[2]
    return _READ_FINALS.get(last.upper(), "")


@lru_cache(maxsize=65536)
def with_particle(word: str, particle: str) -> str:
    """``word`` with a particle in the form its last sound asks for: ``with_particle("증권", "를") == "증권을"``.

    ``particle`` is the form after a vowel (를, 가, 는, 로, 랑, 라, 요, 나, 와, 예요); any other particle is attached as it is.
    """
    pair = _PARTICLES.get(particle)
    if pair is None:
        return word + particle
    final = final_consonant(word)
    closed = bool(final) and not (particle == "로" and final == "ㄹ")
    return word + pair[0 if closed else 1]


def _vowel_form(stem: str) -> str:
    """The 아/어 form of a stem: 하→해, 들어오→들어와, 모르→몰라, 묻→물어."""
    head, last = stem[:-1], stem[-1]
    initial, vowel, final = _split(last)
    if last == "하":
        return head + "해"
    if stem.endswith("르") and len(stem) > 1 and not stem.endswith(_REGULAR_REU):
        before = _split(stem[-2])
        bright = before[1] in "ㅏㅗ"
        return stem[:-2] + _join(before[0], before[1], "ㄹ") + ("라" if bright else "러")
    if final == "":
        if vowel == "ㅡ":
            bright = len(stem) > 1 and "가" <= stem[-2] <= "힣" and _split(stem[-2])[1] in "ㅏㅗ"
            return head + _join(initial, "ㅏ" if bright else "ㅓ")
        if vowel in _OWN_VOWEL:
            return stem
        if vowel in _CONTRACTIONS:
            return head + _join(initial, _CONTRACTIONS[vowel])
        return stem + "어"
    if final == "ㅆ":
        return stem + "어"
    bright = vowel in "ㅏㅗ"
    if final == "ㅂ" and last not in _REGULAR_B:
        return head + _join(initial, vowel) + ("와" if last in "돕곱" else "워")
    if final == "ㄷ" and last in _IRREGULAR_D:
        return head + _join(initial, vowel, "ㄹ") + ("아" if bright else "어")
    if final == "ㅅ" and last in _IRREGULAR_S:
        return head + _join(initial, vowel) + ("아" if bright else "어")
    if final == "ㅎ" and stem in ("그렇", "이렇", "저렇", "어떻"):
        return head + _join(initial, "ㅐ")
    return stem + ("아" if bright else "어")


def _soft_form(stem: str, ending: str) -> str:
    """A stem with an ending of the 으 kind, whose first letter may be a bare ㄴ, ㄹ or ㅂ that closes the stem's last syllable."""
    head, last = stem[:-1], stem[-1]
    initial, vowel, final = _split(last)
    bare = ending[0] if ending[0] in "ㄴㄹㅂ" else ""
    rest = ending[1:] if bare else ending
    if bare == "ㅂ" and final not in ("", "ㄹ"):
        return stem + "습" + rest
    if final == "ㅎ" and stem in ("그렇", "이렇", "저렇", "어떻"):
        final, last = "", _join(initial, vowel)
    if final == "ㅂ" and last not in _REGULAR_B:
        head, initial, vowel, final, last = head + _join(initial, vowel), "ㅇ", "ㅜ", "", "우"
    elif final == "ㄷ" and last in _IRREGULAR_D:
        return head + _join(initial, vowel, "ㄹ") + (_join("ㅇ", "ㅡ", bare) if bare else "으") + rest
    elif final == "ㅅ" and last in _IRREGULAR_S:
        return head + _join(initial, vowel) + (_join("ㅇ", "ㅡ", bare) if bare else "으") + rest
    if final == "":
        return head + (_join(initial, vowel, bare) if bare else last) + rest
    if final == "ㄹ":
        if bare:
            return head + _join(initial, vowel, bare) + rest
        if ending[0] in "니세시":
            return head + _join(initial, vowel) + rest
        return stem + rest
    return stem + (_join("ㅇ", "ㅡ", bare) if bare else "으") + rest


def _plain_form(stem: str, ending: str) -> str:
    initial, vowel, final = _split(stem[-1])
    if final == "ㄹ" and ending[0] in "나너네노느는니":
        return stem[:-1] + _join(initial, vowel) + ending
    return stem + ending


def _copula(noun: str, sign: str, ending: str) -> str:
    closed = bool(final_consonant(noun)) if noun.strip() else True
    if sign == "+":
        if ending.startswith("요"):
            return noun + ("이에요" if closed else "예요") + ending[1:]
        if ending.startswith("ㅆ"):
            return noun + ("이었" if closed else "였") + ending[1:]
        if ending == "" or ending[0] in ".?!, ":
            return noun + ("이야" if closed else "야") + ending
        return noun + ("이어" if closed else "여") + ending
    if sign == "=" and ending[0] in "ㄴㄹㅂ":
        return noun + _soft_form("이", ending)
    return noun + ("이" if closed else "") + ending


@lru_cache(maxsize=262144)
def conjugate(verb: str, ending: str) -> str:
    """The last verb of ``verb`` (dictionary form, ``*`` after an adjective) with ``ending`` (see the module) on it."""
    adjective = verb.endswith("*")
    stem = verb.rstrip("*")
    if not stem.endswith("다"):
        raise ValueError(f"{verb!r} is no dictionary form: it must end in 다")
    stem = stem[:-1]
    sign, rest = ending[0], ending[1:]
    past = _split(stem[-1])[2] == "ㅆ"
    if sign in "@%":
        if adjective and not past:
            sign, rest = "=", ("ㄴ" if sign == "@" else "ㄴ가") + rest
        else:
            sign, rest = "-", ("는" if sign == "@" else "나") + rest
    elif sign == "#":
        sign, rest = "-", rest if adjective or past or stem[-1] == "없" else "는" + rest
    if adjective and stem.endswith("이"):
        return _copula(stem[:-1], sign, rest)
    if stem.endswith("아니") and sign == "+":
        if rest.startswith("요"):
            return stem + "에요" + rest[1:]
        return stem + "었" + rest[1:] if rest.startswith("ㅆ") else stem + "야" + rest
    if sign == "-":
        return _plain_form(stem, rest)
    if sign == "=":
        return _soft_form(stem, rest)
    form = _vowel_form(stem)
    if rest.startswith("요") and form.endswith("셔"):
        return form[:-1] + "세" + rest
    if rest.startswith("ㅆ"):
        initial, vowel, _ = _split(form[-1])
        return form[:-1] + _join(initial, vowel, "ㅆ") + rest[1:]
    return form + rest


def is_past(verb: str) -> bool:
    """Whether a dictionary form stands in the past (났다, 받았다): such a verb takes no adnominal 는 거."""
    stem = verb.rstrip("*")[:-1]
    return _split(stem[-1])[2] == "ㅆ" and stem[-1] not in "있겠"
