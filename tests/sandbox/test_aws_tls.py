"""What speaks no TLS is reached by TLS alone, as on AWS, under a certificate that can be checked."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from sandbox.aws.tls import Authority, Fronts
from sandbox.postgres import USER, Postgres
from sandbox.processes import spawn, until


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def fronts(authority: Authority) -> Iterator[Fronts]:
    opened = Fronts(authority)
    yield opened
    opened.stop()


def test_a_port_takes_tls_and_passes_on(authority: Authority, fronts: Fronts) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as plain:

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.sendall(connection.recv(100).upper())

        threading.Thread(target=answer, daemon=True).start()
        trusting = ssl.create_default_context(cafile=str(authority.authority))
        with (
            socket.create_connection(("127.0.0.1", fronts.open(plain.getsockname()[1])), 30) as raw,
            trusting.wrap_socket(raw, server_hostname="127.0.0.1") as secured,
        ):
            secured.sendall(b"hello")
            assert secured.recv(100) == b"HELLO"


def test_who_does_not_know_the_authority_is_not_reached(fronts: Fronts) -> None:
    with (
        socket.create_connection(("127.0.0.1", fronts.open(1)), 30) as raw,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(raw, server_hostname="127.0.0.1")


@pytest.mark.slow
def test_postgresql_is_reached_with_tls_and_a_password_and_not_otherwise(fronts: Fronts, authority: Authority, tmp_path: Path) -> None:
    postgres = Postgres("secret")
    postgres.make()
    child = spawn("postgres", postgres.command, os.environ, tmp_path, postgres.data, postgres.become)
    try:
        until(postgres.ready, child, "take connections")
        port = fronts.open(postgres.port, postgres=True)
        address = f"postgresql://{USER}:{{}}@127.0.0.1:{port}/postgres?sslmode={{}}&sslrootcert={authority.authority}"
        with psycopg.connect(address.format("secret", "verify-full")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        for password, mode in (("wrong", "verify-full"), ("secret", "disable")):
            with pytest.raises(psycopg.OperationalError) as refused:
                psycopg.connect(address.format(password, mode))
            assert not isinstance(refused.value, psycopg.errors.ConnectionTimeout)  # refused, not left to wait
    finally:
        child.stop()
        postgres.remove()
