"""What blobs are made of when they are uploaded: bytes in memory, or a stream that starts anew."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator


class BytesSource:
    """A small blob in memory, such as a configuration."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, offset: int, size: int) -> bytes:
        """See `upload.Source`."""
        return self._data[offset : offset + size]

    def digest(self) -> str:
        """See `upload.Source`."""
        return f"sha256:{hashlib.sha256(self._data).hexdigest()}"


class StreamSource:
    """A blob that `open` yields from its beginning, as often as it is asked. Constant memory.

    What `open` raises goes to the reader. `digest` is given where it is known; else it is counted.
    """

    def __init__(self, open: Callable[[], Iterator[bytes]], digest: str = "") -> None:
        self._open, self._digest = open, digest
        self._chunks = open()
        self._hash = hashlib.sha256()
        self._rest = b""  # what was read, and not yet given away
        self._position = 0  # where that begins
        self.size = 0
        """Bytes that have been read, from the beginning; all of them after the end."""

    def read(self, offset: int, size: int) -> bytes:
        """See `upload.Source`."""
        if offset < self._position:
            self.close()
            self._chunks, self._hash = self._open(), hashlib.sha256()
            self._rest, self._position, self.size = b"", 0, 0
        while True:
            skipped = self._rest[: offset - self._position]
            self._position += len(skipped)
            self._rest = self._rest[len(skipped) :]
            if self._rest:
                piece, self._rest = self._rest[:size], self._rest[size:]
                self._position += len(piece)
                return piece
            more = next(self._chunks, None)
            if more is None:
                return b""
            if not self._digest:
                self._hash.update(more)
            self.size += len(more)
            self._rest = more

    def digest(self) -> str:
        """See `upload.Source`."""
        return self._digest or f"sha256:{self._hash.hexdigest()}"

    def close(self) -> None:
        """Close what the stream reads."""
        if isinstance(self._chunks, Generator):
            self._chunks.close()
