"""The emotions and dangers that are told apart: AI-Hub's 58 emotions in their six groups, and five kinds of danger.

The names are those of AI-Hub's 감성 대화 말뭉치. Its sheet knows sixty codes: two emotions stand in two groups there, once with the group
in brackets (고립된(당황한)); they are one class each here, as in the requirements.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from models.errors import ConfigurationError

SIX: Mapping[str, tuple[str, ...]] = {
    "분노": ("분노", "툴툴대는", "좌절한", "짜증내는", "방어적인", "악의적인", "안달하는", "구역질 나는", "노여워하는", "성가신"),
    "슬픔": ("슬픔", "실망한", "비통한", "후회되는", "우울한", "마비된", "염세적인", "눈물이 나는", "낙담한", "환멸을 느끼는"),
    "불안": (
        "불안",
        "두려운",
        "스트레스 받는",
        "취약한",
        "혼란스러운",
        "당혹스러운",
        "회의적인",
        "걱정스러운",
        "조심스러운",
        "초조한",
    ),
    "상처": (
        "상처",
        "질투하는",
        "배신당한",
        "고립된",
        "충격 받은",
        "가난한, 불우한",
        "희생된",
        "억울한",
        "괴로워하는",
        "버려진",
    ),
    "당황": ("당황", "남의 시선을 의식하는", "외로운", "열등감", "죄책감의", "부끄러운", "혐오스러운", "한심한"),
    "기쁨": ("기쁨", "감사하는", "신뢰하는", "편안한", "만족스러운", "흥분", "느긋", "안도", "신이 난", "자신하는"),
}
EMOTIONS: tuple[str, ...] = tuple(emotion for emotions in SIX.values() for emotion in emotions)
NO_EMOTION = "없음"  # what says nothing of an emotion: AI-Hub's data has none of it, calls are full of it
_GROUP_IN_BRACKETS = re.compile(r"\((?:당황한|당황)\)")
_SPELLINGS = {"".join(filter(str.isalnum, emotion)): emotion for emotion in (*EMOTIONS, NO_EMOTION)}


class Danger(StrEnum):
    """What a caller may be in, or be to others."""

    SELF_HARM = "self_harm"
    THREAT = "threat"
    CONFUSION = "confusion"
    VOICE_PHISHING = "voice_phishing"
    MEDICAL_EMERGENCY = "medical_emergency"


NO_DANGER = "none"
DANGER_LABELS: Mapping[Danger, str] = {
    Danger.SELF_HARM: "자해·자살",
    Danger.THREAT: "위협",
    Danger.CONFUSION: "혼란·배회",
    Danger.VOICE_PHISHING: "보이스피싱",
    Danger.MEDICAL_EMERGENCY: "응급",
}


def emotion_named(written: str) -> str | None:
    """The emotion that a data set means, whatever its spaces and brackets; None for no emotion of ours.

    >>> emotion_named("고립된(당황한)"), emotion_named("기쁨 "), emotion_named("가난한,불우한"), emotion_named("졸린")
    ('고립된', '기쁨', '가난한, 불우한', None)
    """
    return _SPELLINGS.get("".join(filter(str.isalnum, _GROUP_IN_BRACKETS.sub("", written))))


def read_groups(setting: str) -> Mapping[str, str]:
    """Group of each emotion, of a setting such as ``불만=분노|짜증내는; 걱정=불안|초조한``; AI-Hub's six where it is empty.

    An emotion that the setting leaves out keeps its group of the six. ConfigurationError names what is no emotion or stands twice.

    >>> groups = read_groups("불만=분노|짜증내는")
    >>> groups["짜증내는"], groups["툴툴대는"]
    ('불만', '분노')
    """
    groups = {emotion: group for group, emotions in SIX.items() for emotion in emotions}
    seen: set[str] = set()
    for part in filter(None, (part.strip() for part in setting.split(";"))):
        name, equals, listed = (cell.strip() for cell in part.partition("="))
        for written in listed.split("|"):
            emotion = emotion_named(written)
            if not (name and equals) or emotion not in EMOTIONS or emotion in seen:
                raise ConfigurationError(
                    f"the emotion groups name {written.strip() or part!r}, which is no emotion or stands twice",
                    remedy="Write groups as 이름=감정|감정; 이름=감정, each emotion once, with AI-Hub's names",
                )
            seen.add(emotion)
            groups[emotion] = name
    return groups


def read_dangers(written: str) -> frozenset[Danger]:
    """Kinds of danger as data sets write them, commas between; ``none`` or nothing is none. ConfigurationError names an unknown one.

    >>> sorted(read_dangers("threat, self_harm")), read_dangers("none")
    ([<Danger.SELF_HARM: 'self_harm'>, <Danger.THREAT: 'threat'>], frozenset())
    """
    kinds = [kind.strip() for kind in written.split(",") if kind.strip() not in ("", NO_DANGER)]
    if unknown := sorted(set(kinds) - set(Danger)):
        known = ", ".join((*Danger, NO_DANGER))
        raise ConfigurationError(f"{unknown[0]!r} is no kind of danger", remedy=f"The kinds are {known}; put commas between several")
    return frozenset(map(Danger, kinds))


def written_dangers(kinds: Iterable[Danger]) -> str:
    """Kinds as data sets write them, in a fixed order.

    >>> written_dangers({Danger.THREAT, Danger.SELF_HARM}), written_dangers([])
    ('self_harm,threat', 'none')
    """
    chosen = set(kinds)
    return ",".join(kind for kind in Danger if kind in chosen) or NO_DANGER
