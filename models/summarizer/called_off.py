"""What a caller wants no longer by the end of a call: called off, begun anew, given up, put off, or wanted for a swindler.

Rules that can be read, each with what callers said. A reader marks what is said as a request, whatever becomes of it later.
"""

import re
from collections.abc import Mapping, Sequence

from models.summarizer.conversation import Conversation, sentences, texts_of
from models.summarizer.marks import Passage
from models.summarizer.own_words import Shortener

_TAKEN_BACK = re.compile(  # 안 할게요, 취소할게요, 그냥 둘게요, 마음이 바뀌었어요
    r"(?:^|\s)안\s?(?:할게|할께|할래|할라|할란|해요|하는\s걸로|하려고|받을게)|관둘|관두|그만둘|그만두겠|그만두려|취소할게|없던\s걸로|(?:그냥|그대로)\s?(?:둘게|놔둘게|유지)|마음이?\s바뀌|유지할게"
)
_PUT_OFF = re.compile(  # 오늘 중지하는 건 말고요, 집사람하고 상의해 보고 다시 전화드릴게요
    r"오늘\s(?:\S+\s)?\S+\s?(?:건|거는|것은)\s?(?:말고|안\s|됐고)"
    r"|(?:고|서)\s(?:\S+\s){0,4}(?:다시|또)\s(?:전화|연락)(?:를\s)?(?:드릴|할|하겠|드리겠|줄)"
)
_CALLED_OFF = re.compile(
    r"(해지|해약|취소|대출|가입|청구|전환|철회|깨)(?:은|는|를|을)?\s?(?:하?지\s?말|안\s?(?:하|할|해)|말고|그만두|그만둘|(?:놔|냅)[두둬])"
)
_ONE_DEED = ({"해지", "해약", "깨"},)  # by other names
_BROKEN_OFF = re.compile(r"려다(?:가)?(?:요)?[.…]?\s*$")  # 자차 처리하려다가요
_TURNS_ROUND = re.compile(  # 안 미룰래요, 대출은 하지 마세요, 통장은 안 바꿔도 되겠네요
    r"(?<!\S)안\s?\S+래(?:요)?(?=\s|$|[.,])|하지\s?(?:말|마)|그대로 두|(?<!\S)안 \S+도 (?:돼|되)|생각해 보니"
)
_BEGINS_ANEW = re.compile(r"(?:^|[\s.])(?:아,? )?아니다[\s.,]")
_WARNED = re.compile(  # what somebody else says of a call like this, and no mere precaution (보이스피싱 때문에 여쭙는데요)
    r"(?:피싱|사기|스미싱)\S*\s?(?:\S+\s)?(?:수법|(?:이|인)\s?(?:것|거)\s|입니다|예요|이에요|같|의심)|전형적인"
    r"|(?:송금|입금|이체|대출|인출|돈)\S*\s(?:\S+\s)?(?:하|보내|진행하|받으)시면 안"
)
_FOR_A_SWINDLER = re.compile("대출|송금|이체|출금|인출|입금|보내|옮기|해지|해약|환급|빼|라고 (?:해|하)")
_PROTECTS = re.compile("막|차단|정지|취소|철회|못 |안 나가|하지 (?:말|마)|확인|맞|진짜|정말|사실|사기|봐|나간")
MAYBE_MEANT = 0.5  # likelihood that a sentence means to do something, wants or asks it


def still_wanted(conversation: Conversation, told: Sequence[Passage], shortener: Shortener) -> list[Passage]:
    """The passages but those that want what a later one calls off (해지하려고요 … 해지는 하지 말고 절반으로 줄여 주세요).

    So does one that begins anew (누구나로 해 주세요. 아니다 … 일인한정으로 할게요), and a turn in which he gives up what he meant to do and
    says what he wants instead (명의 바꾸는 건 일단 안 할게요. 보험료만 제 통장에서 …). All of them where nothing else would be left.
    """
    texts = texts_of(conversation)
    words = [texts[passage.turn][passage.start : passage.end] for passage in told]
    given_up = max((turn.number for turn in conversation if turn.by_caller and _TAKEN_BACK.search(turn.text)), default=-1)
    warned = _warned(conversation)
    instead = any(passage.turn >= given_up and not _TAKEN_BACK.search(text) for passage, text in zip(told, words, strict=True))
    kept = [
        passage
        for place, passage in enumerate(told)
        if not _wants_one_of(_deeds_called_off(words[place + 1 :]), words[place])
        and not _begun_anew(texts, passage, told[place + 1 :])
        and not (instead and passage.turn < given_up and shortener.means(words[place]) >= MAYBE_MEANT)
        and not (passage.turn < warned and _is_for_a_swindler(words[place], shortener))
    ]
    return kept or list(told)


def begins_otherwise(conversation: Conversation, begins: Passage, told: Sequence[Passage], shortener: Shortener) -> bool:
    """Whether a call begins with what the caller wants no longer where he comes to what is told."""
    texts = texts_of(conversation)
    said = texts[begins.turn][begins.start : begins.end]
    called_off = _wants_one_of(_deeds_called_off([turn.text for turn in conversation if turn.by_caller]), said)
    swindled = begins.turn < _warned(conversation) and _is_for_a_swindler(said, shortener)
    return called_off or swindled or _begun_anew(texts, begins, told)


def turns_round(conversation: Conversation) -> bool:
    """Whether the caller takes something back, or comes to want it otherwise, anywhere."""
    return any(turn.by_caller and (_TAKEN_BACK.search(turn.text) or _TURNS_ROUND.search(turn.text)) for turn in conversation)


def calls_off(said: str) -> bool:
    """Whether a sentence says what is not to be done, or breaks off what was meant (해지하려다가요)."""
    return _CALLED_OFF.search(said) is not None or _BROKEN_OFF.search(said) is not None


def last_word(conversation: Conversation, last: Passage) -> list[Passage]:
    """The caller's last word where he takes a request back or puts it off after it (어휴 그럼 안 할게요): untold, it would stand."""
    later = [
        Passage(turn.number, start, end, last.score, marked=True)
        for turn in conversation
        if turn.by_caller and turn.number > last.turn
        for start, end in sentences(turn.text)
        if _TAKEN_BACK.search(turn.text[start:end]) or _PUT_OFF.search(turn.text[start:end])
    ]
    return later[-1:]


def _wants_one_of(deeds: set[str], said: str) -> bool:
    """Whether a sentence wants one of the deeds; what would come of it (해지하면 얼마 받는지) is another matter."""
    return any(re.search(rf"{deed}(?!(?:를|을)? ?(?:하?면|할 경우))", said) for deed in deeds) and not _CALLED_OFF.search(said)


def _deeds_called_off(said: Sequence[str]) -> set[str]:
    deeds = {found[1] for text in said for found in _CALLED_OFF.finditer(text)}
    return deeds.union(*(names for names in _ONE_DEED if names & deeds))


def _begun_anew(texts: Mapping[int, str], passage: Passage, later: Sequence[Passage]) -> bool:
    """Whether the caller takes back in the same turn what a passage says, before he says it otherwise."""
    following = [one for one in later if one.turn == passage.turn]
    said = texts[passage.turn][passage.end : following[-1].end] if following else ""
    # 아니다, 하나 말고 카카오로: what is said before stands but for that.
    return _BEGINS_ANEW.search(said) is not None and "말고" not in said


def _warned(conversation: Conversation) -> int:
    """The turn in which somebody else warns the caller of a swindler; -1 where nobody does."""
    return min((turn.number for turn in conversation if not turn.by_caller and _WARNED.search(turn.text)), default=-1)


def _is_for_a_swindler(said: str, shortener: Shortener) -> bool:
    """Whether a sentence wants money moved, or asks about it: said before he was warned, the caller wants it no longer."""
    if _FOR_A_SWINDLER.search(said) is None or _PROTECTS.search(said):
        return False
    return shortener.wants_or_asks(said) >= MAYBE_MEANT
