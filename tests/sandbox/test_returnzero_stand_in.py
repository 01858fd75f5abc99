"""The stand-in over raw HTTP: its protocol, its memory and its books."""

import io
import json
import shutil
from pathlib import Path

import pytest
import requests
import soundfile

from sandbox.known_sounds import identify
from sandbox.make_recordings import RECORDINGS
from sandbox.stand_in import stand_in

WAV = sorted(RECORDINGS.glob("*.wav"))[1]
WORDS = json.loads(WAV.with_suffix(".json").read_text(encoding="utf-8"))["utterances"]
GOOD = '{"use_diarization": true, "diarization": {"spk_count": 2}, "domain": "CALL"}'


def vendor(*arguments: str, folder: Path = RECORDINGS):
    return stand_in("sandbox.returnzero", "--transcripts", str(folder), "--latency-seconds", "0", *arguments)


def sign_in(url: str) -> dict[str, str]:
    answer = requests.post(f"{url}/v1/authenticate", data={"client_id": "sandbox", "client_secret": "sandbox-secret"})
    assert answer.status_code == 200
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def submit(url: str, headers: dict[str, str], audio: bytes | None = None, config: str = GOOD) -> requests.Response:
    files = {"file": ("a.wav", WAV.read_bytes() if audio is None else audio)}
    return requests.post(f"{url}/v1/transcribe", headers=headers, files=files, data={"config": config})


def poll(url: str, headers: dict[str, str], job_id: str) -> dict:
    return requests.get(f"{url}/v1/transcribe/{job_id}", headers=headers).json()


def counters(url: str) -> dict:
    return requests.get(f"{url}/sandbox/counters").json()


@pytest.fixture(scope="module")
def url():
    with vendor("--concurrency", "0") as (address, _):
        yield address["url"]


def test_the_answers_have_the_vendors_shape(url: str) -> None:
    token = requests.post(f"{url}/v1/authenticate", data={"client_id": "sandbox", "client_secret": "sandbox-secret"}).json()
    assert sorted(token) == ["access_token", "expire_at"]
    assert isinstance(token["expire_at"], int)
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    accepted = submit(url, headers).json()
    assert list(accepted) == ["id"]
    done = poll(url, headers, accepted["id"])
    assert (done["id"], done["status"], done["results"]["utterances"]) == (accepted["id"], "completed", WORDS)
    assert requests.get(f"{url}/v1/transcribe/unknown", headers=headers).json() == {"code": "H0004", "msg": "not found"}


def test_without_diarization_everybody_is_speaker_0(url: str) -> None:
    headers = sign_in(url)
    done = poll(url, headers, submit(url, headers, config="{}").json()["id"])
    assert {u["spk"] for u in done["results"]["utterances"]} == {0}


@pytest.mark.parametrize(
    "config",
    [
        '{"diarization": {"spk_count": 2}}',
        '{"unknown": 1}',
        '{"use_diarization": "yes"}',
        '{"use_diarization": true, "diarization": {"spk_count": -1}}',
        '{"domain": "MEETING"}',
        '{"model_name": "whisper-9"}',
        '{"language": "fr"}',
        json.dumps({"keywords": ["가" * 21]}),
        json.dumps({"keywords": [str(n) for n in range(501)]}),
        "{",
        "[]",
        "",
    ],
)
def test_a_config_that_the_vendor_does_not_document_is_h0001(url: str, config: str) -> None:
    answer = submit(url, sign_in(url), config=config)
    assert (answer.status_code, answer.json()["code"]) == (400, "H0001")


def test_a_form_without_its_parts_is_h0001(url: str) -> None:
    headers, target = sign_in(url), f"{url}/v1/transcribe"
    for answer in (
        requests.post(target, headers=headers, data={"config": GOOD}),
        requests.post(target, headers=headers, files={"file": ("a.wav", WAV.read_bytes())}),
        requests.post(target, headers=headers, data=b"--x\r\n", allow_redirects=False),
        requests.post(target, headers=headers | {"Content-Type": "multipart/form-data; boundary=x"}, data=b"--x\r\nnonsense"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "H0001")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic eDp5", "Bearer sandbox.99999999999.a.b"])
def test_a_bad_token_is_h0002(url: str, authorization: str) -> None:
    answer = requests.get(f"{url}/v1/transcribe/x", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()) == (401, {"code": "H0002", "msg": "invalid credential"})


@pytest.mark.parametrize(("form", "status", "code"), [({}, 400, "H0001"), ({"client_id": "sandbox", "client_secret": "x"}, 401, "H0002")])
def test_bad_credentials_are_told_apart(url: str, form: dict[str, str], status: int, code: str) -> None:
    answer = requests.post(f"{url}/v1/authenticate", data=form)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_recording_is_known_by_its_sound_whatever_its_encoding_and_name(url: str) -> None:
    samples, rate = soundfile.read(WAV, dtype="int16")
    pcm = io.BytesIO()
    soundfile.write(pcm, samples, rate, format="WAV", subtype="PCM_16")
    assert pcm.getvalue() != WAV.read_bytes()
    headers = sign_in(url)
    assert poll(url, headers, submit(url, headers, pcm.getvalue()).json()["id"])["results"]["utterances"] == WORDS


def test_one_sample_makes_another_recording() -> None:
    data = bytearray(WAV.read_bytes())
    data[-1] ^= 0x40
    assert identify(bytes(data)).sha256 != identify(WAV.read_bytes()).sha256


def test_recordings_may_be_added_while_it_runs(tmp_path: Path) -> None:
    with vendor(folder=tmp_path) as (address, _):
        url, headers = address["url"], sign_in(address["url"])
        unknown = poll(url, headers, submit(url, headers).json()["id"])
        assert unknown["status"] == "failed"
        assert sorted(unknown["error"]) == ["code", "message"]
        shutil.copy(WAV, tmp_path / "x.wav")
        shutil.copy(WAV.with_suffix(".json"), tmp_path / "x.json")
        assert poll(url, headers, submit(url, headers).json()["id"])["status"] == "completed"


def test_the_books_count_paid_jobs_by_sound(url: str) -> None:
    headers, sha = sign_in(url), identify(WAV.read_bytes()).sha256
    before = counters(url)
    submit(url, headers)
    submit(url, headers, config="{")
    poll(url, headers, "unknown")
    after = counters(url)
    assert after["paid"][sha] == before["paid"].get(sha, 0) + 1
    assert after["names"][sha] == WAV.name
    assert after["submits"] == before["submits"] + 2
    assert after["polls"] == before["polls"] + 1
    assert after["refused"]["H0001"] == before["refused"].get("H0001", 0) + 1


@pytest.mark.slow
def test_a_killed_stand_in_knows_its_jobs_tokens_and_books_again(tmp_path: Path) -> None:
    state = tmp_path / "state" / "jobs.jsonl"
    with vendor("--state", str(state)) as (address, child):
        headers = sign_in(address["url"])
        job_id = submit(address["url"], headers).json()["id"]
        child.kill()
    with state.open("a") as file:
        file.write('{"id": "torn')  # what a kill in the middle of a write leaves
    with vendor("--state", str(state)) as (address, _):
        assert poll(address["url"], headers, job_id)["results"]["utterances"] == WORDS
        assert counters(address["url"])["jobs_accepted"] == 1
        submit(address["url"], headers)
    with vendor("--state", str(state)) as (address, _):
        assert counters(address["url"])["paid"] == {identify(WAV.read_bytes()).sha256: 2}


def test_the_fault_plan_can_be_read_and_replaced(url: str) -> None:
    plan = {"seed": 3, "rate": 1.0, "kinds": ["503"], "latency_seconds": 0.0}
    assert requests.post(f"{url}/sandbox/faults", json=plan).json() == plan
    assert requests.get(f"{url}/sandbox/faults").json() == plan
    assert requests.post(f"{url}/v1/authenticate").status_code == 503
    assert requests.post(f"{url}/sandbox/faults", json={"kinds": ["typo"]}).status_code == 400
    assert requests.post(f"{url}/sandbox/faults", json={}).json()["rate"] == 0.0


def test_the_fault_plan_comes_from_the_command_line_and_a_wrong_one_ends_the_start() -> None:
    with vendor("--faults", '{"rate": 1, "kinds": ["500"]}') as (address, _):
        assert requests.post(f"{address['url']}/v1/authenticate").json()["code"] == "E500"
        assert counters(address["url"])["faults"] == {"500": 1}
    with pytest.raises(RuntimeError, match="unknown kinds of fault"), vendor("--faults", '{"kinds": ["typo"]}'):
        pass


def test_it_ends_in_good_order_when_asked() -> None:
    with vendor() as (_, child):
        child.stop()
        assert child.process.returncode == 0
        assert "Traceback" not in child.last_words()
