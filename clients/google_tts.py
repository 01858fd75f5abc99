"""Google Cloud Text-to-Speech: one request, one WAV.

The SDK has neither a default timeout nor a default retry; both are passed here, the retry as none: the task repeats, by
error class. A used-up daily quota and a busy minute are the same RESOURCE_EXHAUSTED to the caller, so both are
``TooManyRequests``: a used-up quota shows as a step that keeps waiting.
"""

import re
from typing import TYPE_CHECKING, Any

from models.errors import (
    ConfigurationError,
    ReadbackError,
    TooManyRequests,
    VendorRefused,
    VendorReply,
    VendorUnavailable,
)

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

VENDOR = "Google TTS"
SAMPLE_RATE = 24_000
MAX_INPUT_BYTES = 5_000
TELEPHONE_PROFILE = "telephony-class-application"  # equalized by Google for what a telephone line carries

_MAX_MESSAGE_CHARACTERS = 200
_CLASS_OF_CODE: dict[str, type[ReadbackError]] = {
    "INVALID_ARGUMENT": VendorRefused,
    "FAILED_PRECONDITION": VendorRefused,
    "OUT_OF_RANGE": VendorRefused,
    "NOT_FOUND": VendorRefused,
    "ALREADY_EXISTS": VendorRefused,
    "UNIMPLEMENTED": VendorRefused,
    "PERMISSION_DENIED": ConfigurationError,
    "UNAUTHENTICATED": ConfigurationError,
    "RESOURCE_EXHAUSTED": TooManyRequests,
}  # what is left (UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, ABORTED, CANCELLED, UNKNOWN, DATA_LOSS) is VendorUnavailable
_REMEDY_OF_CLASS: dict[type[ReadbackError], str] = {
    VendorRefused: "Compare the voice, the rate and the text with Google's documentation",
    ConfigurationError: "Check GOOGLE_APPLICATION_CREDENTIALS, and that the project may use the Text-to-Speech API",
    TooManyRequests: "Wait; lower READBACK_TTS_PER_MINUTE, and look at the project's quota if this goes on",
    VendorUnavailable: "It is repeated by itself; see Google's status page if it goes on",
}


class GoogleTts:
    """The API with the machine's credentials, or without any where ``endpoint`` names a plaintext ``host:port``.

    Safe to share between threads; all calls block. The SDK is loaded on construction: it takes about 0.7 s.
    """

    def __init__(self, endpoint: str = "") -> None:
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
            raise ConfigurationError(
                f"No credentials for Google Cloud: {type(error).__name__}", remedy=_REMEDY_OF_CLASS[ConfigurationError]
            ) from None

    def synthesize(self, *, ssml: str | None, text: str | None, voice: str, speaking_rate: float, timeout: float) -> bytes:
        """Speak SSML or plain text, exactly one of them; returns a LINEAR16 WAV, mono, 24 kHz.

        ``speaking_rate`` is relative to the voice's normal pace, ``timeout`` in seconds. Raises ``VendorRefused``,
        ``ConfigurationError``, ``TooManyRequests`` or ``VendorUnavailable``.
        """
        if (ssml is None) == (text is None):
            raise ValueError("give ssml or text, one of them")
        spoken = ssml if ssml is not None else text or ""
        if not 0 < len(spoken.encode()) <= MAX_INPUT_BYTES:
            raise VendorRefused(
                f"The text to speak has {len(spoken.encode())} bytes, Google takes 1 to {MAX_INPUT_BYTES}",
                remedy="Split it at sentences",
                reply=VendorReply(VENDOR),
            )
        request = self._api.SynthesizeSpeechRequest(
            input=self._api.SynthesisInput(ssml=ssml) if ssml is not None else self._api.SynthesisInput(text=text),
            voice=self._api.VoiceSelectionParams(language_code="-".join(voice.split("-")[:2]), name=voice),
            audio_config=self._api.AudioConfig(
                audio_encoding=self._api.AudioEncoding.LINEAR16,
                sample_rate_hertz=SAMPLE_RATE,
                speaking_rate=speaking_rate,
                effects_profile_id=[TELEPHONE_PROFILE],
            ),
        )
        try:
            audio: bytes = self._client.synthesize_speech(request=request, timeout=timeout, retry=None).audio_content
        except self._call_error as error:
            raise _ours(error) from None  # the SDK's error repeats the text that was to be spoken
        except (self._auth_error, self._retry_error) as error:
            kind = VendorUnavailable if getattr(error, "retryable", False) else ConfigurationError
            raise kind(f"No Google credentials: {type(error).__name__}", remedy=_REMEDY_OF_CLASS[kind], reply=VendorReply(VENDOR)) from None
        if len(audio) <= 44 or not audio.startswith(b"RIFF"):
            raise VendorUnavailable(
                f"Google's answer holds no speech ({len(audio)} bytes)",
                remedy=_REMEDY_OF_CLASS[VendorUnavailable],
                reply=VendorReply(VENDOR),
            )
        return audio

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
    return kind(message, remedy=remedy, reply=reply)


def _asked_wait(error: "GoogleAPICallError") -> float | None:
    """The seconds of a ``RetryInfo`` detail, None where there is none."""
    for detail in error.details:
        delay = getattr(detail, "retry_delay", None)
        if delay is not None:
            return float(delay.seconds + delay.nanos / 1e9)
    return None
