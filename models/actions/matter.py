"""What a call is about in a few words, which stand behind each of its things to do: an agent has many lists to work from.

    상담원: 예금주만 따님으로 바꾸시는 거네요.    고객: 네       → 예금주만 따님으로 변경

Agents say back what they understood, shortly and in the trade's words; what the caller agrees to is the surest matter, the latest that
shares a word with the request. Then follow the case that the agent named (영양 주사 건이시네요) and the call's topics
(``models.actions.topics``): the first that says more than the deed itself stands behind it.

    상담원: 심사 부서에 확인해서 내일 전화드릴게요.    고객 (before): 판독지는 작년 건데 돼요?    → 확인 후 전화 (판독지는 작년 건데 되는지)

Of what is to be looked into, the caller's question just before is the matter (``open_question``).
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from models.actions.acts import commitment
from models.actions.candidates import ADDRESSING, kind_of
from models.actions.due import find
from models.actions.mentions import Mention, named_in
from models.actions.sentences import sentences
from models.actions.topics import OF_THE_TRADE, Topics, is_finished
from models.summarizer.conversation import Conversation
from models.summarizer.own_words import Shortener, word_set

LONGEST = 40  # characters
FEWEST = 2  # nouns that say what is meant: 지연 alone does not
_YES = re.compile(r"(?:네+|예+|응+|어+|음+|그래|그렇|그쵸|그럼|맞|바로 그|그거|아 ?네|아 ?예|좋)")
ASKED_WITHIN = 3  # turns
_MAY_ASK = re.compile(
    r"(?:\?|나요|까요?|니까|(?:되|나오|맞|있|받)는 거예요|은지|는지|(?:돼|되나|되죠|되지|됩니꺼|되는가|되남)[요유]?"
    r"|(?<=왜 )\S+요|(?:얼마|언제|어디|어떻게|왜|무슨|뭐).*요)\s*[.]*$"
)
_BEFORE_A_QUESTION = re.compile(r"^(?:(?:잠깐만요?|그러면|그럼|근데|그런데|아니|그러니까|그니까|제|저희|이제|와서|만약에?|혹시)[,]? )+")
_WHETHER_ALONE = re.compile(r"^(해당|보장|지급|청구|가입|보상)(?:이|은)? ?(?:돼요|되나요|됩니까|되죠|되는가요)[?.\s]*$")
_WISHED = re.compile(r"(?:요청|희망|기)$")
_TOLD_AS_ASKED = re.compile(r"^(.*지)(?: 여부)?(?: 문의)?$")
_POINTS = re.compile(r"(?<!\S)(?:그때|거기|(?:그|이|저)(?:거|게|건|걸|런 거|런 게)(?:는|도|를|만)?)(?!\S)|는지부터")
_NO = re.compile(r"(?:아이 (?!참)|.{0,6}(?:아니|아뇨|아녀|아이다|말고|잠깐만))")
_NO_AT_ONCE = re.compile(r"(?:(?:네|아|어|예|음)[, ]+)*(?:아니|아뇨|아녀|아이다)")
_SAID_BACK = re.compile(r"(?:군요|네요|는구나|죠|지요|까요|니까|가요|거예요|로요|이요)\s*[?.!]*$")
# 허리 후유장해 건 맞으시죠, 슬개골 건: a noun or two of the trade or of what happened
_CASE = re.compile(
    r"(?:^|(?:네|예|고객님|님|이|그|아|[하주]신)\s)((?:[가-힣]{2,}(?<![은는이가을를의])\s){0,2}[가-힣]{2,}) 건"
    r"(?:(?:이|은|으로|에|을|도)?(?:\s|$)(?!없|안)|이시|이네|인데|입니다)"
)
_BY_NAME = re.compile(r"^[가-힣]{2,4} ?(?:고객님|님|씨) (?=\S+ \S)")
_UNDERSTOOD = re.compile(r"(?:군요|네요)\s*[.!]*$")  # said back as understood: who keeps quiet about it agrees
# What a matter ends with where it shares no noun with the request, as callers call things by other names.
_OF_INSURANCE = re.compile(
    r"(?:변경|해지|철회|취소|삭제|추가|연기|접수|청구|신청|재검토|재심사|발급|정정|이전|연장|감액|완납|부활|견적|사본|서류|한도|유예|거부|보류|산출|근거"
    r"|소재지|명의|수익자|계약자|담보|특약|보장|계좌|환급|갱신|이체| 건)$"
)
_A_STORY = re.compile(r"(?:없|있)고 |는데|(?:어|아) 있|, ")
_MEANT = re.compile(r"(?:(?:이?라는|다는|자는|시겠다는|하신다는|달라는)? ?말씀(?:이|하|을|인)|(?:을|를)? ?(?:원하|요청하)[시신]|이해하)")
_SAID_SO = re.compile(r"^.*다고 하(?:시면|면) (?=\S)")  # 늦춘다고 하시면 개시를 미루신다는 말씀
_NOT_SO = re.compile(r"^\S+(?:은|는|이|가) 아니(?:시|라)?고,? ")  # 해지는 아니시고 차량 대체
_OF_THE_CALL = re.compile(
    r"성함|이름|생년|본인|주민|연락처|휴대폰|통화|시간|자리|맞으|괜찮|계신|계세|가능하신|있으|없으|어떻|어떤|무엇|무슨|어느|언제|얼마|몇"
)
_OFFERS = word_set("ᆯ까요 을까요 ᆯ까 을까")
_GOING_ON = frozenset(("진행", "처리"))
_CHANGING = frozenset(("enter", "sign"))
_OF_ANYTHING = word_set("고객 고객님 요청 희망 문의 여부 방법 안내 확인 필요 관련 보험 전화 연락 말씀 경우 진행 처리 접수")


def matters(conversation: Conversation, named: Sequence[Mention], request: str, shortener: Shortener) -> Iterator[str]:
    """What may be told as the matter, the surest first, each in at most ``LONGEST`` characters; nothing where the call has no request.

    ``named`` are the things named in the call.
    """
    if not request:
        return
    # What shares nouns with the subject alone may only be identified: 그랜저 차량이시죠?
    subject, _, asked = request.rpartition(" 관련, ")
    known, wanted = nouns_of(subject, shortener), nouns_of(asked, shortener)
    said = [(text, nouns_of(text, shortener)) for text in said_back(conversation, shortener) if len(text) <= LONGEST]
    chosen = [text for text, nouns in said if nouns & wanted or (nouns & known and _OF_INSURANCE.search(text))]
    chosen = chosen or [text for text, _ in said if _OF_INSURANCE.search(text)]
    agreed = [text for text in chosen[-1:] if not is_finished(text, conversation)]
    yield from (text for text in agreed if " " in text or _OF_INSURANCE.search(text))
    yield from _case(conversation, shortener)
    yield from (text for text in Topics(conversation, named, request, shortener).told() if len(text) <= LONGEST)
    yield from agreed


def _case(conversation: Conversation, shortener: Shortener) -> Iterator[str]:
    """The case that an agent named, the latest: 허리 후유장해 건 맞으시죠."""
    named = [found[1] for turn in conversation if not turn.by_caller for found in _CASE.finditer(turn.text)]
    named = [one for one in named if find(one) is None and all(token.tag.startswith("N") for token in shortener.tokens(one))]
    telling = [one for one in named if OF_THE_TRADE.search(one) or len(one.split()) > 1]
    yield from (f"{one} 건" for one in telling[-1:])


def nouns_of(text: str, shortener: Shortener) -> frozenset[str]:
    """The nouns of a text that tell something."""
    found = {token.form for token in shortener.tokens(text) if token.tag in ("NNG", "NNP", "SL") and len(token.form) > 1}
    return frozenset(found - _OF_ANYTHING)


def said_back(conversation: Conversation, shortener: Shortener) -> Iterator[str]:
    """What agents said back and callers agreed to, as phrases, in the order said."""
    turns = [turn for turn in conversation if turn.text]
    for turn, answer in pairwise(turns):
        if turn.by_caller or not answer.by_caller:
            continue
        spoken = list(sentences(turn.text, shortener))
        for place, sentence in enumerate(spoken):
            asked_on = place + 1 < len(spoken) and _UNDERSTOOD.search(sentence)  # the answer is to what was asked behind it
            if _NO.match(answer.text) and not (asked_on and not _NO_AT_ONCE.match(answer.text)):
                continue
            agreed = _YES.match(answer.text) or _UNDERSTOOD.search(sentence)
            if agreed and _SAID_BACK.search(sentence) and not _OF_THE_CALL.search(sentence):
                phrase = _BY_NAME.sub("", _phrase(ADDRESSING.sub("", sentence), shortener))
                if len(nouns_of(phrase, shortener)) >= FEWEST and not _A_STORY.search(phrase) and find(phrase) is None:
                    yield phrase


def _phrase(sentence: str, shortener: Shortener) -> str:
    """A sentence that says something back as a phrase: 계약자 변경이시네요 → 계약자 변경; empty where it is made otherwise."""
    text = _NOT_SO.sub("", _SAID_SO.sub("", re.sub(r"[\s.?!…~,]+$", "", sentence)))
    meant = _MEANT.search(text)
    text = text[: meant.start()].strip() if meant else text
    tokens = shortener.tokens(text)
    end = len(tokens) - 1
    offered = tokens[end].form in _OFFERS if tokens and not meant else False
    while end > 0 and (tokens[end].tag in ("EF", "EP", "JX", "VCP", "JKB", "JKS", "JKO") and not offered):
        end -= 1
    if end < 0 or (end == len(tokens) - 1 and not meant):
        return _offered(text, tokens, shortener) if offered else ""
    last = tokens[end]
    if last.form in ("거", "것", "걸") and end:
        return _deed(text, tokens[:end], shortener)
    if last.form in ("되", "돼") and end > 1 and tokens[end - 1].form in ("면", "으면"):
        return _deed(text, tokens[: end - 1], shortener)
    if not meant and any(token.tag == "JKS" for token in tokens[:end]):
        return ""  # 아버님이 계약자: who or what somebody is
    return text[: last.end] if last.tag in ("NNG", "NNP", "SL", "XSN") else _deed(text, tokens, shortener) if meant else ""


def _offered(text: str, tokens: Sequence[Any], shortener: Shortener) -> str:
    """해지 철회로 진행해 드릴까요 → 해지 철회; only where something is to be entered or changed, not sent."""
    found = commitment(tokens, asked=True)
    if found is None or found.through or not (kind_of(tokens, found.verb) in _CHANGING or tokens[found.verb - 1].form in _GOING_ON):
        return ""
    return re.sub(r"(?:으?로)? (?:진행|처리)$", "", shortener.deed(text, tokens, found.verb))


def _deed(text: str, tokens: Sequence[Any], shortener: Shortener) -> str:
    """The last verb of a clause as a noun, with what stands before it; 부부 한정 for 부부 한정으로 하다."""
    place = next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i].tag[:2] in ("VV", "XS")), None)
    if place is None:
        return ""
    if place > 1 and tokens[place].form == "하" and tokens[place].tag == "VV" and tokens[place - 1].tag == "JKB":
        return text[: tokens[place - 2].end]
    return shortener.deed(text, tokens, place)


def open_question(conversation: Conversation, turn: int, shortener: Shortener) -> str:
    """What the caller asked just before a turn in which the agent will find out, as the end of a sentence (…되는지); empty where he asked
    nothing that stands by itself."""
    before = [one for one in conversation if one.by_caller and turn - ASKED_WITHIN <= one.number < turn and one.text]
    for asked in reversed(before):
        spoken = list(sentences(asked.text, shortener))
        for place in range(len(spoken) - 1, -1, -1):
            if _MAY_ASK.search(spoken[place]) and (told := _as_question(spoken[place], shortener)):
                return told
            if found := _WHETHER_ALONE.search(spoken[place]):
                subject = [one.text for said in spoken[:place] for one in named_in(said, shortener) if OF_THE_TRADE.search(one.text)]
                if subject:
                    return f"{subject[-1]} {found[1]}되는지"
    return ""


def open_wish(conversation: Conversation, turn: int, shortener: Shortener) -> str:
    """What the caller wanted in the turn before one in which the agent hands it on (교육 좀 시켜요: 교육 시켜 달라는 요청); empty where he
    wanted nothing that stands by itself."""
    before = next((one for one in reversed(conversation) if one.number < turn and one.by_caller and one.text), None)
    if before is None or turn - before.number > 1:
        return ""
    told = [shortener.noted(ADDRESSING.sub("", sentence)) for sentence in sentences(before.text, shortener)]
    wishes = [one.text for one in told if _WISHED.search(one.text) and len(one.text) <= LONGEST and not _POINTS.search(one.text)]
    return wishes[-1] if wishes and len(nouns_of(wishes[-1], shortener)) >= 1 else ""


def _as_question(sentence: str, shortener: Shortener) -> str:
    said = re.sub(r"[\s.?!…~,]+$", "", ADDRESSING.sub("", sentence))
    phrase = shortener.noted(f"{said}?").text
    found = _TOLD_AS_ASKED.match(phrase)
    told = "" if found is None else _BEFORE_A_QUESTION.sub("", found[1])
    if len(told) > LONGEST or len(told.split()) < FEWEST or not nouns_of(told, shortener) or _POINTS.search(told):
        return ""
    return told
