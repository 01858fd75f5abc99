"""Truth sets in a folder, below a prefix of the bucket, and bundled."""

from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.lines import REQUEST_CLASSIFIER, SUMMARIZER
from stores.truth_sets import read_truth_set
from tests.in_memory import InMemoryStore

ROW = "암보험 깨려고요\t암보험 해지 요청\t암보험 깨려고요\t암보험 가입 요청\t암,해지|해약\t가입\n여보세요\t없음\t없음\t가입 문의\t\t.\n"
CALL = "# summary: 주소 변경 요청\n# request: 1\n# must: 주소,변경\n# pattern: 전화번호\nA: 네 고객님\nC: 주소 바꾸려고요\n"


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


def test_a_prefix_of_the_bucket_holds_the_same_rows_as_a_folder(store: InMemoryStore, tmp_path: Path) -> None:
    for name, text in (("w.tsv", ROW), ("w.calls.txt", CALL)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        store.put(f"truth/autumn/{name}", text.encode())
    rows = read_truth_set(store, SUMMARIZER, "truth/autumn")
    assert rows == read_truth_set(store, SUMMARIZER, str(tmp_path))
    assert [(row.must, row.wrong, row.asked) for row in rows] == [
        ("암,해지|해약", "가입", True),
        ("", ".", False),
        ("주소,변경", "전화번호", True),
    ]


def test_without_a_setting_the_bundled_rows_judge_and_a_line_without_any_is_not_judged(store: InMemoryStore) -> None:
    assert len(read_truth_set(store, SUMMARIZER, "")) == 832
    assert read_truth_set(store, REQUEST_CLASSIFIER, "") == []


def test_rows_that_tell_nothing_and_empty_places_are_named(store: InMemoryStore, tmp_path: Path) -> None:
    (tmp_path / "w.tsv").write_text("암보험 깨려고요\t암보험 해지 요청\t암보험 깨려고요\t암보험 가입 요청\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"w:1 in .* tells nothing that a right answer must hold"):
        read_truth_set(store, SUMMARIZER, str(tmp_path))
    with pytest.raises(ConfigurationError, match="truth/nowhere holds no truth set"):
        read_truth_set(store, SUMMARIZER, "truth/nowhere")
