"""The transcript mended before it is read: part of the step that transcribes, since it costs less than a second and may be repeated."""

import logging
import time
from collections.abc import Sequence

import wiring
from models.call.correction import Corrector
from models.call.record import Correction, Utterance

_log = logging.getLogger("readback.correct")


def correct(utterances: Sequence[Utterance]) -> Correction:
    """Correct a transcript by the term list of this moment and, where one is set, a language model's second reading."""
    if not wiring.settings().correct_transcripts:
        return Correction()
    began, terms = time.perf_counter(), wiring.terms()
    correction = Corrector(terms).correct(utterances)
    if (url := wiring.settings().correction_model_url) and correction.doubtful:
        from wiring.language_models import second_reader

        correction = second_reader(url, wiring.settings().correction_model).read(utterances, correction, terms)
    if correction.unread:
        _log.warning("The language model has not read %s doubtful lines: %s", len(correction.doubtful), correction.unread)
    return correction.model_copy(update={"took": round(time.perf_counter() - began, 3)})
