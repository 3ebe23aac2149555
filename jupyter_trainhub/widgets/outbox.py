"""Lines of a log on their way to a browser that may be slower than the log. Pure."""

from __future__ import annotations

import codecs
import threading
from collections import deque

# Characters of a line that are shown; what is cut off can be downloaded.
_LONGEST = 4_000


class Outbox:
    """Lines that wait to be sent: at most ``room`` characters of them, the latest.

    Numbers of lines start at 0; those that found no room are counted by the gap. One thread puts,
    another takes.
    """

    def __init__(self, room: int, kept: int) -> None:
        """``kept`` is how many of the last lines ``tail`` has."""
        self._room = room
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()
        self._size = 0
        self._tail: deque[str] = deque(maxlen=kept)
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.total = 0

    def put(self, chunk: bytes) -> None:
        """Add the lines that ``chunk`` completes."""
        *lines, rest = (self._rest + self._decoder.decode(chunk)).split("\n")
        # A line may be endless.
        self._rest = rest[-_LONGEST:]
        self._add(lines)

    def end(self) -> None:
        """Add the last line, which had no end."""
        if self._rest:
            self._add([self._rest])
            self._rest = ""

    def take(self, most: int) -> tuple[int, list[str]]:
        """The number of the first, and lines of about ``most`` characters: the oldest waiting."""
        with self._lock:
            first = self.total - len(self._waiting)
            taken: list[str] = []
            size = 0
            while self._waiting and size < most:
                line = self._waiting.popleft()
                size += len(line) + 1
                taken.append(line)
            self._size -= size
            return first, taken

    @property
    def tail(self) -> list[str]:
        """The last lines, sent or not."""
        with self._lock:
            return list(self._tail)

    def _add(self, lines: list[str]) -> None:
        # Of more than there is room for, only the end is worth the work.
        shown = [last_state(line)[:_LONGEST] for line in lines[-self._room :]]
        with self._lock:
            self.total += len(lines)
            self._tail.extend(shown)
            self._waiting.extend(shown)
            self._size += sum(map(len, shown)) + len(shown)
            while self._size > self._room:
                self._size -= len(self._waiting.popleft()) + 1


def last_state(line: str) -> str:
    """What a terminal shows in the end of a line that carriage returns write over again."""
    if "\r" not in line:
        return line
    prefix, states = "", line
    if line.startswith("["):
        rank, bracket, rest = line.partition("] ")
        if bracket and rank[1:].isdigit():
            prefix, states = rank + bracket, rest
    return prefix + next((state for state in reversed(states.split("\r")) if state), "")
