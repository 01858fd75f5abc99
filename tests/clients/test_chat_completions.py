"""The client of language models against the stand-in: what is repeated, what is not, when an endpoint is left alone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from clients.chat_completions import FAILURES, ChatCompletions, Circuit
from models.errors import ConfigurationError, ReadbackError, TooManyRequests, VendorRefused, VendorUnavailable
from models.summarizer.conversation import read, written
from models.summarizer.language_model import Endpoint, read_answer, request_body
from sandbox.language_model import KEY, MODEL
from sandbox.stand_in import stand_in

pytestmark = pytest.mark.slow  # the stand-in loads the reader that ships

CALL = read(written([(False, "무엇을 도와드릴까요"), (True, "계약 주소를 바꾸고 싶어요")]))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with stand_in("sandbox.language_model", "--concurrency", "4", "--seconds", "0.05") as (address, _):
        yield address["url"]


@pytest.fixture(autouse=True)
def no_faults(server: str) -> None:
    plan(server)


def plan(server: str, *kinds: str) -> None:
    answer = requests.post(f"{server}/sandbox/faults", json={"rate": 1.0 if kinds else 0.0, "kinds": kinds})
    assert answer.status_code == 200


def asked(server: str) -> int:
    count: int = requests.get(f"{server}/sandbox/counters").json()["asked"]
    return count


def client(server: str, key: str = KEY, timeout: float = 20.0, sleeps: list[float] | None = None) -> ChatCompletions:
    slept = sleeps if sleeps is not None else []
    return ChatCompletions(f"{server}/v1", key, timeout=timeout, connections=8, sleep=slept.append)


def body(server: str, **changes: Any) -> dict[str, Any]:
    return request_body(Endpoint(base_url=f"{server}/v1", model=MODEL), "프롬프트", CALL) | changes


def complete(chosen: ChatCompletions, server: str, seconds: float = 60.0, **changes: Any) -> Any:
    return chosen.complete(body(server, **changes), until=chosen.deadline_in(seconds))


@pytest.mark.slow
def test_an_answer_comes_with_its_tokens(server: str) -> None:
    completion = complete(client(server), server)
    claim = read_answer(completion.text)
    assert claim is not None
    assert claim.evidence[-1].utterance == 1
    assert completion.finished
    assert completion.prompt_tokens > 10
    assert completion.completion_tokens > 10


@pytest.mark.parametrize("fault", ["500", "503", "reset_before", "truncated", "malformed"])
def test_what_is_transient_is_repeated_and_then_given_up(server: str, fault: str) -> None:
    plan(server, fault)
    before, sleeps = asked(server), []
    with pytest.raises(VendorUnavailable) as raised:
        complete(client(server, sleeps=sleeps), server)
    assert asked(server) - before == 4
    assert sleeps == sorted(sleeps)
    assert len(sleeps) == 3
    assert "주소" not in str(raised.value)


def test_the_pace_that_is_asked_for_is_kept(server: str) -> None:
    plan(server, "429")
    sleeps: list[float] = []
    with pytest.raises(TooManyRequests):
        complete(client(server, sleeps=sleeps), server)
    assert sleeps[0] == 1.0


def test_no_time_to_wait_is_told_at_once(server: str) -> None:
    plan(server, "429")
    before, sleeps = asked(server), []
    with pytest.raises(TooManyRequests):
        complete(client(server, sleeps=sleeps), server, seconds=0.9)
    assert (asked(server) - before, sleeps) == (1, [])


def test_a_hanging_endpoint_is_waited_for_no_longer_than_the_timeout(server: str) -> None:
    plan(server, "hangs")
    before = asked(server)
    with pytest.raises(VendorUnavailable, match="ReadTimeout"):
        complete(client(server, timeout=0.2), server)
    assert asked(server) - before == 4


def test_a_refused_key_is_not_tried_again_for_a_while(server: str) -> None:
    chosen, before = client(server, key="wrong"), asked(server)
    with pytest.raises(ConfigurationError, match=r"refuses the key .*401.*READBACK_LANGUAGE_MODEL_KEY"):
        complete(chosen, server)
    with pytest.raises(VendorUnavailable, match="rests"):
        complete(chosen, server)
    assert asked(server) - before == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"model": "another"}, ConfigurationError),
        ({"max_tokens": "many"}, VendorRefused),
        ({"unknown": 1}, VendorRefused),
        ({"messages": []}, VendorRefused),
        ({"response_format": {"type": "json_schema"}}, VendorRefused),
    ],
)
def test_a_wrong_request_is_refused_once(server: str, changes: dict[str, Any], error: type[ReadbackError]) -> None:
    before = asked(server)
    with pytest.raises(error):
        complete(client(server), server, **changes)
    assert asked(server) - before == 1


def test_requests_go_out_side_by_side_and_wait_where_the_endpoint_wants_fewer(server: str) -> None:
    chosen = ChatCompletions(f"{server}/v1", KEY, timeout=30.0, connections=8)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: complete(chosen, server), range(12)))
    assert all(one.finished for one in found)
    books = requests.get(f"{server}/sandbox/counters").json()
    assert 1 < books["peak"] <= 4


def test_models_are_named_to_who_has_the_key(server: str) -> None:
    assert requests.get(f"{server}/v1/models", headers={"Authorization": f"Bearer {KEY}"}).json()["data"][0]["id"] == MODEL
    refused = requests.get(f"{server}/v1/models")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")


def test_after_failures_in_a_row_one_request_tries_for_all() -> None:
    now = [0.0]
    circuit = Circuit(lambda: now[0])
    for _ in range(FAILURES):
        circuit.enter()
        circuit.failed()
    with pytest.raises(VendorUnavailable):
        circuit.enter()
    now[0] = 5.0
    circuit.enter()  # the one that tries
    with pytest.raises(VendorUnavailable):
        circuit.enter()
    circuit.failed()
    now[0] = 14.9  # a rest of ten seconds now
    with pytest.raises(VendorUnavailable):
        circuit.enter()
    now[0] = 15.0
    circuit.enter()
    circuit.answered()
    circuit.enter()
    circuit.enter()


def test_requests_that_fail_together_do_not_lengthen_the_rest() -> None:
    now = [0.0]
    circuit = Circuit(lambda: now[0])
    for _ in range(3 * FAILURES):
        circuit.failed()
    now[0] = 5.0
    circuit.enter()


def test_an_answer_of_another_shape_is_none() -> None:
    assert read_answer("물론입니다!") is None
    assert read_answer('{"kind": "summary", "text": "x"}') is None
    assert read_answer('{"kind": "summary", "text": "x", "phrases": [{"phrase": "x", "utterance": "0"}]}') is None
    assert read_answer('```json\n{"kind": "no_request", "text": "", "phrases": []}\n```') is not None
