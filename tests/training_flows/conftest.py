"""A real Prefect server and a real S3 protocol on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect_server import server_for_tests
from small_runs import SmallRuns, train_small_runs, write_truth_set

import wiring
from models.training.data.pair import Pair
from models.training.outputs import pairs_csv
from tasks.training import train


@pytest.fixture(scope="session", autouse=True)
def prefect_server() -> Iterator[None]:
    with server_for_tests():
        yield


@pytest.fixture(scope="session")
def converted_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the forms that serve are kept, by their content: each model is converted once for all tests."""
    return tmp_path_factory.mktemp("converted-models")


@pytest.fixture(scope="session")
def scores() -> dict[str, bytes]:
    """What tests have scored so far, by keys that change with everything that a score depends on."""
    return {}


@pytest.fixture(autouse=True)
def bucket(
    s3_server: str,
    tiny_bart: Path,
    converted_models: Path,
    scores: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[str]:
    """An empty bucket, and settings that lead to it; the shipped model is the tiny one."""
    import boto3

    name = f"bucket-{abs(hash(request.node.nodeid)) % 10**8}"
    for variable, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "READBACK_BUCKET": name,
        "READBACK_AWS_ENDPOINT_URL": s3_server,
        "READBACK_MODEL_DIR": str(tiny_bart),
        "READBACK_TRUTH_SET": str(write_truth_set(tmp_path / "truth")),
        "XDG_CACHE_HOME": str(converted_models),
    }.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(train.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # for the runs that a runner starts in processes of their own
    wiring.forget_clients()
    boto3.client("s3", endpoint_url=s3_server, region_name="ap-northeast-2").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
    )
    yield name
    store = wiring.object_store()
    scores.update({facts.key: store.get(facts.key).body for facts in store.walk("models/") if "/selections/scores/" in facts.key})
    wiring.forget_clients()


@pytest.fixture
def known_scores(bucket: str, scores: dict[str, bytes]) -> None:
    """What earlier tests scored is known here, as in a bucket where it was scored before: for tests of what comes after scoring."""
    for key, body in scores.items():
        wiring.object_store().put(key, body)


@pytest.fixture
def data(pairs: list[Pair], bucket: str) -> str:
    """The key of a small data set in the bucket."""
    wiring.object_store().put("datasets/tiny.csv", pairs_csv(pairs).encode())
    return "datasets/tiny.csv"


@pytest.fixture(scope="session")
def small_runs(tmp_path_factory: pytest.TempPathFactory) -> SmallRuns:
    """Trainings of 15, 20 and 100 steps: few, some and all of the test rows right."""
    return train_small_runs(tmp_path_factory.mktemp("small-runs"), (15, 20, 100))
