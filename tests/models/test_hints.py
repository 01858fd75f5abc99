"""Hints: the likeliest kinds of request as marks before the inquiry, alike wherever they are loaded, never from a text's own group."""

from pathlib import Path

import numpy as np

from models.hints import MOST, RequestHints, UnseenHints, mark

INQUIRIES = {
    "cancel": ["해지하고 싶어요", "이제 그만 해지해 주세요", "해지 절차가 어떻게 되나요", "보험 해지할게요"],
    "loan": ["대출을 받고 싶어요", "계약 대출 이자가 얼마예요", "대출 한도가 궁금합니다", "보험으로 대출 되나요"],
    "renewal": ["갱신하면 얼마나 오르나요", "갱신 안내를 받았어요", "갱신을 하고 싶지 않아요", "갱신 보험료가 왜 이래요"],
    "roadside": ["견인차 좀 보내 주세요", "타이어가 펑크 났어요", "시동이 안 걸려요", "긴급출동 불러 주세요"],
}
TEXTS = [text for texts in INQUIRIES.values() for text in texts]
KINDS = [kind for kind, texts in INQUIRIES.items() for _ in texts]


def test_the_likeliest_kind_is_marked_first_and_the_words_stay() -> None:
    hints = RequestHints.fit(TEXTS, KINDS)
    (loan, tow) = hints.before(["대출 좀 알아보려고요", "견인 불러 주세요"])
    assert loan.startswith(mark("loan"))
    assert loan.endswith(" 대출 좀 알아보려고요")
    assert tow.startswith(mark("roadside"))
    assert hints.before([]) == []


def test_an_unsure_guess_names_more_kinds_than_a_sure_one() -> None:
    hints = RequestHints.fit(TEXTS, KINDS)
    sure, unsure = hints.before(["해지하고 싶어요", "음"])
    assert sure.count("[") == 1
    assert 1 < unsure.count("[") <= MOST


def test_loaded_hints_answer_as_the_ones_that_were_saved(tmp_path: Path) -> None:
    hints = RequestHints.fit(TEXTS, KINDS)
    hints.save(tmp_path)
    again = RequestHints.load(tmp_path)
    assert again is not None
    assert np.array_equal(again.scores(TEXTS), hints.scores(TEXTS))
    assert RequestHints.load(tmp_path / "elsewhere") is None


def test_eight_bits_a_weight_decide_like_the_classifier_itself() -> None:
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    ngrams = HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=2**16, alternate_sign=False, norm=None)
    whole = make_pipeline(ngrams, TfidfTransformer(sublinear_tf=True), LinearSVC(C=0.5)).fit(TEXTS, KINDS)
    asked = [*TEXTS, "대출 이자를 갚고 싶어요", "해지하면 얼마나 받나요"]
    assert np.allclose(RequestHints.fit(TEXTS, KINDS).scores(asked), whole.decision_function(asked), atol=0.02)


def test_a_text_to_train_on_gets_no_hint_from_its_own_group() -> None:
    texts, kinds = [*TEXTS, "도와주세요 선생님"], [*KINDS, "loan"]
    groups = list(range(len(texts)))
    assert RequestHints.fit(texts, kinds).before(texts[-1:])[0].startswith(mark("loan"))
    unseen = UnseenHints(texts, kinds, groups, seed=1)
    own = unseen.before(texts[-1:], groups[-1:])[0]
    stranger = unseen.before(texts[-1:], [groups[-1] + 1])[0]
    assert own != stranger
    assert stranger.startswith(mark("loan"))
