"""What a caller turns down, puts off, denies or calls settled, by the words around it: none of it leads a statement.

Rules that can be read, each with what callers said: the encoder knows what a request is about, and seldom that somebody does not want it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from models.summarizer.conversation import Conversation, Turn, sentences
from models.summarizer.own_words import Shortener
from models.summarizer.threats import threatened_with

_DISMISSED = re.compile(  # 큰애는 됐고 작은애 것만, 입원 청구가 아이고 통원 청구
    r"(?:\s?(?:청구|접수|신청|해지|변경|가입|건|거|것|쪽|얘기|말))?(?:은|는|이|가|을|를|도|만)?\s*"
    r"(?:말고|말구|아니|아녀|아이[고다]|됐고|됐구|빼고|관두|(?:놔|냅)?두[고시]|놔둬|그대로|필요\s*없|상관\s*없|반대|안\s|"
    r"\S+지\s*(?:말|마))"  # 약관대출은 건드리지 마시고요
    # 환불해 달라는 것도 아니에요, 대출받겠다는 거 아니에요; 이자 내는 건 싫고요
    r"|[가-힣]{1,6}(?:\s[가-힣]{1,5})?(?<=[는은란단려자])\s?(?:거|게|것|건|얘기|말|뜻)(?:는|은|도|이|가)?\s?(?:절대\s)?아(?:니|녜|녀|닌)"
    r"|\s?[가-힣]{1,4}는\s?(?:거|건|것)(?:는|은|도)?\s?싫"
    r"|(?:을|를)?\s?\S*(?:까|려고|려다가?)\s(?:했|하다가|그랬)"  # 대출을 받을까 했는데 안 되겠네요
    r"|(?:을|를)?\s?(?:달라고|한다고|하겠다고|원한다고|바꾼다고)\s\S+\s적\s?(?:이|은|도)?\s?없"  # 입원비 달라고 한 적이 없어
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
_APART = re.compile(  # 갱신 때문이세요? 갱신은 내년이고요; 무슨 재심사예요
    r"(?:^\s*|무슨\s)([가-힣]{2,8}?)(?:(?<!무슨\s)(?:은|는)\s(?:내년|나중|다음|벌써|이미|다\s|아직|됐)|예요|이에요|이야|야)"
)
_LEAVE_IT = re.compile(r"그(?:건|거는|것은|거|대로)\s?(?:그대로\s|그냥\s)?(?:두|놔|냅|말고|빼|유지)")  # 아니요 그건 두세요
_PRODUCT = re.compile(r"[가-힣]+(?:보험|연금|종신|저축|특약)|실손|실비")
_CONFIRMS = re.compile(r"\s*(?:아\s|어\s)?(?:네|예|응|어|그래|그렇|그럼|맞|옳|넵|그려|하모|야)(?![가-힣]{2})")
_SUPPOSES_NOT = re.compile(r"아니(?:시)?(?:죠|지요)\s*[?.]*\s*$")  # 출금일을 바꾸시려는 건 아니시죠?
_AS_SUPPOSED = re.compile(r"\s*(?:뭘|뭐를|무슨)\s+\S+\s*[.?!…]*\s*")  # 뭘 바꿔.
_RELATIVES = re.compile(
    "엄마|어머니|아버지|아빠|친정|시댁|처가|시어머니|시아버지|장모님?|장인|남편|아내|와이프|집사람|신랑|아들|딸|동생|누나|오빠|언니|할머니|할아버지|손주|조카|이모|삼촌|고모|사위|며느리"
)
_OF_HIS_OWN = re.compile(r"(?:제가|내가)\s(?:\S+\s)?(?:든|들어|들었|가입)|(?<!\S)(?:제|내)\s(?:보험|계약)")


def is_rejoinder(sentence: str, before: str) -> bool:
    """Whether a sentence only turns back what somebody else said just before; by itself it would sound like a question."""
    if (nowhere := _NOWHERE.fullmatch(sentence)) and nowhere[1] in before:
        return True
    supposed = _SUPPOSES_NOT.search(before) is not None and _AS_SUPPOSED.fullmatch(sentence) is not None
    return bool(before) and (supposed or _REJECTED.fullmatch(sentence) is not None)


@dataclass(frozen=True)
class TurnedDown:
    """What of a conversation names nothing that the caller wants.

    ``turns`` he denies, calls settled or, where they are somebody else's, does not say yes to; ``words`` he turns down somewhere.
    """

    turns: frozenset[int]
    words: frozenset[str]

    @classmethod
    def of(cls, conversation: Conversation, shortener: Shortener) -> "TurnedDown":
        """By the words of the caller, and by what each turn answers."""
        answered = list(pairwise(conversation))
        return cls(
            frozenset(
                {turn.number for turn, answer in answered if _is_denied(turn, answer) or _unconfirmed(turn, answer)}
                | _settled(conversation)
            ),
            frozenset(_dismissed(conversation, shortener) | _relatives(conversation)),
        )

    def holds(self, word: str, after: str) -> bool:
        """Whether a word, with what is said after it, is turned down."""
        return word in self.words or _DISMISSED.match(after) is not None or _SETTLED.match(after) is not None


def _dismissed(turns: Sequence[Turn], shortener: Shortener) -> set[str]:
    """Nouns that the caller turns down somewhere (산재 말고요): they lead nothing, wherever else they are said."""
    said = [turn.text for turn in turns if turn.by_caller]
    denied = [text for text in said if _DISMISSED.search(text)]
    turned_down = {text[start:end] for text in denied for start, end in shortener.nouns(text) if _DISMISSED.match(text[end:])}
    nowhere = {thing[1] for text in said for start, end in sentences(text) if (thing := _NOWHERE.fullmatch(text[start:end]))}
    apart = {
        noun[1]
        for turn, answer in pairwise(turns)
        if not turn.by_caller and answer.by_caller
        for noun in _APART.finditer(answer.text)
        if noun[1] in turn.text
    }
    left = {
        product
        for turn, answer in pairwise(turns)
        if _is_denied(turn, answer) and _LEAVE_IT.search(answer.text)
        for product in _PRODUCT.findall(turn.text)
    }
    threats = {noun for text in said for noun in threatened_with(text)}
    return turned_down | nowhere | apart | left | threats


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
    """Whether somebody else says something that the caller does not say yes to."""
    return not turn.by_caller and not (answer.by_caller and _CONFIRMS.match(answer.text))


def _settled(conversation: Conversation) -> set[int]:
    """Turns before one that begins with saying that this is settled (그건 됐고요), back to what the caller said before it."""
    found: set[int] = set()
    for place, turn in enumerate(conversation):
        if turn.by_caller and (said := _SETTLED.match(turn.text)) and "," not in said[0]:
            before = conversation[:place]
            last = max((earlier.number for earlier in before if earlier.by_caller), default=turn.number)
            found |= {earlier.number for earlier in before if earlier.number >= last}
    return found
