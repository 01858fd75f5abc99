"""Google Speech-to-Text v2 in batches: the sound goes into a bucket of Cloud Storage, an operation hears it there, its answer comes inline.

``BatchRecognize`` is the only way of v2 that takes a whole call (up to 8 h; ``Recognize`` ends at one minute and 10 MB), and it reads from
Cloud Storage alone. The object is deleted as soon as the operation has ended; for those that a fault leaves behind the bucket wants a
lifecycle rule that deletes after a day.

The API has no idempotency key, and its SDK does not tell a status that Google sent from one made up here for a connection that broke. So a
question that costs nothing goes before each paid request: an outage is known by it. A paid request that ends in UNAVAILABLE, silence or
any other status that is no refusal is ``AnswerLost``. Two channels are heard apart and billed apart; a mono recording is diarized.
"""

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

import requests

from clients.speech_to_text import Job, JobStatus, Offer
from models.call.record import MOST_ALTERNATIVES, Utterance, other_readings, unsure_words
from models.errors import (
    AccessRefused,
    AnswerLost,
    BadRecording,
    BadTranscript,
    ConfigurationError,
    JobFailed,
    JobGone,
    ReadbackError,
    TooManyRequests,
    VendorRefused,
    VendorReply,
    VendorUnavailable,
    VendorUnreachable,
)
from models.sound.wav import read_layout

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

VENDOR = "Google STT"
PROVIDER = "google"
LANGUAGE = "ko-KR"
MAX_KEYWORDS = 1_200
MAX_KEYWORD_CHARACTERS = 100
OFFER = Offer(
    languages=("ko-KR",),
    formats=("wav", "flac", "mp3", "ogg", "webm", "amr", "mp4", "m4a"),
    diarization=True,
    channels=True,
    keywords=MAX_KEYWORDS,
    keyword_characters=MAX_KEYWORD_CHARACTERS,
    max_bytes=0,  # none is told
    max_seconds=8 * 3600.0,
    kept_days=5.0,
    repeatable=False,
    reads_bucket=False,
    forgets=False,
)

_FOLDER = "readback/"
_BOOST = 10.0
_WITHOUT_CONFIDENCE = "chirp"  # by Google's pages its numbers are no true confidence, and of other readings they say nothing
_MAX_MESSAGE_CHARACTERS = 200
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_CLASS_OF_CODE: dict[str, type[ReadbackError]] = {
    "INVALID_ARGUMENT": VendorRefused,
    "FAILED_PRECONDITION": VendorRefused,
    "OUT_OF_RANGE": VendorRefused,
    "NOT_FOUND": ConfigurationError,
    "ALREADY_EXISTS": VendorRefused,
    "UNIMPLEMENTED": VendorRefused,
    "PERMISSION_DENIED": AccessRefused,
    "UNAUTHENTICATED": AccessRefused,
    "RESOURCE_EXHAUSTED": TooManyRequests,
    "UNAVAILABLE": VendorUnreachable,
    "DEADLINE_EXCEEDED": VendorUnreachable,
}  # what is left (INTERNAL, ABORTED, CANCELLED, UNKNOWN, DATA_LOSS) is VendorUnavailable
_CLASS_OF_STATUS: dict[int, type[ReadbackError]] = {
    401: AccessRefused,
    403: AccessRefused,
    404: ConfigurationError,
    408: VendorUnavailable,
    429: TooManyRequests,
}
_CHECK_PLACE = "Check READBACK_GOOGLE_STT_PROJECT, READBACK_GOOGLE_STT_LOCATION, READBACK_GOOGLE_STT_MODEL and READBACK_GOOGLE_STT_BUCKET"
_REMEDY_OF_CLASS: dict[type[ReadbackError], str] = {
    VendorRefused: "Compare the model, the location and the request with Google's documentation",
    ConfigurationError: _CHECK_PLACE,
    AccessRefused: "Check GOOGLE_APPLICATION_CREDENTIALS, and that the project may use Speech-to-Text and write to the bucket",
    TooManyRequests: "Wait; lower READBACK_STT_CONCURRENCY, and look at the project's quota if this goes on",
    VendorUnavailable: "It is repeated by itself; see Google's status page if it goes on",
    VendorUnreachable: "Check the network and Google's status page; calls go on by themselves",
}


class GoogleStt:
    """One recognizer's place, with the machine's credentials, or without any where ``endpoint`` names a plaintext ``host:port``.

    ``bucket`` is where sounds lie while they are heard; ``keywords`` are asked for with every job; ``timeout`` in seconds bounds each
    request, the sending of the sound aside. Safe to share between threads; all calls block. The SDK is loaded on construction.
    """

    provider = PROVIDER
    offer = OFFER

    def __init__(
        self,
        project: str,
        bucket: str,
        *,
        location: str = "asia-northeast1",
        model: str = "telephony",
        keywords: Callable[[], Sequence[str]] = tuple,
        timeout: float = 20.0,
        endpoint: str = "",
        storage_url: str = "https://storage.googleapis.com",
    ) -> None:
        if not project or not bucket:
            raise ConfigurationError("Google Speech-to-Text wants a project and a bucket", remedy=_CHECK_PLACE)
        self._place = f"projects/{project}/locations/{location}"
        self._recognizer = f"{self._place}/recognizers/_"
        self._bucket, self._model, self._keywords = bucket, model, keywords
        self._timeout, self._storage_url = timeout, storage_url.rstrip("/")
        import grpc
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import speech_v2
        from google.cloud.speech_v2.services.speech.transports import SpeechGrpcTransport
        from google.protobuf.message import DecodeError

        self._api = speech_v2
        self._call_error, self._auth_errors, self._decode_error = GoogleAPICallError, (GoogleAuthError, RetryError), DecodeError
        if endpoint:
            self._session: requests.Session = requests.Session()
            transport = SpeechGrpcTransport(channel=grpc.insecure_channel(endpoint))
        else:
            host = "speech.googleapis.com" if location == "global" else f"{location}-speech.googleapis.com"
            try:
                self._session, transport = _authorized(host, SpeechGrpcTransport)
            except GoogleAuthError as error:
                self._raise_auth(error)
        self._client: Any = speech_v2.SpeechClient(transport=transport)

    @property
    def asks(self) -> str:
        """The recognizer, the model and the keywords."""
        asked = {"recognizer": self._recognizer, "model": self._model, "language": LANGUAGE, "keywords": list(self._keywords())}
        return json.dumps(asked, ensure_ascii=False)

    def submit(self, audio: bytes, filename: str, *, location: str = "", request: str = "") -> str:
        """Put the sound into the bucket and start an operation over it; returns the operation's name.

        Raises ``AnswerLost`` where the operation may have begun, and the classes of the module's tables where it has not.
        """
        layout = read_layout(audio, filename, BadRecording)
        self._ask_whether_there()
        name = f"{_FOLDER}{uuid.uuid4().hex}.wav"
        self._upload(name, audio)
        try:
            return self._start(f"gs://{self._bucket}/{name}", stereo=layout.channels > 1)
        except AnswerLost:
            raise  # an operation may be reading the object
        except ReadbackError:
            self._delete(name)
            raise

    def poll(self, job_id: str) -> Job:
        """Ask how an operation stands; the sound of an ended one is deleted."""
        try:
            operation = self._client.get_operation({"name": job_id}, timeout=self._timeout, retry=None)
        except self._call_error as error:
            if _code_of(error) in ("NOT_FOUND", "INVALID_ARGUMENT"):
                remedy = "Operations are kept for about 5 days; redrive the recording to transcribe it again, which is billed again"
                raise JobGone(f"{VENDOR} knows no operation {job_id}", remedy=remedy, reply=_reply(error)) from None
            raise _ours(error) from None
        except self._auth_errors as error:
            self._raise_auth(error)
        if operation.name != job_id:
            raise _other_job(job_id)
        if not operation.done:
            return Job(job_id, JobStatus.IN_PROGRESS)
        if operation.HasField("error"):
            raise _failed(job_id, operation.error)
        return self._read(job_id, operation.response.value)

    def forget(self, job_id: str) -> None:
        """The sound was deleted when it had been heard; the operation goes after some days."""

    def close(self) -> None:
        """Close the channel and the kept connections."""
        self._client.transport.close()
        self._session.close()

    def _ask_whether_there(self) -> None:
        """A question that costs nothing: an outage is known by it, and not by a paid request that would be in doubt."""
        try:
            self._client.get_operation({"name": f"{self._place}/operations/none"}, timeout=self._timeout, retry=None)
        except self._call_error as error:
            if isinstance(_ours(error), VendorUnavailable | TooManyRequests | AccessRefused):
                raise _ours(error) from None
        except self._auth_errors as error:
            self._raise_auth(error)

    def _start(self, uri: str, *, stereo: bool) -> str:
        api = self._api
        features = api.RecognitionFeatures(enable_word_time_offsets=True, enable_automatic_punctuation=True)
        if not self._model.startswith(_WITHOUT_CONFIDENCE):
            features.enable_word_confidence, features.max_alternatives = True, MOST_ALTERNATIVES + 1
        if stereo:
            features.multi_channel_mode = api.RecognitionFeatures.MultiChannelMode.SEPARATE_RECOGNITION_PER_CHANNEL
        else:
            features.diarization_config = api.SpeakerDiarizationConfig(min_speaker_count=2, max_speaker_count=2)
        config = api.RecognitionConfig(
            auto_decoding_config=api.AutoDetectDecodingConfig(), language_codes=[LANGUAGE], model=self._model, features=features
        )
        if keywords := self._keywords():
            phrases = api.PhraseSet(phrases=[{"value": keyword} for keyword in keywords], boost=_BOOST)
            config.adaptation = api.SpeechAdaptation(phrase_sets=[{"inline_phrase_set": phrases}])
        asked = api.BatchRecognizeRequest(
            recognizer=self._recognizer,
            config=config,
            files=[api.BatchRecognizeFileMetadata(uri=uri)],
            recognition_output_config=api.RecognitionOutputConfig(inline_response_config=api.InlineOutputConfig()),
        )
        try:
            answer = self._client.batch_recognize(asked, timeout=self._timeout, retry=None)
        except self._call_error as error:
            ours = _ours(error)
            if isinstance(ours, VendorUnavailable):
                raise _answer_lost(ours.message, ours.reply) from None
            raise ours from None
        except self._auth_errors as error:
            self._raise_auth(error)
        if not answer.operation.name:
            raise _answer_lost("its answer names no operation", VendorReply(VENDOR))
        return str(answer.operation.name)

    def _read(self, job_id: str, response: bytes) -> Job:
        try:
            answer = self._api.BatchRecognizeResponse.deserialize(response)
        except self._decode_error:
            raise _unreadable(job_id, "bytes that are no answer") from None
        for uri in answer.results:
            prefix = f"gs://{self._bucket}/"
            if uri.startswith(prefix):
                self._delete(uri.removeprefix(prefix))
        heard = list(answer.results.values())
        if len(heard) == 1 and heard[0].error.code:
            raise _failed(job_id, heard[0].error)
        try:
            (file,) = heard
            utterances = read_results(file.inline_result.transcript.results)
        except (ValueError, TypeError) as problem:
            raise _unreadable(job_id, type(problem).__name__) from None
        return Job(job_id, JobStatus.COMPLETED, tuple(utterances))

    def _upload(self, name: str, audio: bytes) -> None:
        address = f"{self._storage_url}/upload/storage/v1/b/{quote(self._bucket, safe='')}/o"
        parameters = {"uploadType": "media", "name": name, "ifGenerationMatch": "0"}
        headers = {"Content-Type": "audio/wav"}
        answer = self._ask_storage("POST", address, "store the sound", params=parameters, data=audio, headers=headers)
        if f'"{name}"'.encode() not in answer:  # a page of somebody in between, and Google would be paid for a sound that is not there
            said = "could not store the sound: what answered for Cloud Storage names no object"
            raise VendorUnreachable(said, remedy=_REMEDY_OF_CLASS[VendorUnreachable], reply=VendorReply("Google Storage", 200))

    def _delete(self, name: str) -> None:
        """Remove a sound; one that is gone already is what was wanted."""
        address = f"{self._storage_url}/storage/v1/b/{quote(self._bucket, safe='')}/o/{quote(name, safe='')}"
        self._ask_storage("DELETE", address, "delete the sound", accepted=(204, 404))

    def _ask_storage(self, method: str, address: str, action: str, *, accepted: tuple[int, ...] = (200,), **options: Any) -> bytes:
        """One request to Cloud Storage, which costs next to nothing and may be repeated; returns the answer's body."""
        try:
            answer = self._session.request(method, address, timeout=self._timeout, **options)
        except requests.RequestException as error:
            said = f"could not {action}: no answer from Cloud Storage ({type(error).__name__})"
            raise VendorUnreachable(said, remedy=_REMEDY_OF_CLASS[VendorUnreachable], reply=VendorReply("Google Storage")) from None
        except self._auth_errors as error:
            self._raise_auth(error)
        if answer.status_code in accepted:
            return answer.content
        kind = _CLASS_OF_STATUS.get(answer.status_code, VendorRefused if answer.status_code < 500 else VendorUnavailable)
        case = "google" if kind is AccessRefused else ""
        reply = VendorReply("Google Storage", answer.status_code)
        raise kind(f"could not {action}: Cloud Storage refused", remedy=_REMEDY_OF_CLASS[kind], reply=reply, case=case)

    def _raise_auth(self, error: Exception) -> NoReturn:
        said, reply = f"No Google credentials: {type(error).__name__}", VendorReply(VENDOR)
        if getattr(error, "retryable", False):
            raise VendorUnavailable(said, remedy=_REMEDY_OF_CLASS[VendorUnavailable], reply=reply) from None
        raise AccessRefused(said, remedy=_REMEDY_OF_CLASS[AccessRefused], reply=reply, case="google") from None


def read_results(results: Sequence[Any]) -> list[Utterance]:
    """Utterances of an operation's results, each cut where the speaker changes.

    ``channel_tag`` numbers channels from 1 where they were heard apart; otherwise a word's ``speaker_label`` tells voices apart. The
    other readings of a result are those of its utterance; of a result that was cut nobody knows which part of a reading is whose.
    """
    found: list[Utterance] = []
    ended_ms: dict[int | None, int] = {}
    for result in results:
        if not result.alternatives:
            continue
        best, channel = result.alternatives[0], result.channel_tag or None
        ends_ms = _ms(result.result_end_offset)
        if not best.words:
            start_ms = ended_ms.get(channel, 0)
            length_ms, others = max(0, ends_ms - start_ms), _others(result)
            found.append(Utterance(label=channel, start_ms=start_ms, duration_ms=length_ms, text=best.transcript, alternatives=others))
        voices = [(channel or _number(word.speaker_label), word) for word in best.words]
        runs = [(label, [word for _, word in run]) for label, run in groupby(voices, lambda voice: voice[0])]
        for label, words in runs:
            start_ms, end_ms = _ms(words[0].start_offset), _ms(words[-1].end_offset)
            text = best.transcript if len(runs) == 1 else " ".join(word.word for word in words)
            found.append(
                Utterance(
                    label=label,
                    start_ms=start_ms,
                    duration_ms=end_ms - start_ms,
                    text=text,
                    alternatives=_others(result) if len(runs) == 1 else (),
                    unsure=unsure_words((word.word, word.confidence) for word in words),
                )
            )
        ended_ms[channel] = ends_ms
    return found


def _others(result: Any) -> tuple[str, ...]:
    best, *others = result.alternatives
    return other_readings(best.transcript, (other.transcript for other in others))


def _number(label: str) -> int | None:
    return int(label) if label.isdigit() else None


def _ms(offset: timedelta) -> int:
    return round(offset.total_seconds() * 1000)


def _authorized(host: str, transport: Any) -> tuple[requests.Session, Any]:
    """A session and a transport with the machine's credentials."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, _ = google.auth.default(scopes=[_SCOPE])
    session: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    return session, transport(host=host, credentials=credentials)


def _other_job(job_id: str) -> VendorUnavailable:
    """An answer about another job is none: it would be another caller's words."""
    said = f"{VENDOR}'s answer about operation {job_id} is about another one"
    return VendorUnavailable(said, remedy=_REMEDY_OF_CLASS[VendorUnavailable], reply=VendorReply(VENDOR))


def _answer_lost(what: str, reply: VendorReply | None) -> AnswerLost:
    remedy = "Look for the operation in the project; redriving submits it again and may be billed twice"
    return AnswerLost(f"{VENDOR} may have begun: {what}", remedy=remedy, reply=reply)


def _unreadable(job_id: str, why: str) -> BadTranscript:
    return BadTranscript(
        f"{VENDOR}'s transcript of operation {job_id} cannot be read: {why}",
        remedy="Ask Google's support with the operation's name; redrive the call with pay_again, which is billed again",
        reply=VendorReply(VENDOR),
    )


def _failed(job_id: str, error: Any) -> JobFailed:
    reply = VendorReply(VENDOR, 200, str(error.code))
    return JobFailed(f"{VENDOR}'s operation {job_id} failed: {_clean(error.message)}", remedy="Listen to the recording", reply=reply)


def _ours(error: "GoogleAPICallError") -> ReadbackError:
    """Map a gRPC status to the one class it stands for."""
    kind = _CLASS_OF_CODE.get(_code_of(error), VendorUnavailable)
    case = "google" if kind is AccessRefused else ""
    return kind(f"{VENDOR} refused: {_clean(error.message)}", remedy=_REMEDY_OF_CLASS[kind], reply=_reply(error), case=case)


def _code_of(error: "GoogleAPICallError") -> str:
    return error.grpc_status_code.name if error.grpc_status_code is not None else ""


def _reply(error: "GoogleAPICallError") -> VendorReply:
    return VendorReply(VENDOR, int(error.code) if error.code is not None else 0, _code_of(error))


def _clean(text: object) -> str:
    said = "".join(c if c.isprintable() else " " for c in str(text or ""))[:_MAX_MESSAGE_CHARACTERS].strip()
    return said or "no reason given"
