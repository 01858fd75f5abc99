"""Large files as the Hugging Face hub takes them: chunks in xorbs, files in shards (Xet's specification, huggingface/xet-core ``spec/``).

The client cuts a file into chunks, compresses them and sends them in a *xorb*; a *shard* says of which chunks of which xorbs each file is
made. ``Storage`` puts the files together again and checks each against the SHA-256 that the client names; its hashes of chunks and xorbs
(BLAKE3) it believes.
"""

import hashlib
import struct
from collections.abc import Iterator

_HEADER = 48  # of a shard; all its entries are as long
_END = b"\xff" * 32
_VERIFIED, _DESCRIBED = 1 << 31, 1 << 30  # flags of a file: entries with hashes of ranges follow, and one with its SHA-256
_PLAIN, _LZ4, _GROUPED_LZ4 = 0, 1, 2


class Malformed(ValueError):
    """What was sent is no xorb, no shard, or tells of chunks that are not here."""


def chunks_of(xorb: bytes) -> list[bytes]:
    """The chunks of a serialized xorb: version, size, kind of compression and true size before each; a footer may follow."""
    found, at = [], 0
    while at + 8 <= len(xorb) and xorb[at] == 0:
        size, kind, whole = int.from_bytes(xorb[at + 1 : at + 4], "little"), xorb[at + 4], int.from_bytes(xorb[at + 5 : at + 8], "little")
        found.append(_unpacked(xorb[at + 8 : at + 8 + size], kind, whole))
        at += 8 + size
    if not found:
        raise Malformed("a xorb without a chunk")
    return found


def _unpacked(packed: bytes, kind: int, whole: int) -> bytes:
    if kind == _PLAIN:
        return packed
    if kind not in (_LZ4, _GROUPED_LZ4):
        raise Malformed(f"compression {kind}")
    import pyarrow  # type: ignore[import-untyped]  # loaded where it is used: the stack starts without

    try:
        plain: bytes = pyarrow.decompress(packed, decompressed_size=whole, codec="lz4", asbytes=True)
    except OSError as error:
        raise Malformed(str(error)) from error
    return plain if kind == _LZ4 else _ungrouped(plain)


def _ungrouped(grouped: bytes) -> bytes:
    """Bytes that lie by their place in a group of four, in their order again."""
    plain, at = bytearray(len(grouped)), 0
    for place in range(4):
        many = len(range(place, len(grouped), 4))
        plain[place::4] = grouped[at : at + many]
        at += many
    return bytes(plain)


def files_of(shard: bytes) -> Iterator[tuple[list[tuple[str, int, int]], bytes]]:
    """The files of a shard: each the chunks that it is made of (xorb, first, behind the last) and its SHA-256."""
    at = _HEADER
    while (entry := shard[at : at + _HEADER])[:32] != _END:
        if len(entry) < _HEADER:
            raise Malformed("a shard that ends in its files")
        flags, many = struct.unpack_from("<II", entry, 32)
        terms = [_term(shard[at + _HEADER * (number + 1) :]) for number in range(many)]
        at += _HEADER * (1 + many * (2 if flags & _VERIFIED else 1))
        if not flags & _DESCRIBED:
            raise Malformed("a file without its SHA-256")
        yield terms, _plain_hex(shard[at : at + 32])
        at += _HEADER


def _term(entry: bytes) -> tuple[str, int, int]:
    first, behind = struct.unpack_from("<II", entry, 40)
    return _named(entry[:32]), first, behind


def _named(digest: bytes) -> str:
    """A hash as addresses have it: four little-endian numbers in hexadecimal digits."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", digest))


def _plain_hex(digest: bytes) -> bytes:
    return bytes.fromhex(_named(digest))


class Storage:
    """Xorbs as they come, and the files that shards make of them, by their SHA-256."""

    def __init__(self) -> None:
        self._xorbs: dict[str, list[bytes]] = {}
        self.files: dict[str, bytes] = {}

    def take_xorb(self, name: str, body: bytes) -> bool:
        """Keep a xorb; whether it is new. Malformed where it is none."""
        chunks = chunks_of(body)
        new = name not in self._xorbs
        self._xorbs.setdefault(name, chunks)
        return new

    def take_shard(self, body: bytes) -> None:
        """Put the files of a shard together. Malformed where chunks are missing or a file is not what its SHA-256 says."""
        for terms, digest in files_of(body):
            if missing := [xorb for xorb, _, _ in terms if xorb not in self._xorbs]:
                raise Malformed(f"no xorb {missing[0]}")
            whole = b"".join(chunk for xorb, first, behind in terms for chunk in self._xorbs[xorb][first:behind])
            if hashlib.sha256(whole).digest() != digest:
                raise Malformed(f"not the file of SHA-256 {digest.hex()}")
            self.files[digest.hex()] = whole
