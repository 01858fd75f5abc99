"""Models travelling through S3 (moto's server), whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clients.s3 import ObjectStore
from models.errors import ModelRefused, ObjectGone
from models.lifecycle.versions import Version
from models.lines import SUMMARIZER
from stores.model_cache import download_version, publish_version
from stores.registry import Registry

BUCKET = "aicc-champion"


@pytest.fixture
def store(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    store = ObjectStore(BUCKET, region="ap-northeast-2", endpoint_url=s3_server)
    store._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    yield store
    for facts in list(store.walk("")):
        store.delete(facts.key)
    store._s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "ctranslate2").mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "bart"}')
    (folder / "ctranslate2" / "model.bin").write_bytes(b"weights" * 1000)
    return folder


def publish(store: ObjectStore, folder: Path, version: str = "bart-run-1") -> Version:
    return publish_version(store, SUMMARIZER, folder, version=version, family="bart", run="run-1", metrics={"score": 0.9}, by="minji")


def test_a_published_model_comes_back_byte_for_byte(store: ObjectStore, model: Path, tmp_path: Path) -> None:
    version = publish(store, model)
    folder = download_version(store, version, tmp_path / "cache")
    assert (folder / "config.json").read_text() == '{"model_type": "bart"}'
    assert (folder / "ctranslate2" / "model.bin").read_bytes() == b"weights" * 1000
    assert Registry(store, SUMMARIZER).version("bart-run-1") == version


def test_a_model_is_downloaded_once(store: ObjectStore, model: Path, tmp_path: Path) -> None:
    version = publish(store, model)
    first = download_version(store, version, tmp_path / "cache")
    store.delete(version.prefix + "config.json")
    assert download_version(store, version, tmp_path / "cache") == first


def test_a_damaged_file_in_the_bucket_is_refused_and_leaves_nothing_behind(store: ObjectStore, model: Path, tmp_path: Path) -> None:
    version = publish(store, model)
    store.put(version.prefix + "ctranslate2/model.bin", b"other weights")
    with pytest.raises(ModelRefused, match=r"bart-run-1/ctranslate2/model\.bin is not the file that was registered"):
        download_version(store, version, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_missing_file_in_the_bucket_is_named(store: ObjectStore, model: Path, tmp_path: Path) -> None:
    version = publish(store, model)
    store.delete(version.prefix + "config.json")
    with pytest.raises(ObjectGone, match=r"bart-run-1/config\.json"):
        download_version(store, version, tmp_path / "cache")


def test_a_truncated_copy_on_this_machine_is_downloaded_anew(store: ObjectStore, model: Path, tmp_path: Path) -> None:
    version = publish(store, model)
    folder = download_version(store, version, tmp_path / "cache")
    (folder / "ctranslate2" / "model.bin").write_bytes(b"half")
    assert (download_version(store, version, tmp_path / "cache") / "ctranslate2" / "model.bin").stat().st_size == 7000


def test_the_same_name_from_another_bucket_is_not_taken_from_the_cache(store: ObjectStore, model: Path, tmp_path: Path) -> None:
    download_version(store, publish(store, model), tmp_path / "cache")
    for facts in list(store.walk("models/")):
        store.delete(facts.key)
    (model / "config.json").write_text('{"model_type": "BART"}')
    folder = download_version(store, publish(store, model), tmp_path / "cache")
    assert (folder / "config.json").read_text() == '{"model_type": "BART"}'


def test_eight_summarizers_of_one_machine_may_download_at_once(store: ObjectStore, model: Path, tmp_path: Path) -> None:
    version = publish(store, model)
    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: download_version(store, version, tmp_path / "cache"), range(8)))
    assert folders == {tmp_path / "cache" / "bart-run-1"}
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["bart-run-1"]


def test_publishing_other_files_under_a_taken_name_leaves_the_first_ones(store: ObjectStore, model: Path, tmp_path: Path) -> None:
    version = publish(store, model)
    (model / "config.json").write_text("{}")
    with pytest.raises(ModelRefused, match="taken by other files"):
        publish(store, model)
    assert (download_version(store, version, tmp_path / "cache") / "config.json").read_text() == '{"model_type": "bart"}'


def test_a_manifest_that_points_outside_its_folder_is_refused(store: ObjectStore, model: Path, tmp_path: Path) -> None:
    version = publish(store, model)
    evil = version.model_copy(update={"files": {"../evil": version.files["config.json"]}})
    with pytest.raises(ModelRefused, match="outside its folder"):
        download_version(store, evil, tmp_path / "cache")
