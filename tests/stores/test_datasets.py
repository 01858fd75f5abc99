"""What a training may read as data, and that what was read stays."""

from pathlib import Path

import pytest

from models.errors import ConfigurationError
from stores.datasets import Datasets
from tests.in_memory import InMemoryStore

KEY = "datasets/data.csv"


class Watched(InMemoryStore):
    """Remembers which keys were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def get(self, key: str):  # type: ignore[no-untyped-def]
        self.read.append(key)
        return super().get(key)


@pytest.fixture
def store() -> Watched:
    return Watched()


@pytest.mark.parametrize("source", ["/etc/passwd", "/etc/../etc/passwd", "/no/such/file.csv"])
def test_a_file_outside_the_workers_folder_is_refused_and_not_opened(
    store: Watched, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was opened"))
    for folder, reason in (("", "this worker reads no files"), (str(tmp_path), "only files below")):
        with pytest.raises(ConfigurationError, match=f"{source} is not opened: {reason}"):
            Datasets(store, folder).read(source)


def test_a_link_does_not_lead_out_of_the_workers_folder(store: Watched, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "own.csv").write_bytes(b"rows")
    (tmp_path / "secret.csv").write_bytes(b"secret")
    (tmp_path / "data" / "link.csv").symlink_to(tmp_path / "secret.csv")
    datasets = Datasets(store, str(tmp_path / "data"))
    assert datasets.read(str(tmp_path / "data" / "own.csv")) == b"rows"
    for way in ("link.csv", "../secret.csv"):
        with pytest.raises(ConfigurationError, match="is not opened"):
            datasets.read(str(tmp_path / "data" / way))


@pytest.mark.parametrize("key", ["calls/records/00/0.json", "stt/stt_1.txt", "connect/a/b.wav", "etc/passwd", "secret.csv"])
def test_what_callers_said_is_no_data_set(store: Watched, key: str) -> None:
    store.put(key, "고객: 제 번호는".encode())
    with pytest.raises(ConfigurationError, match="is no data set"):
        Datasets(store).read(key)
    assert store.read == []


def test_an_upload_that_is_replaced_can_be_read_as_it_was(store: Watched) -> None:
    datasets = Datasets(store)
    store.put(KEY, b"first")
    first = datasets.keep(KEY, datasets.read(KEY))
    store.put(KEY, b"second")
    second = datasets.keep(KEY, datasets.read(KEY))
    assert (first.name, second.name) == (f"{KEY}@1", f"{KEY}@2")
    assert (datasets.read(first.name), datasets.read(second.name), datasets.read(KEY)) == (b"first", b"second", b"second")


def test_the_same_content_keeps_its_number_and_nothing_is_written_twice(store: Watched) -> None:
    datasets = Datasets(store)
    first = datasets.keep(KEY, b"first")
    datasets.keep(KEY, b"second")
    before = {key: len(versions) for key, versions in store._versions.items()}
    assert datasets.keep(KEY, b"first") == first
    assert datasets.keep(f"{KEY}@1", b"first") == first
    assert {key: len(versions) for key, versions in store._versions.items()} == before


def test_two_that_keep_different_contents_at_once_get_two_numbers(store: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Datasets(store)
    found = store.find

    def find_and_be_overtaken(key: str):  # type: ignore[no-untyped-def]
        known = found(key)
        monkeypatch.setattr(store, "find", found)
        other.keep(KEY, b"theirs")
        return known

    monkeypatch.setattr(store, "find", find_and_be_overtaken)
    mine = Datasets(store).keep(KEY, b"mine")
    assert (mine.number, other.read(f"{KEY}@1"), other.read(f"{KEY}@2")) == (2, b"theirs", b"mine")


def test_a_version_that_never_was_is_told(store: Watched) -> None:
    with pytest.raises(ConfigurationError, match=r"datasets/data.csv has no version 7"):
        Datasets(store).read(f"{KEY}@7")
