"""A link carries both ways, and nothing while it is cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from sandbox.links import Links

LONG = 30.0  # against a hang only
SILENCE = 0.3


@pytest.fixture
def links() -> Iterator[Links]:
    laid = Links()
    laid.start()
    yield laid
    laid.stop()


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says everything again."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def answer(connection: socket.socket) -> None:
    with connection:
        while heard := connection.recv(100):
            connection.sendall(heard)


def call(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), LONG)
    connection.settimeout(LONG)
    return connection


def test_it_carries_both_ways(links: Links, echo: int) -> None:
    with call(links.open("worker", "server", echo)) as connection:
        connection.sendall(b"hello")
        assert connection.recv(100) == b"hello"


@pytest.mark.parametrize("who", ["worker", "server"])
def test_what_is_cut_is_silent_and_what_was_said_meanwhile_arrives_once_it_is_mended(links: Links, echo: int, who: str) -> None:
    with call(links.open("worker", "server", echo)) as connection, call(links.open("other", "elsewhere", echo)) as other:
        connection.sendall(b"1")
        assert connection.recv(100) == b"1"
        links.cut(who)
        connection.sendall(b"2")
        connection.settimeout(SILENCE)
        with pytest.raises(TimeoutError):
            connection.recv(100)
        other.sendall(b"x")
        assert other.recv(100) == b"x"
        links.mend(who)
        connection.settimeout(LONG)
        assert connection.recv(100) == b"2"


def test_a_new_connection_over_a_cut_link_is_silent_as_well(links: Links, echo: int) -> None:
    port = links.open("worker", "server", echo)
    links.cut("worker")
    with call(port) as connection:
        connection.sendall(b"1")
        connection.settimeout(SILENCE)
        with pytest.raises(TimeoutError):
            connection.recv(100)
        links.mend("worker")
        connection.settimeout(LONG)
        assert connection.recv(100) == b"1"


def test_a_call_to_a_port_where_nobody_listens_ends(links: Links) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = gone.getsockname()[1]
    with call(links.open("worker", "server", nobody)) as connection:
        assert connection.recv(100) == b""
