"""Whether a thing to do is one that a writer named: who, where and what, held against each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.actions.action import Who
from models.actions.candidates import content_words
from models.summarizer.own_words import Shortener
from models.summarizer.written import ToDo

CALLER = "고객"
NEAR = 1  # turns between where a writer and we say that it was said
# Words for the same thing to do: writers name it in the trade's words, people say it in their own.
_SAME = (
    "발송 전송 송부 보내 넣 부치 전달 드리 제출 회신 반송",
    "연락 전화 회신 걸 안내 알리 통보 통지",
    "제출 올리 업로드 첨부 내 등록 전송 보내",
    "방문 가 들르 오",
    "촬영 찍",
    "발급 떼",
    "입금 부치 납입 결제 넣 내 지급 송금 채우",
    "준비 챙기",
    "서명 사인 작성 쓰 동의",
    "삭제 지우",
    "보관 보존 두 놓 모으",
    "변경 바꾸 정정 고치",
    "배정 보내",
)


@dataclass(frozen=True)
class Said:
    """A thing to do as it is held against a writer's: whose it is, the turn, and its words."""

    who: Who
    turn: int
    what: str


def matches(said: Said, written: ToDo, shortener: Shortener) -> bool:
    """The same one of the caller and us, the same turn or its neighbour, and a word in common (or two of one meaning)."""
    if (said.who is Who.CALLER) is not (written.who == CALLER) or abs(said.turn - written.turn) > NEAR:
        return False
    return bool(_words(said.what, shortener) & _words(written.what, shortener))


def paired(said: Sequence[Said], written: Sequence[ToDo], shortener: Shortener) -> list[tuple[int, int]]:
    """Which of ours is which of the writer's, each at most once; the nearest turn first."""
    close = [
        (abs(one.turn - other.turn), i, j)
        for i, one in enumerate(said)
        for j, other in enumerate(written)
        if matches(one, other, shortener)
    ]
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(close):
        if all(i != mine and j != theirs for mine, theirs in pairs):
            pairs.append((i, j))
    return pairs


def _words(text: str, shortener: Shortener) -> set[str]:
    tokens = shortener.tokens(text)
    words = set(content_words(tokens)) | {token.form for token in tokens if token.tag.startswith("VV")}
    return words | {f"#{number}" for number, alike in enumerate(_SAME) if words & set(alike.split())}
