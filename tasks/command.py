"""How a command that talks to Prefect's server ends when it cannot do its work: with one sentence and its remedy."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.exceptions import PrefectHTTPStatusError

from models.errors import in_one_sentence


@contextmanager
def prefect_command() -> Iterator[None]:
    """Let a command end with a sentence where an error of ours, or a server that does not answer or refuses, ends it."""
    server = os.environ.get("PREFECT_API_URL", "")
    with in_one_sentence():
        try:
            yield
        except PrefectHTTPStatusError as error:
            if error.response.status_code != httpx.codes.UNAUTHORIZED:
                raise
            raise SystemExit(f"Prefect's server at {server} asks for a password. Set PREFECT_API_AUTH_STRING to user:password.") from None
        except (RuntimeError, httpx.TransportError) as error:
            if not isinstance(error, httpx.TransportError) and not isinstance(error.__cause__, httpx.TransportError):
                raise
            raise SystemExit(f"Prefect's server at {server} does not answer. Check PREFECT_API_URL, and that it runs.") from None
