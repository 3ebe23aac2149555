"""gzip made by several threads: blocks are compressed beside each other, into one stream.

RFC 1951 and 1952: a block may refer to the 32 KiB before it, which its compressor is told.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

_BLOCK = 512 << 10  # bytes
_WINDOW = 32 << 10  # bytes, the farthest that deflate refers back
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # deflate, of no time and no machine


class ParallelGzip:
    """Compresses what is written, as `zlib.compressobj` does; holds a few blocks."""

    def __init__(self, level: int, threads: int) -> None:
        self._level, self._waiting = level, 2 * threads
        self._threads = ThreadPoolExecutor(threads)
        self._blocks: deque[Future[bytes]] = deque()
        self._held, self._before = bytearray(), b""
        self._begun = False
        self._crc = self._size = 0

    def compress(self, data: bytes) -> bytes:
        """Take bytes; those of the compressed stream that are ready."""
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._held += data
        start = 0
        while len(self._held) - start >= _BLOCK:
            self._submit(bytes(self._held[start : start + _BLOCK]), last=False)
            start += _BLOCK
        del self._held[:start]
        return self._ready(self._waiting)

    def flush(self) -> bytes:
        """What is left of the stream."""
        self._submit(bytes(self._held), last=True)
        ready = self._ready(0) + struct.pack("<II", self._crc, self._size & 0xFFFFFFFF)
        self._threads.shutdown()
        return ready

    def _submit(self, block: bytes, *, last: bool) -> None:
        self._blocks.append(
            self._threads.submit(_deflated, block, self._before, self._level, last=last)
        )
        self._before = block[-_WINDOW:]

    def _ready(self, most: int) -> bytes:
        """The compressed bytes of the first blocks; at most so many are left."""
        pieces = [] if self._begun else [_HEADER]
        self._begun = True
        while self._blocks and (len(self._blocks) > most or self._blocks[0].done()):
            pieces.append(self._blocks.popleft().result())
        return b"".join(pieces)


def _deflated(block: bytes, before: bytes, level: int, *, last: bool) -> bytes:
    deflate = zlib.compressobj(level, wbits=-zlib.MAX_WBITS, zdict=before)
    return deflate.compress(block) + deflate.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
