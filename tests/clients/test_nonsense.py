"""Vendors that answer nonsense: another job's transcript, a page instead of JSON, bytes that are no UTF-8. Each ends clearly, and no other
caller's words are taken for this one's."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from clients.amazon_transcribe import AmazonTranscribe
from clients.connect import ConnectContacts
from clients.google_stt import GoogleStt
from clients.returnzero import ReturnZero
from clients.s3 import ObjectStore
from models.errors import AnswerLost, BadTranscript, VendorUnavailable
from sandbox.make_recordings import RECORDINGS

SOUND = sorted(RECORDINGS.glob("*.wav"))[0].read_bytes()
PAGE = b"<html><body>502 Bad Gateway</body></html>"
WORDS = {"status": "completed", "results": {"utterances": [{"start_at": 0, "duration": 1, "msg": "남의 말", "spk": 0}]}}
LATIN = json.dumps({"id": "job", "status": "failed", "error": {"message": "£"}}, ensure_ascii=False).encode("latin-1")


class Answers(BaseHTTPRequestHandler):
    """Answers everything with ``body``, but for the token and the state of a job of Amazon's."""

    body = b""
    job: dict[str, Any] = {}  # noqa: RUF012 - set by each test

    def do_GET(self) -> None:
        self._send(self.body)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._send(self.body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.endswith("/authenticate"):
            self._send(json.dumps({"access_token": "t", "expire_at": 4e9}).encode())
        elif "x-amz-target" in self.headers:
            self._send(json.dumps({"TranscriptionJob": self.job}).encode())
        else:
            self._send(self.body)

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()


@pytest.fixture
def returnzero(server: str) -> Iterator[ReturnZero]:
    client = ReturnZero(server, "ours", "secret")
    yield client
    client.close()


@pytest.fixture
def transcribe(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes, str], AmazonTranscribe]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    client = AmazonTranscribe(region="ap-northeast-2", endpoint_url=server)

    def answering(body: bytes, name: str) -> AmazonTranscribe:
        link = {"TranscriptFileUri": f"{server}/transcript.json"}
        Answers.body, Answers.job = body, {"TranscriptionJobName": name, "TranscriptionJobStatus": "COMPLETED", "Transcript": link}
        return client

    yield answering
    client.close()


@pytest.mark.parametrize("body", [PAGE, b"{}", b"", LATIN, json.dumps(WORDS | {"id": "another"}).encode()])
def test_returnzeros_nonsense_is_asked_for_again(returnzero: ReturnZero, body: bytes) -> None:
    Answers.body = body
    with pytest.raises(VendorUnavailable, match="about job job"):
        returnzero.poll("job")


@pytest.mark.parametrize("body", [PAGE, b"{}", b"[]", LATIN])
def test_nonsense_instead_of_a_jobs_id_is_in_doubt_and_not_sent_again(returnzero: ReturnZero, body: bytes) -> None:
    Answers.body = body
    with pytest.raises(AnswerLost):
        returnzero.submit(SOUND, "a.wav")


@pytest.mark.parametrize(
    ("body", "name", "error"),
    [
        (PAGE, "job", VendorUnavailable),
        (b"", "job", VendorUnavailable),
        (LATIN, "job", VendorUnavailable),
        (b"{}", "job", BadTranscript),
        (b"[]", "job", BadTranscript),
        (json.dumps({"jobName": "job", "results": {"items": [{}]}}).encode(), "job", BadTranscript),
        (json.dumps({"jobName": "job", "results": {"items": []}}).encode(), "another", VendorUnavailable),
        (json.dumps({"jobName": "another", "results": {"items": []}}).encode(), "job", VendorUnavailable),
    ],
)
def test_amazons_nonsense_is_asked_for_again_or_a_bad_transcript(
    transcribe: Callable[[bytes, str], AmazonTranscribe], body: bytes, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match="job job"):
        transcribe(body, name).poll("job")


def test_googles_answer_about_another_operation_is_none(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from google.longrunning import operations_pb2

    client = GoogleStt("project", "sounds", endpoint="127.0.0.1:1", storage_url=server)
    monkeypatch.setattr(client._client, "get_operation", lambda *_, **__: operations_pb2.Operation(name="another", done=True))
    with pytest.raises(VendorUnavailable, match="is about another one"):
        client.poll("operation")
    client.close()


def test_a_page_instead_of_s3s_answer_is_neither_a_list_nor_an_object(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    Answers.body = b"<html><br>Sign in</html>"
    store = ObjectStore("aicc", region="ap-northeast-2", endpoint_url=server)
    with pytest.raises(VendorUnavailable, match="could not list"):
        list(store.walk("calls/"))
    with pytest.raises(VendorUnavailable, match="tells of no object"):
        store.get("calls/a.json")
    with pytest.raises(VendorUnavailable, match="could not write"):
        store.put("calls/a.json", b"{}")


def test_a_page_instead_of_connects_answer_is_no_number(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    Answers.body = PAGE
    assert ConnectContacts("instance", region="ap-northeast-2", endpoint_url=server).customer_number("c-1") == ""
