"""How sentences end in dialects and in quick speech, as the standard language ends them: morphology knows only that one.

    standard("다시 심사해주이소.")   → "다시 심사해주세요."
    standard("이자까지 얼만교")      → "이자까지 얼마인가요"
    standard("종이만 내면 되요")     → "종이만 내면 돼요"

It takes 해 주이소 for something done, 됩니꺼 for a name and 되요 for a stem. Only endings are written anew, the last of a sentence; words
stay as they were said.
"""

import re

from models.summarizer.syllables import SS, L, any_with

_LAST = r"(?=[\s.?!…~,]*$)"


_L, _SS = any_with(L), any_with(SS)
_ENDINGS = tuple(
    (re.compile(ending + _LAST), standard)
    for ending, standard in (
        (r"(?<=[요오쇼소디])잉", ""),
        (r"(?<=[줘해돼어아네까데디께워려와봐세])유", "요"),
        (r"쥬", "죠"),
        (r"셔유", "세요"),
        (r"(?<=[가-힣])(?<!십)시오", "세요"),
        (rf"(?<={_SS})슈", "어요"),
        (r"(?<=거)유", "예요"),
        # bidding
        (r"(?<=[워려와내쳐아어])부(?:쇼|시오|소|씨요)", " 버리세요"),
        (r"(?<=[가-힣])(?:으?이소|이쇼|이시소|십쇼|시소)(?:예|요)?", "세요"),
        (r"(?<=주)(?:시오|쇼|씨요|이다)(?:예|요)?", "세요"),
        (r"(?<=[보마하내부두가])쇼(?:예|요)?", "세요"),
        # not the noun (집 주소)
        (r"(?<=[해켜려쳐봐내꿔펴줘워와어아여]주)소(?:예|요)?|(?<=[해켜려쳐봐내꿔펴줘워와어아여] 주)소(?:예|요)?", "세요"),
        (r"줍[서써](?:예|양)?", "주세요"),
        (r"주십사\s?(?:하고|해서|하는데|합니다|하네)(?:요)?", "주세요"),
        (r"주셔야(?:죠|지요?)", "주셔야 돼요"),
        # asking
        (r"얼만교", "얼마인가요"),
        (r"아니우[꽈과]", "아닌가요"),
        (r"(?<=[있없했됐겠맞])[수우][꽈과]", "나요"),
        (r"(?<=[가-힣])(?:는|능)교", "나요"),
        (r"(?<=니)꺼(?:예|요)?", "까"),
        (r"(?<=[야도]) 쓰(?:까요?|까라우?|요)", " 되나요"),
        (rf"(?<={_SS})당가(?:요)?", "나요"),
        (r"되까(?:요|라우?)", "될까요"),
        (r"까라우?", "까요"),
        (r"(?<=[있없])소", "어요"),
        (r"(?<=맞)소", "아요"),
        # telling
        (r"(?<=니)더(?:예|요)?", "다"),
        (r"(?<=라) ?(?:캅니다|칸다|캐요)", "고요"),
        (r"(?<=[다라자냐]) ?카던데(?:예|요)?", "고 하던데요"),
        (r"(?<=[있없했됐])수다", "어요"),
        (r"겁니다", "거예요"),
        (rf"(?<={_SS}|없)심(?:더|니다)(?:예|요)?", "습니다"),
        (rf"(?<={_L})랍니다", "게요"),
        (r"(?<=[고꼬데지까])예", "요"),
        (r"(?<=라)꼬(?:요)?", "고요"),
        (r"있잖애(?=요)?", "있잖아"),
        (r"(?<=말|것)이(?:요|여|지)", "이에요"),
        (r"란 말(?:이에요|이야|입니다|이지)?", "라는 말이에요"),
        # as it is written by ear
        (r"되요", "돼요"),
        (r"(?<=다)네요", "고 해요"),
        (r"(?<=자)네요", "고 해요"),
        (r"답니까", "다고 하나요"),
    )
)
_SPELT = ((re.compile(r"(?<!\S)어[케캐]\b"), "어떻게"),)


def standard(sentence: str) -> str:
    """A sentence with the last of its endings as the standard language has it; most are returned as they are."""
    for spelt, written in _SPELT:
        sentence = spelt.sub(written, sentence)
    for ending, written in _ENDINGS:
        sentence = ending.sub(written, sentence)
    return sentence
