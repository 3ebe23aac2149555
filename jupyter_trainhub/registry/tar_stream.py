"""The bytes of a tar stream, each with its position, so that a fault is told with its byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .blob import BrokenImage

_CHUNK = 256 << 10  # bytes of content handed on at once


class TarStream:
    """Chunks read by the byte; `position` counts them. `place` is for messages."""

    def __init__(self, chunks: Iterable[bytes], place: str) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")
        self._place = place
        self.position = 0

    def chunks(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes in pieces. Raises BrokenImage where there are fewer."""
        while size:
            if not self._chunk:
                chunk = next(self._chunks, None)
                if chunk is None:
                    raise self.broken_off()
                self._chunk = memoryview(chunk)
                continue
            taken = bytes(self._chunk[: min(size, _CHUNK)])
            self._chunk = self._chunk[len(taken) :]
            self.position += len(taken)
            size -= len(taken)
            yield taken

    def read(self, size: int) -> bytes:
        """The next `size` bytes. Raises BrokenImage where there are fewer."""
        return b"".join(self.chunks(size))

    def drain(self) -> None:
        """Read on to the end, so that what stands behind the stream can verify all of it."""
        self._chunk = memoryview(b"")
        for _ in self._chunks:
            pass

    def broken_off(self) -> BrokenImage:
        """The stream ends at `position`, which is too early."""
        return BrokenImage(
            f"{self._place} breaks off at byte {self.position}: the archive does not end there"
        )

    def broken(self, at: int, why: str) -> BrokenImage:
        """What is at byte `at` is damaged."""
        return BrokenImage(f"{self._place} is damaged at byte {at}: {why}")
