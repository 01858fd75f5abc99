"""AI-Hub's sheet of emotional dialogues, and plain tables of labelled rows: read as they are, or refused with what to change."""

import io
import zipfile

import openpyxl
import pytest

from models.errors import ConfigurationError
from models.signals.labels import EMOTIONS
from models.training.data import tables
from models.training.data.dialogues import read_danger_rows, read_emotions
from models.training.data.split import split_dialogues

HEADER = ["", "연령", "성별", "상황키워드", "신체질환", "감정_대분류", "감정_소분류"]
HEADER += ["사람문장1", "시스템문장1", "사람문장2", "시스템문장2", "사람문장3", "시스템문장3"]
ANGRY = [
    "1",
    "청년",
    "남성",
    "직장",
    "해당없음",
    "분노 ",
    "노여워하는",
    "어떻게 나한테 이래!",
    "속상하셨군요.",
    "정말 화가 나.",
    "네.",
    "",
    "",
]
LONELY = [
    "2",
    "노년",
    "여성",
    "건강",
    "만성질환",
    "당황",
    "고립된(당황한)",
    "아무도 안 와.",
    "네.",
    "전화도 없고.",
    "네.",
    "나만 남았어.",
    "",
]


def workbook(rows: list[list[str]], *merged: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append([cell or None for cell in row])
    for area in merged:
        sheet.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pictures_alone() -> bytes:
    book = openpyxl.Workbook()
    book.create_chartsheet("그림")
    assert book.active is not None
    book.remove(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(rows: list[list[str]], encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows).encode(encoding)


@pytest.mark.parametrize(
    "body",
    [workbook([HEADER, ANGRY, LONELY]), as_csv([HEADER, ANGRY, LONELY]), as_csv([HEADER, ANGRY, LONELY], "cp949")],
    ids=["xlsx", "csv", "csv in EUC-KR"],
)
def test_every_sentence_of_a_person_is_a_row_with_the_dialogues_emotion(body: bytes) -> None:
    pairs, report = read_emotions(body, "감성.xlsx")
    assert [(pair.input, pair.summary) for pair in pairs] == [
        ("어떻게 나한테 이래!", "노여워하는"),
        ("정말 화가 나.", "노여워하는"),
        ("아무도 안 와.", "고립된"),
        ("전화도 없고.", "고립된"),
        ("나만 남았어.", "고립된"),
    ]
    assert [pair.row for pair in pairs[1:3]] == ["감성.xlsx:1.2", "감성.xlsx:2.1"]
    assert {pair.dialogue for pair in pairs} == {"감성.xlsx:1", "감성.xlsx:2"}
    assert pairs[0].style == "청년 남성"
    assert (report.rows_read, report.rows_kept) == (2, 5)


def test_a_merged_cell_holds_for_every_row_that_it_covers() -> None:
    second = ["2", *[""] * 6, "또 그러네.", "네.", "", "", "", ""]
    title = ["감성 대화 말뭉치", *[""] * 12]
    pairs, _ = read_emotions(workbook([title, HEADER, ANGRY, second], "A1:M1", *(f"{column}3:{column}4" for column in "BCDEFG")), "a.xlsx")
    assert [(pair.input, pair.summary) for pair in pairs][2:] == [("또 그러네.", "노여워하는")]


def test_words_that_stand_twice_are_learnt_once_under_their_commonest_emotion() -> None:
    again = [*LONELY[:7], "정말 화가 나.", "", "어떻게 나한테 이래!", "", "", ""]
    pairs, report = read_emotions(as_csv([HEADER, ANGRY, ANGRY, again]), "a.csv")
    assert [pair.summary for pair in pairs] == ["노여워하는", "노여워하는"]
    assert (len(report.duplicates), len(report.contradictions)) == (2, 2)


def test_a_plain_table_is_read_too() -> None:
    pairs, _ = read_emotions("input,emotion,dialogue\n왜 이렇게 늦어요,짜증내는,c1\n빨리 좀요,안달하는,c1\n".encode(), "a.csv")
    assert [(pair.summary, pair.dialogue) for pair in pairs] == [("짜증내는", "c1"), ("안달하는", "c1")]


def test_dangers_of_a_row_may_be_several_or_none() -> None:
    pairs, _ = read_danger_rows('input,danger\n다 죽일 거야 나도 죽고,"threat, self_harm"\n주소 바꾸려고요,none\n'.encode(), "d.csv")
    assert [pair.summary for pair in pairs] == ["self_harm,threat", "none"]


def too_large(kind: str) -> bytes:
    if kind == "bomb":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b"0" * 300_000)
        return out.getvalue()
    return b"input,emotion\n" + b"x" * 200_000


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", r"a\.csv is empty\. Upload"),
        (b" \n", r"a\.csv is empty"),
        (b"\xd0\xcf\x11\xe0old", "workbook of old Excel or is encrypted"),
        (workbook([HEADER, ANGRY])[:900], "cannot be read as an Excel workbook"),
        (b"PK\x03\x04 no zip", "cannot be read as an Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is a picture, no table"),
        (b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj", r"a\.csv is a PDF document, no table\. Save the table as"),
        (b'[{"input": "a", "emotion": "b"}]', "is JSON, no table"),
        (b"<html><table><tr><td>input</td></tr></table></html>", "is a page in HTML or XML"),
        ("input,emotion\n왜 늦어요,분노\n".encode("utf-16"), "holds NUL bytes: it is UTF-16"),
        (pictures_alone(), "cannot be read as an Excel workbook"),
        ((",".join(f"c{n}" for n in range(9000)) + "\n1").encode(), "has 9,000 columns, more than 500"),
        (workbook([]), "no column input"),
        (as_csv([HEADER]), r"no usable row .*감정_소분류"),
        ("이름,나이\n철수,3\n".encode(), r"neither AI-Hub's columns .* its first row is 이름, 나이"),
        (as_csv([HEADER, [*ANGRY[:6], "졸린", *ANGRY[7:]]]), r"none of the 58 emotions: '졸린' \(a\.csv:1\)"),
        ("input,emotion\n왜 늦어요,화남\n".encode(), r"a\.csv:1: '화남' is none of the 58 emotions"),
        (as_csv([HEADER, ANGRY])[:-20] + b"\xff\xff", "is no character in UTF-8. Correct row 1"),
    ],
    ids=[
        "empty",
        "blank",
        "old",
        "cut",
        "no zip",
        "picture",
        "PDF",
        "JSON",
        "HTML",
        "UTF-16",
        "chart sheet",
        "columns",
        "empty sheet",
        "header alone",
        "foreign",
        "other labels",
        "other label",
        "broken bytes",
    ],
)
def test_a_file_that_cannot_be_learnt_from_is_refused_with_what_to_change(body: bytes, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read_emotions(body, "a.csv")


@pytest.mark.parametrize("kind", ["plain", "bomb"])
def test_a_file_that_is_too_large_is_refused_before_it_is_unpacked(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGEST_FILE", 100_000)
    monkeypatch.setattr(tables, "LARGEST_UNPACKED", 100_000)
    with pytest.raises(ConfigurationError, match="more than 0"):
        read_emotions(too_large(kind), "a.xlsx")


def test_an_unknown_danger_is_named_with_its_row() -> None:
    with pytest.raises(ConfigurationError, match=r"d\.csv:1: 'fire' is no kind of danger"):
        read_danger_rows("input,danger\n불이야,fire\n".encode(), "d.csv")


def test_a_split_is_six_to_two_to_two_and_divides_no_dialogue() -> None:
    names = [emotion.replace(",", "") for emotion in EMOTIONS]
    rows = [f"말 {name} {n},{name},{name} {n // 3}" for name in names for n in range(30)]
    pairs, _ = read_emotions(("input,emotion,dialogue\n" + "\n".join(rows)).encode(), "a.csv")
    split = split_dialogues(pairs, (0.6, 0.2, 0.2), seed=1)
    parts = (split.train, split.validation, split.test)
    assert [round(len(part) / len(pairs), 2) for part in parts] == [0.6, 0.2, 0.2]
    dialogues = [{pair.dialogue for pair in part} for part in parts]
    assert not dialogues[0] & dialogues[1]
    assert not dialogues[1] & dialogues[2]
    assert not dialogues[0] & dialogues[2]
    assert all({pair.summary for pair in part} == set(EMOTIONS) for part in parts)
    assert split_dialogues(pairs, (0.6, 0.2, 0.2), seed=1).record == split.record
    assert split_dialogues(pairs, (0.6, 0.2, 0.2), seed=2).record != split.record


def test_too_few_dialogues_are_refused() -> None:
    pairs, _ = read_emotions("input,emotion,dialogue\n가나다,분노,1\n라마바,분노,1\n".encode(), "a.csv")
    with pytest.raises(ConfigurationError, match="1 dialogues are too few to split 60%:20%:20%"):
        split_dialogues(pairs, (0.6, 0.2, 0.2), seed=1)
