"""Callers' phrasings find a passage and tell whether it answers; they are never quoted, and damaged ones stop nothing."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.answers import SHIPPED_ENCODER
from models.answers.answerer import Answerer
from models.answers.chunks import chunks_of
from models.answers.encoder import E5, Encoder
from models.answers.formats import read_document
from models.answers.index import INDEX, VECTORS, Index
from models.answers.judge import Judge, Weights, shipped
from models.answers.phrasings import ENOUGH, Phrasing, is_phrasings, placed, read_phrasings
from models.answers.signs import READ, candidates, first_read_together
from models.answers.told import Suggested
from models.errors import DocumentRefused, ModelRefused
from tests.models.answers.conftest import FAQ, TERMS

DOCUMENTS = [read_document("terms.md", TERMS.encode()), read_document("faq.csv", FAQ.encode("cp949"))]
REPOSITORY = Path(__file__).parents[3]
HANDBOOK, BUNDLED = REPOSITORY / "docs/answers.md", REPOSITORY / "models/recipe/answers/documents/terms-auto.md"
TOWING, THEFT = "차가 움직이지 못하면", "제2조 (도난)"
PHRASED = "길바닥에서 시동이 꺼져 꼼짝을 안 하는데 끌고 가 주는 거 공짜예요"
ROWS = (
    f"terms.md,{TOWING},{PHRASED}",
    f"terms.md,{TOWING},오도 가도 못하게 됐는데 불러 주세요",
    f"terms.md,{THEFT},밤새 누가 몰고 가 버렸어요",
)
TABLE = "\n".join(("문서,구절,질문", *ROWS, ""))


def without_refusals(judge: Judge) -> Judge:
    def all_hold(weights: Weights) -> Weights:
        return replace(weights, threshold=0.0)

    return Judge(all_hold(judge.plain), all_hold(judge.asked))


@pytest.fixture(scope="module")
def asked_index(encoder: Encoder) -> Index:
    read, _ = read_phrasings("how.csv", TABLE.encode())
    return Index.build(DOCUMENTS, encoder, placed(read, DOCUMENTS).asked)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_table_is_known_by_its_header_and_read_as_excel_writes_it(encoding: str) -> None:
    body = TABLE.encode(encoding)
    assert is_phrasings("how.csv", body)
    read, incomplete = read_phrasings("how.csv", body)
    assert read[0] == Phrasing("terms.md", TOWING, PHRASED, "how.csv", 2)
    assert (len(read), incomplete) == (3, [])


def test_a_table_of_questions_and_answers_is_none() -> None:
    assert not is_phrasings("faq.csv", FAQ.encode("cp949"))
    assert not is_phrasings("구절.md", "문서,구절,질문".encode())


@pytest.mark.parametrize(
    ("body", "case", "said"),
    [
        ("문서,구절\nterms.md,견인\n".encode(), "phrasings", "has no column 질문"),
        ('문서,구절,질문\nterms.md,"견인,질문\n'.encode(), "phrasings", "no valid CSV"),
        ("문서,구절,질문\n".encode() + b"\xff\xfe\x00\x00", "damaged", "no text"),
    ],
)
def test_a_damaged_table_says_what_is_wrong(body: bytes, case: str, said: str) -> None:
    assert is_phrasings("how.csv", body)
    with pytest.raises(DocumentRefused, match=said) as refused:
        read_phrasings("how.csv", body)
    assert refused.value.case == case


@pytest.mark.parametrize(
    "table",
    [
        "문서;구절;질문\nterms.md;견인;견인돼요?\n",
        "문서\t구절\t질문\nterms.md\t견인\t견인돼요?\n",
        "sep=;\n문서;구절;질문\nterms.md;견인;견인돼요?\n",
        "고객의 질문 표현\n문서,구절,질문\nterms.md,견인,견인돼요?\n",
        "문서,문구,질문\nterms.md,견인,견인돼요?\n",
        '"문서","구 절","질문"\nterms.md,견인,견인돼요?\n',
    ],
)
def test_a_table_that_is_nearly_one_is_told_the_columns_of_phrasings(table: str) -> None:
    assert is_phrasings("how.csv", table.encode("cp949"))
    with pytest.raises(DocumentRefused, match=r"how\.csv has no column .*parted by commas") as refused:
        read_phrasings("how.csv", table.encode("cp949"))
    assert refused.value.case == "phrasings"


@pytest.mark.parametrize("above", ["", "\n\n", ",,\n", "sep=,\n", "sep=,\r\n\r\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_ends_are_read_and_what_is_no_row_above_the_header_is_skipped(above: str, end: str) -> None:
    body = (above + TABLE.replace("\n", end)).encode()
    assert is_phrasings("how.csv", body)
    read, incomplete = read_phrasings("how.csv", body)
    assert [one.question for one in read] == [row.split(",")[2] for row in ROWS]
    assert read[0].line == 2 + above.count("\n")
    assert incomplete == []


def test_questions_and_answers_with_other_line_ends_or_a_long_first_cell_are_read_as_they_were() -> None:
    for body in (FAQ.replace("\n", "\r").encode(), FAQ.replace("답변_2", f"{'가' * 120_000}").encode()):
        assert not is_phrasings("faq.csv", body)
        assert len(read_document("faq.csv", body).blocks) == 2


@pytest.mark.parametrize("table", [f"문서,구절,질문,{'가' * 140_000}\n", f"문서,구절,질문\nterms.md,{'가' * 140_000},견인돼요?\n"])
def test_a_cell_beyond_what_csv_reads_is_a_table_refused_by_name(table: str) -> None:
    assert is_phrasings("how.csv", table.encode())
    with pytest.raises(DocumentRefused, match=r"how\.csv is no valid CSV at line \d") as refused:
        read_phrasings("how.csv", table.encode())
    assert refused.value.case == "phrasings"


@pytest.mark.parametrize(
    ("row", "case"),
    [
        (f"terms.md,{TOWING}, 10km까지,견인돼요?", "phrasing_cells"),
        (f"terms.md,{TOWING},멈췄는데, 견인돼요?", "phrasing_cells"),
        (f'terms.md,{TOWING},"견인돼요?\nterms.md,{TOWING},끌어가요?\nterms.md,{TOWING},불러 줘요?"', "phrasing_lines"),
        (f"terms.md,{TOWING},?!", "phrasing_wordless"),
        (f"terms.md,{TOWING},", "phrasing_incomplete"),
    ],
)
def test_a_row_that_is_not_as_it_was_meant_is_set_aside_with_the_line_at_which_it_begins(row: str, case: str) -> None:
    read, aside = read_phrasings("how.csv", f"문서,구절,질문\n{row}\n{ROWS[2]}\n".encode())
    assert [one.passage for one in read] == [THEFT]
    assert [(one.name, one.case, one.is_row) for one in aside] == [("how.csv:2", case, True)]
    assert aside[0].about == f"terms.md, {TOWING}"


def test_quoted_commas_and_empty_cells_at_the_end_of_a_row_are_no_fault() -> None:
    read, aside = read_phrasings("how.csv", f'문서,구절,질문,\nterms.md,{TOWING},"멈췄는데, 견인돼요?",,\n'.encode())
    assert ([one.question for one in read], aside) == (["멈췄는데, 견인돼요?"], [])


def test_a_comma_without_quotes_is_noticed_below_a_header_with_a_nameless_column() -> None:
    _, aside = read_phrasings("how.csv", f"문서,구절,질문,\nterms.md,{TOWING},멈췄는데, 견인돼요?\n".encode())
    assert [one.case for one in aside] == ["phrasing_cells"]


def test_a_row_set_aside_tells_no_more_than_the_first_words_of_its_passage() -> None:
    long = Phrasing("terms.md", "차가 움직이지 못하면 20km까지 무료로 견인합니다", "견인돼요?", "how.csv", 2)
    assert placed([long], DOCUMENTS).set_aside[0].about == "terms.md, 차가 움직이지 못하면 20km까지 무…"


def test_a_row_with_an_empty_cell_is_set_aside_and_an_empty_row_is_nothing() -> None:
    read, incomplete = read_phrasings("how.csv", f"문서,구절,질문\nterms.md,,견인돼요?\n,,\nterms.md,{TOWING},견인돼요?\n".encode())
    assert [one.line for one in read] == [4]
    assert [(one.name, one.case) for one in incomplete] == [("how.csv:2", "phrasing_incomplete")]


def test_a_phrasing_is_placed_by_words_or_heading_and_set_aside_where_they_are_gone_or_stand_twice() -> None:
    rows = [
        Phrasing("terms.md", "차가  움직이지못하면", "끌어가 주나요", "how.csv", 2),
        Phrasing("terms.md", TOWING, "끌어가 주나요", "how.csv", 3),
        Phrasing("terms.md", "제1장 보상 › 제2조 (도난)", "훔쳐 갔어요", "how.csv", 4),
        Phrasing("terms.md", "20km까지 견인합니다", "몇 킬로예요", "how.csv", 5),
        Phrasing("terms.md", "지", "뭐가 돼요", "how.csv", 6),
        Phrasing("old.md", TOWING, "끌어가 주나요", "how.csv", 7),
    ]
    found = placed(rows, DOCUMENTS)
    assert {place.heading: questions for place, questions in found.asked.items()} == {
        "제1장 보상 › 제1조 (견인)": ("끌어가 주나요",),
        "제1장 보상 › 제2조 (도난)": ("훔쳐 갔어요",),
    }
    assert [(one.name, one.case) for one in found.set_aside] == [
        ("how.csv:5", "phrasing_passage"),
        ("how.csv:6", "phrasing_several"),
        ("how.csv:7", "phrasing_document"),
    ]


def test_the_rows_that_the_handbook_shows_fit_the_bundled_terms_and_are_enough() -> None:
    shown = [line.strip() for line in HANDBOOK.read_text("utf-8").splitlines() if line.startswith(("    문서,", "    terms-auto.md,"))]
    read, incomplete = read_phrasings("how.csv", "\n".join(shown).encode())
    found = placed(read, [read_document(BUNDLED.name, BUNDLED.read_bytes())])
    assert [(place.heading, len(questions)) for place, questions in found.asked.items()] == [
        ("제3장 자기신체와 자기차량 › 제16조 (도난)", ENOUGH)
    ]
    assert (incomplete, found.set_aside) == ([], ())


CLAIMS = """# 청구 안내

## 대리 청구

가족이 대신 청구하려면 위임장을 냅니다. 지정대리청구인은 아래를 보십시오.

## 지정대리청구인

대리 청구를 할 사람 하나를 미리 정합니다.

## 할인

### 자동차

자동이체로 내면 깎아 드립니다.

## 자동이체

자동이체일은 5일입니다.
"""


@pytest.mark.parametrize("heading", ["대리 청구", "지정대리청구인", "자동이체", "할인 › 자동차"])
def test_a_heading_means_its_passage_whatever_the_others_say(heading: str) -> None:
    found = placed([Phrasing("claims.md", heading, "누가 대신 해요")], [read_document("claims.md", CLAIMS.encode())])
    assert ([place.heading for place in found.asked], found.set_aside) == ([heading], ())


def test_a_heading_of_several_passages_means_none_of_them_nor_one_that_mentions_it() -> None:
    more = "## 계약\n\n### 제출\n\n위임장을 냅니다.\n\n## 해지\n\n### 제출\n\n신분증을 냅니다.\n\n## 기한\n\n제출 기한은 3년입니다.\n"
    found = placed([Phrasing("claims.md", "제출", "뭘 내요")], [read_document("claims.md", f"{CLAIMS}\n{more}".encode())])
    assert (found.asked, [one.case for one in found.set_aside]) == ({}, ["phrasing_several"])


@pytest.mark.parametrize("written", ["자동차 약관.md", unicodedata.normalize("NFD", "자동차  약관.md")])
@pytest.mark.parametrize("uploaded", ["자동차  약관.md", unicodedata.normalize("NFD", "자동차 약관.md")])
def test_documents_names_are_compared_composed_and_with_single_spaces(written: str, uploaded: str) -> None:
    found = placed([Phrasing(written, TOWING, "끌어가 주나요")], [read_document(uploaded, TERMS.encode())])
    assert ([place.document for place in found.asked], found.set_aside) == ([uploaded], ())


def test_phrasings_that_differ_in_signs_and_spaces_alone_count_once() -> None:
    rows = [Phrasing("terms.md", TOWING, question) for question in ("견인 돼요?", "견인돼요", "견인, 돼요!!", "견인돼나요")]
    assert list(placed(rows, DOCUMENTS).asked.values()) == [("견인 돼요?", "견인돼나요")]


def test_a_passage_is_found_by_words_that_only_its_phrasing_has(asked_index: Index, index: Index, encoder: Encoder) -> None:
    asked = asked_index.question("길바닥에 꼼짝 못하고 섰어요", encoder)
    (number, _), *others = asked_index.by_asked_words(asked)
    assert "견인" in asked_index.chunks[number].text
    assert others == []
    assert asked_index.by_asked_sense(asked)[0][0] == number
    assert asked_index.find(asked)[0].number == number
    assert index.by_asked_words(index.question("길바닥에 꼼짝 못하고 섰어요", encoder)) == []


def test_the_quote_is_the_passages_and_never_a_phrasing(asked_index: Index, encoder: Encoder) -> None:
    told = Answerer(asked_index, encoder, judge=without_refusals(shipped())).answer(PHRASED)
    assert isinstance(told, Suggested)
    assert told.text == "차가 움직이지 못하면 10km까지 무료로 견인합니다. 다만 화물차는 견인하지 않습니다."
    assert not any(PHRASED in chunk.text or PHRASED in chunk.sought for chunk in asked_index.chunks)


def test_passages_without_phrasings_are_found_ordered_and_judged_as_if_there_were_none(index: Index, encoder: Encoder) -> None:
    judge = shipped()
    asked = index.question("자동이체 날짜를 바꾸려면요?", encoder)
    found = index.find(asked)
    assert all(one.asked_word_rank is None and one.asked_sense_rank is None for one in found)
    told = first_read_together(index, asked, judge.ordered(candidates(index, asked, found)), encoder)
    assert not any(one.asked for one in told)
    assert judge.confidence(told) == judge.plain.held.likelihood(told[0].signs)


def test_one_with_phrasings_has_signs_of_them_and_is_held_against_its_own_threshold(asked_index: Index, encoder: Encoder) -> None:
    asked = asked_index.question(PHRASED, encoder)
    first, *others = candidates(asked_index, asked, asked_index.find(asked))
    assert first.signs["asked same words"] == pytest.approx(1.0)
    assert (first.signs["asked word rank"], first.signs["asked sense rank"]) == (1.0, 1.0)
    assert any("asked same words" not in one.signs for one in others)
    told = first_read_together(asked_index, asked, [first, *others], encoder)
    sure = shipped().confidence(told)
    for threshold, held in ((sure, True), (sure + 1e-6, False)):
        judge = replace(shipped(), asked=replace(shipped().asked, threshold=threshold))
        assert judge.holds(told) is held


def test_a_passage_with_one_phrasing_is_found_and_judged_as_if_it_had_none(asked_index: Index, index: Index, encoder: Encoder) -> None:
    once = next(number for number, chunk in enumerate(asked_index.chunks) if len(chunk.asked) == 1)
    asked = asked_index.question("밤새 누가 몰고 가 버렸어요", encoder)
    assert asked_index.by_asked_sense(asked)[0][0] == once
    with_one = next(one for one in asked_index.find(asked) if one.number == once)
    without = next(one for one in index.find(asked) if one.number == once)
    assert with_one == without
    assert not next(one for one in candidates(asked_index, asked, asked_index.find(asked)) if one.found.number == once).asked


class Listening(E5):
    """The encoder that ships, and what it was given to read together."""

    def __init__(self) -> None:
        super().__init__(SHIPPED_ENCODER, "cpu")
        self.read: list[list[str]] = []

    def read_together(self, question: str, passages: Sequence[Sequence[str]]) -> list[list[float]]:
        self.read = [list(parts) for parts in passages]
        return super().read_together(question, passages)


def test_of_many_phrasings_the_nearest_are_read_with_the_question_below_the_passages_heading() -> None:
    encoder = Listening()
    chunk = next(chunk for chunk in chunks_of(DOCUMENTS[0]) if "견인합니다" in chunk.text)
    questions = (*(f"보험료를 {number}월에 내면 어떻게 돼요" for number in range(1, 8)), PHRASED)
    index = Index.build(DOCUMENTS, encoder, {chunk.place: questions})
    Answerer(index, encoder).answer(PHRASED)
    said, asked = encoder.read
    assert said[0] == asked[0] == "새봄 자동차보험 약관 제1장 보상 › 제1조 (견인)"
    assert asked[1] == PHRASED
    assert len(asked) == 1 + READ


def test_an_index_with_phrasings_answers_the_same_after_it_was_written_and_read(
    asked_index: Index, encoder: Encoder, tmp_path: Path
) -> None:
    asked_index.save(tmp_path)
    read = Index.load(tmp_path)
    assert Answerer(read, encoder).answer(PHRASED) == Answerer(asked_index, encoder).answer(PHRASED)
    assert [one.asked for one in read.documents] == [1, 0]  # the other passage with phrasings has one alone


def test_an_index_from_before_there_were_phrasings_still_answers(index: Index, encoder: Encoder, tmp_path: Path) -> None:
    index.save(tmp_path)
    written = json.loads((tmp_path / INDEX).read_text("utf-8"))
    for passage in written["passages"]:
        del passage["asked"], passage["asked_words"]
    for document in written["documents"]:
        del document["asked"]
    (tmp_path / INDEX).write_text(json.dumps(written, ensure_ascii=False), "utf-8")
    arrays = {name: values for name, values in vars(index.kept).items() if name != "phrasings"}
    np.savez(tmp_path / VECTORS, **arrays)
    question = "자동이체 날짜를 바꾸려면요?"
    assert Answerer(Index.load(tmp_path), encoder).answer(question) == Answerer(index, encoder).answer(question)


def test_an_index_whose_phrasings_have_not_their_vectors_is_refused(asked_index: Index, tmp_path: Path) -> None:
    asked_index.save(tmp_path)
    np.savez(tmp_path / VECTORS, **(vars(asked_index.kept) | {"phrasings": asked_index.kept.phrasings[:-1]}))
    with pytest.raises(ModelRefused, match="has not the vectors"):
        Index.load(tmp_path)
