"""Personal numbers taken out of what people said, whether written in digits, spelled out, or told over several utterances.

    personal_spans(texts)         where they lie: utterance, characters, kind
    mask_utterances(texts)        the utterances with each number's kind in its place, such as ``[전화번호]``
    seconds_of(spans, utterances) the same stretches of the recording

Groups of digits and what links them come from ``models/call/digits.py``; here they are told apart by length, shape and the words before
them. Only what people said is masked: names that systems gave (a job id, a key, a call id) never pass through here, for a masked id is
useless, and a contact id, which may be a phone number, has ``shown_contact``.

A mask holds no digit, so that masking a masked text changes nothing. Every pattern is anchored or bounded and every group starts a
bounded number of candidates: the time grows with the length of the text, not with its square.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final
from uuid import UUID

from models.call.digits import BLANK, BREAK, Conversation, Group, Link, chains_of, leads_on
from models.call.record import Utterance

RESIDENT, BIRTH, CARD, ACCOUNT, PHONE = "[주민등록번호]", "[생년월일]", "[카드번호]", "[계좌번호]", "[전화번호]"
EMAIL, LICENCE, PASSPORT, PLATE, NUMBER = "[이메일]", "[운전면허번호]", "[여권번호]", "[차량번호]", "[번호]"
KINDS: Final = (RESIDENT, BIRTH, CARD, ACCOUNT, PHONE, EMAIL, LICENCE, PASSPORT, PLATE, NUMBER)


@dataclass(frozen=True)
class PersonalSpan:
    """A personal number, or the part of one told in one utterance: characters ``start`` to ``end`` of that utterance."""

    utterance: int
    start: int
    end: int
    kind: str


def personal_spans(texts: Sequence[str]) -> list[PersonalSpan]:
    """Find the personal numbers and addresses of a conversation, in order.

    Found: resident and alien registration numbers and birth dates told as such, cards, accounts, phone numbers of persons,
    e-mail addresses, driving licences, passports, vehicle plates, numbers of policies and claims, any other number of nine digits or
    more. Not found: companies' numbers (1588-…, 080-…), amounts, dates, counts, everyday words that happen to be digits (이사, 사고).
    """
    conversation = Conversation.of(texts)
    text = _MASKED.sub(lambda match: BLANK * len(match[0]), conversation.text)
    found: list[_Found] = []
    while fresh := _find(text):  # a number that stood beside another may show only once the other is gone
        found += fresh
        text = _blanked(text, fresh)
    spans = []
    for one in sorted(found, key=lambda one: one.start):
        utterance, start = conversation.place(one.start)
        spans.append(PersonalSpan(utterance, start, start + one.end - one.start, one.kind))
    return spans


def mask_utterances(texts: Sequence[str]) -> list[str]:
    """Replace personal numbers and addresses by their kind in brackets, in each utterance of a conversation.

    >>> mask_utterances(["카드번호는 4111 2222", "네", "3333 4444예요"])
    ['카드번호는 [카드번호]', '네', '[카드번호]예요']
    """
    masked = list(texts)
    for span in reversed(personal_spans(texts)):
        text = masked[span.utterance]
        masked[span.utterance] = text[: span.start] + span.kind + text[span.end :]
    return masked


def mask_personal_data(text: str) -> str:
    """Replace the personal numbers and addresses of one text by their kind in brackets.

    >>> mask_personal_data("공일공 일이삼사 오육칠팔이에요, 보험료는 1,200,000원")
    '[전화번호]이에요, 보험료는 1,200,000원'
    """
    return mask_utterances([text])[0]


def seconds_of(spans: Sequence[PersonalSpan], utterances: Sequence[Utterance]) -> list[tuple[float, float]]:
    """From when to when in the recording personal numbers are said: an utterance's time is shared out among its characters."""
    return [(_second(u, span.start), _second(u, span.end)) for span in spans for u in [utterances[span.utterance]]]


def _second(utterance: Utterance, character: int) -> float:
    return (utterance.start_ms + utterance.duration_ms * character / len(utterance.text)) / 1000


def shown_contact(contact_id: str) -> str:
    """A contact's id where people and logs meet it: as it is, unless it looks like somebody's number.

    >>> shown_contact("3f1c9a52-7d04-4b8e-9a61-0c5e2d7f1b01"), shown_contact("01012345678")
    ('3f1c9a52-7d04-4b8e-9a61-0c5e2d7f1b01', '[전화번호]')
    """
    try:
        UUID(contact_id)
    except ValueError:
        return mask_personal_data(contact_id)
    return contact_id


@dataclass(frozen=True)
class _Found:
    """A stretch of the conversation's text, within one utterance, and its kind."""

    start: int
    end: int
    kind: str


_MASKED = re.compile("|".join(re.escape(kind) for kind in KINDS))
_REGIONS = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"


def _find(text: str) -> list[_Found]:
    """One pass: what letters give away first, then the chains of digits."""
    found: list[_Found] = []
    for finder in (_emails, _lettered, _birthdays, _plates):
        fresh = list(finder(text))
        text = _blanked(text, fresh)
        found += fresh
    chains = list(chains_of(text))
    numbers = [number for chain in chains for number in _numbers(text, chain)]
    for number in numbers:
        found += number.stretches(text)
    return found + _told_again(chains, numbers)


def _blanked(text: str, found: Sequence[_Found]) -> str:
    pieces, done = [], 0
    for one in sorted(found, key=lambda one: one.start):
        start = max(done, one.start)
        pieces += [text[done:start], BLANK * (one.end - start)]
        done = max(done, one.end)
    return "".join(pieces) + text[done:]


# --- what letters give away: addresses, passports, licences, birthdays, plates ---

_AT = re.compile(r"@|(?<![가-힣])(?:골뱅이|앳)(?=[ 가-힣A-Za-z])|(?<=[A-Za-z0-9])[ ]?(?:골뱅이|앳)")
_LETTER_NAME = (
    "에이치|에이|비|씨|디|이|에프|지|아이|제이|케이|엘|엠|엔|오|피|큐|알|에스|티|유|브이|더블유|엑스|와이|제트"
    "|[A-Za-z0-9._%+-]+|점|쩜|닷|언더바"
)
_LOCAL = re.compile(rf"(?:(?<![^ \n])(?:{_LETTER_NAME}) ){{0,12}}(?:[^\s@{BLANK}]{{1,64}})[ ]{{0,2}}$")
_POINT = r"(?: ?\. ?| ?(?:닷|점|쩜|도트) ?)"
_TOP = r"(?:한국|컴|넷|씨오|케이알|씨오케이알|[A-Za-z]{2,})"
_PROVIDER = (
    "네이버|한메일|지메일|구글|카카오|네이트|핫메일|야후|아웃룩|아이클라우드|naver|daum|hanmail|gmail|kakao|nate|hotmail|outlook|icloud"
)
_DOMAIN = re.compile(
    rf"[ ]{{0,2}}(?:[A-Za-z0-9-]{{1,63}}(?:{_POINT}{_TOP}){{1,3}}|[가-힣A-Za-z0-9-]{{1,20}}(?:{_POINT}{_TOP}){{1,3}}"
    rf"|(?:{_PROVIDER})(?: ?메일)?(?: ?{_TOP})?(?![가-힣])|(?:{_PROVIDER})(?=으?로|이?[예에]요|이?요|이고|입니다))",
    re.IGNORECASE,
)
_LATIN_DOMAIN = re.compile(r"[ ]?[A-Za-z][A-Za-z0-9-]+")


def _emails(text: str) -> Iterator[_Found]:
    done = 0
    for at in _AT.finditer(text):
        line = max(done, text.rfind(BREAK, max(0, at.start() - 100), at.start()) + 1, at.start() - 100)
        local = _LOCAL.search(text, line, at.start())
        domain = _DOMAIN.match(text, at.end()) or (_LATIN_DOMAIN.match(text, at.end()) if at[0] == "@" else None)
        if local and domain:
            done = domain.end()
            yield _Found(local.start(), done, EMAIL)


_LETTERED = re.compile(
    r"(?P<passport>(?<![A-Za-z0-9])"
    r"(?:[MSRODGmsrodg][ -]?(?:\d{4}[ -]?\d{4}|\d{3}[A-Za-z]\d{4})|[Pp][MSRODGmsrodg][ -]?\d{7})(?![A-Za-z0-9]))"
    r"|(?<!\d)\d{6}[ ]?-[ ]?(?:\d[ ]?)?[*●○◯xX]{6,7}"  # a resident number, starred
)


def _lettered(text: str) -> Iterator[_Found]:
    for match in _LETTERED.finditer(text):
        yield _Found(match.start(), match.end(), PASSPORT if match["passport"] else RESIDENT)


_NUMERAL = "[영공일이삼사오육륙칠팔구십백천]"
_DAY = re.compile(
    rf"(?:(?:(?<!\d)\d{{2,4}}|(?<![가-힣]){_NUMERAL}{{2,8}}) ?년생? ?)?"
    rf"(?:(?<!\d)\d{{1,2}}|(?<![가-힣])[일이삼사오유육칠팔구시십]{{1,2}}) ?월 ?(?:\d{{1,2}}|[일이삼사오육칠팔구십]{{1,3}}) ?일(?P<born>생)?"
)
_BIRTH = "생년월일|생일|태어난"


def _birthdays(text: str) -> Iterator[_Found]:
    """Days that are told as somebody's birth; any other day stays."""
    for match in _DAY.finditer(text):
        if match["born"] or _asked_for(text, match.start(), _BIRTH_CUE):
            yield _Found(match.start(), match.end(), BIRTH)


_PLATE_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자하허호배육해공국합"
_PLATE_BETWEEN = re.compile(rf"( ?)([{_PLATE_LETTERS}])((?: ?- ?| ?(?:에|의|다시) ?| )?)")
_PLATE_REGION = re.compile(rf"(?:{_REGIONS}) ?$")
_PLATE_CUE = re.compile(r"차량|차 ?번호|번호판|자동차|승용차|화물차|렌터카")
_COUNTED_LETTERS = "호도주조부구로보수사고공국육"  # 30도, 3주: with a space after them they count more often than they name a car
_COUNTED = re.compile(
    r"\d|[ ]?(?:원|개|명|년|킬로|km|cc|씨씨|세대|평|대(?![가-힣])|퍼센트|프로|%|만|억|천|달러)"
    r"|(?:호|동|층|번지|회|건|월|일|점|차|세|살|분|시|초|kg|g)",
    re.IGNORECASE,
)


def _plates(text: str) -> Iterator[_Found]:
    groups = [group for chain in chains_of(text) for group in chain]
    for series, serial in pairwise(groups):
        if len(series.digits) not in (2, 3) or len(serial.digits) != 4 or serial.start - series.end > 8:
            continue
        between = _PLATE_BETWEEN.fullmatch(text, series.end, serial.start)
        if between is None or _COUNTED.match(text, serial.end) or text[series.start - 1 : series.start] in ("-", "."):
            continue
        letter, gap = between[2], between[3]
        cue = _PLATE_CUE.search(text, max(0, series.start - 25), series.start)
        if not cue and gap and letter in _COUNTED_LETTERS:
            continue
        region = _PLATE_REGION.search(text, max(0, series.start - 4), series.start)
        yield _Found(region.start() if region else series.start, serial.end, PLATE)


# --- chains of digits ---


@dataclass(frozen=True)
class _Number:
    """Groups of digits that are one personal number. ``before`` counts the characters that belong to it on the left: +, (, 서울."""

    groups: Sequence[Group]
    kind: str
    before: int = 0

    def stretches(self, text: str) -> Iterator[_Found]:
        """The number without the words between its parts: "앞자리는 …이고 뒷자리는 …" stays a sentence."""
        start, end = self.groups[0].start - self.before, self.groups[0].end
        for group in self.groups[1:]:
            if group.link is Link.LOOSE or BREAK in text[end : group.start]:
                yield _Found(start, end, self.kind)
                start = group.start
            end = group.end
        yield _Found(start, end, self.kind)


_COUNTING = "0123456789"
_SHORTEST_NUMBER, _LONGEST_NUMBER = 5, 20  # digits


@dataclass(frozen=True)
class _Candidate:
    """Consecutive groups of a chain, read as one number."""

    text: str
    groups: Sequence[Group]
    digits: str
    sizes: tuple[int, ...]

    @cached_property
    def singly(self) -> bool:
        return len(self.sizes) > 1 and max(self.sizes) == 1

    @cached_property
    def separated(self) -> bool:
        """Whether more than spaces and commas stand between all groups: -, 에, 다시."""
        pairs = pairwise(self.groups)
        return all(self.text[a.end : b.start].strip(" ,") for a, b in pairs)

    @cached_property
    def listed(self) -> bool:
        """Whether commas alone stand between short groups: 112, 119, 1339."""
        commas = [self.text[a.end : b.start].strip() == "," for a, b in pairwise(self.groups)]
        return bool(commas) and all(commas) and max(self.sizes) <= 4

    @cached_property
    def spelled(self) -> bool:
        return all(group.spelled for group in self.groups)

    def cut_at(self, digits: int) -> bool:
        """Whether a group ends after so many digits, or no group tells."""
        total = 0
        for size in self.sizes:
            total += size
            if total == digits:
                return True
        return len(self.sizes) == 1 or self.singly

    @cached_property
    def money(self) -> bool:
        """Whether the name of a currency follows: "12345678원이", "5000만 원"; no one says "110234567890천 원"."""
        end = self.groups[-1].end
        if self.digits.startswith("0") or len(self.digits) > 13:
            return False
        return bool(_CURRENCY.match(self.text, end) or (self.sizes[-1] <= 5 and _LARGE_CURRENCY.match(self.text, end)))

    @cached_property
    def counted(self) -> bool:
        """Whether it is an amount, a count, dates, years or a list of these: its own unit follows it."""
        groups = self.groups
        if any(group.plain for group in groups) or all(g.is_year for g in groups) or all(g.is_date for g in groups):
            return True
        if self.money:
            return True
        if all(group.is_round or group.is_year for group in groups) or (self.singly and self.digits in _COUNTING):
            return True
        few = max(self.sizes) <= 5 and not self.digits.startswith("0")
        return few and _ATTACHED_UNIT.match(self.text, groups[-1].end) is not None


# The unit belongs to the number when its word ends: 5000원이 is an amount, "… 원래 제 계좌예요" goes on with another word.
_MONEY = (
    r"(?:원|달러|엔|유로|위안|불)(?:씩|정|짜리|가량|정도|쯤|어치)?"
    r"(?:이(?:래|라|네|더|었|든|면|죠|지|나|고|며|에|야|요|니|랑)[가-힣]{0,5}|예요|입니다|인데요?|인가요|인지|에서|에게|에|을|를|은|는|이|가|의|도|만|로|으로"
    r"|까지|부터|하고|요|권)?(?![가-힣])"
)
_CURRENCY = re.compile(rf"[ ]?{_MONEY}")
_LARGE_CURRENCY = re.compile(rf"[ ]?[십백천만억조]{{1,2}}[ ]?{_MONEY}")
_ATTACHED_UNIT = re.compile(
    r"(?:호|동|층|평|명|개월|개|년|월|일|시|분|초|세|살|회|번지|건|박|도|위|점|배|장|권|마리|인승|톤|리터|미터|킬로|씨씨|cc|km|kg|cm|g|m|%|프로|퍼센트|포인트)",
    re.IGNORECASE,
)

_AREA = r"(?:1[016789]|2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d|30\d)"  # of numbers that belong to a person; 080 and 15xx are companies'
_PHONE = re.compile(rf"0{_AREA}\d{{7,8}}")
_PHONE_ABROAD = re.compile(rf"82(?:0?{_AREA})\d{{7,8}}")
_COMPANY = re.compile(r"1[568]\d{6}|080\d{7}|0800\d{6,7}")
_BIRTH_DAY = r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_RESIDENT = re.compile(rf"(?:19|20)?{_BIRTH_DAY}\d{{7}}")
_RESIDENT_FIRST = re.compile(rf"{_BIRTH_DAY}[0-9]")
_DINERS_AMEX = {(4, 6, 5): "3", (4, 6, 4): "3"}


@dataclass(frozen=True)
class _Cue:
    """Words that say what the next number is, and how many digits then make one."""

    kind: str
    words: re.Pattern[str]
    fewest: int
    most: int = _LONGEST_NUMBER


_BIRTH_CUE = _Cue(BIRTH, re.compile(_BIRTH), 6, 8)
_CUES: Final = (
    _Cue(RESIDENT, re.compile(r"주민|외국인 ?등록|앞자리|뒷자리"), 6, 15),
    _BIRTH_CUE,
    _Cue(CARD, re.compile(r"카드"), 8),
    _Cue(ACCOUNT, re.compile(r"계좌|은행|뱅크|농협|수협|신협|새마을금고|우체국|통장|예금"), 8),
    _Cue(PHONE, re.compile(r"전화|휴대폰|핸드폰|휴대 전화|연락처|폰 ?번호|(?:제|내|저희|집|본인) ?번호"), 7, 12),
    _Cue(LICENCE, re.compile(r"면허"), 10, 12),
    _Cue(PASSPORT, re.compile(r"여권"), 7, 9),
    _Cue(
        NUMBER,
        re.compile(r"(?:증권|계약|접수|사고|고객|보험|가입|청구|회원|관리|등록|문서|사업자|인증|승인|조회|심사|설계|청약) ?번호"),
        5,
    ),
)
_ANY_CUE = _Cue(NUMBER, re.compile(r"번호[은는이가]"), 5)  # where nothing says whose number
_SURE = 9  # so many digits are a personal number whatever was said before
_CUE_REACH = 45  # characters back
_LONGEST_LEAD = 12  # characters of an answer before its number: "네 홍길동이요."
_ASKED = re.compile(r"[^\d]*+")


def _cue_before(text: str, start: int) -> tuple[_Cue, bool] | None:
    """The last cue before a number, and whether nothing but particles, fillers or the question's end lies between."""
    window = max(text.rfind(BLANK, max(0, start - _CUE_REACH), start) + 1, start - _CUE_REACH, 0)
    for cues in (_CUES, (_ANY_CUE,)):
        said = [(match.end(), cue) for cue in cues for match in cue.words.finditer(text, window, start)]
        if said:
            end, cue = max(said, key=lambda one: one[0])
            return cue, _only_leads(text[end:start])
    return None


def _asked_for(text: str, start: int, cue: _Cue) -> bool:
    found = _cue_before(text, start)
    return found is not None and found[0] is cue and found[1]


def _only_leads(between: str) -> bool:
    """Whether a cue speaks of the number: "번호는 …", or "번호 말씀해 주세요" and the answer."""
    asked, question, answer = between.rpartition(BREAK)
    if question:
        return _ASKED.fullmatch(asked) is not None and len(answer) <= _LONGEST_LEAD
    return leads_on(answer)


def _numbers(text: str, chain: Sequence[Group]) -> list[_Number]:
    """The personal numbers of one chain: what has a form of its own is found before the rest is guessed."""
    found: list[_Number] = []
    rest = 0
    for first, last, number in [*_search(text, chain, _certain), (len(chain), len(chain), None)]:
        found += [guess for *_, guess in _search(text, chain[rest:first], _likely) if guess]
        if number:
            found.append(number)
        rest = last + 1
    if found and any(group.link is Link.LOOSE for group in chain[1:]):
        found += _left_over(text, chain, found)
    return [number for number in found if number.kind != _COMPANYS]


_COMPANYS = "(company)"


def _search(
    text: str, groups: Sequence[Group], classify: Callable[[Sequence[_Candidate]], _Number | None]
) -> Iterator[tuple[int, int, _Number]]:
    """Take the groups from the left, each start with as many groups as the longest number has digits."""
    first = 0
    while first < len(groups):
        candidates: list[_Candidate] = []
        digits, sizes = "", tuple[int, ...]()
        for last in range(first, len(groups)):
            digits, sizes = digits + groups[last].digits, (*sizes, len(groups[last].digits))
            if len(digits) > _LONGEST_NUMBER and last > first:
                break
            if len(digits) >= _SHORTEST_NUMBER:
                candidates.append(_Candidate(text, groups[first : last + 1], digits, sizes))
        found = classify(candidates) if candidates else None
        if found:
            last = first + len(found.groups) - 1
            yield first, last, found
            first = last
        first += 1


def _certain(candidates: Sequence[_Candidate]) -> _Number | None:
    """Numbers whose digits or groups have a form of their own; a company's number too, so that it is nobody's."""
    for candidate in reversed(candidates):
        kind = _form_of(candidate)
        if kind:
            return _number(candidate, kind)
    return None


def _form_of(candidate: _Candidate) -> str | None:
    digits, sizes = candidate.digits, candidate.sizes
    if not 7 <= len(digits) <= 16 or any(group.plain for group in candidate.groups):
        return None
    if _PHONE.fullmatch(digits) or (_PHONE_ABROAD.fullmatch(digits) and (sizes[0] == 2 or _plus_before(candidate) or len(digits) >= 12)):
        return PHONE
    if _RESIDENT.fullmatch(digits) and candidate.cut_at(len(digits) - 7):
        return RESIDENT
    if sizes in {(6, 7), (8, 7), (6, 1, 6)} and not _cued(candidate, ACCOUNT, CARD):
        return RESIDENT  # a misheard day: month 13
    if sizes == (6, 1) and _RESIDENT_FIRST.fullmatch(digits) and candidate.separated:
        return RESIDENT
    if candidate.counted:
        return None
    if _is_card(candidate):
        return CARD
    if sizes == (2, 2, 6, 2) or (sizes == (2, 6, 2) and _region_before(candidate)):
        return LICENCE
    if _COMPANY.fullmatch(digits) and len(sizes) <= 3:
        return _COMPANYS
    return None


def _is_card(candidate: _Candidate) -> bool:
    digits, sizes = candidate.digits, candidate.sizes
    if sizes in _DINERS_AMEX:
        return digits.startswith(_DINERS_AMEX[sizes])
    if len(sizes) == 1:
        return len(digits) in (15, 16)
    if all(_COMPANY.fullmatch(digits[at : at + 8]) for at in range(0, len(digits), 8)) and not _cued(candidate, CARD):
        return False
    fours = all(size % 4 == 0 for size in sizes)
    return (len(digits) == 16 and fours) or (13 <= len(digits) <= 16 and sizes[:3] == (4, 4, 4) and len(sizes) == 4)


def _likely(candidates: Sequence[_Candidate]) -> _Number | None:
    """Any other number, named by what was said before it. Spelled groups of one or two are words: "이사 일이 오일 구이"."""
    found = _cue_before(candidates[0].text, candidates[0].groups[0].start)
    for candidate in reversed(candidates):
        kind = _guess(candidate, *(found or (None, False)))
        if kind:
            return _number(candidate, kind)
    return None


def _guess(candidate: _Candidate, cue: _Cue | None, direct: bool) -> str | None:
    length, sizes = len(candidate.digits), candidate.sizes
    if candidate.spelled and not direct and max(sizes) < 3 and not candidate.singly:
        return None
    told = cue is not None and cue.fewest <= length <= cue.most and (direct or length >= _SURE - 1)
    if candidate.counted and not (told and cue in _DAYS_TOO and not candidate.money):
        return None
    if told and cue is not None and not (cue.kind in {ACCOUNT, CARD, PHONE} and candidate.groups[0].is_date and length == 8):
        return cue.kind
    if length >= _SURE and not candidate.listed:
        return CARD if length in (15, 16) else ACCOUNT if cue and cue.kind == ACCOUNT else _by_shape(candidate)
    if sizes == (4, 4) and (candidate.separated or candidate.spelled) and not any(group.is_year for group in candidate.groups):
        return PHONE  # without its area
    if length == 8 and candidate.spelled and not candidate.counted:
        return PHONE
    return None


def _by_shape(candidate: _Candidate) -> str:
    dashes = 3 <= len(candidate.sizes) <= 4 and candidate.separated and len(candidate.digits) >= 10
    return ACCOUNT if dashes and not candidate.spelled else NUMBER


_DAYS_TOO = {cue for cue in (*_CUES, _ANY_CUE) if cue.kind in {RESIDENT, BIRTH, NUMBER}}


def _cued(candidate: _Candidate, *kinds: str) -> bool:
    found = _cue_before(candidate.text, candidate.groups[0].start)
    return found is not None and found[0].kind in kinds


_PLUS = re.compile(r"(?:\+|플러스) ?\(?$")
_REGION = re.compile(rf"(?:{_REGIONS})[- ]{{0,2}}$")
_LETTERS = re.compile(r"(?<![A-Za-z])[A-Za-z]{1,4}-?$")


def _plus_before(candidate: _Candidate) -> re.Match[str] | None:
    start = candidate.groups[0].start
    return _PLUS.search(candidate.text, max(0, start - 5), start)


def _region_before(candidate: _Candidate) -> re.Match[str] | None:
    start = candidate.groups[0].start
    return _REGION.search(candidate.text, max(0, start - 5), start)


def _number(candidate: _Candidate, kind: str) -> _Number:
    """The number with what belongs to it on its left."""
    start, before = candidate.groups[0].start, None
    if kind == PHONE:
        before = _plus_before(candidate)
        if before is None and candidate.text[start - 1 : start] == "(" and ")" in candidate.text[start : candidate.groups[-1].start]:
            return _Number(candidate.groups, kind, 1)
    elif kind == LICENCE:
        before = _region_before(candidate)
    elif kind == NUMBER:
        before = _LETTERS.search(candidate.text, max(0, start - 6), start)
    return _Number(candidate.groups, kind, start - before.start() if before else 0)


def _left_over(text: str, chain: Sequence[Group], found: Sequence[_Number]) -> list[_Number]:
    """Parts of a number that was told over utterances and repeated by the other side: what no whole number took."""
    taken = {group.start: number for number in found for group in number.groups}
    left, kind = [], None
    for group in [*chain, *reversed(chain)]:
        if number := taken.get(group.start):
            kind = None if number.kind == _COMPANYS else number.kind
        elif kind and len(group.digits) >= 3 and not _Candidate(text, [group], group.digits, (len(group.digits),)).counted:
            left.append(_Number([group], kind))
            taken[group.start] = left[-1]
        else:
            kind = None
    return left


def _told_again(chains: Sequence[Sequence[Group]], numbers: Sequence[_Number]) -> list[_Found]:
    """Parts of a number that stand elsewhere in the conversation: the other side repeats them."""
    taken = {group.start for number in numbers for group in number.groups}
    parts = {group.digits: number.kind for number in numbers for group in number.groups if len(group.digits) >= 4 and not _is_common(group)}
    groups = (group for chain in chains for group in chain if group.start not in taken and not group.plain)
    return [_Found(group.start, group.end, parts[group.digits]) for group in groups if group.digits in parts]


def _is_common(group: Group) -> bool:
    return group.is_year or group.is_round
