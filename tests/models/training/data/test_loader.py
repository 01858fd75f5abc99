"""The data sets' contract: encodings told apart, repairs counted, everything else an error with a remedy; CSV and Excel alike."""

import io
import unicodedata
from collections.abc import Mapping, Sequence

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ConfigurationError
from models.training.data.decoding import reads_like_korean
from models.training.data.loader import read_pairs
from models.training.data.profile import profile_pairs
from models.training.data.split import split_pairs

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
    with pytest.raises(ConfigurationError, match=r"no valid CSV from row 1 on: .*Close every quote"):
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


RECORDS = '"보험 1번 계약을 해지하고 싶어요","보험 해지 요청"\n"보험 2번 계약을 해지하고 싶어요","보험 해지 요청"\n'
FILE = "input,summary\n" + RECORDS
LAST = '"새 문의 하나","새 요청"\n'


@pytest.mark.parametrize(
    ("body", "invisible"),
    [
        ((FILE + "input,summary\n" + LAST).encode("cp949"), 0),
        ((FILE + "input,summary\n" + LAST).encode(), 0),
        (("\ufeff" + FILE + "\ufeffinput,summary\n" + LAST).encode(), 1),
        (("\ufeff" + FILE + '\ufeff"Input"," SUMMARY "\r\n' + LAST).encode(), 1),
        (("\ufeff\ufeff" + FILE + "summary,input\n" + '"새 요청","새 문의 하나"\n').encode(), 1),
        ((FILE + "input,summary,style\n" + '"새 문의 하나","새 요청","반말"\n').encode(), 0),
    ],
)
def test_a_header_in_the_middle_of_joined_files_is_a_counted_row_and_no_pair(body: bytes, invisible: int) -> None:
    pairs, report = read_pairs(body, "joined.csv")
    assert [(pair.input, pair.summary, pair.row) for pair in pairs[2:]] == [("새 문의 하나", "새 요청", "joined.csv:4")]
    assert report.headers == ["joined.csv:3"]
    assert (report.rows_read, report.rows_kept, report.invisible) == (4, 3, invisible)
    assert "머리글 반복 1 [3]" in report.sentence()


def test_a_second_byte_order_mark_before_a_quote_does_not_tear_the_row() -> None:
    pairs, report = read_pairs(("\ufeff" + FILE + '\ufeff"쉼표, 있는 문의","새 요청"\n').encode(), "joined.csv")
    assert pairs[-1].input == "쉼표, 있는 문의"
    assert (report.misshapen, report.invisible) == ([], 1)


@pytest.mark.parametrize(
    ("encoding", "broken", "byte", "shown"),
    [
        ("cp949", b"\xff", 0xFF, "CP949"),
        ("cp949", b"\x80", 0x80, "CP949"),
        ("utf-8", b"\xff", 0xFF, "UTF-8"),
        ("utf-8", b"\xb5", 0xB5, "UTF-8"),
    ],
)
def test_a_broken_byte_is_named_with_its_place_and_row_in_the_encoding_of_the_rest(
    encoding: str, broken: bytes, byte: int, shown: str
) -> None:
    before = (FILE + '"두 줄\n문의 ').encode(encoding)
    body = before + broken + '입니다","새 요청"\n'.encode(encoding) + LAST.encode(encoding)
    expected = rf"d\.csv:3 \(line 5\), byte {len(before)} \(0x{byte:02X}\) is no character in {shown}\. Correct row 3"
    with pytest.raises(ConfigurationError, match=expected):
        read_pairs(body, "d.csv")


def test_of_several_broken_bytes_the_first_is_named_and_the_lines_are_counted() -> None:
    body = FILE.encode("cp949") + '"해지'.encode("cp949") + b'\xff\xff","x"\n' + LAST.encode("cp949") + b'"\xff","y"\n'
    with pytest.raises(ConfigurationError, match=r"d\.csv:3 .* is no character in CP949; 1 more lines are broken"):
        read_pairs(body, "d.csv")


def test_a_user_defined_character_is_named_with_its_code_and_row() -> None:
    before = (FILE + '"해지 문의').encode("cp949")
    with pytest.raises(
        ConfigurationError, match=rf"d\.csv:3 \(line 4\), byte {len(before)} \(0xC9\) begins the user-defined character 0xC9A1"
    ):
        read_pairs(before + b'\xc9\xa1","' + '해지 요청"\n'.encode("cp949"), "d.csv")


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_a_file_that_was_cut_within_a_character_says_so(encoding: str) -> None:
    whole = FILE.rstrip('"\n').encode(encoding)
    with pytest.raises(ConfigurationError, match=r"d\.csv:2 \(line 3\), byte \d+ .*: the file ends within a character, it was cut\. Copy"):
        read_pairs(whole[:-1], "d.csv")


def test_a_file_that_was_cut_within_quotes_names_the_row() -> None:
    with pytest.raises(ConfigurationError, match=r"d\.csv is no valid CSV from row 2 on"):
        read_pairs(FILE.rstrip('"\n').encode("cp949"), "d.csv")


@pytest.mark.parametrize(("line", "delimiter"), [("sep=;", ";"), ("sep=,", ","), ('"sep=;"', ";"), ("SEP=\t", "\t"), ("sep=|", "|")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_excels_line_that_names_the_delimiter_is_obeyed(line: str, delimiter: str, end: str) -> None:
    rows = [("input", "summary"), ("해지, 할게요", "해지 요청"), ("가입; 할게요", "가입 요청")]
    text = line + end + "".join(f'"{a}"{delimiter}"{b}"{end}' for a, b in rows)
    for body in (text.encode("cp949"), b"\xef\xbb\xbf" + text.encode()):
        pairs, report = read_pairs(body, "d.csv")
        assert [(pair.input, pair.summary, pair.row) for pair in pairs] == [(*rows[1], "d.csv:1"), (*rows[2], "d.csv:2")]
        assert report.rows_read == 2


def test_hangul_in_pieces_is_put_together_and_counted() -> None:
    pairs, report = read_pairs(unicodedata.normalize("NFD", FILE).encode(), "d.csv")
    assert pairs[0].input == "보험 1번 계약을 해지하고 싶어요"
    assert report.recomposed == ["d.csv:1", "d.csv:2"]
    assert "분리된 한글 2행 조합" in report.sentence()


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u202e", "\u3164", "\ufe0f", "\x1a", "\x7f"]
)
def test_characters_that_nobody_sees_are_removed_and_counted(unseen: str) -> None:
    body = f"in{unseen}put,summary\n보험{unseen} 해지,해지{unseen} 요청\n{unseen}보험 해지,해지 요청\n".encode()
    pairs, report = read_pairs(body, "d.csv")
    assert [(pair.input, pair.summary) for pair in pairs] == [("보험 해지", "해지 요청")]
    assert (report.invisible, report.duplicates) == (4, ["d.csv:2"])
    assert "보이지 않는 문자 4자 제거" in report.sentence()


def test_unseen_characters_between_the_pieces_of_a_syllable_do_not_keep_it_apart() -> None:
    pieces = "\u200b".join(unicodedata.normalize("NFD", "해지"))
    assert read_pairs(f"input,summary\n{pieces},해지 요청\n".encode(), "d.csv")[0][0].input == "해지"


@pytest.mark.parametrize("lost", ["\ufffd", "\ue001"])
def test_a_row_whose_character_was_lost_earlier_is_left_out_and_counted(lost: str) -> None:
    pairs, report = read_pairs((FILE + f"해지{lost},해지 요청\n").encode(), "d.csv")
    assert len(pairs) == 2
    assert report.damaged == ["d.csv:3"]


def test_words_that_look_like_missing_values_or_numbers_stay_words() -> None:
    pairs, _ = read_pairs(b"input,summary\nNA,nan\n007,1.50\nNone,True\n", "d.csv")
    assert [(pair.input, pair.summary) for pair in pairs] == [("NA", "nan"), ("007", "1.50"), ("None", "True")]


def test_a_row_with_a_hundred_commas_is_misshapen_and_hides_no_other() -> None:
    pairs, report = read_pairs((FILE + "가," * 100 + "나\n" + LAST).encode(), "d.csv")
    assert (len(pairs), report.misshapen) == (3, ["d.csv:3"])


@given(st.lists(st.lists(st.sampled_from(["", "가", "나", "input", "summary", "�", "각", " ", "\u200b"]), max_size=4), max_size=8))
@settings(max_examples=60)
def test_every_row_that_was_read_is_kept_or_told(rows: list[list[str]]) -> None:
    body = FILE + "".join(",".join(row) + "\n" for row in rows)
    pairs, report = read_pairs(body.encode(), "d.csv")
    assert report.rows_read == report.rows_kept + sum(map(len, report.left_out.values())) == 2 + len(rows)
    assert report.rows_kept == len(pairs)


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    out = io.BytesIO()
    with pandas.ExcelWriter(out, engine="openpyxl") as writer:
        for name, rows in sheets.items():
            width = max(map(len, rows), default=0)
            pandas.DataFrame([[*row, *[None] * (width - len(row))] for row in rows], dtype=object).to_excel(
                writer, sheet_name=name, header=False, index=False
            )
    return out.getvalue()


def test_excel_is_read_like_csv_whatever_the_file_is_called() -> None:
    rows = [
        ["Summary", "input", "비고"],
        ["해지 요청", "보험\u200b 해지할게요", 1],
        [None, "요약 없음", None],
        ["가입 요청", unicodedata.normalize("NFD", "가입할게요"), 2.5],
        [12, 7, None],
        ["a", "b", None, "넘침"],
        ["summary", "input", "비고"],
    ]
    body = workbook({"문의": rows, "메모": [["x"]]})
    for name in ("data.xlsx", "data.csv"):
        pairs, report = read_pairs(body, name)
        found = [(pair.input, pair.summary, pair.row) for pair in pairs]
        assert found == [
            ("보험 해지할게요", "해지 요청", f"{name}:1"),
            ("가입할게요", "가입 요청", f"{name}:3"),
            ("7", "12", f"{name}:4"),
        ]
        assert report.encoding == "Excel (문의)"
        assert (report.empty, report.misshapen, report.headers) == ([f"{name}:2"], [f"{name}:5"], [f"{name}:6"])
        assert (report.invisible, report.recomposed, report.sheets_left_out) == (1, [f"{name}:3"], ["메모"])
        assert "읽지 않은 시트: 메모" in report.sentence()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (workbook({"문의": [["input", "summary"], ["가", "나"]]})[:300], "cannot be read as an Excel workbook"),
        (b"PK\x03\x04" + b"x" * 100, "cannot be read as an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, r"old Excel or is encrypted\. Save it as \.xlsx"),
        (workbook({"문의": [["질문", "답"], ["가", "나"]]}), "no column input and no column summary; its columns are 질문, 답"),
        (workbook({"문의": []}), "no column input"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_an_error_with_a_remedy(body: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"data\.xlsx .*{why}"):
        read_pairs(body, "data.xlsx")


def test_the_profile_shows_what_was_left_out_and_repaired() -> None:
    pairs, report = read_pairs(("\ufeff" + FILE + "\ufeffinput,summary\n,\n" + LAST).encode(), "d.csv")
    told = profile_pairs(pairs, [report]).markdown()
    assert "빈 행 1 [4]" in told
    assert "머리글 반복 1 [3]" in told
    assert "보이지 않는 문자 1자 제거" in told


def test_a_row_of_a_split_names_the_row_it_was_drawn_from() -> None:
    assert read_pairs("input,summary,row\n가,나,data.csv:17\n".encode(), "test.csv")[0][0].origin == "data.csv:17"


def test_a_table_of_questions_and_answers_becomes_every_phrasing_with_every_answer_and_is_split_by_its_rows() -> None:
    lines = [f"{n},질문 {n} 하나,질문 {n} 둘,계약,답 {n} 가,답 {n} 나,,," for n in range(30)]
    body = "\n".join(["id,질문_1,질문_2,category,답변_1,답변_2,답변_3,답변_4,답변_5", *lines]).encode("cp949")
    pairs, report = read_pairs(body, "faq.csv")
    assert (report.rows_read, report.rows_kept, len(pairs)) == (30, 120, 120)
    assert [(pair.input, pair.summary) for pair in pairs[:4]] == [
        ("질문 0 하나", "답 0 가"),
        ("질문 0 하나", "답 0 나"),
        ("질문 0 둘", "답 0 가"),
        ("질문 0 둘", "답 0 나"),
    ]
    split = split_pairs(pairs, [], 1)
    parts = [{pair.dialogue for pair in part} for part in (split.train, split.validation, split.test)]
    assert [len(part) for part in parts] == [24, 3, 3]
    assert len(set.union(*parts)) == 30


HEADER = "id,질문_1,질문_2,category,답변_1,답변_2"


def test_a_workbook_of_questions_and_answers_is_expanded_too() -> None:
    body = workbook({"문답": [HEADER.split(","), ["1", "언제 열어요?", "", "상담", "9시에 엽니다.", "아홉 시입니다."]]})
    pairs, report = read_pairs(body, "faq.xlsx")
    assert [(pair.input, pair.summary, pair.row) for pair in pairs] == [
        ("언제 열어요?", "9시에 엽니다.", "faq.xlsx:1.1"),
        ("언제 열어요?", "아홉 시입니다.", "faq.xlsx:1.2"),
    ]
    assert "1행에서 2쌍 사용" in report.sentence()


def test_what_is_wrong_with_single_rows_of_questions_is_left_out_and_counted() -> None:
    lines = [
        HEADER,
        "1,언제 열어요?,,상담,9시에 엽니다.,9시에 엽니다.",
        "2,얼마예요?,,요금,만원, 오천원,입니다.",  # a comma too many: 오천원 is no answer
        HEADER,
        "3,,,상담,답만 있습니다.,",
        "4,깨\ufffd진 질문,,상담,답,",
    ]
    pairs, report = read_pairs("\n".join(lines).encode(), "faq.csv")
    assert [pair.summary for pair in pairs] == ["9시에 엽니다."]
    assert (report.duplicates, report.misshapen, report.headers) == (["faq.csv:1.2"], ["faq.csv:2"], ["faq.csv:3"])
    assert (report.empty, report.damaged) == (["faq.csv:4"], ["faq.csv:5.1"])


@pytest.mark.parametrize(
    ("body", "said", "remedy"),
    [
        ("id,질문_1,category\n1,언제요?,상담\n", r"faq\.csv has no column 답변_1; its columns are id, 질문_1, category", "답변_1 … 답변_5"),
        ("id,답변_1\n1,네.\n", r"faq\.csv has no column 질문_1; its columns are id, 답변_1", "Name them id, 질문_1"),
        (f"{HEADER}\n", r"faq\.csv holds no question with an answer", "Fill the columns id, 질문_1"),
        (f"{HEADER}\n1,,,상담,답,\n2,질문,,상담,,\n", r"faq\.csv holds no question with an answer", "Fill the columns id, 질문_1"),
        (f"{HEADER}\n1,깨\ufffd진,,상담,답,\n", r"faq\.csv holds no question with an answer", "Fill the columns id, 질문_1"),
        (f'{HEADER}\n1,언제요?,,상담,"열린 따옴표,\n2,질문,,상담,답,\n', r"faq\.csv is no valid CSV from row 1 on", "Close every quote"),
        ("", r"faq\.csv has no column input and no column summary; its columns are none", "Name the columns"),
    ],
)
def test_a_damaged_or_empty_table_of_questions_names_file_column_and_remedy(body: str, said: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        read_pairs(body.encode(), "faq.csv")
    assert remedy in (refused.value.remedy or "")


def test_no_id_stands_in_two_parts_wherever_its_rows_lie() -> None:
    lines = [f"{n % 20},질문 {n} 하나,질문 {n} 둘,계약,답 {n} 가,답 {n} 나" for n in range(60)]
    pairs, _ = read_pairs("\n".join([HEADER, *lines]).encode(), "faq.csv")
    split = split_pairs(pairs, [], 3)
    parts = [{pair.dialogue for pair in part} for part in (split.train, split.validation, split.test)]
    assert [len(part) for part in parts] == [16, 2, 2]
    assert len(set.union(*parts)) == 20
