"""What a call is about in a few words, which stand behind each of its things to do: an agent has many lists to work from.

    상담원: 예금주만 따님으로 바꾸시는 거네요.    고객: 네       → 예금주만 따님으로 변경

Agents say back what they understood, shortly and in the trade's words; what the caller agrees to is the matter, the latest that shares a
word with the request. Where nobody said it back, the request is the matter: its last phrase that asks for something, with its subject.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from models.actions.acts import commitment
from models.actions.candidates import ADDRESSING, kind_of
from models.actions.due import find
from models.actions.mentions import named_in
from models.actions.sentences import sentences
from models.summarizer.conversation import Conversation
from models.summarizer.own_words import Shortener, word_set

LONGEST = 40  # characters
FEWEST_WORDS = 3  # of a clause that tells something
FEWEST = 2  # nouns that say what is meant: 지연 alone does not
_YES = re.compile(r"(?:네+|예+|응+|어+|음+|그래|그렇|그쵸|그럼|맞|바로 그|그거|아 ?네|아 ?예|좋)")
_NO = re.compile(r"(?:아이 (?!참)|.{0,6}(?:아니|아뇨|아녀|아이다|말고|잠깐만))")
_SAID_BACK = re.compile(r"(?:군요|네요|는구나|죠|지요|까요|니까|가요|거예요|로요|이요)\s*[?.!]*$")
_UNDERSTOOD = re.compile(r"(?:군요|네요)\s*[.!]*$")  # said back as understood: who keeps quiet about it agrees
# What a matter ends with where it shares no noun with the request, as callers call things by other names.
_OF_INSURANCE = re.compile(
    r"(?:변경|해지|철회|취소|삭제|추가|연기|접수|청구|신청|재검토|재심사|발급|정정|이전|연장|감액|완납|부활|견적|사본|서류|한도|유예|거부|보류|산출|근거"
    r"|소재지|명의|수익자|계약자|담보|특약|보장|계좌|환급|갱신|이체| 건)$"
)
# Words of which a phrase of the request needs one: without any (치킨이 다 날아갔어요) it is no matter to work by.
_OF_THE_TRADE = re.compile(
    r"보험|특약|담보|보장|보상|배상|약관|증권|계약|청약|가입|해지|해약|철회|환급|만기|연금|대출|이자|납입|갱신|이체|수익자|청구|접수|심사|실손|진단"
    r"|입원|수술|치료|진료|처방|도수|영수증|서류|증명서|확인서|내역서|사본|소견서|결과지|계좌|통장|사고|과실|수리비|견적|렌트|면책|유예|부활|실효|감액"
    r"|지급|명의|합의|부담금|할증|민원|녹취|동의|위임장|상속|사망|골절|장해|화재|누수|도난|예금주|적립|수익률|손해|조사|평가|약값|병원비|입금|출금"
)
_A_STORY = re.compile(r"는데|(?:어|아) 있|, ")
_MEANT = re.compile(r"(?:(?:이?라는|다는|자는|시겠다는|하신다는|달라는)? ?말씀(?:이|하|을|인)|(?:을|를)? ?(?:원하|요청하)[시신]|이해하)")
_NOT_SO = re.compile(r"^\S+(?:은|는|이|가) 아니(?:시|라)?고,? ")  # 해지는 아니시고 차량 대체
_OF_THE_CALL = re.compile(
    r"성함|이름|생년|본인|주민|연락처|휴대폰|통화|시간|자리|맞으|괜찮|계신|계세|가능하신|있으|없으|어떻|어떤|무엇|무슨|어느|언제|얼마|몇"
)
_OFFERS = word_set("ᆯ까요 을까요 ᆯ까 을까")
_GOING_ON = frozenset(("진행", "처리"))
_CHANGING = frozenset(("enter", "sign"))
_ASKING = re.compile(r"(?:요청|희망|문의|필요|고려|변경|확인|접수|신청|해지|취소|발송)$")
_POINTING = re.compile(r"(?<!\S)(?:그|이)(?:거|것|건|걸|게|런 거)(?=\s|만|도|는|를)")
_ENDS_A_CLAUSE = re.compile(r"(?:니까|는데|은데|인데|지만|거든요|어서|아서|해서|고)$")
_NO_BEGINNING = frozenset(("말고", "아니고", "않고", "대신", "있는데", "없이"))
_JOINING = re.compile(r"^(?:아니면|가능하면|그리고|그러면|근데|그런데|그래서|그러니까|또)\s+")
_OF_ANYTHING = word_set("고객 고객님 요청 희망 문의 여부 방법 안내 확인 필요 관련 보험 전화 연락 말씀 경우 진행 처리 접수")


def matter(conversation: Conversation, request: str, shortener: Shortener) -> str:
    """The matter in at most ``LONGEST`` characters; empty where neither the agent nor the request tells it."""
    if not request:
        return ""
    # What shares nouns with the subject alone may only be identified: 그랜저 차량이시죠?
    subject, _, asked = request.rpartition(" 관련, ")
    known, wanted = nouns_of(subject, shortener), nouns_of(asked, shortener)
    said = [(text, nouns_of(text, shortener)) for text in said_back(conversation, shortener) if len(text) <= LONGEST]
    chosen = [text for text, nouns in said if nouns & wanted or (nouns & known and _OF_INSURANCE.search(text))]
    chosen = chosen or [text for text, _ in said if _OF_INSURANCE.search(text)]
    return chosen[-1] if chosen else of_request(request, shortener)


def nouns_of(text: str, shortener: Shortener) -> frozenset[str]:
    """The nouns of a text that tell something."""
    found = {token.form for token in shortener.tokens(text) if token.tag in ("NNG", "NNP", "SL") and len(token.form) > 1}
    return frozenset(found - _OF_ANYTHING)


def said_back(conversation: Conversation, shortener: Shortener) -> Iterator[str]:
    """What agents said back and callers agreed to, as phrases, in the order said."""
    turns = [turn for turn in conversation if turn.text]
    for turn, answer in pairwise(turns):
        if turn.by_caller or not answer.by_caller or _NO.match(answer.text):
            continue
        for sentence in sentences(turn.text, shortener):
            agreed = _YES.match(answer.text) or _UNDERSTOOD.search(sentence)
            if agreed and _SAID_BACK.search(sentence) and not _OF_THE_CALL.search(sentence):
                phrase = _phrase(ADDRESSING.sub("", sentence), shortener)
                if len(nouns_of(phrase, shortener)) >= FEWEST and not _A_STORY.search(phrase) and find(phrase) is None:
                    yield phrase


def _phrase(sentence: str, shortener: Shortener) -> str:
    """A sentence that says something back as a phrase: 계약자 변경이시네요 → 계약자 변경; empty where it is made otherwise."""
    text = _NOT_SO.sub("", re.sub(r"[\s.?!…~,]+$", "", sentence))
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


def of_request(request: str, shortener: Shortener) -> str:
    """The last phrase of a request that asks for something and names it, behind its subject where both are short; its subject alone
    where the phrase has no word of the trade, nothing where neither has."""
    subject, _, rest = request.rpartition(" 관련, ")
    phrases = _with_what_is_pointed_at(rest.split(", "))
    naming = [phrase for phrase in phrases if _ASKING.search(phrase) and named_in(phrase, shortener)]
    plain = [phrase for phrase in naming if not _POINTING.search(phrase)]
    chosen = _shortened(_JOINING.sub("", (plain or naming or phrases)[-1]))
    if not _OF_THE_TRADE.search(chosen):
        return f"{subject} 관련" if _OF_THE_TRADE.search(subject) else ""
    known = nouns_of(chosen, shortener)
    if subject and not known and len(subject) + len(chosen) >= LONGEST:
        return f"{subject} 관련"
    whole = f"{subject} 관련 {chosen}" if subject and not nouns_of(subject, shortener) <= known else chosen
    return whole if len(whole) <= LONGEST else chosen


def _with_what_is_pointed_at(phrases: Sequence[str]) -> list[str]:
    """Phrases, one that begins by pointing with the one before it: 폐차로 갈 건지 고쳐 줄 건지 그걸 안내 요청."""
    return [
        f"{before} {phrase}" if before and _POINTING.match(phrase) and len(before) + len(phrase) < LONGEST else phrase
        for before, phrase in zip(["", *phrases], phrases, strict=False)
    ]


def _shortened(phrase: str) -> str:
    """The end of a phrase that is too long: after the clause that ends first, else from a word on that may begin it."""
    words = phrase.split()
    if len(phrase) <= LONGEST:
        return phrase
    starts = [place for place in range(1, len(words)) if len(" ".join(words[place:])) <= LONGEST]
    clauses = [place for place in starts if _ENDS_A_CLAUSE.search(words[place - 1]) and len(words) - place >= FEWEST_WORDS]
    first = (clauses or starts or [len(words) - 1])[0]
    while first < len(words) - 1 and words[first] in _NO_BEGINNING:
        first += 1
    return " ".join(words[first:])
