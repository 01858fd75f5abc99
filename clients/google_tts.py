"""Google Cloud Text-to-Speech: a text rendered as its voices take it (SSML or respelled), one request, one WAV.

The SDK has neither a default timeout nor a default retry; both are passed here, the retry as none: the task repeats, by
error class. A used-up daily quota and a busy minute are the same RESOURCE_EXHAUSTED to the caller, so both are
``TooManyRequests``: a used-up quota shows as a step that keeps waiting.
"""

import contextlib
import difflib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from models.call.read_back import Pronunciations, respell, speakable, split_for_synthesis, spoken_readings
from models.errors import (
    AccessRefused,
    ConfigurationError,
    ReadbackError,
    TooManyRequests,
    TransientError,
    VendorRefused,
    VendorReply,
    VendorUnavailable,
)

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

VENDOR = "Google TTS"
SAMPLE_RATE = 24_000
LANGUAGE = "ko-KR"
MAX_INPUT_BYTES = 5_000  # one request, its SSML included
TELEPHONE_PROFILE = "telephony-class-application"  # equalized by Google for what a telephone line carries

_MAX_MESSAGE_CHARACTERS = 200
_CLASS_OF_CODE: dict[str, type[ReadbackError]] = {
    "INVALID_ARGUMENT": VendorRefused,
    "FAILED_PRECONDITION": VendorRefused,
    "OUT_OF_RANGE": VendorRefused,
    "NOT_FOUND": VendorRefused,
    "ALREADY_EXISTS": VendorRefused,
    "UNIMPLEMENTED": VendorRefused,
    "PERMISSION_DENIED": AccessRefused,
    "UNAUTHENTICATED": AccessRefused,
    "RESOURCE_EXHAUSTED": TooManyRequests,
}  # what is left (UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, ABORTED, CANCELLED, UNKNOWN, DATA_LOSS) is VendorUnavailable
_REMEDY_OF_CLASS: dict[type[ReadbackError], str] = {
    VendorRefused: "Compare the voice, the rate and the text with Google's documentation",
    AccessRefused: "Check GOOGLE_APPLICATION_CREDENTIALS, and that the project may use the Text-to-Speech API",
    TooManyRequests: "Wait; lower READBACK_TTS_PER_MINUTE, and look at the project's quota if this goes on",
    VendorUnavailable: "It is repeated by itself; see Google's status page if it goes on",
}


def takes_ssml(voice: str) -> bool:
    """Tell whether a Google voice understands SSML; the Chirp voices do not.

    >>> takes_ssml("ko-KR-Wavenet-A"), takes_ssml("ko-KR-Chirp3-HD-Kore")
    (True, False)
    """
    return "chirp" not in voice.lower()


def price_name(voice: str) -> str:
    """What the price file calls a Google voice: prices go by the kind of voice.

    >>> price_name("ko-KR-Wavenet-A"), price_name("ko-KR-Chirp3-HD-Kore")
    ('google-tts/wavenet', 'google-tts/chirp3')
    """
    return f"google-tts/{voice.split('-')[2].lower()}" if voice.count("-") >= 2 else "google-tts"


def to_ssml(text: str, pronunciations: Pronunciations) -> str:
    """Wrap a text as SSML in which only the dictionary speaks markup: all of ``text`` is escaped, so nothing in it can command the voice.

    Words of the dictionary, numbers and abbreviations are respelled by ``<sub alias="…">``: whether Google's Korean voices honour
    ``<phoneme>`` is unconfirmed.
    """
    text, pieces, done = speakable(text), list[str](), 0
    for one in spoken_readings(text, pronunciations):
        pieces += [_escaped(text[done : one.start]), f"<sub alias={quoteattr(one.spoken)}>{_escaped(text[one.start : one.end])}</sub>"]
        done = one.end
    return f"<speak>{''.join(pieces)}{_escaped(text[done:])}</speak>"


def _escaped(text: str) -> str:
    return escape(text, {'"': "&quot;", "'": "&apos;"})


class GoogleTts:
    """One voice, with the machine's credentials, or without any where ``endpoint`` names a plaintext ``host:port``.

    ``pronunciations`` is asked for the dictionary of the moment with every text; ``speaking_rate`` is relative to the voice's normal pace;
    ``timeout`` in seconds bounds each request. Safe to share between threads; all calls block. The SDK is loaded on construction:
    it takes about 0.7 s.
    """

    def __init__(
        self,
        voice: str,
        pronunciations: Callable[[], Pronunciations] = Pronunciations,
        *,
        speaking_rate: float = 1.0,
        timeout: float = 30.0,
        endpoint: str = "",
    ) -> None:
        self.voice = voice
        self._pronunciations = pronunciations
        self._speaking_rate, self._timeout = speaking_rate, timeout
        import grpc
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import texttospeech_v1

        self._api = texttospeech_v1
        self._call_error, self._auth_error, self._retry_error = GoogleAPICallError, GoogleAuthError, RetryError
        if endpoint:
            from google.cloud.texttospeech_v1.services.text_to_speech.transports import TextToSpeechGrpcTransport

            channel = grpc.insecure_channel(endpoint)
            self._client: Any = texttospeech_v1.TextToSpeechClient(transport=TextToSpeechGrpcTransport(channel=channel))
            return
        try:
            self._client = texttospeech_v1.TextToSpeechClient()
        except GoogleAuthError as error:
            raise AccessRefused(
                f"No credentials for Google Cloud: {type(error).__name__}", remedy=_REMEDY_OF_CLASS[AccessRefused], case="google"
            ) from None

    @property
    def provider(self) -> str:
        """Vendor and kind of voice."""
        return price_name(self.voice)

    def billed_characters(self, text: str) -> int:
        """All characters of the rendered requests: Google counts markup."""
        render = self._renderer()
        return sum(len(render(part)) for part in split_for_synthesis(text, MAX_INPUT_BYTES, render))

    def split(self, text: str) -> list[str]:
        """Cut a text into pieces whose rendered request has at most 5,000 bytes."""
        return split_for_synthesis(text, MAX_INPUT_BYTES, self._renderer())

    def synthesize(self, text: str) -> bytes:
        """Speak a text in one request; returns a LINEAR16 WAV, mono, 24 kHz.

        Raises ``VendorRefused``, ``AccessRefused``, ``ConfigurationError``, ``TooManyRequests`` or ``VendorUnavailable``.
        """
        rendered = self._renderer()(text) if speakable(text) else ""
        size = len(rendered.encode())
        if not 0 < size <= MAX_INPUT_BYTES:
            raise VendorRefused(
                f"The text to speak has {size} bytes, Google takes 1 to {MAX_INPUT_BYTES}",
                remedy="Split it at sentences",
                reply=VendorReply(VENDOR),
            )
        request = self._api.SynthesizeSpeechRequest(
            input=self._api.SynthesisInput(ssml=rendered) if takes_ssml(self.voice) else self._api.SynthesisInput(text=rendered),
            voice=self._api.VoiceSelectionParams(language_code=LANGUAGE, name=self.voice),
            audio_config=self._api.AudioConfig(
                audio_encoding=self._api.AudioEncoding.LINEAR16,
                sample_rate_hertz=SAMPLE_RATE,
                speaking_rate=self._speaking_rate,
                effects_profile_id=[TELEPHONE_PROFILE],
            ),
        )
        try:
            audio: bytes = self._ask(self._client.synthesize_speech, request).audio_content
        except VendorRefused:
            # A voice that was withdrawn is refused like a bad text, and is nobody's text's fault. Where the list cannot be had either,
            # the refusal itself is what we know.
            with contextlib.suppress(TransientError, VendorRefused):
                self.check_voice()
            raise
        if len(audio) <= 44 or not audio.startswith(b"RIFF"):
            raise VendorUnavailable(
                f"Google's answer holds no speech ({len(audio)} bytes)",
                remedy=_REMEDY_OF_CLASS[VendorUnavailable],
                reply=VendorReply(VENDOR),
            )
        return audio

    def check_voice(self) -> None:
        """Raise ConfigurationError where Google lists no Korean voice of this name; one request that costs nothing."""
        answer = self._ask(self._client.list_voices, self._api.ListVoicesRequest(language_code=LANGUAGE))
        known = sorted(voice.name for voice in answer.voices)
        if self.voice in known:
            return
        near = difflib.get_close_matches(self.voice, known, n=3) or known[:3]
        raise ConfigurationError(
            f"Google has no Korean voice {self.voice!r}",
            remedy=f"Set READBACK_TTS_VOICE to one that it has, such as {', '.join(near)}; python -m flows.say lets you hear it",
            reply=VendorReply(VENDOR),
        )

    def _renderer(self) -> Callable[[str], str]:
        """Makes SSML where the voice takes it, respelled text where it does not, by the dictionary of this moment."""
        render, pronunciations = to_ssml if takes_ssml(self.voice) else respell, self._pronunciations()
        return lambda text: render(text, pronunciations)

    def _ask(self, method: Any, request: Any) -> Any:
        """Send one request and map what goes wrong to the one class that it stands for."""
        try:
            return method(request=request, timeout=self._timeout, retry=None)
        except self._call_error as error:
            raise _ours(error) from None  # the SDK's error repeats the text that was to be spoken
        except (self._auth_error, self._retry_error) as error:
            said, reply = f"No Google credentials: {type(error).__name__}", VendorReply(VENDOR)
            if getattr(error, "retryable", False):
                raise VendorUnavailable(said, remedy=_REMEDY_OF_CLASS[VendorUnavailable], reply=reply) from None
            raise AccessRefused(said, remedy=_REMEDY_OF_CLASS[AccessRefused], reply=reply, case="google") from None

    def close(self) -> None:
        """Close the channel."""
        self._client.transport.close()


def _ours(error: "GoogleAPICallError") -> ReadbackError:
    """Map a gRPC status to the one class it stands for. Quoted input is cut out of Google's words."""
    status = error.grpc_status_code
    code = status.name if status is not None else ""
    kind = _CLASS_OF_CODE.get(code, VendorUnavailable)
    said = re.sub(r"(['\"]).*\1", "…", error.message or "", flags=re.DOTALL)
    said = "".join(c if c.isprintable() else " " for c in said)[:_MAX_MESSAGE_CHARACTERS].strip()
    reply = VendorReply(VENDOR, int(error.code) if error.code is not None else 0, code)
    message, remedy = f"Google refused to speak: {said or 'no reason given'}", _REMEDY_OF_CLASS[kind]
    if kind is TooManyRequests:
        return TooManyRequests(message, remedy=remedy, reply=reply, retry_after_seconds=_asked_wait(error))
    if kind is AccessRefused:
        return AccessRefused(message, remedy=remedy, reply=reply, case="google")
    return kind(message, remedy=remedy, reply=reply)


def _asked_wait(error: "GoogleAPICallError") -> float | None:
    """The seconds of a ``RetryInfo`` detail, None where there is none."""
    for detail in error.details:
        delay = getattr(detail, "retry_delay", None)
        if delay is not None:
            return float(delay.seconds + delay.nanos / 1e9)
    return None
