"""A Prefect server on SQLite for tests, asked by clients that read one certificate authority, as the stack's workers are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from prefect.settings import PREFECT_API_SSL_CERT_FILE, temporary_settings

from sandbox.stack import one_certificate


@contextmanager
def server_for_tests(environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """While the context lasts, flows and clients of this process speak to a server of its own.

    A run makes four clients, and each would read the whole bundle of authorities: a quarter of what a test of a call costs.
    """
    from prefect.testing.utilities import prefect_test_harness  # loads the server: seconds for each process that only collects

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        for name, value in (environment or {}).items():
            patched.setenv(name, value)
        one = str(one_certificate(Path(folder)))
        with prefect_test_harness(server_startup_timeout=180), temporary_settings({PREFECT_API_SSL_CERT_FILE: one}):
            yield
