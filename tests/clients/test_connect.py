"""The client over HTTP: a small server answers as Amazon Connect does, because moto has no UpdateContactAttributes."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from clients.connect import MAX_ATTRIBUTE_BYTES, ConnectContacts
from models.errors import AccessRefused, ReadbackError, TooManyRequests, VendorRefused, VendorUnavailable, VendorUnreachable
from tests.refusing_s3 import closed_port


class Connect(HTTPServer):
    """Keeps what it is asked and answers with ``status`` and ``code``."""

    status, code = 200, ""
    contact: ClassVar[dict] = {}

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict]] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Connect

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, json.loads(body)))
        answer = json.dumps({"Message": "no"} if self.server.code else {}).encode()
        self.send_response(self.server.status)
        if self.server.code:
            self.send_header("x-amzn-ErrorType", self.server.code)
        self.send_header("x-amzn-RequestId", "r-9")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {}))
        answer = json.dumps({"Contact": self.server.contact}).encode()
        self.send_response(self.server.status)
        if self.server.code:
            self.send_header("x-amzn-ErrorType", self.server.code)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-access")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
    server = Connect()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def contacts(connect: Connect) -> ConnectContacts:
    return ConnectContacts("inst-1", region="ap-northeast-2", endpoint_url=f"http://127.0.0.1:{connect.server_port}")


def test_attributes_are_written_to_the_contact(connect: Connect, contacts: ConnectContacts) -> None:
    contacts.update_attributes("c-1", {"readback_summary": "자동차 보험 확인 요청", "readback_prompt": "s3://b/tts/tts_1.wav"})
    path, body = connect.asked[0]
    assert path == "/contact/attributes"
    assert body == {
        "InitialContactId": "c-1",
        "InstanceId": "inst-1",
        "Attributes": {"readback_summary": "자동차 보험 확인 요청", "readback_prompt": "s3://b/tts/tts_1.wav"},
    }


@pytest.mark.parametrize("key", ["", "with space", "요약", "a.b", "x\n"])
def test_a_key_that_connect_does_not_take_is_refused_unsent(connect: Connect, contacts: ConnectContacts, key: str) -> None:
    with pytest.raises(VendorRefused, match="letters, digits"):
        contacts.update_attributes("c-1", {key: "v"})
    assert connect.asked == []


def test_the_size_is_counted_in_bytes_over_all_attributes(connect: Connect, contacts: ConnectContacts) -> None:
    fits = {"a": "가" * 5000, "b": "x" * (MAX_ATTRIBUTE_BYTES - 15_000 - 2)}
    contacts.update_attributes("c-1", fits)
    assert len(connect.asked) == 1
    with pytest.raises(VendorRefused, match="32769 bytes"):
        contacts.update_attributes("c-1", fits | {"b": fits["b"] + "x"})
    assert len(connect.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "ResourceNotFoundException", VendorRefused),
        (400, "InvalidParameterException", VendorRefused),
        (400, "InvalidRequestException", VendorRefused),
        (429, "ThrottlingException", TooManyRequests),
        (429, "TooManyRequestsException", TooManyRequests),
        (403, "AccessDeniedException", AccessRefused),
        (403, "UnrecognizedClientException", AccessRefused),
        (403, "ExpiredTokenException", AccessRefused),
        (403, "InvalidSignatureException", AccessRefused),
        (500, "InternalServiceException", VendorUnavailable),
        (503, "ServiceUnavailable", VendorUnreachable),
    ],
)
def test_every_error_is_exactly_one_class_and_nothing_is_asked_twice(
    connect: Connect, contacts: ConnectContacts, status: int, code: str, kind: type[ReadbackError]
) -> None:
    connect.status, connect.code = status, code
    with pytest.raises(ReadbackError, match="attributes of a contact") as caught:
        contacts.update_attributes("c-1", {"a": "비밀"})
    assert type(caught.value) is kind
    assert caught.value.reply is not None
    assert (caught.value.reply.status, caught.value.reply.code, caught.value.reply.request_id) == (status, code, "r-9")
    assert "비밀" not in str(caught.value)
    assert "canary-secret" not in repr(vars(caught.value))
    assert len(connect.asked) == 1


def test_the_caller_of_a_phone_call_has_a_number(connect: Connect, contacts: ConnectContacts) -> None:
    connect.contact = {"CustomerEndpoint": {"Type": "TELEPHONE_NUMBER", "Address": "+821012345678"}}
    assert contacts.customer_number("c-1") == "+821012345678"
    assert connect.asked[0][0] == "/contacts/inst-1/c-1"
    connect.contact = {"CustomerEndpoint": {"Type": "VOIP", "Address": "agent@example.com"}}
    assert contacts.customer_number("c-1") == ""
    connect.contact = {}
    assert contacts.customer_number("c-1") == ""


def test_a_refused_look_at_a_contact_names_the_permission_and_not_the_contact(connect: Connect, contacts: ConnectContacts) -> None:
    connect.status, connect.code = 403, "AccessDeniedException"
    with pytest.raises(AccessRefused, match="connect:DescribeContact") as caught:
        contacts.customer_number("01012345678")
    assert "01012345678" not in str(caught.value)


def test_an_unreachable_endpoint_is_unavailable(connect: Connect) -> None:
    contacts = ConnectContacts("inst-1", region="ap-northeast-2", endpoint_url=f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(VendorUnreachable, match=r"Amazon Connect cannot be reached \(EndpointConnectionError"):
        contacts.update_attributes("c-1", {"a": "b"})


def test_missing_credentials_are_a_matter_of_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # it remembers the credentials of the tests before
    contacts = ConnectContacts("inst-1", region="ap-northeast-2", endpoint_url="http://127.0.0.1:1")
    with pytest.raises(AccessRefused, match="credentials"):
        contacts.update_attributes("c-1", {"a": "b"})
