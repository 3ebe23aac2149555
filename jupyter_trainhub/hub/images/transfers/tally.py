"""Adding up how far the blobs of an image are."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Tally:
    """Told of each blob how many bytes are done, it tells ``on_sum`` the sums: done, and of all.

    Any thread may call it.
    """

    def __init__(self, on_sum: Callable[[int, int], None]) -> None:
        self._on_sum = on_sum
        self._lock = threading.Lock()
        self._blobs: dict[str, tuple[int, int]] = {}
        self._done = self._size = 0

    def __call__(self, digest: str, done: int, size: int) -> None:
        """A blob of ``size`` bytes has come to ``done``."""
        with self._lock:
            before = self._blobs.get(digest, (0, 0))
            self._blobs[digest] = done, size
            self._done += done - before[0]
            self._size += size - before[1]
            self._on_sum(self._done, self._size)
