"""Amazon Transcribe's batch jobs: the recording is read where it lies in S3, the transcript fetched by the link that a finished job gives.

A job's name is unique in an AWS account for as long as the job is kept (90 days): the same name again is ``ConflictException`` and starts
nothing. The name is made of the request's name, so a request whose answer was lost is sent again and is paid once.

Two channels are heard apart (``ChannelIdentification``); a mono recording is diarized. The service takes one or the other, never both.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from clients.aws import aws_client, aws_error, reply_of
from clients.speech_to_text import Job, JobStatus, Offer
from models.call.record import MOST_ALTERNATIVES, Utterance, other_readings, unsure_words
from models.errors import (
    AnswerLost,
    BadRecording,
    BadTranscript,
    ConfigurationError,
    JobFailed,
    JobGone,
    ReadbackError,
    TooManyRequests,
    VendorReply,
    VendorUnavailable,
)
from models.sound.wav import read_layout

VENDOR = "Amazon Transcribe"
PROVIDER = "transcribe"
LANGUAGE = "ko-KR"
OFFER = Offer(
    languages=("ko-KR",),  # of over a hundred, the one that calls are in
    formats=("wav", "mp3", "mp4", "m4a", "flac", "ogg", "amr", "webm"),
    diarization=True,
    channels=True,
    keywords=0,  # terms are a custom vocabulary that is kept at AWS: READBACK_TRANSCRIBE_VOCABULARY names it
    keyword_characters=0,
    max_bytes=2 * 1024**3,
    max_seconds=4 * 3600.0,
    kept_days=90.0,
    repeatable=True,
    reads_bucket=True,
    forgets=True,
)

_SHORTEST_SECONDS = 0.5
_PAUSE_MS = 1000  # words further apart are utterances of their own, where the answer does not say
_LATEST_SECONDS = 24 * 3600.0
_MAX_MESSAGE_CHARACTERS = 200
_CHECK_ROLE = "The role needs transcribe:StartTranscriptionJob and transcribe:GetTranscriptionJob, and s3:GetObject on the recordings"
_GOES_ON = "It is repeated by itself; see AWS's status page if it goes on"
# Nothing was sent: everything else may have arrived.
_NOT_SENT = (EndpointConnectionError, ConnectTimeoutError)


class AmazonTranscribe:
    """Transcribe in one region, with the machine's AWS credentials. Safe to share between threads, as boto3 clients are.

    ``vocabulary`` names a custom vocabulary of the account; ``timeout`` in seconds bounds each wait for bytes.
    """

    provider = PROVIDER
    offer = OFFER

    def __init__(self, *, region: str, endpoint_url: str | None = None, vocabulary: str = "", timeout: float = 20.0) -> None:
        self._client = aws_client("transcribe", region=region, endpoint_url=endpoint_url, timeout_seconds=timeout)
        self._vocabulary, self._timeout = vocabulary, timeout
        self._session = requests.Session()
        self.asks = f"language={LANGUAGE} channels-or-two-speakers vocabulary={vocabulary}"

    def submit(self, audio: bytes, filename: str, *, location: str = "", request: str = "") -> str:
        """Start a job over the object at ``location`` and return its name, or the name of the job that an earlier request started.

        ``AnswerLost`` where nobody knows whether the request arrived: the same request again is the same job.
        """
        layout = read_layout(audio, filename, BadRecording)
        if layout.seconds < _SHORTEST_SECONDS:
            raise BadRecording(f"{filename} lasts {layout.seconds:.2f} s, {VENDOR} takes {_SHORTEST_SECONDS} s and more", case="too_short")
        if not location.startswith("s3://"):
            raise ConfigurationError(f"{VENDOR} reads recordings from S3 and was told of none", remedy="Put the recording into the bucket")
        name = f"readback-{hashlib.sha256(request.encode()).hexdigest()[:32] if request else uuid.uuid4().hex}"
        stereo = layout.channels > 1
        settings: dict[str, Any] = {"ChannelIdentification": True} if stereo else {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 2}
        settings |= {"ShowAlternatives": True, "MaxAlternatives": MOST_ALTERNATIVES + 1}
        if self._vocabulary:
            settings["VocabularyName"] = self._vocabulary
        try:
            answer = self._client.start_transcription_job(
                TranscriptionJobName=name,
                LanguageCode=LANGUAGE,
                MediaFormat="wav",
                Media={"MediaFileUri": location},
                Settings=settings,
            )
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"].get("Code") == "ConflictException":
                return name  # it was our own request that made it: nobody else knows this name
            ours = _ours(error, "start a job")
            if isinstance(ours, VendorUnavailable) and not isinstance(error, _NOT_SENT):
                raise _answer_lost(ours.message, ours.reply) from None
            raise ours from None
        if answer.get("TranscriptionJob", {}).get("TranscriptionJobName") != name:
            # The SDK takes a page of somebody in between, with status 200, for an answer in which nothing stands.
            raise _answer_lost("what answered for it names no job", VendorReply(VENDOR, 200))
        return name

    def poll(self, job_id: str) -> Job:
        """Ask how a job stands, and fetch the transcript of a finished one."""
        try:
            answer = self._client.get_transcription_job(TranscriptionJobName=job_id).get("TranscriptionJob")
        except (ClientError, BotoCoreError) as error:
            raise _ours(error, f"ask for job {job_id}", job=job_id) from None
        if not answer:
            said = f"{VENDOR}'s answer about job {job_id} tells of no job"
            raise VendorUnavailable(said, remedy=_GOES_ON, reply=VendorReply(VENDOR, 200))
        if answer.get("TranscriptionJobName", job_id) != job_id:
            raise _other_job(job_id)
        status = answer.get("TranscriptionJobStatus")
        if status == "FAILED":
            reason = _clean(answer.get("FailureReason", "no reason given"))
            raise JobFailed(f"{VENDOR}'s job {job_id} failed: {reason}", remedy="Listen to the recording", reply=VendorReply(VENDOR, 200))
        if status != "COMPLETED":
            return Job(job_id, JobStatus.IN_PROGRESS)
        transcript = self._fetch(job_id, str(answer.get("Transcript", {}).get("TranscriptFileUri", "")))
        if isinstance(transcript, dict) and transcript.get("jobName", job_id) != job_id:
            raise _other_job(job_id)
        try:
            return Job(job_id, JobStatus.COMPLETED, tuple(read_transcript(transcript)))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as problem:
            raise BadTranscript(
                f"{VENDOR}'s transcript of job {job_id} cannot be read: {type(problem).__name__}",
                remedy="Ask AWS's support with the job's name; redrive the call with pay_again to transcribe it anew, billed again",
                reply=VendorReply(VENDOR, 200),
            ) from None

    def forget(self, job_id: str) -> None:
        """Delete the job and the transcript that AWS keeps of it."""
        try:
            self._client.delete_transcription_job(TranscriptionJobName=job_id)
        except (ClientError, BotoCoreError) as error:
            ours = _ours(error, f"delete job {job_id}", job=job_id)
            if not isinstance(ours, JobGone):
                raise ours from None

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()
        self._client.close()

    def _fetch(self, job_id: str, address: str) -> Any:
        """The transcript by its link, which opens for minutes: a new poll gives a new one."""
        try:
            answer = self._session.get(address, timeout=self._timeout)
            if answer.status_code == 200:
                return json.loads(answer.content)  # as UTF-8: requests would guess another encoding, and a caller's words with it
            said = f"HTTP {answer.status_code}"
        except (requests.RequestException, ValueError) as error:
            said = type(error).__name__
        raise VendorUnavailable(
            f"The transcript of {VENDOR}'s job {job_id} cannot be fetched: {said}", remedy=_GOES_ON, reply=VendorReply(VENDOR)
        )


def read_transcript(answer: Mapping[str, Any]) -> list[Utterance]:
    """The utterances of a transcript file: its ``audio_segments``; in files without them, the words of one side up to a pause.

    Each word has its confidence in ``items``. Other readings are told by ``segments``, which are cut at pauses of their own: one belongs to
    the utterance in whose time it lies and in whose text its best reading stands.
    """
    results = answer["results"]
    segments = results.get("audio_segments")
    if segments is None:
        return _from_items(results["items"])
    sure = {item["id"]: _confidence(item) for item in results.get("items", []) if item.get("type") == "pronunciation" and "id" in item}
    readings = [_readings(part) for part in results.get("segments", [])]
    return [_of_segment(part, sure, readings) for part in segments]


@dataclass(frozen=True)
class _Readings:
    """How one of the file's ``segments`` may be read, the best first; times in seconds."""

    start: float
    end: float
    texts: tuple[str, ...]


def _readings(part: Mapping[str, Any]) -> _Readings:
    return _Readings(float(part["start_time"]), float(part["end_time"]), tuple(str(one["transcript"]) for one in part["alternatives"]))


def _of_segment(part: Mapping[str, Any], sure: Mapping[int, tuple[str, float]], readings: Sequence[_Readings]) -> Utterance:
    utterance = _utterance(part["transcript"], part["start_time"], part["end_time"], _label(part))
    begins, ends, text = float(part["start_time"]), float(part["end_time"]), utterance.text
    inside = [one for one in readings if one.texts and one.start < ends and one.end > begins and one.texts[0] in text]
    others = [text.replace(one.texts[0], other, 1) for one in inside for other in one.texts[1:]]
    words = unsure_words(sure[item] for item in part.get("items", ()) if item in sure)
    return utterance.model_copy(update={"alternatives": other_readings(text, others), "unsure": words})


def _confidence(item: Mapping[str, Any]) -> tuple[str, float]:
    """A word with how sure the service is of it, told as text."""
    best = item["alternatives"][0]
    return str(best["content"]), float(best.get("confidence", 0))


def _from_items(items: Sequence[Mapping[str, Any]]) -> list[Utterance]:
    """Join words, and the marks after them, while one side speaks without a pause. Sides that talk at once stay apart."""
    found: list[Utterance] = []
    last_of: dict[int | None, int] = {}
    side: int | None = None
    for item in items:
        words = item["alternatives"][0]["content"]
        if item["type"] == "punctuation":
            if side in last_of:
                marked = found[last_of[side]]
                found[last_of[side]] = marked.model_copy(update={"text": f"{marked.text}{words}"})
            continue
        side = _label(item)
        word = _utterance(words, item["start_time"], item["end_time"], side)
        word = word.model_copy(update={"unsure": unsure_words([_confidence(item)])})
        before = found[last_of[side]] if side in last_of else None
        if before is not None and word.start_ms - (before.start_ms + before.duration_ms) < _PAUSE_MS:
            longer = word.start_ms + word.duration_ms - before.start_ms
            joined = {"text": f"{before.text} {word.text}", "duration_ms": longer, "unsure": before.unsure + word.unsure}
            found[last_of[side]] = before.model_copy(update=joined)
        else:
            last_of[side] = len(found)
            found.append(word)
    return found


def _label(part: Mapping[str, Any]) -> int | None:
    """``ch_0`` or ``spk_1`` as a number."""
    label = part.get("channel_label") or part.get("speaker_label")
    number = str(label).rpartition("_")[2]
    return int(number) if label is not None and number.isdigit() else None


def _utterance(text: object, start: object, end: object, label: int | None) -> Utterance:
    if not isinstance(text, str):
        raise TypeError("text")
    begins, ends = float(str(start)), float(str(end))
    if not 0 <= begins <= ends <= _LATEST_SECONDS:
        raise ValueError("times")
    start_ms = round(begins * 1000)
    return Utterance(label=label, start_ms=start_ms, duration_ms=round(ends * 1000) - start_ms, text=text)


def _ours(error: ClientError | BotoCoreError, action: str, *, job: str = "") -> ReadbackError:
    """Map an error of the service to one class; what all AWS services share is ``clients.aws``'s."""
    if isinstance(error, ClientError):
        code, said = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        reply = reply_of(error)
        # The documented NotFoundException is for some calls a BadRequestException that says so.
        if code == "NotFoundException" or (job and code == "BadRequestException"):
            remedy = "Jobs are kept for 90 days; redrive the recording to transcribe it again, which is billed again"
            return JobGone(f"{VENDOR} knows no job {job}", remedy=remedy, reply=reply)
        if code == "LimitExceededException":
            remedy = "Wait, and lower READBACK_STT_CONCURRENCY if this goes on"
            return TooManyRequests(f"could not {action}: {VENDOR} has as many jobs as it takes", remedy=remedy, reply=reply)
        if code == "BadRequestException" and "access" in said.lower():
            return ConfigurationError(f"could not {action}: {VENDOR} may not read the recordings", remedy=_CHECK_ROLE, reply=reply)
    return aws_error(error, action, service=VENDOR)


def _clean(text: object) -> str:
    """A vendor's words for a log line: printable and short."""
    return "".join(c if c.isprintable() else " " for c in str(text))[:_MAX_MESSAGE_CHARACTERS].strip()


def _other_job(job_id: str) -> VendorUnavailable:
    """An answer about another job is none: it would be another caller's words."""
    return VendorUnavailable(f"{VENDOR}'s answer about job {job_id} is about another one", remedy=_GOES_ON, reply=VendorReply(VENDOR))


def _answer_lost(what: str, reply: VendorReply | None) -> AnswerLost:
    return AnswerLost(
        f"{VENDOR} may have taken the job: {what}", remedy="It is asked again under the same name, which is billed once", reply=reply
    )
