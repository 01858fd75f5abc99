"""Writers' files, and what is learnt from the pieces that a reader marked in their calls."""

import random
from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.recipe.reader_recipe import IGNORED, Material, Recipe
from models.summarizer import SHIPPED_READER
from models.summarizer.encoding import load_tokenizer
from models.summarizer.reader import ConversationEncoder
from models.summarizer.written import Piece, calls, writers

CALL = """# summary: 가입증명서 이메일 발송 요청
# request: 1, 3
A: 네 고객님
C: 주차 등록을 해야 되는데 보험 종이 좀 보내 주세요
A: 가입증명서요? 팩스로 보내 드릴까요
C: 팩스는 요새 누가 써요. 메일로 보내 주세요
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "w.tsv").write_text("해지할래요\t해지 요청\t해지할래요\t유지 요청\n", encoding="utf-8")
    (tmp_path / "w.calls.txt").write_text(CALL, encoding="utf-8")
    (tmp_path / "w.pieces.txt").write_text("w.calls:1\t3|메일로 보내 주세요\t1|주차 등록을 해야 되는데\t2|가입증명서\n", encoding="utf-8")
    return tmp_path


def test_a_call_has_the_pieces_that_its_reader_marked(folder: Path) -> None:
    (call,) = calls("w", folder)
    assert call.pieces == (Piece("주차 등록을 해야 되는데", 1), Piece("메일로 보내 주세요", 3))
    assert call.about == (Piece("가입증명서", 2),)
    assert writers(folder) == ["w"]


@pytest.mark.parametrize("line", ["w.calls:1\t3|메일로", "w.calls:1\t메일로 보내 주세요\t-\t-"])
def test_a_damaged_line_of_pieces_is_named(folder: Path, line: str) -> None:
    (folder / "w.pieces.txt").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"w\.pieces\.txt:1"):
        calls("w", folder)


def test_what_is_learnt_of_a_call_is_its_pieces_and_what_they_leave_unsaid(folder: Path) -> None:
    tokenizer = load_tokenizer(SHIPPED_READER)
    encoder = ConversationEncoder(tokenizer)
    (call,) = calls("w", folder)
    example = Material(["w"], encoder, Recipe(), folder).example(call)
    learnt: dict[str, list[str]] = {"request": [], "subject": [], "no request": []}
    for place, (request, subject) in zip(encoder.encode(call.conversation).places, example.labels, strict=True):
        if place is None:
            continue
        word = call.conversation[place[0]].text[place[1] : place[2]]
        if request == 1:
            learnt["request"].append(word)
        if request == 0:
            learnt["no request"].append(word)
        if subject == 1:
            learnt["subject"].append(word)
        assert place[0] % 2 == 1 or request == IGNORED, "an agent's word is no request, nor the contrary"
    assert "".join(learnt["request"]).replace(" ", "") == "주차등록을해야되는데메일로보내주세요"
    assert "".join(learnt["subject"]).strip() == "가입증명서"
    assert "팩스는요새누가써요." in "".join(learnt["no request"]).replace(" ", "")


def test_a_calls_turns_are_known_to_tell_its_request_or_not(folder: Path) -> None:
    (call,) = calls("w", folder)
    example = Material(["w"], ConversationEncoder(load_tokenizer(SHIPPED_READER)), Recipe(), folder).example(call)
    assert [tells for _, tells in example.turns] == [True, True]


def test_a_call_without_its_signs_keeps_its_pieces(folder: Path) -> None:
    material = Material(["w"], ConversationEncoder(load_tokenizer(SHIPPED_READER)), Recipe(unpunctuated_calls=1.0), folder)
    (_, plain) = material.epoch(random.Random(0))[-2:]
    whole = material.example(calls("w", folder)[0])
    assert sum(request > 0 for request, _ in plain.labels) == sum(request > 0 for request, _ in whole.labels)
    assert len(plain.ids) < len(whole.ids)
