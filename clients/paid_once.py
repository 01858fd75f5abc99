"""A paid request for a transcript, noted before it is sent and after it was answered: whoever dies in between, it is paid once.

The note before holds the request's name. Where a vendor makes one job of a name, a request without an answer is sent again under it;
elsewhere nobody knows whether a job exists, and a person decides (``AnswerLost``).
"""

import secrets
from collections.abc import Callable

from clients.speech_to_text import SpeechToText
from models.call.record import Transcription
from models.errors import AnswerLost, ReadbackError, VendorUnavailable


def submit_paid_once(
    vendor: SpeechToText,
    begun: Transcription,
    sound: Callable[[], bytes],
    filename: str,
    *,
    location: str,
    shown: str,
    write: Callable[[Transcription], None],
    instead_of: str = "",
) -> Transcription:
    """Submit a recording unless an earlier request may have: ``begun`` is its note. Returns the note with the job's id.

    ``sound`` reads the recording, before anything is noted; ``write`` keeps each note; ``shown`` names the recording in messages.
    """
    if begun.submitting and not vendor.offer.repeatable:
        raise AnswerLost(
            f"a run ended between submitting {shown} to {begun.provider} and writing down the job's id",
            remedy="Redrive the call: it is submitted again, which may be billed twice",
        )
    audio = sound()
    noted = Transcription(provider=vendor.provider, instead_of=instead_of)
    request = begun.request if begun.submitting else secrets.token_hex(8)
    write(noted.model_copy(update={"submitting": True, "request": request}))
    try:
        job_id = vendor.submit(audio, filename, location=location, request=request)
    except AnswerLost as error:
        if vendor.offer.repeatable:  # the note keeps the request's name, so the next attempt is the same job
            raise VendorUnavailable(error.message, remedy=error.remedy, reply=error.reply) from error
        raise
    except ReadbackError as error:
        # The vendor refused, or nothing reached it: no job exists, so a retry may submit. Of any other fault nobody knows that.
        write(noted.model_copy(update={"refused": error.code}))
        raise
    done = noted.model_copy(update={"job_id": job_id})
    write(done)
    return done
