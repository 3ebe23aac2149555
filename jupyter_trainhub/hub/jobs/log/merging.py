"""The lines of several ranks in one, by their times as far as a live log allows.

The order is that of the clocks of the nodes. A line is held back while a rank may still bring an
earlier one: without end where the logs are complete, else for :data:`HOLD` seconds.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.jobs.log.lines import Line

# Seconds for which a line waits for earlier ones of ranks that are silent.
HOLD = 0.25
# Bytes of one rank that may wait; then its reader is held up.
_WAITING = 1 << 20
_CHUNK = 1 << 16

Waiting = tuple[float, Line]


class Merge:
    """Takes lines of ``ranks`` from a thread of each, and gives them to one reader in order."""

    def __init__(self, ranks: Sequence[int], *, live: bool) -> None:
        """``live``: the ranks may be silent for long."""
        self._live = live
        self._changed = threading.Condition()
        self._waiting: dict[int, deque[Waiting]] = {rank: deque() for rank in ranks}
        self._bytes = dict.fromkeys(ranks, 0)
        self._open = set(ranks)
        self._failure: TrainHubError | None = None
        self._closed = False

    def put(self, rank: int, lines: Iterable[Line]) -> None:
        """Add lines; returns when there is room for more."""
        arrived = time.monotonic()
        with self._changed:
            for line in lines:
                self._waiting[rank].append((arrived, line))
                self._bytes[rank] += len(line.text)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or self._bytes[rank] < _WAITING)

    def end(self, rank: int, failure: TrainHubError | None = None) -> None:
        """There will be no more of a rank; ``failure`` ends the others too."""
        with self._changed:
            self._open.discard(rank)
            self._failure = self._failure or failure
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody reads on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self) -> list[tuple[int, Line]]:
        """The next lines; empty in the end. Raises the first failure after what came before it."""
        with self._changed:
            while not self._closed:
                if taken := self._take():
                    self._changed.notify_all()
                    return taken
                if self._failure is not None:
                    raise self._failure
                if not self._open:
                    return []
                self._changed.wait(self._pause())
        return []

    def _take(self) -> list[tuple[int, Line]]:
        heads = [(lines[0][1].stamp, rank) for rank, lines in self._waiting.items() if lines]
        heapq.heapify(heads)
        silent = {rank for rank in self._open if not self._waiting[rank]}
        full = any(size >= _WAITING for size in self._bytes.values())
        oldest = time.monotonic() - HOLD
        taken: list[tuple[int, Line]] = []
        size = 0
        while heads and size < _CHUNK:
            _, rank = heads[0]
            lines = self._waiting[rank]
            due = self._live and (full or lines[0][0] <= oldest)
            if silent and not due and self._failure is None:
                break
            _, line = lines.popleft()
            taken.append((rank, line))
            size += len(line.text)
            self._bytes[rank] -= len(line.text)
            if lines:
                heapq.heapreplace(heads, (lines[0][1].stamp, rank))
                continue
            heapq.heappop(heads)
            if rank in self._open:
                silent.add(rank)
        return taken

    def _pause(self) -> float | None:
        """Seconds until the first line is due; None where a thread has to bring something."""
        arrived = [lines[0][0] for lines in self._waiting.values() if lines]
        if not arrived or not self._live:
            return None
        return max(0.0, min(arrived) + HOLD - time.monotonic()) + 0.001
