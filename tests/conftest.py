"""What tests share: models small enough to train in a second, and an S3 that can be told to fail."""

import gc
import os
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

import wiring
from clients.s3 import ObjectStore
from models.recipe.small_bart import SmallBart, new_bart
from models.recipe.tokenizer import train_tokenizer
from models.training.data.pair import Pair
from sandbox.hub import TOKEN_VARIABLE
from sandbox.postgres import Postgres
from sandbox.processes import spawn, until
from sandbox.stand_in import stand_in

# No verdict may depend on how busy the host is.
settings.register_profile("readback", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("readback")

HUB_TOKEN = "hf_of_the_tests"
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)


# Tests that share a server or the whole product run in one process; the others file by file. The longest begin first.
SHARED = ("training_flows", "product", "flows", "deployments")
FIRST = ("test_soak_small", "training_flows", "product", "test_secrets", "flows", "deployments")


def group(nodeid: str) -> str:
    """What a test belongs to."""
    file = Path(nodeid.partition("::")[0])
    return file.parent.name if file.parent.name in SHARED else file.stem


class GroupByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a whole group to a process. xdist's own ``--dist loadgroup`` does nothing under pytest 9.2 (pytest-xdist issue 1386)."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupByGroup:
    """How ``make test`` divides the tests among its processes."""
    return GroupByGroup(config, log)


# Folders whose tests start servers, train models or make a whole training corpus: ``make test-fast`` leaves them out.
SLOW = {"training_flows", "product", "flows", "deployments", "training", "recipe"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What ``make test-fast`` leaves out it does not load either: Prefect's server, MLflow, the CDK, half of its time."""
    return True if collection_path.name in SLOW and "not slow" in config.option.markexpr else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, and what takes a server or a training marked as slow."""
    for item in items:
        if SLOW & set(Path(item.nodeid.partition("::")[0]).parts):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: FIRST.index(group(item.nodeid)) if group(item.nodeid) in FIRST else len(FIRST))


def pytest_collection_finish() -> None:
    """What collecting has loaded stays: the collector of garbage would look at all of it each time, a twentieth of a test's time."""
    gc.freeze()


_PROCESSES: defaultdict[str, set[str]] = defaultdict(set)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember in which of several processes a test ran."""
    if node := getattr(report, "node", None):
        _PROCESSES[group(report.nodeid)].add(node.gateway.id)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish() -> Generator[None, object, object]:
    """A group that was torn apart has started its servers more than once; nothing else would tell."""
    result = yield
    if torn := [name for name, processes in _PROCESSES.items() if len(processes) > 1]:
        pytest.exit(f"these groups of tests ran in more than one process: {', '.join(torn)}", returncode=1)
    return result


@pytest.fixture(scope="session", autouse=True)
def slow_host() -> None:
    """No candidate is refused because three processes share the machine; programs that tests start inherit it."""
    os.environ["READBACK_SMOKE_SECONDS"] = "600"


@pytest.fixture(scope="session")
def pairs() -> list[Pair]:
    lines = ["자동차", "암", "치아", "펫", "여행자", "화재"]
    requests = ["해지", "청구", "가입", "변경"]
    return [
        Pair(f"{line} 보험 {request} 하고 싶어요. {n} 번째 문의입니다.", f"{line}보험 {request} 요청", f"tiny.csv:{n}")
        for n, (line, request) in enumerate([(line, request) for line in lines for request in requests] * 4, start=1)
    ]


@pytest.fixture(scope="session")
def tiny_bart(tmp_path_factory: pytest.TempPathFactory, pairs: list[Pair]) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny-bart"
    tokenizer = train_tokenizer([text for pair in pairs for text in (pair.input, pair.summary)], 300)
    # Not narrower: where bitsandbytes computes in bf16 on a CPU it wants rows of whole blocks of 64 weights.
    new_bart(tokenizer, SmallBart(layers=1, width=64, heads=2, feed_forward=64, positions=64, dropout=0.0), seed=1).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory, pairs: list[Pair]) -> Path:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = ["<|begin|>", "<|end_of_text|>", "<|eot_id|>", "<|start|>"]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    backend.train_from_iterator([text for pair in pairs for text in (pair.input, pair.summary)], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<|begin|>", eos_token="<|eot_id|>")
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=512,
        bos_token_id=0,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    words = ["자동차", "암", "보험", "해지", "요청", "청구", "서류", "안내", "문의", "가입"]
    vocabulary = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", model_max_length=32
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=32,
        initializer_range=0.5,  # spread weights: similarities that differ, unlike those of a small initialization
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 and SQS; all that this process starts share their buckets."""
    with stand_in("sandbox.s3") as (address, _):
        yield address["url"]


@pytest.fixture(scope="session")
def faulty_s3(s3_server: str) -> Iterator[str]:
    """The same S3 failing by plan; it behaves until ``spoil_s3`` is called."""
    with stand_in("sandbox.s3_faults", "--target", s3_server) as (address, _):
        yield address["url"]


@pytest.fixture
def spoil_s3(faulty_s3: str) -> Callable[..., None]:
    """Spoil every request that can be spoiled in one of these ways; without any, none."""

    def spoil(*kinds: str) -> None:
        plan = {"rate": 1.0 if kinds else 0.0, "kinds": kinds, "latency_seconds": 0.0}
        requests.post(f"{faulty_s3}/sandbox/faults", json=plan, timeout=5).raise_for_status()

    return spoil


@pytest.fixture
def faulty_store(faulty_s3: str, spoil_s3: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """An empty bucket there, and the product's wiring pointed at it."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "READBACK_BUCKET": "aicc-faulty",
        "READBACK_AWS_ENDPOINT_URL": faulty_s3,
    }.items():
        monkeypatch.setenv(name, value)
    wiring.forget_clients()
    store = wiring.object_store()
    store._s3.create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": wiring.settings().aws_region})
    yield store
    spoil_s3()
    for facts in list(store.walk("")):
        store.delete(facts.key)
    store._s3.delete_bucket(Bucket=store.bucket)
    wiring.forget_clients()


@pytest.fixture(scope="session")
def hub_address() -> Iterator[str]:
    """A Hugging Face hub with the account ``acme``, whose token is ``HUB_TOKEN``."""
    with stand_in("sandbox.hub", **{TOKEN_VARIABLE: HUB_TOKEN}) as (told, _):
        yield told["url"]


@pytest.fixture
def hub(hub_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The hub that this process publishes to, in good order; its address."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub_address)
    monkeypatch.setenv("HF_TOKEN", HUB_TOKEN)
    yield hub_address
    requests.post(f"{hub_address}/sandbox/faults", json={}, timeout=10).raise_for_status()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty PostgreSQL."""
    postgres = Postgres()
    postgres.make()
    child = spawn("postgres", postgres.command, os.environ, tmp_path_factory.mktemp("postgres"), postgres.data, postgres.become)
    try:
        until(postgres.ready, child, "take connections")
        postgres.create_database()
        yield postgres.url
    finally:
        child.stop()
        postgres.remove()
