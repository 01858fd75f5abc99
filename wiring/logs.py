"""Where our services and commands write their log: standard error, a line an event."""

import logging

OURS = "readback"


def log_to_stderr(form: str = "%(asctime)s %(name)s %(levelname)s %(message)s") -> None:
    """Show our own loggers from INFO on.

    ``logging.basicConfig`` does nothing here: importing Prefect has given the root logger a handler and the level WARNING.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(form))
    ours = logging.getLogger(OURS)
    ours.handlers[:] = [handler]
    ours.setLevel(logging.INFO)
    ours.propagate = False
