"""The kind of request: told by wordings, alike wherever it is loaded, and read by the summarizer as a mark."""

from pathlib import Path

import numpy as np

from models.summarizer.classifier import RequestClassifier, marked
from models.summarizer.ngrams import counting, murmurhash3, ngrams, taken_apart

INQUIRIES = {
    "cancel": ["해지하고 싶어요", "이제 그만 해지해 주세요", "해지 절차가 어떻게 되나요", "보험 해지할게요"],
    "loan": ["대출을 받고 싶어요", "계약 대출 이자가 얼마예요", "대출 한도가 궁금합니다", "보험으로 대출 되나요"],
    "renewal": ["갱신하면 얼마나 오르나요", "갱신 안내를 받았어요", "갱신을 하고 싶지 않아요", "갱신 보험료가 왜 이래요"],
    "roadside": ["견인차 좀 보내 주세요", "타이어가 펑크 났어요", "시동이 안 걸려요", "긴급출동 불러 주세요"],
}
TEXTS = [text for texts in INQUIRIES.values() for text in texts]
KINDS = [kind for kind, texts in INQUIRIES.items() for _ in texts]


def test_wordings_tell_the_kind() -> None:
    classifier = RequestClassifier.fit(TEXTS, KINDS)
    assert classifier.kinds_of(["대출 좀 알아보려고요", "견인 불러 주세요"]) == ["loan", "roadside"]
    assert classifier.kinds_of([]) == []
    assert len(classifier.kinds_of(["", "?!", "🙏"])) == 3


def test_two_kinds_are_told_apart() -> None:
    classifier = RequestClassifier.fit([*INQUIRIES["loan"], *INQUIRIES["cancel"]], ["loan"] * 4 + ["cancel"] * 4)
    assert classifier.kinds_of(["대출 이자가 궁금해요", "해지할게요"]) == ["loan", "cancel"]


def test_ngrams_are_counted_as_scikit_learn_counts_them() -> None:
    for text in [*TEXTS, "", "?!", "🙏 가나다 가나다 abc", "보험 " * 300]:
        columns, counts = counting()(text)
        theirs = ngrams().transform([text])
        theirs.sort_indices()
        assert columns.tolist() == theirs.indices.tolist()
        assert counts.tolist() == theirs.data.tolist()


def test_a_loaded_classifier_answers_as_the_one_that_was_saved(tmp_path: Path) -> None:
    classifier = RequestClassifier.fit(TEXTS, KINDS)
    classifier.save(tmp_path)
    again = RequestClassifier.load(tmp_path)
    assert again is not None
    assert np.array_equal(again.scores(TEXTS), classifier.scores(TEXTS))
    assert RequestClassifier.load(tmp_path / "elsewhere") is None


def test_eight_bits_a_weight_decide_like_the_classifier_itself() -> None:
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    ngrams = HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=2**16, alternate_sign=False, norm=None)
    whole = make_pipeline(ngrams, TfidfTransformer(sublinear_tf=True), LinearSVC(C=0.5)).fit(TEXTS, KINDS)
    asked = [*TEXTS, "대출 이자를 갚고 싶어요", "해지하면 얼마나 받나요"]
    assert np.allclose(RequestClassifier.fit(TEXTS, KINDS).scores(asked), whole.decision_function(asked), atol=0.02)


def test_a_mark_is_one_token_before_the_words() -> None:
    from models.recipe.tokenizer import train_tokenizer

    tokenizer = train_tokenizer(TEXTS * 3, 200, marks=["[loan]"])
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(marked("대출 받고 싶어요", "loan"))["input_ids"])
    assert tokens[0] == "[loan]"
    assert tokens[1:] == tokenizer.convert_ids_to_tokens(tokenizer("대출 받고 싶어요")["input_ids"])


def test_ngrams_without_scikit_learn_are_those_that_classifiers_were_trained_on() -> None:
    from sklearn.utils import murmurhash3_32

    analyzed = ngrams().build_analyzer()
    for word in ("보험", "네", "a", "해지환급금은요", "ABC-123", "１２만원", "😀", "가"):
        assert taken_apart(word) == analyzed(word)
        assert [murmurhash3(ngram) for ngram in taken_apart(word)] == [murmurhash3_32(ngram) for ngram in analyzed(word)]
