"""Blobs: the manifests, configurations and layers of images, each known by its digest."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

_CHUNK = 64 << 10  # bytes read at once
_PACKED_PIECE = 1 << 10  # bytes decompressed at once: with zstd they are up to 32 MiB of zeros
_LARGEST_DOCUMENT = 8 << 20  # bytes: more than any manifest or configuration has

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"

Progress = Callable[[int], None]
"""Told, as a blob is read, how many of its bytes have been."""


class BrokenImage(Exception):
    """What should be an image is none; the message says what is wrong with it, and where."""


@dataclass(frozen=True)
class Blob:
    """Some bytes of an image. `place` and `offset` say where they come from, in messages."""

    open: Callable[[], BinaryIO]
    size: int
    place: str
    offset: int = 0
    digest: str = ""
    """As `sha256:...`; empty where nothing vouches for the content."""

    def stored(self, progress: Progress | None = None) -> Iterator[bytes]:
        """The bytes as they are stored, verified by size and digest.

        Raises:
            BrokenImage: they end too early or too late, or are others than the digest says.
        """
        algorithm = self.digest.partition(":")[0] or "sha256"
        digest, position = hashlib.new(algorithm), 0
        with self.open() as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                position += len(chunk)
                if position > self.size:  # whoever sends it may never end
                    raise BrokenImage(f"{self.place} has more than the {self.size} bytes told")
                yield chunk
                if progress:
                    progress(position)
        if position != self.size:
            raise BrokenImage(
                f"{self.place} breaks off at byte {self.offset + position}: "
                f"{self.size - position} bytes are missing"
            )
        if self.digest and self.digest != f"{algorithm}:{digest.hexdigest()}":
            raise BrokenImage(
                f"{self.place} is damaged between byte {self.offset} and byte "
                f"{self.offset + self.size}: these should be {self.digest}, and are "
                f"{algorithm}:{digest.hexdigest()}"
            )

    def content(self, progress: Progress | None = None) -> Iterator[bytes]:
        """The bytes without their compression, gzip or zstd.

        Raises:
            BrokenImage: as `stored` does; or they cannot be decompressed.
        """
        position = self.offset

        def follow(read: int) -> None:
            nonlocal position
            position = self.offset + read
            if progress:
                progress(read)

        chunks = self.stored(follow)
        first = next(chunks, b"")
        make, failure = _decompressor(first)
        try:
            yield from _chain(first, chunks) if make is None else _inflate(first, chunks, make)
        except (EOFError, failure) as error:
            raise BrokenImage(f"{self.place} is damaged at byte {position}: {error}") from error

    def document(self) -> bytes:
        """The whole of a small blob. Raises BrokenImage as `stored` does."""
        if not 0 <= self.size <= _LARGEST_DOCUMENT:
            raise BrokenImage(f"{self.place}: {self.size} bytes are too many for a document")
        return b"".join(self.stored())


def _chain(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from chunks


def _decompressor(first: bytes) -> tuple[Callable[[], Any] | None, type[Exception]]:
    """What makes a decompressor, where one is needed, and what that raises."""
    if not first.startswith(_ZSTD):
        is_gzip = first.startswith(_GZIP)
        return (lambda: zlib.decompressobj(wbits=31)) if is_gzip else None, zlib.error
    import zstandard  # which few images need

    return lambda: zstandard.ZstdDecompressor().decompressobj(), zstandard.ZstdError


def _inflate(first: bytes, chunks: Iterator[bytes], make: Callable[[], Any]) -> Iterator[bytes]:
    # A stream may be made of several, one after the other.
    decompressor = make()
    pieces: list[bytes] = []
    size = 0
    for chunk in _chain(first, chunks):
        for start in range(0, len(chunk), _PACKED_PIECE):
            rest = chunk[start : start + _PACKED_PIECE]
            while rest:
                if decompressor.eof:
                    decompressor = make()
                pieces.append(decompressor.decompress(rest))
                size += len(pieces[-1])
                rest = decompressor.unused_data
            if size >= _CHUNK:
                yield b"".join(pieces)
                pieces, size = [], 0
    yield b"".join(pieces)
    if not decompressor.eof:
        raise EOFError("the compressed data break off")
