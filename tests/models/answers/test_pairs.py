"""Question and passage are read side by side in service as they were in training, whatever is asked and by how many at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from models.answers import SHIPPED_ENCODER
from models.answers.answerer import Answerer
from models.answers.encoder import E5, LONGEST_PASSAGE, PIECES, Encoder
from models.answers.formats import read_document
from models.answers.index import Index
from models.answers.pairs import PAIRS, Pairs, shipped
from models.answers.together import LONGEST_QUESTION
from models.errors import ConfigurationError
from models.recipe.answers_pairs_recipe import Material, SideBySide


def test_what_serves_scores_as_what_was_trained() -> None:
    torch.manual_seed(1)
    there = torch.arange(9) < torch.tensor([9, 4, 7] * 20)[:, None]
    one = Material(torch.randn(60, 9, 384), there, torch.randn(60, 9, 384), there, [], [])
    model = SideBySide([one]).eval()
    torch.nn.init.normal_(model.last.weight)
    torch.nn.init.normal_(model.weight)
    asked, told = model.pieces_of_questions(one.questions[:1]), model.pieces_of_sentences(one.sentences)
    trained = model(asked, one.questions_there[:1], told[None, :3], one.sentences_there[None, :3])[0].tolist()
    pairs = Pairs(**{name: values.numpy() for name, values in model.pairs().items()})
    first, second, third = (told[at][there[at]].detach().numpy() for at in range(3))
    served = pairs.scores(asked[0][one.questions_there[0]].detach().numpy(), [[first], [second, third]])
    assert served == pytest.approx([trained[0], max(trained[1:])], abs=1e-4)
    assert pairs.scores(np.ones((2, 128), np.float32), []) == []


def test_the_passage_that_answers_says_more_to_the_question_than_the_others(index: Index, encoder: Encoder) -> None:
    asked = index.question("견인은 몇 킬로까지 무료예요?", encoder)
    scores = shipped().scores(asked.pieces, [index.sentence_pieces(number) for number in range(len(index.chunks))])
    assert "견인합니다" in index.chunks[int(np.argmax(scores))].text


@pytest.mark.parametrize("damage", [b"", b"no tensors", None])
def test_damaged_weights_are_named(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "pairs.safetensors"
    if damage is not None:
        path.write_bytes(damage)
    else:
        save_file({name: values for name, values in load_file(PAIRS).items() if name != "apart"}, path)
    with pytest.raises(ConfigurationError, match=r"pairs\.safetensors holds no weights"):
        Pairs.of(path)


def test_a_weight_that_is_no_number_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.safetensors"
    stored = load_file(PAIRS)
    stored["last"] = stored["last"] * np.nan
    save_file(stored, path)
    with pytest.raises(ConfigurationError, match="not every weight is a number"):
        Pairs.of(path)


def test_an_encoder_without_its_projection_is_named(tmp_path: Path) -> None:
    for path in SHIPPED_ENCODER.iterdir():
        if path.name != PIECES:
            (tmp_path / path.name).symlink_to(path)
    with pytest.raises(ConfigurationError, match=f"{PIECES} cannot be read"):
        E5(tmp_path, "cpu").question_pieces(["견인"])


def test_texts_of_any_length_have_so_many_pieces_at_most(encoder: Encoder) -> None:
    long = "차가 멈춰서 견인을 불렀는데요 " * 200
    assert len(encoder.question_pieces([long])[0]) == LONGEST_QUESTION
    assert sum(map(len, encoder.passage_pieces([["약관", long, long]])[0])) == LONGEST_PASSAGE


def test_each_sentence_has_its_own_pieces_and_those_of_its_headings(index: Index) -> None:
    number = next(number for number, chunk in enumerate(index.chunks) if len(chunk.sentences) == 2 and "견인" in chunk.text)
    first, second = index.sentence_pieces(number)
    alike = [bool((one == other).all()) for one, other in zip(first, second, strict=False)]
    headings = alike.index(False)
    whole = index.kept.piece_counts[index.starts[number] : index.starts[number + 1]]
    assert [headings, len(first) - headings, len(second) - headings] == list(whole)


@pytest.mark.slow
def test_a_sentence_beyond_the_last_piece_is_not_read_and_its_passage_is(encoder: Encoder) -> None:
    document = read_document("long.md", ("# 약관\n\n## 제1조\n\n" + "가나다라마바사 " * 400 + ".\n\n견인은 10km까지입니다.\n").encode())
    index = Index.build([document], encoder)
    assert [len(index.sentence_pieces(number)) for number in range(len(index.chunks))] == [1] * len(index.chunks)


@pytest.mark.slow
def test_a_question_longer_than_any_is_answered_like_its_beginning(index: Index, encoder: Encoder) -> None:
    long = "견인은 몇 킬로까지 무료예요? " + "가" * 100_000
    answerer = Answerer(index, encoder)
    assert answerer.answer(long) == answerer.answer(long[:500])


@pytest.mark.slow
def test_many_who_ask_at_once_are_answered_as_one_after_another(index: Index, encoder: Encoder) -> None:
    questions = ["견인은 몇 킬로까지 무료예요?", "자동이체 날짜를 바꾸려면요?", "도난당하면요?", "상담 시간이 궁금해요"] * 6
    answerer = Answerer(index, encoder)
    alone = [answerer.answer(question) for question in questions]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(answerer.answer, questions)) == alone
