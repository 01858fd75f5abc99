"""TLS before what speaks none here: an authority of its own, and ports that take TLS and pass on to a plain one.

On AWS the balancer, RDS and Redis speak TLS and the processes are told to want it; the sandbox's PostgreSQL and Redis are built without.
PostgreSQL's clients ask for TLS in a message of its own before they begin.
"""

import asyncio
import contextlib
import ipaddress
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.processes import free_port

_PIECE = 64 * 1024
# The first message of PostgreSQL's clients: 8 bytes, then what is asked for.
_ASKS_TLS, _ASKS_GSS = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big"), (8).to_bytes(4, "big") + (80877104).to_bytes(4, "big")


class Authority:
    """An authority and one certificate for this machine, as files of a folder: ``authority``, ``certificate``, ``key``."""

    def __init__(self, folder: Path) -> None:
        """Make them."""
        self.authority, self.certificate, self.key = (folder / name for name in ("authority.pem", "certificate.pem", "key.pem"))
        own_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Readback's sandbox")])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now, usage = datetime.now(UTC), x509.BasicConstraints(ca=True, path_length=0)
        signs = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        begun = (
            x509.CertificateBuilder()
            .issuer_name(issuer)
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
        )
        own = begun.subject_name(issuer).public_key(own_key.public_key()).serial_number(x509.random_serial_number())
        named = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        identifier = x509.SubjectKeyIdentifier.from_public_key(own_key.public_key())
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(own_key.public_key())
        root = own.add_extension(usage, True).add_extension(signs, True).add_extension(identifier, False).sign(own_key, hashes.SHA256())
        leaf = begun.subject_name(subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
        signed = leaf.add_extension(named, False).add_extension(ours, False).sign(own_key, hashes.SHA256())
        self.authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        self.key.touch(mode=0o600)
        self.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))

    def serving(self) -> ssl.SSLContext:
        """For a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


class Fronts:
    """Ports that take TLS, carried by a thread; ``stop`` ends them all."""

    def __init__(self, authority: Authority) -> None:
        """Nothing is carried before a port is opened."""
        self._context = authority.serving()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tls", daemon=True)
        self._carrying: set[asyncio.Task[None]] = set()

    def open(self, target: int, *, postgres: bool = False) -> int:
        """Take TLS on a port, which is returned, and pass on to ``target`` of this machine."""
        if not self._thread.is_alive():
            self._thread.start()
        port = free_port()
        asyncio.run_coroutine_threadsafe(self._listen(port, target, postgres), self._loop).result(10)
        return port

    def stop(self) -> None:
        """Close every connection."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    async def _close(self) -> None:
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _listen(self, port: int, target: int, postgres: bool) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._carrying.add(task)
                task.add_done_callback(self._carrying.discard)
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
                if not postgres or await self._asks_tls(reader, writer):
                    await _carry(reader, writer, target)
            writer.close()

        await asyncio.start_server(serve, "127.0.0.1", port, ssl=None if postgres else self._context)

    async def _asks_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer as PostgreSQL with TLS does; a client that wants none is refused, as RDS refuses it."""
        asked = await reader.readexactly(8)
        if asked == _ASKS_GSS:
            writer.write(b"N")
            asked = await reader.readexactly(8)
        if asked != _ASKS_TLS:
            return False
        writer.write(b"S")
        await writer.drain()
        await writer.start_tls(self._context)
        return True


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int) -> None:
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)

    async def pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
        while piece := await source.read(_PIECE):
            into.write(piece)
            await into.drain()

    try:
        ways = [asyncio.ensure_future(pour(reader, far_writer)), asyncio.ensure_future(pour(far_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    finally:
        far_writer.close()
