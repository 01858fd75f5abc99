"""Whisper on our own machine (faster-whisper over CTranslate2): nothing is billed and no sound leaves the house.

A job lives in the process that was given it, one job after the other; results are kept for a while. Where that process has ended the job is
gone, and is simply given anew: a job that costs nothing may be lost. The two channels of a call are heard one after the other, which tells
the speakers apart; of a mono recording it does not know who speaks.

The weights are loaded with the first job, or by ``load``. What Whisper makes of a sound it does not understand is one phrase over and over:
text that compresses too well is nonsense, and a transcript that is mostly that is refused.
"""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from clients.hub import ensure_downloaded
from clients.speech_to_text import Job, JobStatus, Offer
from models.call.record import Utterance, unsure_words
from models.errors import BadRecording, BadTranscript, JobFailed, JobGone, ModelUnavailable
from models.sound.wav import read_layout, wav_blocks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VENDOR = "Whisper"
PROVIDER = "whisper"
LANGUAGE = "ko"
MAX_KEYWORDS = 40  # they share 224 tokens of prompt with what was said before
MAX_KEYWORD_CHARACTERS = 20
OFFER = Offer(
    languages=("ko",),  # of a hundred, the one that calls are in
    formats=("wav",),
    diarization=False,
    channels=True,
    keywords=MAX_KEYWORDS,
    keyword_characters=MAX_KEYWORD_CHARACTERS,
    max_bytes=0,
    max_seconds=2 * 3600.0,  # an hour of a channel is 230 MB at Whisper's 16 kHz
    kept_days=0.0,
    repeatable=True,
    reads_bucket=False,
    forgets=False,
    billed=False,
)

_RATE = 16_000
_KEPT_JOBS = 256
_TOO_COMPRESSIBLE = 2.4  # Whisper's own threshold for text that repeats itself
_REMEDY = "Set READBACK_WHISPER_MODEL to a folder with weights in CTranslate2's format, or to their name on the hub"


@dataclass(frozen=True)
class Heard:
    """One segment of one channel, in seconds. ``compression`` is how well its text compresses, as gzip does it; ``words`` have their
    probability, from 0 to 1."""

    start: float
    end: float
    text: str
    compression: float = 1.0
    words: Sequence[tuple[str, float]] = ()


class Recognizer(Protocol):
    """What turns samples of one channel, at 16 kHz, into segments."""

    def __call__(self, samples: "NDArray[np.float32]", keywords: Sequence[str]) -> Sequence[Heard]:
        """Hear a channel; RuntimeError or ValueError where it cannot."""
        ...


class LocalWhisper:
    """A model in this process. Safe to share between threads: jobs wait for each other, for they share the processors or the GPU.

    ``poll_seconds`` is how long a poll waits for the job's end, so that a short call needs no second one.
    """

    provider = PROVIDER
    offer = OFFER

    def __init__(
        self,
        model: str,
        *,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        keywords: Callable[[], Sequence[str]] = tuple,
        recognizer: Callable[[], Recognizer] | None = None,
        poll_seconds: float = 1.0,
    ) -> None:
        if not model:
            raise ModelUnavailable("this worker has no Whisper weights", remedy=_REMEDY)
        self._model, self._device, self._keywords, self._poll_seconds = model, device, keywords, poll_seconds
        self._make = recognizer or self._load_weights
        self._recognizer: Recognizer | None = None
        self._loading = threading.Lock()
        self._work = ThreadPoolExecutor(1, thread_name_prefix="whisper")
        self._jobs: OrderedDict[str, Future[tuple[Utterance, ...]]] = OrderedDict()
        self._job_of: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def asks(self) -> str:
        """The model and the keywords."""
        return f"model={self._model} language={LANGUAGE} keywords={','.join(self._keywords())}"

    def load(self) -> Recognizer:
        """Load the weights, once; ModelUnavailable where they are missing or damaged."""
        with self._loading:
            if self._recognizer is None:
                try:
                    self._recognizer = self._make()
                except (OSError, RuntimeError, ValueError) as error:
                    said = f"the Whisper model {self._model!r} cannot be loaded: {type(error).__name__}"
                    raise ModelUnavailable(said, remedy=_REMEDY) from error
            return self._recognizer

    def submit(self, audio: bytes, filename: str, *, location: str = "", request: str = "") -> str:
        """Queue a recording and return the job's id, or the id that the same request was given before."""
        layout = read_layout(audio, filename, BadRecording)
        if layout.seconds > OFFER.max_seconds:
            said = f"{filename} lasts {layout.seconds / 3600:.1f} h, Whisper here takes {OFFER.max_seconds / 3600:g} h"
            raise BadRecording(said, remedy="Give it to another vendor (READBACK_STT_PROVIDER)", case="too_long")
        recognizer, keywords = self.load(), tuple(self._keywords())
        with self._lock:
            if request in self._job_of:
                return self._job_of[request]
            job_id = f"whisper-{uuid.uuid4().hex}"
            self._jobs[job_id] = self._work.submit(hear_channels, recognizer, audio, filename, keywords)
            if request:
                self._job_of[request] = job_id
            self._forget_oldest()
        return job_id

    def poll(self, job_id: str) -> Job:
        """Wait a moment for the job's end and tell how it stands."""
        with self._lock:
            work = self._jobs.get(job_id)
        if work is None:
            raise JobGone(f"{VENDOR} knows no job {job_id}: the process that heard it has ended", remedy="Redrive the recording")
        try:
            utterances = work.result(timeout=self._poll_seconds)
        except TimeoutError:
            return Job(job_id, JobStatus.IN_PROGRESS)
        except (RuntimeError, ValueError) as error:
            said = f"{VENDOR}'s job {job_id} failed: {type(error).__name__}"
            raise JobFailed(said, remedy="The worker's log tells why; listen to the recording") from error
        return Job(job_id, JobStatus.COMPLETED, utterances)

    def forget(self, job_id: str) -> None:
        """What was heard is in the memory of its process alone."""

    def close(self) -> None:
        """Let the job that is being heard end, and take no other."""
        self._work.shutdown(wait=True, cancel_futures=True)

    def _forget_oldest(self) -> None:
        ended = [name for name, work in self._jobs.items() if work.done()]
        for name in ended[: max(0, len(self._jobs) - _KEPT_JOBS)]:
            del self._jobs[name]
        self._job_of = {request: name for request, name in self._job_of.items() if name in self._jobs}

    def _load_weights(self) -> Recognizer:
        ensure_downloaded(self._model)
        from faster_whisper import WhisperModel  # with av and onnxruntime it takes a second to import

        # The fastest that the machine has: int8 on processors, fp16 on a T4, which has no bf16.
        model = WhisperModel(self._model, device=self._device, compute_type="auto")

        def hear(samples: "NDArray[np.float32]", keywords: Sequence[str]) -> Sequence[Heard]:
            segments, _ = model.transcribe(
                samples,
                language=LANGUAGE,
                vad_filter=True,  # silence makes it speak of subscriptions and applause
                condition_on_previous_text=False,  # one loop would go on to the end of the call
                hotwords=" ".join(keywords) or None,
                word_timestamps=True,  # what words' probabilities come with
            )
            return [Heard(part.start, part.end, part.text.strip(), part.compression_ratio, _words(part)) for part in segments]

        return hear


def hear_channels(recognizer: Recognizer, audio: bytes, filename: str, keywords: Sequence[str]) -> tuple[Utterance, ...]:
    """Hear each channel by itself and put the utterances in order of time; the label is the channel, none for a mono recording.

    Raises BadTranscript where most of what was heard repeats itself.
    """
    channels = read_layout(audio, filename, BadRecording).channels
    found: list[Utterance] = []
    letters = nonsense = 0
    for channel in range(channels):
        for part in recognizer(_samples(audio, filename, channel), keywords):
            letters += len(part.text)
            nonsense += len(part.text) if part.compression > _TOO_COMPRESSIBLE else 0
            start_ms, end_ms = round(part.start * 1000), round(part.end * 1000)
            label, unsure = channel if channels > 1 else None, unsure_words(part.words)
            length_ms = max(0, end_ms - start_ms)
            found.append(Utterance(label=label, start_ms=start_ms, duration_ms=length_ms, text=part.text, unsure=unsure))
    if nonsense * 2 > letters:
        share = f"{nonsense} of {letters} characters"
        remedy = "Listen to the recording, or have another vendor hear it"
        raise BadTranscript(f"{VENDOR} repeats itself in {share} of {filename}", remedy=remedy)
    return tuple(sorted(found, key=lambda utterance: utterance.start_ms))


def _words(part: Any) -> list[tuple[str, float]]:
    return [(word.word.strip(), word.probability) for word in part.words or ()]


def _samples(audio: bytes, filename: str, channel: int) -> Any:
    """One channel at 16 kHz, full scale at 1."""
    import numpy as np
    import soxr

    layout = read_layout(audio, filename, BadRecording)
    samples = np.concatenate([block[:, channel] for block in wav_blocks(audio, layout)])
    return soxr.resample(samples, layout.sample_rate, _RATE).astype("float32")
