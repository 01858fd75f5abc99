"""The request classifier as a line of models, and as what tells the summarizer in service the kind of request."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from models.errors import ConfigurationError, ModelRefused
from models.lifecycle.smoke import smoke_test
from models.lines import REQUEST_CLASSIFIER
from models.summarizer import SHIPPED_MODEL
from models.summarizer.classifier import RequestClassifier, RequestKind
from models.summarizer.summarizer import AbstractiveSummarizer
from models.summarizer.vocabulary import Vocabulary
from models.training.classification import LabelledScores
from models.training.data.pair import Pair
from models.training.metrics import MetricSettings
from models.training.request_classifier import ClassifierConfig, check_kinds, classifier_run_name
from wiring.measure import serving_cost

TEXTS = ["해지하고 싶어요", "이제 그만 해지해 주세요", "대출을 받고 싶어요", "계약 대출 이자가 얼마예요"]
KINDS = ["cancel", "cancel", "loan", "loan"]


class Echo:
    """An engine that answers with what it read."""

    device = "cpu"
    max_input_tokens = 1024
    beams = 4

    def count_tokens(self, text: str) -> int:
        return len(text)

    def token_upper_bound(self, text: str) -> int:
        return len(text)

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        return [[text] for text in texts]


def summarizer(*promoted: RequestKind) -> AbstractiveSummarizer:
    own = RequestClassifier.fit(TEXTS, KINDS)
    tell = (lambda texts: promoted or None) if promoted else (lambda texts: None)
    vocabulary = Vocabulary.load(SHIPPED_MODEL)
    return AbstractiveSummarizer(Echo(), "small", "abc", vocabulary, classifier=own, promoted=tell, faithful=False)


@pytest.mark.slow
def test_without_a_promoted_classifier_the_summarizer_asks_its_own() -> None:
    result = summarizer().results(["해지하고 싶어요"])[0]
    assert (result.text, result.version) == ("[cancel] 해지하고 싶어요", "abc")


def test_a_promoted_classifier_tells_the_kind_and_stands_in_the_version_of_the_summary() -> None:
    result = summarizer(RequestKind("loan", "svm-2")).results(["해지하고 싶어요"])[0]
    assert (result.text, result.version) == ("[loan] 해지하고 싶어요", "abc+svm-2")


def test_a_kind_for_which_the_summarizer_has_no_mark_is_left_to_its_own_classifier() -> None:
    promoted = (RequestKind("brand-new", "svm-2"), RequestKind("loan", "svm-2"))
    results = summarizer(*promoted).results(["해지하고 싶어요", "해지하고 싶어요"])
    assert [(r.text.split()[0], r.version) for r in results] == [("[cancel]", "abc"), ("[loan]", "abc+svm-2")]


def test_accuracy_is_told_row_by_row_and_macro_f1_over_all() -> None:
    judgement = REQUEST_CLASSIFIER.judge(["a", "a", "b"], ["a", "b", "b"], MetricSettings(enabled=False))
    assert judgement.rows == {"accuracy": [1.0, 0.0, 1.0]}
    assert judgement.overall == {"macro_f1": pytest.approx((2 / 3 + 2 / 3) / 2)}


def test_label_scores_are_scikit_learns() -> None:
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    references = ["a", "a", "b", "c", "c", "c", "d"]
    answers = ["a", "b", "b", "c", "a", "e", "a"]
    labels = sorted(set(references))
    theirs = precision_recall_fscore_support(references, answers, labels=labels, zero_division=0)
    ours = LabelledScores.of(answers, references)
    assert ours.accuracy == pytest.approx(accuracy_score(references, answers))
    assert ours.macro_f1 == pytest.approx(theirs[2].mean())
    assert [(s.precision, s.recall, s.f1, s.support) for s in ours.labels] == [pytest.approx(row) for row in zip(*theirs, strict=True)]


def test_the_classifier_that_ships_passes_the_smoke_test() -> None:
    answers = smoke_test(REQUEST_CLASSIFIER, SHIPPED_MODEL, "shipped", "cpu", 600.0).answers
    assert answers[1:4] == ["documents", "cancel", "loan"]


def test_a_classifier_that_says_the_same_to_every_caller_fails_the_smoke_test(tmp_path: Path) -> None:
    RequestClassifier.fit([*TEXTS, *REQUEST_CLASSIFIER.smoke_texts, "x"], ["cancel"] * 11 + ["loan"]).save(tmp_path)
    with pytest.raises(ModelRefused, match="one and the same answer to every text"):
        smoke_test(REQUEST_CLASSIFIER, tmp_path, "dull", "cpu", 600.0)


def test_a_classifier_that_takes_longer_than_it_may_fails_the_smoke_test() -> None:
    with pytest.raises(ModelRefused, match=r" s for \d+ texts"):
        smoke_test(REQUEST_CLASSIFIER, SHIPPED_MODEL, "slow", "cpu", 0.0)


def test_a_classifier_with_kinds_of_its_own_fails_the_smoke_test(tmp_path: Path) -> None:
    RequestClassifier.fit(TEXTS, ["cancel", "cancel", "borrow", "borrow"]).save(tmp_path)
    with pytest.raises(ModelRefused, match="the unknown kind 'borrow'"):
        smoke_test(REQUEST_CLASSIFIER, tmp_path, "odd", "cpu", 600.0)


def test_a_folder_without_a_classifier_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"holds no request_classifier\.npz"):
        smoke_test(REQUEST_CLASSIFIER, tmp_path, "empty", "cpu", 600.0)


@pytest.mark.slow
def test_what_serving_a_classifier_costs_is_measured_in_a_process_of_its_own() -> None:
    cost = serving_cost(REQUEST_CLASSIFIER, SHIPPED_MODEL, "auto", TEXTS)
    assert [answer.text for answer in cost.answers] == ["cancel", "cancel", "loan", "loan"]
    assert cost.seconds_alone > 0
    assert 1 < cost.memory_mib < 60  # torch, by which a GPU's memory is read, would be 200


def test_rows_of_an_unknown_kind_are_named() -> None:
    rows = [Pair("해지요", "cancel", "r.csv:1"), Pair("빌려줘", "borrow", "r.csv:2"), Pair("빌려요", "borrow", "r.csv:3")]
    with pytest.raises(ConfigurationError, match=r"has no mark: 'borrow' \(r\.csv:2\)"):
        check_kinds(rows)


def test_rows_of_one_kind_alone_teach_nothing() -> None:
    with pytest.raises(ConfigurationError, match="all rows are of one kind"):
        check_kinds([Pair("해지요", "cancel", "r.csv:1")])


def test_a_run_is_named_by_its_settings_and_its_data() -> None:
    names = [classifier_run_name(ClassifierConfig(penalty=c), data) for c, data in ((0.5, "a"), (0.5, "a"), (1.0, "a"), (0.5, "b"))]
    assert names[0] == names[1]
    assert len(set(names)) == 3
