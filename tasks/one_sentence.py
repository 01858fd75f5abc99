"""A refusal in a run's log is one sentence: what was refused, and the remedy.

Prefect logs every exception of a flow or a task with its traceback. Of an error that we raise on purpose the traceback says only where we
did so, and hides the sentence. Any other error keeps it, ``Unexpected`` too.
"""

import logging

from prefect.exceptions import ParameterTypeError

from models.errors import ReadbackError, Unexpected

LOGGERS = ("prefect.flow_runs", "prefect.task_runs")


class OneSentence(logging.Filter):
    """Takes the traceback from records of refusals, and puts the sentence in place of the exception's ``repr``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or isinstance(error, Unexpected) or not isinstance(error, (ReadbackError, ParameterTypeError)):
            return True
        sentence = f"{error.code}: {error}" if isinstance(error, ReadbackError) else str(error)
        said = record.getMessage()
        record.msg, record.args = said.replace(repr(error), sentence) if repr(error) in said else f"{said} {sentence}", ()
        record.exc_info = record.exc_text = None
        return True


def tell_refusals_in_one_sentence() -> None:
    """Filter the logs of this process's runs; a second time changes nothing."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, OneSentence) for known in logger.filters):
            logger.addFilter(OneSentence())
