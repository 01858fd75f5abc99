"""A question is answered by sentences that stand in a document, or refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.answers.answerer import Answerer, quoted
from models.answers.encoder import Encoder
from models.answers.index import VECTORS, Index
from models.answers.judge import shipped
from models.answers.serving import LoadedAnswers
from models.answers.told import NotHeld, Suggested
from models.answers.words import AskedWords, asked_words
from models.errors import ModelRefused

SURE = replace(shipped(), plain=replace(shipped().plain, threshold=0.0))


def test_an_answer_quotes_its_passage_word_for_word_with_the_place(index: Index, encoder: Encoder) -> None:
    told = Answerer(index, encoder, "7", SURE).answer("차가 멈췄는데 견인은 몇 킬로까지 무료예요?")
    assert isinstance(told, Suggested)
    assert told.text == "차가 움직이지 못하면 10km까지 무료로 견인합니다. 다만 화물차는 견인하지 않습니다."
    assert (told.place.heading, told.place.line, told.index) == ("제1장 보상 › 제1조 (견인)", 9, "7")


def test_what_a_caller_says_finds_what_the_documents_call_it(index: Index, encoder: Encoder) -> None:
    told = Answerer(index, encoder, judge=SURE).answer("레카 불러 주세요")
    assert isinstance(told, Suggested)
    assert "견인합니다" in told.text


def test_words_that_answers_to_such_words_have_find_a_passage_by_what_they_count(index: Index, encoder: Encoder) -> None:
    asked = replace(index.question("질문", encoder), words=AskedWords((), (), {}))
    assert index.by_words(asked) == []
    half = index.by_words(replace(asked, words=AskedWords((), (), {"도난": 0.5})))
    whole = index.by_words(replace(asked, words=AskedWords(("도난",), (), {})))
    assert [number for number, _ in half] == [number for number, _ in whole]
    assert half[0][1] == pytest.approx(whole[0][1] / 2)


def test_what_is_likely_in_an_answer_is_neither_said_nor_thought_of_already() -> None:
    words = asked_words("보험 깨면 해지 환급금이 나와요?")
    assert asked_words("이름을 바꾸고 싶어요").likely["계약자"] > 0.5
    assert words.likely
    assert words.likely.keys().isdisjoint((*words.own, *words.meant))


def test_the_answer_to_a_question_of_the_table_is_its_first_answer(index: Index, encoder: Encoder) -> None:
    told = Answerer(index, encoder, judge=SURE).answer("증권을 잃어버렸는데 다시 주세요")
    assert isinstance(told, Suggested)
    assert told.text == "보험증권은 앱에서 무료로 다시 받을 수 있습니다."


@pytest.mark.parametrize("question", ["비트코인 시세가 얼마예요?", "", "??? …", "대통령 선거는 언제예요?"])
def test_what_no_document_holds_is_refused(index: Index, encoder: Encoder, question: str) -> None:
    assert isinstance(Answerer(index, encoder).answer(question), NotHeld)


def test_an_index_answers_the_same_after_it_was_written_and_read(index: Index, encoder: Encoder, tmp_path: Path) -> None:
    index.save(tmp_path)
    question = "자동이체 날짜를 바꾸려면요?"
    before, after = Answerer(index, encoder).answer(question), Answerer(Index.load(tmp_path), encoder).answer(question)
    assert before == after


def test_a_damaged_index_and_one_of_another_encoder_are_refused(index: Index, encoder: Encoder, tmp_path: Path) -> None:
    index.save(tmp_path)
    other = Index("e5-other", index.documents, index.chunks, index.words, index.asked_words, index.kept)
    with pytest.raises(ModelRefused, match="e5-other"):
        Answerer(other, encoder).answer("견인")
    vectors = tmp_path / VECTORS
    for damaged in (vectors.read_bytes()[:-100], b""):
        vectors.write_bytes(damaged)
        with pytest.raises(ModelRefused, match="cannot be read"):
            LoadedAnswers(tmp_path, encoder, "1")
    np.savez(vectors, **(vars(index.kept) | {"pieces": index.kept.pieces[:-1]}))
    with pytest.raises(ModelRefused, match="has not the vectors"):
        LoadedAnswers(tmp_path, encoder, "1")


def test_an_index_from_before_passages_had_pieces_says_so_and_with_which_encoder_it_was_made(
    index: Index, encoder: Encoder, tmp_path: Path
) -> None:
    index.save(tmp_path)
    np.savez(tmp_path / VECTORS, rows=index.kept.rows, of_questions=index.kept.of_questions)
    with pytest.raises(ModelRefused, match=f"before passages had pieces, with {encoder.name}.*Run index-documents again"):
        LoadedAnswers(tmp_path, encoder, "1")


def test_a_sentence_is_not_quoted_without_the_one_that_limits_it() -> None:
    sentences = ["암을 보장합니다.", "다만 90일 동안은 보장하지 않습니다.", "수수료는 없습니다."]
    assert quoted(sentences, [0.9, 0.1, 0.2]) == [0, 1]
    assert quoted(sentences, [0.1, 0.9, 0.2]) == [0, 1]
    assert quoted(sentences, [0.1, 0.2, 0.9]) == [2]


def test_what_stands_between_two_quoted_sentences_is_quoted_too() -> None:
    sentences = [
        "암 진단을 받으면 한 번 지급합니다.",
        "가입한 날부터 90일 동안은 보장하지 않습니다.",
        "1년 안이면 50%를 지급합니다.",
        "제출 서류는 다음과 같습니다.",
    ]
    assert quoted(sentences, [0.9, 0.2, 0.8, 0.1]) == [0, 1, 2]
    assert quoted(sentences, [0.9, 0.2, 0.1, 0.8]) == [0]
