"""The client against the stand-in over HTTP, and against a socket that misbehaves where no HTTP server would."""

import io
import json
import logging
import pickle
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import requests
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from clients.returnzero import ReturnZero, TranscribeConfig, _read_job
from clients.speech_to_text import JobStatus
from models.call.record import Utterance
from models.errors import (
    AccessRefused,
    AnswerLost,
    BadRecording,
    BadTranscript,
    ConfigurationError,
    JobFailed,
    JobGone,
    QuotaExhausted,
    ReadbackError,
    TooManyRequests,
    VendorRefused,
    VendorUnavailable,
)
from sandbox.make_recordings import RECORDINGS
from sandbox.stand_in import stand_in

SECRET = "canary-secret-81f3"
CONFIG = TranscribeConfig(keywords=("실손보험",))
WAV = sorted(RECORDINGS.glob("*.wav"))[0]
AUDIO = WAV.read_bytes()
WORDS = [
    Utterance(label=said["spk"], start_ms=said["start_at"], duration_ms=said["duration"], text=said["msg"])
    for said in json.loads(WAV.with_suffix(".json").read_text(encoding="utf-8"))["utterances"]
]


@contextmanager
def vendor(*arguments: str) -> Iterator[str]:
    with stand_in("sandbox.returnzero", "--transcripts", str(RECORDINGS), "--client", f"ours:{SECRET}", *arguments) as (address, _):
        yield address["url"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with vendor("--latency-seconds", "0", "--concurrency", "0") as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[ReturnZero]:
    requests.post(f"{url}/sandbox/faults", json={})
    returnzero = ReturnZero(url, "ours", SECRET, config=CONFIG, timeout=5)
    yield returnzero
    returnzero.close()


def inject(url: str, *kinds: str, **plan: object) -> None:
    requests.post(f"{url}/sandbox/faults", json={"rate": 1.0, "kinds": kinds, **plan}).raise_for_status()


def counters(url: str) -> dict:
    return requests.get(f"{url}/sandbox/counters").json()


def accepted(url: str) -> int:
    return counters(url)["jobs_accepted"]


@contextmanager
def scripted(*answers: bytes | None) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers each connection's request with the next of ``answers`` and closes; None closes without one."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    heard.append(_read_request(connection))
                    if answer is not None:
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
        thread.join(10)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body: object, status: int = 200, *headers: str) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(raw)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def token() -> bytes:
    return answer({"access_token": "canary-token-5e0c", "expire_at": int(time.time()) + 21600})


# --- the way it goes -----------------------------------------------------------------------------------------------------


def test_a_recording_becomes_our_utterances(client: ReturnZero) -> None:
    job = client.poll(client.submit(AUDIO, '한글 "이름".wav'))
    assert job.completed
    assert list(job.utterances) == WORDS


def test_a_job_that_runs_is_in_progress() -> None:
    with vendor("--latency-seconds", "60") as address:
        returnzero = ReturnZero(address, "ours", SECRET)
        job = returnzero.poll(returnzero.submit(AUDIO, "a.wav"))
    assert (job.status, job.utterances, job.completed) == (JobStatus.IN_PROGRESS, (), False)


def test_the_config_is_what_the_vendor_documents() -> None:
    assert json.loads(TranscribeConfig(keywords=("실비", "특약"), spk_count=3).to_json()) == {
        "model_name": "sommers",
        "language": "ko",
        "use_diarization": True,
        "diarization": {"spk_count": 3},
        "use_itn": True,
        "use_disfluency_filter": True,
        "use_profanity_filter": False,
        "use_paragraph_splitter": True,
        "domain": "CALL",
        "use_word_timestamp": False,
        "keywords": ["실비", "특약"],
    }


def test_diarization_is_not_configured_where_it_is_off() -> None:
    config = json.loads(TranscribeConfig(use_diarization=False).to_json())
    assert "diarization" not in config
    assert "keywords" not in config


def test_each_job_is_told_the_keywords_of_its_moment(tmp_path: Path) -> None:
    keywords = ["실비"]
    with vendor("--state", str(tmp_path / "jobs")) as url:
        client = ReturnZero(url, "ours", SECRET, config=CONFIG, keywords=lambda: keywords)
        client.submit(AUDIO, "a.wav")
        keywords.append("특약")
        client.submit(AUDIO, "a.wav")
        client.close()
    jobs = map(json.loads, (tmp_path / "jobs").read_text("utf-8").splitlines())
    assert [job["config"]["keywords"] for job in jobs] == [["실비"], ["실비", "특약"]]


@pytest.mark.parametrize("keywords", [("가" * 21,), ("",), tuple(str(n) for n in range(501))])
def test_keywords_the_vendor_would_refuse_are_told_at_once(keywords: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match="the vendor takes"):
        TranscribeConfig(keywords=keywords)


# --- refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "H0001", VendorRefused),
        (400, "H0010", BadRecording),
        (413, "H0005", BadRecording),
        (413, "H0006", BadRecording),
        (429, "A0001", QuotaExhausted),
        (429, "A0002", TooManyRequests),
        (429, "A0003", TooManyRequests),
        (500, "E500", VendorUnavailable),
        (503, "", VendorUnavailable),
        (403, "H0003", ConfigurationError),
        (403, "", AccessRefused),
        (404, "H0004", JobGone),
        (404, "", ConfigurationError),
        (410, "H0007", JobGone),
        (418, "H9999", VendorRefused),
        (429, "A9999", TooManyRequests),
        (413, "", BadRecording),
    ],
)
@pytest.mark.parametrize("what", ["submit", "poll"])
def test_every_refusal_is_exactly_one_class(status: int, code: str, kind: type[ReadbackError], what: str) -> None:
    with scripted(token(), answer({"code": code, "msg": "no"}, status, "X-Request-Id: r-7")) as (address, _):
        returnzero = ReturnZero(address, "ours", SECRET)
        with pytest.raises(ReadbackError, match="no") as caught:
            returnzero.submit(AUDIO, "a.wav") if what == "submit" else returnzero.poll("j1")
    assert type(caught.value) is kind
    reply = caught.value.reply
    assert reply is not None
    assert (reply.vendor, reply.status, reply.code, reply.request_id) == ("ReturnZero", status, code, "r-7")
    assert caught.value.remedy


@pytest.mark.parametrize(("header", "seconds"), [("Retry-After: 17", 17.0), ("Retry-After: soon", None), ("X-None: 1", None)])
def test_the_wait_the_vendor_asks_for_is_kept(header: str, seconds: float | None) -> None:
    with (
        scripted(token(), answer({"code": "A0002", "msg": "slow"}, 429, header)) as (address, _),
        pytest.raises(TooManyRequests, match="slow") as caught,
    ):
        ReturnZero(address, "ours", SECRET).submit(AUDIO, "a.wav")
    assert caught.value.retry_after_seconds == seconds
    assert pickle.loads(pickle.dumps(caught.value)).retry_after_seconds == seconds


@pytest.mark.slow
def test_the_stand_in_refuses_by_rule_what_the_vendor_refuses(client: ReturnZero, url: str) -> None:
    with pytest.raises(BadRecording, match="not supported"):
        client.submit(b"OggS and so on", "a.wav")
    with pytest.raises(BadRecording, match="not supported"):
        client.submit(b"\0" * 4000, "a.wav")
    with pytest.raises(VendorRefused, match="sommers knows"):
        ReturnZero(url, "ours", SECRET, config=TranscribeConfig(language="fr")).submit(AUDIO, "a.wav")
    with pytest.raises(JobGone, match="not found"):
        client.poll("no/such job")
    with vendor("--max-bytes", "1000", "--max-seconds", "5") as small, pytest.raises(BadRecording, match="size"):
        ReturnZero(small, "ours", SECRET).submit(AUDIO, "a.wav")
    with vendor("--max-seconds", "5") as short, pytest.raises(BadRecording, match="duration"):
        ReturnZero(short, "ours", SECRET).submit(AUDIO, "a.wav")


@pytest.mark.slow
def test_concurrency_quota_pace_and_age_have_their_errors() -> None:
    with vendor("--latency-seconds", "60", "--concurrency", "1", "--quota-jobs", "2", "--poll-seconds", "60") as address:
        returnzero = ReturnZero(address, "ours", SECRET)
        job_id = returnzero.submit(AUDIO, "a.wav")
        with pytest.raises(TooManyRequests, match="concurrent"):
            returnzero.submit(AUDIO, "a.wav")
        returnzero.poll(job_id)
        with pytest.raises(TooManyRequests, match="Too many requests") as caught:
            returnzero.poll(job_id)
        assert caught.value.retry_after_seconds == 60
    with vendor("--latency-seconds", "0", "--quota-jobs", "1", "--keep-seconds", "0", "--client", "other:x") as address:
        returnzero = ReturnZero(address, "ours", SECRET)
        job_id = returnzero.submit(AUDIO, "a.wav")
        with pytest.raises(QuotaExhausted, match="usage limit"):
            returnzero.submit(AUDIO, "a.wav")
        with pytest.raises(ConfigurationError, match="permission"):
            ReturnZero(address, "other", "x").poll(job_id)
        time.sleep(0.01)
        with pytest.raises(JobGone, match="expired"):
            returnzero.poll(job_id)


def test_unknown_audio_fails_and_says_so(client: ReturnZero) -> None:
    wav = io.BytesIO()
    soundfile.write(wav, np.random.default_rng(1).normal(0, 0.1, 8000), 8000, format="WAV")
    job_id = client.submit(wav.getvalue(), "a.wav")
    with pytest.raises(JobFailed, match="no transcript known for this audio") as caught:
        client.poll(job_id)
    assert caught.value.reply is not None
    assert caught.value.reply.code == "E500"
    assert job_id in str(caught.value)


# --- what may have been paid ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reset_after", "truncated", "malformed"])
def test_a_job_that_was_accepted_without_an_answer_is_lost_and_never_called_transient(client: ReturnZero, url: str, kind: str) -> None:
    client.poll(client.submit(AUDIO, "a.wav"))
    before = accepted(url)
    inject(url, kind)
    with pytest.raises(AnswerLost, match="may have accepted"):
        client.submit(AUDIO, "a.wav")
    assert accepted(url) == before + 1


@pytest.mark.parametrize("kind", ["500", "503", "A0001", "A0002", "expired_token"])
def test_a_refused_submit_costs_nothing(client: ReturnZero, url: str, kind: str) -> None:
    client.poll(client.submit(AUDIO, "a.wav"))
    before = accepted(url)
    inject(url, kind)
    with pytest.raises((VendorUnavailable, QuotaExhausted, TooManyRequests, ConfigurationError)):
        client.submit(AUDIO, "a.wav")
    assert accepted(url) == before


def test_a_read_timeout_of_a_submit_is_a_lost_answer(client: ReturnZero, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client.submit(AUDIO, "a.wav")
    impatient = ReturnZero(url, "ours", SECRET)
    impatient.poll(impatient.submit(AUDIO, "a.wav"))
    monkeypatch.setattr(impatient, "_timeout", 0.3)  # not before: what has to succeed may take its time on a slow host
    inject(url, "latency", latency_seconds=1.0)
    with pytest.raises(AnswerLost, match="ReadTimeout"):
        impatient.submit(AUDIO, "a.wav")


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"id": 7}', b'{"id": ""}', b"", b"<html>", b"[" * 100_000])
def test_an_accepting_answer_without_an_id_is_lost(body: bytes) -> None:
    with scripted(token(), answer(body)) as (address, _), pytest.raises(AnswerLost, match="no job id"):
        ReturnZero(address, "ours", SECRET).submit(AUDIO, "a.wav")


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateways_answer_to_a_submit_is_lost_and_to_a_poll_is_not(status: int) -> None:
    with scripted(token(), answer(b"<html>", status)) as (address, _), pytest.raises(AnswerLost, match="gateway"):
        ReturnZero(address, "ours", SECRET).submit(AUDIO, "a.wav")
    with scripted(token(), answer(b"<html>", status)) as (address, _), pytest.raises(VendorUnavailable, match=str(status)):
        ReturnZero(address, "ours", SECRET).poll("j1")


def test_nothing_is_lost_before_the_last_byte_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            _read_request(connection)
            connection.sendall(token())
            connection.close()
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.close()  # with unread bytes: a reset in the middle of the upload

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(VendorUnavailable, match="No answer"):
            ReturnZero(f"http://127.0.0.1:{listener.getsockname()[1]}", "ours", SECRET).submit(bytes(50_000_000), "a.wav")
        thread.join(10)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_an_unreachable_vendor_is_unavailable(address: str) -> None:
    with pytest.raises(VendorUnavailable, match="ConnectionError"):
        ReturnZero(address, "ours", SECRET, timeout=2).submit(AUDIO, "a.wav")


def test_a_vendor_that_went_away_between_token_and_submit_was_not_paid() -> None:
    with scripted(token(), answer({"status": "transcribing"})) as (address, _):
        returnzero = ReturnZero(address, "ours", SECRET)
        returnzero.poll("j1")
    with pytest.raises(VendorUnavailable, match="NewConnectionError"):
        returnzero.submit(AUDIO, "a.wav")


# --- polls ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncated", "malformed", "500", "503"])
def test_a_failed_poll_can_be_repeated(client: ReturnZero, url: str, kind: str) -> None:
    job_id = client.submit(AUDIO, "a.wav")
    inject(url, kind)
    with pytest.raises(VendorUnavailable):
        client.poll(job_id)
    requests.post(f"{url}/sandbox/faults", json={})
    assert list(client.poll(job_id).utterances) == WORDS


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        {},
        {"status": "dreaming"},
        {"status": "completed"},
        {"status": "completed", "results": []},
        {"status": "completed", "results": {"utterances": {}}},
        b"\xff\xfe" * 10,
        b'{"a":' * 50_000,
    ],
)
def test_a_malformed_poll_is_unavailable(body: object) -> None:
    with scripted(token(), answer(body)) as (address, _), pytest.raises(VendorUnavailable, match="cannot be read"):
        ReturnZero(address, "ours", SECRET).poll("j1")


def said(**changes: object) -> dict[str, object]:
    return {"start_at": 0, "duration": 900, "msg": "비밀번호", "spk": 0, "lang": "ko"} | changes


def poll_of(*utterances: object) -> list[Utterance]:
    body = {"status": "completed", "results": {"utterances": utterances}}
    with scripted(token(), answer(body)) as (address, _):
        return list(ReturnZero(address, "ours", SECRET).poll("j1").utterances)


def test_a_completed_job_without_spk_is_read() -> None:
    without = said()
    del without["spk"]
    assert poll_of(without, said(spk=3)) == [
        Utterance(label=None, start_ms=0, duration_ms=900, text="비밀번호"),
        Utterance(label=3, start_ms=0, duration_ms=900, text="비밀번호"),
    ]


@pytest.mark.parametrize("label", [None, "agent", True, 0.5, [1], {}])
def test_a_label_that_is_no_number_tells_nothing_and_costs_no_words(label: object) -> None:
    assert poll_of(said(spk=label)) == [Utterance(label=None, start_ms=0, duration_ms=900, text="비밀번호")]


def test_times_may_be_written_as_decimals_and_what_else_is_there_does_not_matter() -> None:
    assert poll_of(said(start_at=480.0, words=[], spk_type="NORMAL")) == [
        Utterance(label=0, start_ms=480, duration_ms=900, text="비밀번호")
    ]


@pytest.mark.parametrize(
    ("utterances", "complaint"),
    [
        ([["비밀번호"]], "utterance 0 is list, not an object"),
        ([said(), {"start_at": 0, "duration": 1, "spk": 0}], "utterance 1 has no text in msg"),
        ([said(msg=None)], "utterance 0 has no text in msg"),
        ([said(msg=12)], "utterance 0 has no text in msg"),
        ([said(start_at=-1)], "start_at = -1"),
        ([said(start_at="12")], "start_at = str"),
        ([said(start_at=True)], "start_at = True"),
        ([said(start_at=0.5)], "start_at = 0.5"),
        ([said(start_at=float("nan"))], "start_at"),
        ([said(duration=10**400)], "duration = int"),
        ([said(duration=None)], "duration = NoneType"),
        ([said(duration=86_400_001)], "duration = 86400001"),
    ],
)
def test_a_completed_transcript_that_makes_no_sense_is_refused_at_once_by_index_and_field_without_its_words(
    utterances: list[object], complaint: str
) -> None:
    with pytest.raises(BadTranscript, match=complaint) as refusal:
        poll_of(*utterances)
    assert "비밀번호" not in str(refusal.value)
    assert "job j1" in str(refusal.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["start_at", "duration", "msg", "spk"]), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@given(
    st.lists(json_values, max_size=3)
    | st.lists(st.fixed_dictionaries({"start_at": json_values, "duration": st.just(5), "msg": st.text(), "spk": json_values}))
)
def test_any_list_of_json_is_a_transcript_or_a_refusal(utterances: list[object]) -> None:
    try:
        job = _read_job("j1", {"status": "completed", "results": {"utterances": utterances}})
    except BadTranscript as refusal:
        assert refusal.remedy  # noqa: PT017
    else:
        assert len(job.utterances) == len(utterances)


@pytest.mark.slow
def test_an_answer_that_unfolds_without_end_is_cut_off() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    bombed = scripted(token(), answer(bomb, 200, "Content-Encoding: gzip"))
    with bombed as (address, _), pytest.raises(VendorUnavailable, match="ContentDecodingError"):
        ReturnZero(address, "ours", SECRET).poll("j1")


@pytest.mark.parametrize("error", [{"code": "E1", "message": "긴\n사연 " * 400}, None, "text", {}])
def test_a_failed_job_says_why_in_one_line(error: object) -> None:
    with (
        scripted(token(), answer({"status": "failed", "error": error})) as (address, _),
        pytest.raises(JobFailed, match="could not transcribe") as caught,
    ):
        ReturnZero(address, "ours", SECRET).poll("j1")
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


# --- tokens --------------------------------------------------------------------------------------------------------------


def test_64_threads_share_one_token(url: str, client: ReturnZero) -> None:
    before = counters(url)["auths"]
    with ThreadPoolExecutor(64) as pool:
        jobs = list(pool.map(lambda _: client.submit(AUDIO, "a.wav"), range(64)))
        assert all(job.completed for job in pool.map(client.poll, jobs))
    assert len(set(jobs)) == 64
    assert counters(url)["auths"] == before + 1


def test_an_expired_token_is_renewed_once_and_the_request_goes_on(url: str, client: ReturnZero) -> None:
    job_id = client.submit(AUDIO, "a.wav")
    before = counters(url)["auths"]
    client._token = "expired"
    with ThreadPoolExecutor(16) as pool:
        assert all(job.completed for job in pool.map(client.poll, [job_id] * 16))
    assert counters(url)["auths"] == before + 1


def test_a_token_that_is_refused_again_is_a_matter_of_configuration(client: ReturnZero, url: str) -> None:
    job_id = client.submit(AUDIO, "a.wav")
    before = counters(url)["auths"]
    inject(url, "expired_token")
    with pytest.raises(AccessRefused, match="CLIENT_ID"):
        client.poll(job_id)
    assert counters(url)["auths"] == before + 1


def test_a_token_is_renewed_before_it_expires(monkeypatch: pytest.MonkeyPatch, url: str, client: ReturnZero) -> None:
    job_id = client.submit(AUDIO, "a.wav")
    before, now = counters(url)["auths"], time.monotonic()
    monkeypatch.setattr("clients.returnzero.time.monotonic", lambda: now + 5.5 * 3600)
    client.poll(job_id)
    assert counters(url)["auths"] == before
    monkeypatch.setattr("clients.returnzero.time.monotonic", lambda: now + 5.9 * 3600)
    client.poll(job_id)
    assert counters(url)["auths"] == before + 1


def test_a_wrong_clock_does_not_authenticate_for_every_request() -> None:
    stale = answer({"access_token": "t", "expire_at": 1})
    with scripted(stale, *[answer({"status": "transcribing"})] * 3) as (address, heard):
        returnzero = ReturnZero(address, "ours", SECRET)
        for _ in range(3):
            returnzero.poll("j1")
    assert sum(b"/v1/authenticate" in request for request in heard) == 1


@pytest.mark.parametrize(("client_id", "secret"), [("ours", "wrong"), ("nobody", SECRET)])
def test_wrong_credentials_are_told_with_the_settings_to_check(url: str, client: ReturnZero, client_id: str, secret: str) -> None:
    with pytest.raises(AccessRefused, match="READBACK_RETURNZERO_CLIENT_ID"):
        ReturnZero(url, client_id, secret).poll("j1")


@pytest.mark.parametrize("arguments", [("https://x", "", "s"), ("https://x", "c", ""), ("openapi.vito.ai", "c", "s")])
def test_missing_settings_are_told_on_construction(arguments: tuple[str, str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"READBACK_RETURNZERO_(URL|CLIENT_ID)"):
        ReturnZero(*arguments)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer({"code": "E500", "msg": "x"}, 500), VendorUnavailable),
        (answer({"code": "A0003", "msg": "x"}, 429), TooManyRequests),
        (answer({"code": "H0001", "msg": "x"}, 400), AccessRefused),
        (answer({"access_token": "t"}), VendorUnavailable),
        (answer({"access_token": 5, "expire_at": 5}), VendorUnavailable),
        (answer(b"{"), VendorUnavailable),
        (None, VendorUnavailable),
    ],
)
def test_trouble_with_the_token_never_counts_as_a_lost_answer(reply: bytes | None, kind: type[ReadbackError]) -> None:
    with scripted(reply) as (address, _), pytest.raises(ReadbackError) as caught:
        ReturnZero(address, "ours", SECRET).submit(AUDIO, "a.wav")
    assert type(caught.value) is kind


def test_threads_that_wait_for_a_token_share_its_failure_instead_of_queueing_for_more() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        returnzero = ReturnZero(f"http://127.0.0.1:{silent.getsockname()[1]}", "ours", SECRET, timeout=1.0)

        def ask(_: int) -> type[BaseException] | None:
            try:
                returnzero.poll("j1")
            except VendorUnavailable as error:
                return type(error)
            return None

        with ThreadPoolExecutor(32) as pool:
            assert list(pool.map(ask, range(32))) == [VendorUnavailable] * 32
        silent.setblocking(False)
        connections = 0
        with suppress(BlockingIOError):
            while silent.accept():
                connections += 1
        assert connections < 16  # one after the other they would ask 32 times


# --- secrets -------------------------------------------------------------------------------------------------------------


def _everything_said(error: BaseException | None) -> str:
    said = ""
    while error is not None:
        said += repr(error) + str(error) + repr(vars(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return said


@pytest.mark.parametrize(
    "reply",
    [
        None,
        answer({"code": "H0001", "msg": f"bad canary-token-5e0c {SECRET}"}, 400),
        answer({"id": None, "text": "비밀 이야기"}),
        answer('{"status": "completed", "results": {"utterances": [{"msg": "비밀 이야기"}]}}'.encode()),
    ],
)
@pytest.mark.parametrize("what", ["submit", "poll"])
def test_no_secret_token_or_transcript_is_in_an_error_or_a_log(reply: bytes | None, what: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asking: Callable[[ReturnZero], object] = (lambda r: r.submit(AUDIO, "a.wav")) if what == "submit" else (lambda r: r.poll("j1"))
    with scripted(token(), reply) as (address, _), pytest.raises(ReadbackError) as caught:
        asking(ReturnZero(address, "ours", SECRET))
    said = _everything_said(caught.value) + caplog.text
    assert SECRET not in said
    assert "canary-token" not in said
    assert "비밀" not in said


def test_a_netrc_entry_does_not_replace_the_token(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(token(), answer({"status": "transcribing"})) as (address, heard):
        ReturnZero(address, "ours", SECRET).poll("j1")
    assert b"Authorization: Bearer canary-token-5e0c" in heard[1]
    assert b"Authorization" not in heard[0]
