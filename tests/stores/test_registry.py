"""The registry's rules, the same for every line of models, over an in-memory bucket with S3's conditional writes."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.errors import ModelRefused, StorageConflict, VendorUnavailable
from models.keys import RegistryKeys
from models.lifecycle.line import Line
from models.lifecycle.versions import SHIPPED, FileFacts, Version, check_version_name, manifest, manifest_digest
from models.lines import LINES, REQUEST_CLASSIFIER, SUMMARIZER
from stores.model_cache import ChampionSource
from stores.registry import Registry


@dataclass(frozen=True)
class Held:
    body: bytes
    etag: str


class MemoryBucket:
    """Objects in memory; ``before_put`` lets a test act between a reader's read and its write."""

    def __init__(self) -> None:
        self.objects: dict[str, Held] = {}
        self.finds: list[str] = []
        self.before_put: Callable[[str], None] = lambda key: None
        self._lock = threading.Lock()
        self._writes = 0

    def find(self, key: str) -> Held | None:
        self.finds.append(key)
        return self.objects.get(key)

    def put(self, key: str, body: bytes, *, content_type: str = "", only_if_absent: bool = False, only_if_etag: str | None = None) -> str:
        self.before_put(key)
        with self._lock:
            held = self.objects.get(key)
            if (only_if_absent and held) or (only_if_etag is not None and (held is None or held.etag != only_if_etag)):
                raise StorageConflict(f"another writer changed {key} first")
            self._writes += 1
            self.objects[key] = Held(body, f"etag-{self._writes}")
            return self.objects[key].etag


def a_version(name: str, content: str = "a") -> Version:
    return Version(
        version=name,
        family="bart",
        run=f"run-of-{name}",
        prefix=f"models/registry/artefacts/{name}/",
        files={"config.json": FileFacts(sha256=content * 64, size=3)},
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
        created_by="minji",
    )


@pytest.fixture
def bucket() -> MemoryBucket:
    return MemoryBucket()


@pytest.fixture(params=LINES.values(), ids=LINES)
def line(request: pytest.FixtureRequest) -> Line[Any]:
    return request.param


@pytest.fixture
def keys(line: Line[Any]) -> RegistryKeys:
    return RegistryKeys(line.name)


@pytest.fixture
def registry(bucket: MemoryBucket, line: Line[Any]) -> Registry:
    registry = Registry(bucket, line)
    for name in ("one", "two", "three"):
        registry.register_version(a_version(name))
    return registry


def test_the_shipped_model_is_the_champion_of_an_empty_bucket(bucket: MemoryBucket, line: Line[Any]) -> None:
    assert Registry(bucket, line).champion() == SHIPPED
    assert Registry(bucket, line).history() == []


def test_a_version_is_written_once_and_read_back_whole(registry: Registry) -> None:
    assert registry.version("one") == a_version("one")


def test_registering_the_same_files_again_keeps_what_is_there(registry: Registry, bucket: MemoryBucket) -> None:
    before = dict(bucket.objects)
    again = registry.register_version(a_version("one").model_copy(update={"created_by": "someone else"}))
    assert again.created_by == "minji"
    assert bucket.objects == before


def test_other_files_never_take_a_registered_name(registry: Registry) -> None:
    with pytest.raises(ModelRefused, match="version one is taken by other files"):
        registry.register_version(a_version("one", content="b"))
    assert registry.version("one") == a_version("one")


@pytest.mark.parametrize("name", ["", "../two", "a/b", "shipped", ".hidden", "모델", "x" * 121])
def test_a_name_that_is_no_key_or_folder_is_refused(name: str) -> None:
    with pytest.raises(ModelRefused, match="cannot name a model version"):
        check_version_name(name)


def test_promotion_moves_champion_and_previous_together(registry: Registry) -> None:
    registry.promote("one", by="minji", reason="best of the vote")
    aliases = registry.promote("two", by="jun", reason="better on long inquiries")
    assert (aliases.champion, aliases.previous, aliases.revision) == ("two", "one", 2)
    assert registry.aliases() == aliases


def test_an_unregistered_version_is_not_promoted(registry: Registry) -> None:
    with pytest.raises(ModelRefused, match="no model version 'four' is registered"):
        registry.promote("four", by="minji", reason="typo")
    assert registry.champion() == SHIPPED


def test_promoting_the_champion_again_moves_nothing(registry: Registry) -> None:
    first = registry.promote("one", by="minji", reason="first")
    assert registry.promote("one", by="minji", reason="the answer of the first was lost") == first
    assert len(registry.history()) == 1


def test_rollback_brings_the_previous_model_back(registry: Registry) -> None:
    registry.promote("one", by="minji", reason="vote")
    aliases = registry.rollback(by="jun", reason="names wrong products")
    assert (aliases.champion, aliases.previous) == (SHIPPED, "one")


def test_a_second_rollback_does_not_bring_the_disappointing_model_back(registry: Registry) -> None:
    registry.promote("one", by="minji", reason="vote")
    registry.rollback(by="jun", reason="names wrong products")
    with pytest.raises(ModelRefused, match="the last move was a rollback already, from one to shipped"):
        registry.rollback(by="sua", reason="names wrong products")
    assert registry.champion() == SHIPPED


def test_two_people_rolling_back_at_once_roll_back_once(
    registry: Registry, bucket: MemoryBucket, keys: RegistryKeys, line: Line[Any]
) -> None:
    registry.promote("one", by="minji", reason="vote")
    registry.promote("two", by="minji", reason="vote")
    colleague = Registry(bucket, line)

    def jun_is_faster(key: str) -> None:
        if key == keys.aliases:
            bucket.before_put = lambda key: None
            colleague.rollback(by="jun", reason="wrong products")

    bucket.before_put = jun_is_faster
    aliases = registry.rollback(by="sua", reason="wrong products")
    assert aliases.champion == "one"
    assert [move.by for move in registry.history()] == ["minji", "minji", "jun"]


def test_a_repeated_rollback_that_names_what_it_leaves_is_harmless(registry: Registry) -> None:
    registry.promote("one", by="minji", reason="vote")
    first = registry.rollback(by="jun", reason="wrong products", leaving="one")
    assert registry.rollback(by="jun", reason="wrong products", leaving="one") == first


def test_there_is_nothing_to_roll_back_to_before_the_first_promotion(registry: Registry) -> None:
    with pytest.raises(ModelRefused, match="no previous model"):
        registry.rollback(by="jun", reason="curious")


def test_thirty_two_promotions_at_once_leave_one_unbroken_chain(bucket: MemoryBucket, line: Line[Any]) -> None:
    registry = Registry(bucket, line)
    names = [f"v{n}" for n in range(32)]
    for name in names:
        registry.register_version(a_version(name))

    def promote(name: str) -> bool:
        try:
            registry.promote(name, by=name, reason="race")
        except StorageConflict:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        won = sum(pool.map(promote, names))
    history = registry.history()
    assert len(history) == won >= 1
    assert [move.revision for move in history] == list(range(1, won + 1))
    assert [move.source for move in history] == [SHIPPED, *(move.target for move in history[:-1])]
    assert registry.champion() == history[-1].target


def test_a_writer_who_always_loses_gives_up_with_a_sentence(registry: Registry, bucket: MemoryBucket, keys: RegistryKeys) -> None:
    def somebody_is_always_faster(key: str) -> None:
        if key == keys.aliases:
            bucket.objects[key] = Held(registry.aliases().model_dump_json().encode(), f"{len(bucket.finds)}")

    bucket.before_put = somebody_is_always_faster
    with pytest.raises(StorageConflict, match="8 other writers moved the aliases meanwhile"):
        registry.promote("one", by="minji", reason="vote")


def test_history_says_who_moved_what_when_and_why(bucket: MemoryBucket, line: Line[Any]) -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    registry = Registry(bucket, line, now=lambda: noon)
    registry.register_version(a_version("one"))
    registry.promote("one", by="minji", reason="best of the vote")
    registry.rollback(by="jun", reason="wrong products")
    told = [(m.revision, m.kind, m.source, m.target, m.by, m.reason, m.at) for m in registry.history()]
    assert told == [
        (1, "promotion", SHIPPED, "one", "minji", "best of the vote", noon),
        (2, "rollback", "one", SHIPPED, "jun", "wrong products", noon),
    ]


@pytest.mark.parametrize("reader", ["the next move", "the history"])
def test_a_process_that_dies_before_writing_history_loses_none_of_it(
    registry: Registry, bucket: MemoryBucket, reader: str, keys: RegistryKeys
) -> None:
    def die(key: str) -> None:
        if key == keys.history(1):
            raise VendorUnavailable("killed here")

    bucket.before_put = die
    with pytest.raises(VendorUnavailable, match="killed here"):
        registry.promote("one", by="minji", reason="vote")
    assert keys.history(1) not in bucket.objects
    bucket.before_put = lambda key: None
    if reader == "the next move":
        registry.promote("two", by="jun", reason="vote")
    else:
        registry.history()
    assert b"minji" in bucket.objects[keys.history(1)].body


def test_a_damaged_object_is_named(registry: Registry, bucket: MemoryBucket, keys: RegistryKeys) -> None:
    bucket.objects[keys.aliases] = Held(b"{", "x")
    with pytest.raises(ModelRefused, match=r"registry/aliases\.json is not what the registry wrote"):
        registry.champion()


def test_a_manifest_changes_with_any_byte_and_any_name(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.bin").write_bytes(b"abc")
    (tmp_path / ".complete").write_bytes(b"not part of a model")
    first = manifest(tmp_path)
    assert list(first) == ["weights/model.bin"]
    (tmp_path / "weights" / "model.bin").write_bytes(b"abd")
    second = manifest(tmp_path)
    renamed = {"model.bin": second["weights/model.bin"]}
    assert len({manifest_digest(files) for files in (first, second, renamed)}) == 3


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="holds no model files"):
        manifest(tmp_path)


def test_a_champions_files_are_fetched_once(registry: Registry) -> None:
    fetched: list[str] = []

    def fetch(version: Version) -> Path:
        fetched.append(version.version)
        return Path("/models") / version.version

    source = ChampionSource(registry, fetch, Path("/shipped"))
    assert source.current() == (SHIPPED, Path("/shipped"))
    registry.promote("one", by="minji", reason="vote")
    assert [source.current() for _ in range(3)] == [("one", Path("/models/one"))] * 3
    assert fetched == ["one"]


def test_a_fetch_that_failed_is_tried_again_at_the_next_question(registry: Registry) -> None:
    answers: list[Path | Exception] = [VendorUnavailable("could not download"), Path("/models/one")]

    def fetch(version: Version) -> Path:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    source = ChampionSource(registry, fetch, Path("/shipped"))
    source.current()
    registry.promote("one", by="minji", reason="vote")
    with pytest.raises(VendorUnavailable, match="could not download"):
        source.current()
    assert source.current() == ("one", Path("/models/one"))


def test_the_lines_of_one_bucket_know_nothing_of_each_other(bucket: MemoryBucket) -> None:
    summarizers, classifiers = Registry(bucket, SUMMARIZER), Registry(bucket, REQUEST_CLASSIFIER)
    classifiers.register_version(a_version("one"))
    classifiers.promote("one", by="minji", reason="knows more wordings")
    assert (classifiers.champion(), summarizers.champion()) == ("one", SHIPPED)
    with pytest.raises(ModelRefused, match="no model version 'one' is registered"):
        summarizers.promote("one", by="minji", reason="wrong line")
    assert all(key.startswith("models/request-classifier/registry/") for key in bucket.objects)


def test_the_summarizer_keeps_the_keys_it_always_had(bucket: MemoryBucket) -> None:
    registry = Registry(bucket, SUMMARIZER)
    registry.register_version(a_version("one"))
    registry.promote("one", by="minji", reason="vote")
    assert set(bucket.objects) == {
        "models/registry/versions/one.json",
        "models/registry/aliases.json",
        "models/registry/history/00000001.json",
    }
