"""The CSV contract: encodings told apart, repairs counted, everything else an error with a remedy."""

import pytest

from models.errors import ConfigurationError
from models.training.data.loader import read_pairs, reads_like_korean

ROWS = "input,summary\n상대 차가 뒤에서 박았어. 보험 되나요?,자동차 사고 보험 여부 확인 요청\n암 진단비가 얼마죠?,암보험 보상 금액 문의\n"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (ROWS.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + ROWS.encode(), "utf-8 with BOM"),
        (ROWS.encode("euc_kr"), "cp949"),
        (ROWS.replace("박았어", "뷁햏했어").encode("cp949"), "cp949"),
        (b"input,summary\nplain,ascii\n", "utf-8"),
    ],
)
def test_encodings_are_told_apart(body: bytes, encoding: str) -> None:
    pairs, report = read_pairs(body, "data.csv")
    assert report.encoding == encoding
    assert pairs[-1].summary in ("암보험 보상 금액 문의", "ascii")


@pytest.mark.parametrize(
    "body",
    [
        ROWS.encode()[:60] + b"\xff" + ROWS.encode()[60:],  # one broken byte in UTF-8
        "input,summary\n自動車の保険を解約したいです,自動車保険の解約\n".encode("shift_jis"),
        "input,summary\nMöchte die Kfz-Versicherung kündigen. Für wäre Öl,Kündigung für Kfz\n".encode("latin-1"),
        "input,summary\n我想取消汽车保险,汽车保险取消\n".encode("gb2312"),
    ],
)
def test_what_is_neither_utf8_nor_korean_is_not_guessed(body: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"data\.csv is neither UTF-8 .* nor Korean"):
        read_pairs(body, "data.csv")


def test_utf16_is_named() -> None:
    with pytest.raises(ConfigurationError, match="UTF-16"):
        read_pairs(ROWS.encode("utf-16"), "data.csv")


def test_missing_columns_are_named_with_those_that_are_there() -> None:
    with pytest.raises(ConfigurationError, match="no column summary; its columns are input, label"):
        read_pairs("input,label\n안녕,인사\n".encode(), "data.csv")


def test_newlines_inside_quotes_belong_to_the_text() -> None:
    pairs, report = read_pairs('summary,input\n해지 요청,"첫 줄\n둘째 ""줄"""\n'.encode(), "data.csv")
    assert pairs[0].input == '첫 줄\n둘째 "줄"'
    assert report.rows_read == 1


def test_an_open_quote_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="no valid CSV near line"):
        read_pairs('input,summary\n"안녕,인사\n다음,행\n'.encode(), "data.csv")


def test_every_repair_is_counted_by_row() -> None:
    text = "input,summary\n가,하나\n,\n나,\n가, 하나 \n다,셋,넷\n라,다섯\n라,여섯\n라,여섯\n  가 ,하나\n"
    pairs, report = read_pairs(text.encode(), "d.csv")
    assert [(pair.input, pair.summary, pair.row) for pair in pairs] == [("가", "하나", "d.csv:1"), ("라", "여섯", "d.csv:7")]
    assert report.empty == ["d.csv:2", "d.csv:3"]
    assert report.misshapen == ["d.csv:5"]
    assert report.duplicates == ["d.csv:4", "d.csv:8", "d.csv:9"]
    assert report.contradictions == ["d.csv:6"]
    assert report.rows_read == 9
    assert report.rows_kept == 2


def test_a_file_without_usable_rows_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="no usable row"):
        read_pairs(b"input,summary\n,\n", "data.csv")


def test_the_right_answers_may_stand_in_another_column() -> None:
    pairs, _ = read_pairs("input,summary,request\n해지할게요,해지 요청,cancel\n".encode(), "data.csv", "request")
    assert [(pair.input, pair.summary) for pair in pairs] == [("해지할게요", "cancel")]
    with pytest.raises(ConfigurationError, match="no column request; its columns are input, summary"):
        read_pairs("input,summary\n해지할게요,해지 요청\n".encode(), "data.csv", "request")


def test_hanja_in_bulk_does_not_read_like_korean() -> None:
    assert reads_like_korean("보험 해지 요청")
    assert not reads_like_korean("保險解止要請")
