"""From an encoder's marks to what is told: which sentences of the caller, cut and shortened how, led by which subject.

An encoder marks every token of the caller's (``Mark``): how likely it belongs to the request, and how likely it names what the request
is about. From these marks sentences are chosen, cut and shortened (``own_words``), so every word of a statement was said and its place
is known. A subject that was named elsewhere ("강아지 슬개골 수술했어요. … 뭘 내면 돼요?") is put before the request.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from models.summarizer.conversation import Conversation, Turn
from models.summarizer.outcome import Evidence
from models.summarizer.own_words import Phrase, Shortener, joined


@dataclass(frozen=True)
class Mark:
    """One token: its turn, where it stands in it (characters), and how likely it is part of the request, or its subject (0 to 1)."""

    turn: int
    start: int
    end: int
    request: float
    subject: float


@dataclass(frozen=True)
class Reading:
    """What the encoder makes of a conversation; ``nothing_asked`` is the likelihood that the caller wants nothing."""

    marks: Sequence[Mark]
    nothing_asked: float


@dataclass(frozen=True)
class Passage:
    """A sentence of the caller, from its first word of interest on; ``marked`` where more than one token is part of the request."""

    turn: int
    start: int
    end: int
    score: float
    marked: bool


_SENTENCE = re.compile(r"[^.?!…]+(?:[.?!…]+|$)\s*")
_HANGUL = re.compile("[가-힣]")
_DISMISSED = re.compile(  # 큰애는 됐고 작은애 것만, 입원 청구가 아이고 통원 청구
    r"(?:\s?(?:청구|접수|신청|해지|변경|가입|건|거|것|쪽|얘기|말))?(?:은|는|이|가|을|를|도|만)?\s*"
    r"(?:말고|말구|아니|아녀|아이[고다]|됐고|됐구|빼고|관두|(?:놔|냅)?두[고시]|놔둬|그대로|필요\s*없|상관\s*없|반대|안\s|"
    r"\S+지\s*(?:말|마))"  # 약관대출은 건드리지 마시고요
    # 환불해 달라는 것도 아니에요, 대출받겠다는 거 아니에요; 이자 내는 건 싫고요
    r"|[가-힣]{1,6}(?:\s[가-힣]{1,5})?(?<=[는은란단려자])\s?(?:거|게|것|건|얘기|말|뜻)(?:는|은|도|이|가)?\s?(?:절대\s)?아(?:니|녜|녀|닌)"
    r"|\s?[가-힣]{1,4}는\s?(?:거|건|것)(?:는|은|도)?\s?싫"
    r"|(?:은|는|이|가)\s아(?:니)?[,\s]"  # 건강보험료가 아 건강보험은 공단이죠
    r"|(?:은|는) (?:뭔|무슨)\s"  # 환입은 뭔 환입이야
)
_REJECTED = re.compile(r"\s*(?:누가\s+\S+[래대]요?|\S+라(?:뇨|니요?))\s*[.?!…]*\s*")  # 취소라뇨? 누가 취소래요
_DENIED = re.compile(rf"\s*(?:아니|아뇨|아녀|그게 아니|그거 말고)|{_REJECTED.pattern}")
_NOT_THAT = re.compile(r".{0,20}?(?:(?:은|는|이|가) (?:아니|아이고)|(?:은|는) (?:뭔|무슨)\s)")  # 화재예요? 불은 아니고; 환입은 뭔 환입이야
_SETTLED = re.compile(
    r"[^.?!…]*(?<!\S)그(?:건|거는|것은|건요) (?:됐|아니|말고|해결)"
)  # what was told just before: 진단비는 받았고 그건 됐어요
_NOWHERE = re.compile(  # 팩스가 집에 어디 있어요: nobody asks where it is
    r"\s*(?:아니\s)?([가-힣]{2,6}?)(?:이|가)\s(?:우리\s)?(?:집|저|나|우리|여기|시골|요새|요즘)[가-힣]*\s어[디딨][가-힣]{0,5}(?:\s있[가-힣]+)?\s*[.…!]*\s*"
)
_IF_NOT = re.compile(r"(?:안|못)\s?\S*면")  # 오늘 안 되면 금감원에 민원 넣을 거예요
_AUTHORITIES = re.compile("금감원|금융감독원|민원|소송|고소|고발|소비자원|신문|방송|변호사")
_APART = re.compile(  # 갱신 때문이세요? 갱신은 내년이고요; 무슨 재심사예요
    r"(?:^\s*|무슨\s)([가-힣]{2,8}?)(?:(?<!무슨\s)(?:은|는)\s(?:내년|나중|다음|벌써|이미|다\s|아직|됐)|예요|이에요|이야|야)"
)
# 재심사 원하시는 건가요? 수술비 때문에 전화하셨어요? and what says yes to it
_SUPPOSES = re.compile(
    r"(?:원하시|하시려|하시는|바꾸시|해지하시|때문에|문의하|진행|(?:알려|도와)\s드릴까|내시는)[^.?!]*(?:까요|가요|나요|어요|세요|셨어요|고요|죠|요)\s*[?.]*\s*$"
)
_PRODUCTS = ("보험", "연금", "종신", "실손")  # which the agent has before him
_CONFIRMS = re.compile(r"\s*(?:아\s|어\s)?(?:네|예|응|어|그래|그렇|그럼|맞|옳|넵|그려|하모|야)(?![가-힣]{2})")
_SUPPOSES_NOT = re.compile(r"아니(?:시)?(?:죠|지요)\s*[?.]*\s*$")  # 출금일을 바꾸시려는 건 아니시죠?
_AS_SUPPOSED = re.compile(r"\s*(?:뭘|뭐를|무슨)\s+\S+\s*[.?!…]*\s*")  # 뭘 바꿔.
_RELATIVES = re.compile(
    "엄마|어머니|아버지|아빠|친정|시댁|처가|시어머니|시아버지|장모님?|장인|남편|아내|와이프|집사람|신랑|아들|딸|동생|누나|오빠|언니|할머니|할아버지|손주|조카|이모|삼촌|고모|사위|며느리"
)
_OF_HIS_OWN = re.compile(r"(?:제가|내가)\s(?:\S+\s)?(?:든|들어|들었|가입)|(?<!\S)(?:제|내)\s(?:보험|계약)")
_TAKEN_BACK = re.compile(  # 안 할게요, 취소할게요, 그냥 둘게요, 마음이 바뀌었어요
    r"(?:^|\s)안\s?(?:할게|할래|해요|하는\s걸로|하려고|받을게)|관둘|관두|그만둘게|취소할게|없던\s걸로|(?:그냥|그대로)\s?(?:둘게|놔둘게|유지)|마음이?\s바뀌|유지할게"
)
STRONGEST = 6  # tokens by whose mean a sentence is chosen
HOT = 0.3  # a token counts as part of the request
SURE = 0.3  # a subject that the agent named
NEAR = 0.5  # sentences this close to the best one are told as well
MOST_SENTENCES = 3
WHOLE_FROM = 30  # characters before the first marked word that are kept, since they are mostly its clause
SUBJECTS = 2
CERTAIN = 0.5  # a subject beyond these is named where it is as likely as this
MOST_SUBJECTS = 3
# A first word that may have lost its object or its negation.
_PREDICATE = re.compile(r"\S*(?:요|니다|거든|는데|니까)[.,]?(?:\s|$)")
_ENDS_A_CLAUSE = re.compile(r"(?:요|다|고|서|면|까|데|거든|지만|죠|라|음|네)[.,?!…]?$")
_WORDS_OF_A_CLAUSE = 4
LONGEST_PHRASE = 160  # characters; half a minute of speech


def passages(conversation: Conversation, reading: Reading) -> list[Passage]:
    """The caller's sentences that hold the request, in the order said; empty where the caller said nothing."""
    by_turn: dict[int, list[Mark]] = {}
    for mark in reading.marks:
        by_turn.setdefault(mark.turn, []).append(mark)
    before = {turn.number: earlier.text for earlier, turn in pairwise(conversation) if not earlier.by_caller}
    found = [
        passage
        for turn in conversation
        if turn.by_caller and turn.number in by_turn
        for start, end in _sentences(turn.text)
        if not _is_rejoinder(turn.text[start:end], before.get(turn.number, ""))
        if (passage := _passage(turn, start, end, by_turn[turn.number])) is not None
    ]
    if not found:
        return []
    best = max(passage.score for passage in found)
    told = [passage for passage in found if passage.marked and passage.score >= max(HOT, best - NEAR)]
    told = sorted(told or [max(found, key=lambda passage: passage.score)], key=lambda passage: -passage.score)[:MOST_SENTENCES]
    told = sorted(told, key=lambda passage: (passage.turn, passage.start))
    return [*told, *_taken_back(conversation, told[-1])]


def _taken_back(conversation: Conversation, last: Passage) -> list[Passage]:
    """The caller's last word where he takes a request back after it (어휴 그럼 안 할게요): untold, the request would seem to stand."""
    later = [
        Passage(turn.number, start, end, last.score, marked=True)
        for turn in conversation
        if turn.by_caller and turn.number > last.turn
        for start, end in _sentences(turn.text)
        if _TAKEN_BACK.search(turn.text[start:end])
    ]
    return later[-1:]


def _is_rejoinder(sentence: str, before: str) -> bool:
    """Whether a sentence only turns back what somebody else said just before; by itself it would sound like a question."""
    if (nowhere := _NOWHERE.fullmatch(sentence)) and nowhere[1] in before:
        return True
    supposed = _SUPPOSES_NOT.search(before) is not None and _AS_SUPPOSED.fullmatch(sentence) is not None
    return bool(before) and (supposed or _REJECTED.fullmatch(sentence) is not None)


def _sentences(text: str) -> Iterable[tuple[int, int]]:
    return ((match.start(), match.end()) for match in _SENTENCE.finditer(text) if _HANGUL.search(match[0]))


def _passage(turn: Turn, start: int, end: int, marks: Sequence[Mark]) -> Passage | None:
    inside = [mark for mark in marks if start <= mark.start < end]
    if not inside:
        return None
    strongest = sorted((mark.request for mark in inside), reverse=True)[:STRONGEST]
    hot = [mark for mark in inside if mark.request >= HOT]
    marked = len(hot) > 1
    first = hot[0].start if marked else start
    begin = start if first - start <= WHOLE_FROM else _word_start(turn.text, first)
    return Passage(turn.number, begin, end, sum(strongest) / len(strongest), marked)


def _word_start(text: str, place: int) -> int:
    while place and not text[place - 1].isspace():
        place -= 1
    return place


def _clause_start(text: str, place: int) -> int:
    """Where the clause of a word begins, if that is a few words before it."""
    start = place
    for _ in range(_WORDS_OF_A_CLAUSE):
        before = text[:start].rstrip()
        if not before or _ENDS_A_CLAUSE.search(before):
            return start
        start = _word_start(text, len(before))
    return place


def subjects(conversation: Conversation, reading: Reading, told: Sequence[Passage], shortener: Shortener) -> list[Evidence]:
    """Nouns outside the passages that name what the request is about: the likeliest, in the order said.

    The agent may have named it; as that is heard at second hand, it must be likely enough (``SURE``). What the caller denies at once is no
    subject, nor is what is said before he speaks (한빛손해보험입니다).
    """
    begun = next((turn.number for turn in conversation if turn.by_caller), 0)
    denied = {turn.number for turn, answer in pairwise(conversation) if _is_denied(turn, answer)} | _settled(conversation)
    supposed = {turn.number for turn, answer in pairwise(conversation) if _unconfirmed(turn, answer)}
    turns = {turn.number: turn for turn in conversation}
    texts = {number: turn for number, turn in turns.items() if number >= begun and number not in denied}
    said = "".join(re.sub(r"\s+", "", turns[p.turn].text[p.start : p.end]) for p in told)
    dismissed = _dismissed(conversation, shortener)
    relatives = _relatives(conversation)
    found: dict[str, tuple[float, int]] = {}
    for turn, marks in groupby(reading.marks, key=lambda mark: mark.turn):
        if turn not in texts:
            continue
        bound = HOT if texts[turn].by_caller else SURE
        likely = [
            mark for mark in marks if mark.subject >= bound and not any(p.turn == turn and p.start <= mark.start < p.end for p in told)
        ]
        for start, end in shortener.nouns(texts[turn].text) if likely else ():
            likelihood = max((mark.subject for mark in likely if mark.start < end and mark.end > start), default=0.0)
            word = texts[turn].text[start:end]
            after = texts[turn].text[end:]
            if word in dismissed or _DISMISSED.match(after) or _SETTLED.match(after) or word in relatives:
                continue
            if turn in supposed and not word.endswith(_PRODUCTS):
                continue
            if len(word) > 1 and word not in said and likelihood > found.get(word, (0.0, 0))[0]:
                found[word] = (likelihood, turn)
    names = [word for word in found if not any(word != other and word in other for other in found)]
    likeliest = sorted(names, key=lambda word: -found[word][0])
    best = likeliest[:SUBJECTS] + [word for word in likeliest[SUBJECTS:MOST_SUBJECTS] if found[word][0] >= CERTAIN]
    return [Evidence(word, found[word][1]) for word in sorted(best, key=lambda word: found[word][1])]


def _dismissed(turns: Sequence[Turn], shortener: Shortener) -> set[str]:
    """Nouns that the caller turns down somewhere (산재 말고요): they lead nothing, wherever else they are said."""
    said = [turn.text for turn in turns if turn.by_caller]
    denied = [text for text in said if _DISMISSED.search(text)]
    turned_down = {text[start:end] for text in denied for start, end in shortener.nouns(text) if _DISMISSED.match(text[end:])}
    nowhere = {thing[1] for text in said for start, end in _sentences(text) if (thing := _NOWHERE.fullmatch(text[start:end]))}
    apart = {
        noun[1]
        for turn, answer in pairwise(turns)
        if not turn.by_caller and answer.by_caller
        for noun in _APART.finditer(answer.text)
        if noun[1] in turn.text
    }
    threats = {noun for text in said if _IF_NOT.search(text) for noun in _AUTHORITIES.findall(text)}
    return turned_down | nowhere | apart | threats


def _relatives(turns: Iterable[Turn]) -> set[str]:
    """Whom a caller names who speaks of his own contract (제가 마흔에 든 …, 엄마 병원비도 …): led by them, it would seem theirs."""
    text = " ".join(turn.text for turn in turns if turn.by_caller)
    return set(_RELATIVES.findall(text)) if _OF_HIS_OWN.search(text) else set()


def _is_denied(turn: Turn, answer: Turn) -> bool:
    """Whether the caller answers somebody else's turn with a no, or leaves standing that it is not so."""
    if turn.by_caller or not answer.by_caller:
        return False
    return bool(_DENIED.match(answer.text) or _NOT_THAT.match(answer.text) or _SUPPOSES_NOT.search(turn.text))


def _unconfirmed(turn: Turn, answer: Turn) -> bool:
    """Whether somebody else supposes something and the caller does not say yes to it."""
    return not turn.by_caller and answer.by_caller and bool(_SUPPOSES.search(turn.text)) and not _CONFIRMS.match(answer.text)


def _settled(conversation: Conversation) -> set[int]:
    """Turns before one that begins with saying that this is settled (그건 됐고요), back to what the caller said before it."""
    settled: set[int] = set()
    for place, turn in enumerate(conversation):
        if turn.by_caller and (said := _SETTLED.match(turn.text)) and "," not in said[0]:
            before = conversation[:place]
            last = max((earlier.number for earlier in before if earlier.by_caller), default=turn.number)
            settled |= {earlier.number for earlier in before if earlier.number >= last}
    return settled


def tell(conversation: Conversation, told: Sequence[Passage], shortener: Shortener) -> tuple[str, list[Evidence]]:
    """Each passage as a phrase: the text, and the evidence of each piece as it stands in the text."""
    texts = {turn.number: turn.text for turn in conversation}
    said = [(_bounded(phrase), p.turn) for p in told for phrase in shortener.phrases(_cut(texts[p.turn], p, shortener))]
    parts = joined([phrase for phrase, _ in said])
    return "".join(parts), [Evidence(part.strip(" ,"), turn) for part, (_, turn) in zip(parts, said, strict=True)]


def _cut(text: str, told: Passage, shortener: Shortener) -> str:
    """A passage's words; of one that begins inside a sentence, from its first clause on that is whole."""
    words = text[told.start : told.end]
    if not told.start or any(start == told.start for start, _ in _sentences(text)):
        return words
    whole = shortener.from_whole_clause(words)
    cut_off = whole == words and _PREDICATE.match(words)
    return text[_clause_start(text, told.start) : told.end] if cut_off else whole


def _bounded(phrase: Phrase) -> Phrase:
    """A phrase that can still be listened to: of one that is longer, its end, where the request stands."""
    if len(phrase.text) <= LONGEST_PHRASE:
        return phrase
    end = phrase.text[-LONGEST_PHRASE:]
    return Phrase(end.partition(" ")[2] or end, phrase.act)


def led_by(named: Sequence[Evidence], text: str) -> str:
    """A text with its subjects before it."""
    lead = ", ".join(item.phrase for item in named)
    return f"{lead} 관련, {text}" if lead and text else text or lead
