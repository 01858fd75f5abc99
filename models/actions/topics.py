"""What a call is about as a note has it: a product, a noun group of the trade that somebody named, or a phrase of the request.

    고객: 암보험이 실효됐다고 나와서요    상담원: 오늘 부활 청약서를 카톡으로 보내겠습니다.    → 암보험 부활
    고객: 치매보험 진단비 받으려면 서류를 뭐 뭐 내야 하는지 알고 싶어요               → 치매보험 진단비

Agents name a matter in passing, mostly within the name of a paper (감액 신청서). What the caller denies (해지는 아니고요), what only
the agent supposed and what is done in the call already is no topic. Every word was said in the call, or is the trade's name of one
(변경 of 바꾸다).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from models.actions.mentions import Mention
from models.actions.sentences import sentences
from models.summarizer.conversation import Conversation
from models.summarizer.own_words import Shortener, word_set

LONGEST = 40  # characters of a phrase
SHORTEST = 4
_SHORT = 3  # words
LONGEST_GROUP = 18
SURE = 3.4  # weight of a noun group: what is done, named by the request too
LIKELY = 2.4  # … or named by the agent alone
_BY_AGENT, _BY_CALLER, _A_DEED, _LONG, _OF_A_PAPER, _WANTED, _AGAIN = 1.0, 0.6, 1.2, 0.6, 0.6, 1.5, 0.4
_OF_PRODUCT, _TELLS_ALONE, _ON_THE_SIDE = 0.5, 0.3, 0.6
# What callers want done.
_ACT = (
    r"(?:해지|해약|변경|청구|접수|심사|부활|감액|증액|유예|연기|전환|조사|취소|철회|민원|발급|갱신|삭제|등재|대출|상환|인출|이전|정정|정지|면제|중지"
    r"|실효|환급|교환|연장|배상|보상|재평가|완납|개시|거절|분실|도난|파손|누수|결항|이체)"
)
ENDS_WITH_ACT = re.compile(rf"{_ACT}$")
_DONE_AS_VERB = re.compile(
    r"(?<![가-힣])(실효|부활|감액|증액|유예|연기|재심사|재조사|철회|전환"
    r"|등재|해지|해약)(?=하[시려는고겠]|할|한|해 ?[달주드]|되[는시셨었]|된|됐|될|됩)"
)
# What it is done to.
ENDS_WITH_OBJECT = re.compile(
    r"(?:진단비|진단금|수술비|입원비|치료비|병원비|간병비|사망보험금|만기보험금|환급금|이체일|출금일|납입일|자기부담금|수리비|합의금|벌금"
    r"|지불보증|전세금|보증금|과실비율|과실 비율|장해|녹취|할인|납입증명서|변호사 비용|불만"
    r"|[가-힣] 사고|[가-힣]{2} ?치료|[가-힣]{2} ?수술)$"
)
_CHANGES = re.compile(r"바꾸|바꿀|바꿔|변경|돌려 ?놓|바꾼")
_CHANGED_BY_NAME = ("수익자", "계약자", "예금주", "납입일", "이체일", "출금일")  # agents' names for what callers describe
_CHANGED_AS_SAID = ("통장", "계좌", "주소", "명의")
_CLAIMED = re.compile(r"청구|진단비|사망보험금|보험금을? 받")  # what is changed with it is not what the call is about
# What tells nothing without a product: 보상, 심사.
# Acts that say little without what they are done to: 수술비 민원.
_OF_SOMETHING = word_set("민원 대출 재심사 재조사 부활 해지 유예 감액 심사 청구 환급")
_TELLING = word_set(
    "실효 부활 재심사 재조사 감액 도난 분실 누수 민원 이행청구 지급정지 분할상환 감액완납 철회 소재지"
)  # acts that tell by themselves what a call is about
_OF_AN_OFFICER = re.compile(r"(?:보상|심사|배상|조사) ?(?:담당|과|부)")
_TOO_BARE = word_set(
    "보상 배상 심사 조사 변경 삭제 취소 접수 청구 보류 거절 갱신 환급 발급 정정 교환 이전 연장 정지 중지 결항 이체 수익자 연기 면제 "
    "환급금 개시 자동이체"
)
_NOUN_TAGS = frozenset(("NNG", "NNP", "XSN", "XPN", "SL", "SN", "NR", "XR", "NNB", "MAG"))
_NO_NOUN = word_set("거 것 건 경우 기간 처음 대로 오늘 내일 지금 바로")
_FRAUD = re.compile(r"보이스 ?피싱|전화 ?금융 ?사기|스미싱|피싱|사칭|사기(?= ?(?:수법|전화|예요|입니다|로|일|같|가|이))")
IS_FRAUD = re.compile(rf"^(?:{_FRAUD.pattern}|사기|피싱) 관련$")
# What the caller calls it himself, where the agent tells him to report it.
_FRAUD_BY_CALLER = re.compile(r"(보이스 ?피싱|사기|피싱)")
_REPORT = re.compile(r"(?:112|일일이|백십이)(?:에|로|하고)?.*신고")
_WANTS_TO_REPORT = re.compile(r"접수(?:를|도|만)? ?(?:요청|희망|하려|하면|해 ?[주달])|접수$|견인|사람 보내|와 달라")
_ACCIDENT = re.compile(r"사고")
# A paper or somebody named by the matter: 부활 청약서, 보상 담당자.
_PAPER_OF = re.compile(
    r"^(.+?) ?(?:신청서|청약서|동의서|철회서|양식|서식|안내문|안내장|청구서|담당자|담당"
    r"|결과|신청|예정|건)(?: (?:링크|목록|사본|양식|서류|문자))*$"
)
_BEFORE = re.compile(
    r"^(?:(?:그|이|저|제|내|저희|우리|다른|무슨|어떤|새|그럼|한|두|세|네|대신|직접|어제|날|달|그날"
    r"|그때|그동안|첫|예|하하|추가|혹시|어르신|분) )+"
)
_NO_TOPIC = re.compile(
    r"요일|담당|가상|등록|안전한|고객님|통장|서류|증명서|\d|[일이삼사오육칠팔구]십|만 원|[가-힣]요 |출발 전|쯤 |이란|아니여"
)
_DENIED = (
    r"(?:(?:이|가|은|는|도|를|을|까지는|만)? ?(?:아[니닙녀]|말고|됐고|무슨|싫|안 ?(?:해|할|하|돼|받)|못 ?해|놔두|놔둬|두고|겁나|필요 ?없)"
    r"|한대|하라|(?:을|를|은|는) (?:왜|뭘))"
)
DENIAL = re.compile(_DENIED)
_ANOTHER_ONE = re.compile(r"(?:도|는|은)? ?(?:따로|이미|딴 ?데|다른 ?데)")  # 실비도 따로 있으니까
_ACT_DENIED = re.compile(rf"([가-힣]{{0,6}}{_ACT}){_DENIED}")
_IS_NOT = re.compile(r"(?:이|가|은|는)? ?아[니닙]")
NO = re.compile(r"(?:네[, ]+)?.{0,6}(?:아니|아뇨|아녀|아이다|말고|됐고|됐습)")
_NO_AT_ONCE = re.compile(r"(?:(?:네|어|아)[, ]+)?(?:아니|아뇨|아녀|아이다)")
_YES = re.compile(r"(?:네+|예|응+|그래|그렇|맞|좋|그것)")
_SAID_BACK = re.compile(r"(?:군요|네요|시죠|시지요|세요|시려고요|시게요)[\s.!?]*$")
PRODUCT = re.compile(
    r"(?<![가-힣])((?:간편|무배당)?(?:암|치매|치아|간병인?|종신|정기|연금저축|연금|저축|변액유니버[셜설]|변액연금|변액|주택화재|화재|자동차|운전자"
    r"|실손의료|실손|실비|여행자|어린이|태아|단체상해|단체|상해|펫|고양이|강아지|휴대폰|농작물재해|농작물|풍수해|배상책임|골프|전세보증|보증|이행보증"
    r"|귀국비용|출국만기)) ?보험(?![금료사회증])|(?<![가-힣])(실손|실비|종신|변액|배상책임|연금저축|변액연금|변액유니버[셜설])"
    r"(?![가-힣]* ?보험)(?=[^가-힣]|[을를은는이가도에]|$)"
)
# Words of which a phrase of the request needs one: without any (치킨이 다 날아갔어요) it is no matter to work by.
OF_THE_TRADE = re.compile(
    r"보험|특약|담보|보장|보상|배상|약관|증권|계약|청약|가입|해지|해약|철회|환급|만기|연금|대출|이자|납입|갱신|이체|수익자|청구|접수|심사|실손|진단"
    r"|입원|수술|치료|진료|처방|도수|영수증|서류|증명서|확인서|내역서|사본|소견서|결과지|계좌|통장|사고|과실|수리비|견적|렌트|면책|유예|부활|실효|감액"
    r"|연기|수령|분할|할인|등재|재발급|인상|비교|변경|지급|명의|합의|부담금|할증|민원|녹취|동의|위임장|상속|사망|골절|장해|화재|누수|도난|예금주|적립|수익률|손해|조사|평가|약값|병원비|입금|출금"
)
_FIRST_WORDS = re.compile(
    r"^(?:(?:그|저|저기|어|아|음|네|예|아니|아뇨|아니요|아니에요|아직이요|근데|그런데|그럼|그러면|그래서|그니까|그러니까|그리고|혹시|일단|이제|요새"
    r"|맞다|됐고|제가|저는|나는|내가|저도|저희가|이게|그게|그건|이건|안녕하세요|어쨌든|아까|당장|얼른|빨리|좀|그래도|여기|거기|만약에|또|정식으로|아니면|가능하면)[,]?\s+)+"
)
_TURNED_DOWN = re.compile(
    r"^.{0,30}?(?:이|가|은|는|까지는|도)?\s?(?:아니라|아니고요?|아니에요|말고요?|놔두고요?|놔둠|그대로고|안 하고요|안 함)[,]?\s+"
)
_FILLS = re.compile(
    r"(?<!\S)(?:우리|저희|좀|이제|지금|글쎄|뭐|그(?! (?:전|차|사람|돈|날|때|집|병원|서류))"
    r"|이(?! ?(?:년|주|일|개월|달|번|회|명|건|만|천|백))|저|막|진짜) (?=\S)"
)
POINTS = re.compile(
    r"나한테|나더러|나보고|저한테|너|그것|(?<!\S)걔|그 사람|그쪽|그리로|거기|[이그]거|옛날|여기|뭐시기|라던데|더[만라]|카[는면]|는가\s|당께"
    r"|소리라|그날|그때|[그이]걸|그렇|그대로|(?<!다시 )봐 달라"
    r"|말씀|이라는|잖아|담당하시는|이고 뭐고"
)
SPEAKS = re.compile(r"(?:요|죠|(?<!니)까|네|여|유|디|예|니더)(?:\s|$)|(?<!\S)(?:나|내가|제가|저|제|내|저도|저는|자기|걱정인데|하하)(?!\S)")
ASKS = re.compile(r"(?:요청|희망|문의|확인|[는은인한된린]지)$")
_FAULT = re.compile(r"(?:안 옴|안 됨|멈춤|잠김|잠겼음)$")
_STATES = re.compile(rf"(?:청구|접수|반려|거절|미비|갱신).*(?:했|됐|왔|났|갔|떴) ?음$|{_FAULT.pattern}")
CALLS = re.compile(
    r"깨워서|(?:얘기|통화)하게 변경|옆에서 |계좌 (?:하나 )?(?:달라는|안내) 요청|\S+ (?:문자|편지|안내)가? 왔음$|^서랍|어머니가 작년"
)
_DONE = re.compile(
    r"(변경|취소|접수|등록|해지|추가|정정|삭제|철회|신청)(?:은|는|을|를|까지|도)? ?(?:처리 ?)?(?:완료)?(?:했|됐|되었|해 ?드렸|완료)"
)
_DONE_PLAINLY = re.compile(r"(?:바꿔|고쳐|옮겨|빼|넣어) ?(?:드렸|놨|놓았)")
_TO_BE_DONE = re.compile(r"(변경|취소|접수|등록|해지|추가|정정|삭제|철회|신청)(?:해 달라는)?(?: 요청| 희망| 문의)?$")
_OF_ANYTHING = word_set("보험 계약 요청 희망 문의 여부 방법 안내 확인 관련 고객 전화 연락 서류")


@dataclass(frozen=True)
class Topics:
    """A call as its topics need it: what is named in it, turn by turn, and its request."""

    conversation: Conversation
    named: Sequence[Mention]
    request: str
    shortener: Shortener

    def told(self) -> Iterator[str]:
        """What the call is about, the surest first."""
        yield from self._fraud()
        if _WANTS_TO_REPORT.search(self.request) and any(_ACCIDENT.search(turn.text) for turn in self.conversation):
            yield "사고 접수"
        sure = list(self._groups(SURE))
        yield from (group for group in sure if " " in group)
        yield from self._phrases()
        yield from sure
        yield from self._groups(LIKELY)
        if self.product:
            yield f"{self.product} 관련"

    def _fraud(self) -> Iterator[str]:
        """The agent's word for a swindle, where he calls it one."""
        said = (_FRAUD.search(turn.text) for turn in self.conversation if not turn.by_caller and "?" not in turn.text)
        yield from (f"{found[0]} 관련" for found in said if found)
        if any(_REPORT.search(turn.text) for turn in self.conversation if not turn.by_caller):
            by_caller = (_FRAUD_BY_CALLER.search(turn.text) for turn in self.conversation if turn.by_caller)
            yield from (f"{found[1]} 관련" for found in by_caller if found)

    @cached_property
    def product(self) -> str:
        """The product, where the whole call names one alone: of two either may be meant."""
        names = [
            f"{found[1]}보험" if found[1] else found[2]
            for turn in self.conversation
            for found in PRODUCT.finditer(turn.text)
            if re.match(_DENIED, turn.text[found.end() :]) is None and not _ANOTHER_ONE.match(turn.text, found.end())
        ]
        longest = max(names, key=len, default="")
        return longest if all(one.removesuffix("보험") in longest for one in names) else ""

    def _groups(self, least: float) -> Iterator[str]:
        """Noun groups of at least such a weight, the weightiest first, with the product where they do not name it."""
        for group, weight in sorted(self._weighed, key=lambda found: ENDS_WITH_ACT.search(found[0]) is None):  # deeds before things
            if (
                weight >= least
                and not is_finished(group, self.conversation)
                and (self.product or group.split()[-1] != group or group not in _TOO_BARE)
            ):
                of_what = self.product if self.product.removesuffix("보험") not in group else ""
                of_what = of_what or (self._object if not self.product and group in _OF_SOMETHING else "")
                yield f"{of_what} {group}{'' if ENDS_WITH_ACT.search(group) else ' 관련'}".strip()

    @cached_property
    def _object(self) -> str:
        """What an act is done to, the weightiest: 수술비, 도수치료."""
        wanted = self._nouns(self.request)
        named = (group for group, _ in self._weighed if ENDS_WITH_OBJECT.search(group) and group != "환급금")
        return next((group for group in named if self._nouns(group) & wanted), "")

    @cached_property
    def _weighed(self) -> list[tuple[str, float]]:
        wanted = self._nouns(self.request)
        weights: dict[str, float] = {}
        denied = {found[1] for turn in self.conversation if turn.by_caller for found in _ACT_DENIED.finditer(turn.text)}
        for thing in (*self.named, *self._done_as_verbs()):
            group, of_a_paper = _group(thing, self._nouns_at_the_end)
            if group and self._is_denied(thing):
                denied.add(group)
            elif group:
                nouns = self._nouns(group)
                weight = (_BY_CALLER if thing.by_caller else _BY_AGENT) + of_a_paper * _OF_A_PAPER + (len(group) > 3) * _LONG
                weight += _A_DEED * (ENDS_WITH_ACT.search(group) is not None) + _WANTED * len(nouns & wanted) / max(1, len(nouns))
                telling = not _TELLING.isdisjoint(group.split())
                weight += _TELLS_ALONE * telling
                weight -= _ON_THE_SIDE * (not thing.by_caller and not of_a_paper and not nouns & wanted and not telling)
                weight += _OF_PRODUCT * (bool(self.product) and self.product.removesuffix("보험") in group)
                weights[group] = max(weights[group] + _AGAIN, weight) if group in weights else weight
        weights |= self._changed(denied)
        if "부활" in weights:
            weights.pop("실효", None)  # what is wanted tells more than why
        kept = [
            (group, weight)
            for group, weight in weights.items()
            if not any(group.endswith(one) or one.endswith(f" {group}") for one in denied)
        ]
        return sorted(kept, key=lambda found: -found[1])

    def _nouns_at_the_end(self, words: str) -> str:
        """The words of a group that are nouns, without those that describe them: 돌아가신 경우 사망보험금 청구 is 사망보험금 청구."""
        tokens, begin = self.shortener.tokens(words), len(words)
        for word in reversed(list(re.finditer(r"\S+", words))):
            within = [token.tag for token in tokens if word.start() <= token.start < word.end()]
            if word[0] in _NO_NOUN or (len(word[0]) == 1 and word[0] != "암") or not set(within) <= _NOUN_TAGS:
                break
            begin = word.start()
        return words[begin:]

    def _done_as_verbs(self) -> Iterator[Mention]:
        """Acts of the trade that a verb tells: 기존 계약을 부활하시겠다는 말씀이시죠?"""
        for turn in self.conversation:
            for found in _DONE_AS_VERB.finditer(turn.text):
                act = found[1]
                yield Mention(act, turn.number, turn.by_caller, act, frozenset((act,)), "-", "", "?" in turn.text[found.end() :], turn.text)

    def _changed(self, denied: set[str]) -> dict[str, float]:
        """What the caller wants changed, by the name that either side has for it: 수익자 변경."""
        if not _CHANGES.search(self._said_by_caller(len(self.conversation))):
            return {}
        named = [thing.head for thing in self.named if thing.head in _CHANGED_BY_NAME and not self._is_denied(thing)]
        named += [thing.head for thing in self.named if thing.head in _CHANGED_AS_SAID and thing.by_caller and _CHANGES.search(thing.said)]
        if _CLAIMED.search(self.request):
            return {}
        weight = SURE if _CHANGES.search(self.request) else LIKELY
        return {f"{word} 변경": weight for word in named[:1] if word not in denied}

    def _nouns(self, text: str) -> frozenset[str]:
        found = {token.form for token in self.shortener.tokens(text) if token.tag in ("NNG", "NNP") and len(token.form) > 1}
        return frozenset(found - _OF_ANYTHING)

    def _is_denied(self, thing: Mention) -> bool:
        """Whether a caller denies a thing, or it is only what the agent supposed and nobody agreed to."""
        answer = self._answers.get(thing.turn, "")
        if _is_said_with(DENIAL, thing.head, thing.said) or _is_said_with(DENIAL, thing.head, answer):
            return True
        if thing.by_caller or not thing.asked:
            return not thing.by_caller and _SAID_BACK.search(thing.said) is not None and _NO_AT_ONCE.match(answer) is not None
        return NO.match(answer) is not None or not (_YES.match(answer) or thing.head in self._said_by_caller(thing.turn))

    @cached_property
    def _answers(self) -> dict[int, str]:
        turns = [turn for turn in self.conversation if turn.text]
        return {one.number: other.text for one, other in pairwise(turns) if not one.by_caller and other.by_caller}

    def _said_by_caller(self, before: int) -> str:
        return " ".join(turn.text for turn in self.conversation if turn.by_caller and turn.number < before)

    def _phrases(self) -> Iterator[str]:
        """Phrases of the request that read as a note: what asks for something first, the last of them first."""
        said = [
            short
            for phrase in self.request.rpartition(" 관련, ")[2].split(", ")
            for one in sentences(phrase, self.shortener)
            if (short := clean(one))
        ]
        good = [one for one in said if self._is_note(one) and not is_finished(one, self.conversation)]
        for wanted in (ASKS, _STATES):
            yield from (self._of_product(one) for one in reversed(good) if wanted.search(one))

    def _of_product(self, phrase: str) -> str:
        whole = f"{self.product} {phrase}"
        known = not self.product or "보험" in phrase or self.product in phrase
        return phrase if known or len(whole) > LONGEST else whole

    def _is_note(self, phrase: str) -> bool:
        if not SHORTEST < len(phrase) <= LONGEST or POINTS.search(phrase) or SPEAKS.search(phrase) or CALLS.search(phrase):
            return False
        if _FAULT.search(phrase):
            return True
        trade, nouns = len(set(OF_THE_TRADE.findall(phrase))), self._nouns(phrase)
        said = self._said_by_caller(len(self.conversation))
        if any(_is_said_with(_IS_NOT, noun, said) for noun in nouns):
            return False
        telling = len(nouns) > 1 or (nouns and len(phrase.split()) > _SHORT)
        return trade > 1 or bool(trade == 1 and telling and ASKS.search(phrase))


def is_finished(phrase: str, conversation: Conversation) -> bool:
    """Whether the agent says that what a phrase asks for is done: 계좌는 지금 변경했습니다."""
    asked = _TO_BE_DONE.search(phrase)
    if asked is None:
        return False
    by_agent = [turn.text for turn in conversation if not turn.by_caller and turn.text]
    plainly = asked[1] in ("변경", "정정", "추가")
    return any(asked[1] in _DONE.findall(text) or (plainly and _DONE_PLAINLY.search(text) is not None) for text in by_agent)


def _is_said_with(following: re.Pattern[str], word: str, text: str) -> bool:
    """Whether a word stands in a text with something behind it."""
    place = text.find(word)
    while place >= 0:
        if following.match(text, place + len(word)):
            return True
        place = text.find(word, place + 1)
    return False


def _group(thing: Mention, nouns: Callable[[str], str]) -> tuple[str, bool]:
    """What a thing named tells of the matter, and whether a paper is named by it: 부활 청약서 tells 부활; empty where it tells nothing."""
    words = re.sub(r"(?<=[가-힣])(?:하고|이?랑|와|과) .*$", "", _BEFORE.sub("", thing.text))
    words = re.sub(r" (?:때문|관련|문제|쪽|얘기|일)$", "", words)
    if _OF_AN_OFFICER.search(words):
        return "", False
    named = _PAPER_OF.match(words)
    of_a_paper = named is not None and ENDS_WITH_ACT.search(named[1]) is not None
    group = named[1] if named and of_a_paper else words
    if not (ENDS_WITH_ACT.search(group) or ENDS_WITH_OBJECT.search(group)):
        return "", False
    group = nouns(group)
    telling = (ENDS_WITH_ACT.search(group) or ENDS_WITH_OBJECT.search(group)) and not _NO_TOPIC.search(group)
    return (group, of_a_paper) if telling and 1 < len(group) <= LONGEST_GROUP else ("", False)


def clean(phrase: str) -> str:
    """A phrase of the request without what is turned down before it, and without words that only fill."""
    phrase = re.sub(r"^.*(?:[가-힣](?<!필)(?<!중)(?<!주)요|니까|그러는데) (?=\S+ \S+ \S)", "", phrase)
    for _ in range(2):
        phrase = _FIRST_WORDS.sub("", _TURNED_DOWN.sub("", phrase))
    phrase = re.sub(r"지만? (?:물어보기|여쭤보기|알기) 희망$", "지 문의", re.sub(r"(?<!\S)[그이]걸로 (?=\S)", "", phrase))
    phrase = re.sub(r"지 여부 문의$", "지 문의", re.sub(r"(?<!전)(?<!전 )(?<!통) ?해 달라는 요청$", " 요청", _FILLS.sub("", phrase)))
    return phrase.strip(" ,")
