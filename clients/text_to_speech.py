"""What every text-to-speech vendor's client offers: text in, WAV out, in the voice that the client was made with.

How a text is rendered (SSML, respelling), how long a request may be and what its errors mean stays in the vendor's client.
"""

from typing import Protocol


class TextToSpeech(Protocol):
    """One voice of one vendor. Safe to share between threads; all calls block.

    ``tests/clients/test_text_to_speech.py`` holds every implementation to this.
    """

    @property
    def voice(self) -> str:
        """The voice's name, as the record of a call keeps it."""
        ...

    @property
    def provider(self) -> str:
        """Vendor and kind of voice as the price file names them, such as ``google-tts/wavenet``."""
        ...

    def billed_characters(self, text: str) -> int:
        """How many characters the vendor bills for a text, markup included where it counts."""
        ...

    def split(self, text: str) -> list[str]:
        """Cut a text into pieces that each fit into one paid request, at sentences where there are some; ``[]`` for no words."""
        ...

    def synthesize(self, text: str) -> bytes:
        """Speak one piece; returns a WAV, mono, 16-bit PCM at 16 kHz or more.

        Raises ``VendorRefused`` for what the vendor will never speak, ``ConfigurationError`` for a voice that it does not have or
        credentials that it does not take, or a ``TransientError``.
        """
        ...

    def check_voice(self) -> None:
        """Raise ``ConfigurationError`` where the vendor does not have the voice (any more); costs nothing."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...
