"""A layer on its way from where it is read to where it is sent: compressed, and never on a disk."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_trainhub.registry.layer import MEDIA_TYPES, Compression, compressor
from jupyter_trainhub.registry.source import StreamSource

Sink = Callable[[bytes], None]
Read = Callable[[Sink], Any]
"""Passes a tar file to a sink; returns what there is to tell at its end."""

_PIECES = 4  # of about a MiB, that wait to be sent
_LOOK_SECONDS = 0.5


class _Unwanted(Exception):
    """Nobody takes what is read."""


class LayerStream(StreamSource):
    """What `read` reads, compressed; see `registry.upload.Source`.

    It is read anew when it is asked for from its beginning again, as a registry does that has
    forgotten an upload. Of a container that goes on that is another layer: `digest`, `diff_id` and
    `told` are those of the last reading, which began at byte 0 as well.
    """

    def __init__(self, read: Read, compression: Compression) -> None:
        self._read, self._compression = read, compression
        self.diff_id = ""
        self.told: Any = None
        """What `read` returned."""
        super().__init__(self._compressed)

    def descriptor(self) -> dict[str, Any]:
        """How a manifest names it, with its `diff_id`; after the end."""
        return {
            "mediaType": MEDIA_TYPES[self._compression],
            "digest": self.digest(),
            "size": self.size,
            "diff_id": self.diff_id,
        }

    def _compressed(self) -> Iterator[bytes]:
        content, packing = hashlib.sha256(), compressor(self._compression)
        for piece in self._pieces():
            content.update(piece)
            if packed := packing.compress(piece):
                yield packed
        yield packing.flush()
        self.diff_id = f"sha256:{content.hexdigest()}"

    def _pieces(self) -> Iterator[bytes]:
        """What is read, in a thread of its own, as it comes. Raises what the reading raises."""
        pieces: queue.Queue[bytes | None] = queue.Queue(_PIECES)
        wanted, failures = threading.Event(), list[BaseException]()
        wanted.set()

        def put(piece: bytes | None) -> None:
            while wanted.is_set():
                try:
                    pieces.put(piece, timeout=_LOOK_SECONDS)
                    return
                except queue.Full:
                    continue
            raise _Unwanted

        def work() -> None:
            try:
                self.told = self._read(put)
            except BaseException as error:
                failures.append(error)
            finally:
                with contextlib.suppress(_Unwanted):
                    put(None)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            while (piece := pieces.get()) is not None:
                yield piece
        finally:
            wanted.clear()
            thread.join()
        if failures:
            raise failures[0]
