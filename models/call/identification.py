"""Which words of a call only say who is calling: a name, a birth, a number told so that the agent finds the caller.

Such words take no part in the summary: a summarizer reads a request into them ("뒷자리는 …" becomes a change of the caller's number). A
clause is left out only when it holds such a particular and nothing else but the words that announce it and their endings. So
"생년월일이 잘못 등록됐어요" and "보험금 받는 계좌를 다른 은행으로 바꿀게요" stay: they tell no particular, or say more.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from models.call.digits import BLANK
from models.call.privacy import personal_spans
from models.call.record import Speaker, Utterance
from models.summarizer.syllables import is_closed


def without_identification(utterances: Sequence[Utterance]) -> list[Utterance]:
    """The conversation without the clauses in which people identify themselves or are asked to; the rest stands as it was said.

    Every utterance keeps its place, if without words.
    """
    left, asked = [], False
    for utterance, hidden in zip(utterances, _hidden([u.text for u in utterances]), strict=True):
        kept = _kept(utterance, hidden, asked=asked)
        left.append(utterance if kept == utterance.text else utterance.model_copy(update={"text": kept}))
        if utterance.speaker is not Speaker.CUSTOMER:
            asked = _ASKS_WHO.search(utterance.text) is not None or (asked and len(utterance.text) <= _SHORT_ASIDE)
    return left


def _hidden(texts: Sequence[str]) -> list[str]:
    """The texts with every character of a personal number blanked, so that places stay."""
    hidden = list(texts)
    for span in personal_spans(texts):
        text = hidden[span.utterance]
        hidden[span.utterance] = text[: span.start] + BLANK * (span.end - span.start) + text[span.end :]
    return hidden


_SHORT_ASIDE = 12  # characters: "네, 말씀하세요" between a question and the rest of its answer
_ASKS_WHO = re.compile(
    r"본인 ?확인|성함|이름|생년월일|주민|[앞뒤뒷] ?자리|연락처|(?:전화|휴대폰|핸드폰|계좌|카드|증권|계약|고객|차량|차|면허) ?번호"
    r"|확인 ?먼저|누구"
)


def _kept(utterance: Utterance, hidden: str, *, asked: bool) -> str:
    """What remains of an utterance once its clauses of identification are cut out."""
    bounds = [0, *(match.end() for match in _CLAUSE_END.finditer(hidden)), len(hidden)]
    clauses = [(start, end) for start, end in pairwise(bounds) if start < end]
    texts = [hidden[start:end] for start, end in clauses]
    dropped = [_is_identification(text, utterance.speaker, asked=asked) for text in texts]
    # What stands beside it and says no more: "계좌는 신한은행이고요 …", "박모의요 박 모 의", "네 맞아요, …".
    for order in (range(1, len(texts)), range(len(texts) - 2, -1, -1)):
        step = order.step
        for i in order:
            dropped[i] = dropped[i] or (dropped[i - step] and _only_announces(texts[i]))
    if not any(dropped):
        return utterance.text
    return "".join(utterance.text[start:end] for (start, end), drop in zip(clauses, dropped, strict=True) if not drop).strip(" ,")


# A clause ends with its sentence, or with an ending that leads on: "홍길동이고 생일은 …", "저 홍길동인데요, 치아보험 …".
_CLAUSE_END = re.compile(rf"(?:[.?!…。]+|(?<=[요다])|(?<=이고)|(?<=시고)|(?<=인데)|(?<=이며)|(?<={BLANK}고)|(?<={BLANK},))[,.?!]*\s+")


def _alternatives(*words: str) -> str:
    """The words as a pattern in which a longer one comes before what it begins with."""
    return "|".join(sorted({re.escape(word) for line in words for word in line.split()}, key=len, reverse=True))


_NOUNS = _alternatives(
    "주민등록번호 주민번호 주민 등록번호 외국인등록번호 앞자리 뒷자리 앞번호 뒷번호 앞에 뒤에 앞 뒤 가운데 끝자리 자리 여섯",
    "일곱 생년월일 생년 생일 음력 양력 이름 성함 성명 예금주 본인 명의 명의자 계약자 피보험자 가입자 전화번호 전화",
    "휴대폰번호 휴대폰 휴대전화 핸드폰번호 핸드폰 연락처 폰번호 번호 계좌번호 계좌 통장 은행 국민 신한 우리 하나 농협 기업",
    "수협 신협 새마을금고 우체국 카카오 카카오뱅크 토스 토스뱅크 케이뱅크 씨티 제일 에스씨 부산 대구 경남 광주 전북 뱅크",
    "카드번호 카드 신용카드 체크카드 삼성 현대 롯데 비씨 유효기간 보험증권번호 증권번호 증권 보험번호 계약번호 고객번호",
    "접수번호 사고번호 회원번호 차량번호 차번호 번호판 차량 자동차 차 면허번호 운전면허 면허 여권번호 여권 이메일 메일 주소",
)
_FILLERS = _alternatives(
    "네 네네 넵 예 아 음 어 그 저 저기 여기 그게 그러니까 잠시만요 잠깐만요 일단 먼저 우선 그럼 그리고 그다음 다음 또",
    "안녕하세요 여보세요 다시 하이픈 저는 제가 제 전 나는 내 저희 에서 불러드릴게요 불러 말씀드릴게요 말씀 드릴게요 드리면",
    "적어 주세요",
)
_ENDINGS = _alternatives(
    "은 는 이 가 을 를 의 에 도 로 으로 하고 이랑 랑 요 이요 이고요 이고 고요 고 이구요 구요 인데요 인데 입니다 이에요 예요",
    "에요 이며 야 이야 거든요 이거든요 이라고 라고 합니다 해요 하는데요 하고요 했는데요 맞습니다 맞아요 맞고요 됩니다",
    "되고요 되는데요 돼요 이세요 이시고 시고 님 생 번",
)
_MARK = rf"[\s.,!?…~:/()·{BLANK}-]"
_ONLY_ANNOUNCED = re.compile(rf"(?:{_MARK}|{_NOUNS}|{_FILLERS}|{_ENDINGS})*+")

_QUESTIONS = _alternatives(
    "확인 확인을 본인확인 확인하겠습니다 확인할게요 확인됐습니다 확인했습니다 확인되셨습니다 부탁드립니다 부탁드릴게요",
    "부탁드려요 부탁 말씀해 말씀 주세요 주시겠어요 주시겠습니까 주실 수 있으세요 있을까요 알려 불러 어떻게 되세요 되시나요",
    "되십니까 될까요 되시죠 여쭤볼게요 여쭤보겠습니다 여쭐게요 위해 위해서 고객님 좀 한번 혹시 실례지만 첫 숫자만 부터",
    "맞으세요 맞으시죠 맞으신가요 맞으십니까 맞나요 도와드릴게요 도와드리겠습니다 해 할게요 하겠습니다 과 와 및 요?",
)
_ONLY_ASKED = re.compile(rf"(?:{_MARK}|{_QUESTIONS}|{_NOUNS}|{_FILLERS}|{_ENDINGS})*+")
_ASKED_FOR = re.compile(rf"본인|성함|이름|생년월일|번호|자리|연락처|{BLANK}")

_SPOKEN = "[영공일이삼사오육륙칠팔구]"
_DIGITS = re.compile(rf"[0-9][0-9 -]{{2,}}|(?<![가-힣])(?:{_SPOKEN} ?){{3,}}")
_BORN = re.compile(r"(?:(?<!\d)\d{1,4}|(?<![가-힣])[영공일이삼사오유육칠팔구시십]{1,4}) ?[년월]생")


def _is_identification(text: str, speaker: Speaker, *, asked: bool) -> bool:
    if speaker is not Speaker.AGENT and _identifies(text, asked=asked):
        return True
    return speaker is not Speaker.CUSTOMER and _asks(text)


def _identifies(text: str, *, asked: bool) -> bool:
    """Whether a clause tells a particular of the caller and nothing else."""
    told = _BORN.sub(BLANK, _without_name(text, asked=asked))
    if asked:
        told = _DIGITS.sub(BLANK, told)
    return (BLANK in told or "본인" in told) and _ONLY_ANNOUNCED.fullmatch(told) is not None


def _only_announces(text: str) -> bool:
    return _ONLY_ANNOUNCED.fullmatch(text) is not None or _SYLLABLES_SAID.fullmatch(text.strip(" .")) is not None


def _asks(text: str) -> bool:
    """Whether a clause asks for identification, or repeats it: "성함과 생년월일 말씀해 주세요"."""
    return _ASKED_FOR.search(text) is not None and _ONLY_ASKED.fullmatch(text) is not None


_SURNAME = (
    "(?:남궁|황보|제갈|사공|선우|독고|[김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민나진지엄채원천방공현함변염"
    "여추도소석선설마길])"
)
_COPULA = (
    r"(?P<copula>이?라고 ?(?:합니다|해요|하는데요|하고요)|이고요?|이구요|구요|고요?|이?시고|입니다|이에요|예요|에요|이요|요|인데요?|이며)?"
    r"(?=[\s,.!]|$)"
)
_NAME_TOLD = re.compile(
    rf"(?:이름|성함|성명|예금주|계약자|피보험자|가입자|명의자?)[은는이가]?[ ,]{{0,2}}(?P<name>{_SURNAME}[가-힣]{{1,3}}?){_COPULA}"
)
_NAME_ANSWERED = re.compile(rf"(?:^|[\s,])(?P<name>{_SURNAME}[가-힣]{{1,3}}?){_COPULA}")
_NAME_GIVEN = re.compile(rf"^(?:{_MARK}|{_FILLERS})*+(?P<name>{_SURNAME}[가-힣]{{2}}){_COPULA}")
_SYLLABLES_SAID = re.compile(r"(?<![가-힣])[가-힣](?:[ ,]{1,2}[가-힣]){1,3}(?![가-힣])")  # "박모의요 박 모 의"
# Unasked, three syllables are a name when the last two are usual in given names and the whole is no word that looks like one.
_GIVEN = set(
    "가강건경공관광교규균근금기길나남노다단달대덕도돈동두라란래려련령록룡률리린림마만명모무문미민반배백범별병보복봉빈사산삼상샘서석선설섭성세소솔송수숙순슬승시식신실"
    "심아안애양언엄업연열영예오옥온완요용우욱운웅원월위유윤율은을의이익인일임자장재전정제조종주준중지진찬창채천철초춘충치태택하학한해향혁현협형혜호홍화환효훈휘흠희힘"
)
_NO_NAMES = frozenset(
    word
    for line in (
        "하노이 안정형 강아지 고양이 배우자 임대인 임차인 공무원 유학생 장애인 연예인 변호인 방송인 한의원 이자율 유소년 성인병 조정자",
        "남자 여자 주인 이사 전화 조회 문의 신청 연금 유지 안내 한도 서류 정지 진단 변경 전환 지급 임신 연체 정기 주소 고객",
        "명의 이체 배서 임원 차주 나이 주차 사고 심사 이의 이자 원금 서울 성남 인천 대인 대물 자차 하나 우선 최우선 최대한",
        "최신형 나중 지금 오늘 이번 주말 하루 한방 도수 안경 백신 천식 전세 월세 이모 고모 남편 아내 하자 한화 현대 신한",
        "진료 전기차 오전 오후 정말 진짜 방금 안전 기사 주부 원장 반장 소장 부장 이사장 강사 연구원 조합원 조합장",
    )
    for word in line.split()
)


def _without_name(text: str, *, asked: bool) -> str:
    """The clause with the name that its speaker gives blanked. A bare word is a name only where a name was asked for."""
    for match in (_NAME_TOLD.search(text), _NAME_ANSWERED.search(text) if asked else None, _NAME_GIVEN.search(text)):
        if match and _gives_a_name(match, bare=match.re is not _NAME_GIVEN):
            start, end = match.span("name")
            return text[:start] + BLANK * (end - start) + _SYLLABLES_SAID.sub(BLANK, text[end:])
    return text


def _gives_a_name(match: re.Match[str], *, bare: bool) -> bool:
    """Whether a word is a name: said with the copula that its last sound asks for, or, where a name is expected, without."""
    name, copula = match["name"], match["copula"] or ""
    if name in _NO_NAMES:
        return False
    usual = len(name) == 3 and set(name[1:]) <= _GIVEN
    if match.re is _NAME_ANSWERED:
        return True
    return usual and (bare or copula in _COPULAS or copula.startswith("이" if is_closed(name) else ("예", "라")))


_COPULAS = {"입니다", "인데", "인데요"}
