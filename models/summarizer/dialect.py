"""How sentences end in dialects, as the standard language ends them: morphology knows only that one and takes 해 주이소 for something done.

    standard("다시 심사해주이소.")   → "다시 심사해주세요."
    standard("이자까지 얼만교")      → "이자까지 얼마인가요"

Only endings are written anew, the last of a sentence; words stay as they were said.
"""

import re

_LAST = r"(?=[\s.?!…~,]*$)"
_ENDINGS = tuple(
    (re.compile(ending + _LAST), standard)
    for ending, standard in (
        (r"(?<=[가-힣])(?:으?이소|이쇼|이시소|십쇼|시소)(?:예|요)?", "세요"),
        (r"(?<=주)(?:시오|쇼)(?:예|요)?", "세요"),
        # not the noun (집 주소)
        (r"(?<=[해켜려쳐봐내꿔펴줘워와어아여]주)소(?:예|요)?|(?<=[해켜려쳐봐내꿔펴줘워와어아여] 주)소(?:예|요)?", "세요"),
        (r"얼만교", "얼마인가요"),
        (r"(?<=[가-힣])(?:는|능)교", "나요"),
        (r"(?<=[고꼬데지까])예", "요"),
        (r"(?<=[라])꼬요", "고요"),
    )
)


def standard(sentence: str) -> str:
    """A sentence with the last of its endings as the standard language has it; most are returned as they are."""
    for ending, written in _ENDINGS:
        sentence = ending.sub(written, sentence)
    return sentence
