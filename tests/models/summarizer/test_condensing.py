"""Long calls fitted into the model: what tells most about the request is kept, in the order it was said."""

from scripted import VOCABULARY, Scripted, scripted

from models.summarizer.condensing import condense, split_sentences
from models.summarizer.summarizer import Summarizer


def test_long_input_fits_the_model_and_says_that_it_was_condensed(summarizer: Summarizer) -> None:
    story = "어제 시장에 다녀오는데 날씨가 참 좋았어요. " * 40 + "암보험 해지 환급금이 얼마인지 알려 주세요. " + "네 감사합니다. " * 30
    engine = Scripted()
    engine.max_input_tokens = summarizer.engine.max_input_tokens
    engine.count_tokens = summarizer.engine.count_tokens  # type: ignore[method-assign]
    (result,) = scripted(engine).results([story])
    assert result.condensed
    assert "암보험 해지 환급금이 얼마인지 알려 주세요." in engine.batches[0][0]
    assert summarizer.engine.count_tokens(engine.batches[0][0]) <= 64


def test_short_input_is_read_whole() -> None:
    assert condense("보험  해지\n해 주세요", 100, VOCABULARY, len) == ("보험 해지 해 주세요", False)


def test_the_request_survives_wherever_it_stands() -> None:
    filler = [f"{i}번째로 그날은 비가 오고 바람이 불었습니다." for i in range(60)]
    request = "실손보험 청구 서류가 무엇인지 알려 주세요."
    for place in (0, 30, 60):
        text = " ".join([*filler[:place], request, *filler[place:]])
        short, condensed = condense(text, 200, VOCABULARY, len)
        assert condensed
        assert request in short
        assert len(short) <= 200


def test_kept_sentences_keep_their_order() -> None:
    text = "자동차보험 사고가 났어요. " + "비가 왔습니다. 정말 많이요. " * 30 + "보험 처리가 되나요?"
    short, _ = condense(text, 60, VOCABULARY, len)
    assert short.index("자동차보험") < short.index("처리가 되나요")


def test_speech_without_stops_is_still_taken_apart() -> None:
    assert split_sentences("제가 어제 사고가 났어요 그런데 보험이 되나요") == ["제가 어제 사고가 났어요", "그런데 보험이 되나요"]
    assert all(len(piece.split()) <= 30 for piece in split_sentences("가나 " * 200))


def test_one_endless_word_is_read_from_its_beginning() -> None:
    short, condensed = condense("가" * 500, 50, VOCABULARY, len)
    assert condensed
    assert 1 <= len(short) <= 50
