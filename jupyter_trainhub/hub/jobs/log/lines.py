"""A pod's log as lines with times, and where it stands when the connection to it breaks.

The kubelet is always asked for times, whether or not they are shown: how many bytes came before a
time is known, while a number of bytes means nothing once it has put a full log file aside.
"""

from __future__ import annotations

import functools
import math
from datetime import datetime, timezone
from typing import NamedTuple

# A line longer than this is passed on in parts, so that no program can fill the memory.
LONGEST = 1 << 20


class Line(NamedTuple):
    """A line with its line break, or a part of one.

    ``stamp`` is when it began, RFC 3339 in UTC with nanoseconds, empty where that is not known;
    ``begins`` is false for what goes on with the line before.
    """

    stamp: bytes
    text: bytes
    begins: bool = True


class Lines:
    """Takes one log apart, through any number of connections.

    With ``parts`` an unfinished line is passed on once it is written over by a carriage return, as
    progress bars do.
    """

    def __init__(self, *, parts: bool) -> None:
        self._parts = parts
        self._rest = b""
        # The time of the last line that was passed on, empty before the first.
        self.stamp = b""
        # Whether a part of the present line is already passed on.
        self._open = False
        # How many lines of the last time were passed on, and how many bytes of the last of them.
        self._count = 0
        self._passed = 0
        self._resuming = False
        self._again = 0
        # Bytes of the present line that are not passed on, for they were before.
        self._skip: float = 0

    @property
    def since(self) -> str | None:
        """The time from which on the log has to be read again; None from its beginning."""
        return f"{self.stamp[:19].decode()}Z" if self.stamp else None

    def resume(self) -> None:
        """A new connection begins, at :attr:`since`; what is not passed on comes again."""
        self._rest, self._open, self._skip = b"", False, 0
        self._resuming, self._again = bool(self.stamp), 0

    def take(self, chunk: bytes) -> list[Line]:
        """What ``chunk`` adds."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        found: list[Line] = []
        for raw in whole:
            self._add(raw + b"\n", found)
            self._open = False
        rest = self._rest
        # A record is not taken apart: it is hidden as a whole.
        if len(rest) > LONGEST or (self._parts and b"\r" in rest and b"[trainhub]" not in rest):
            self._add(rest, found)
            self._rest, self._open = b"", True
        return found

    def end(self) -> list[Line]:
        """What is left when the server has ended the log: a last line without a line break."""
        found: list[Line] = []
        if self._rest:
            self._add(self._rest, found)
            self._rest, self._open = b"", True
        return found

    def _add(self, raw: bytes, found: list[Line]) -> None:
        begins = not self._open
        if begins:
            raw = self._begin(raw)
        if self._skip:
            cut = int(min(self._skip, len(raw)))
            self._skip, raw = self._skip - cut, raw[cut:]
            begins = False
        if raw:
            self._passed += len(raw)
            found.append(Line(self.stamp, raw, begins))

    def _begin(self, raw: bytes) -> bytes:
        """The text of a line; notes its time, and whether it was passed on before."""
        stamp, text = _split(raw)
        stamp = stamp or self.stamp
        self._skip = 0
        if self._resuming:
            self._again += stamp == self.stamp
            if stamp < self.stamp or self._again < self._count:
                self._skip = math.inf
                return text
            self._resuming = False
            if stamp == self.stamp and self._again == self._count:
                self._skip = self._passed
                return text
        self._count = self._count + 1 if stamp == self.stamp else 1
        self.stamp, self._passed = stamp, 0
        return text


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """The time of a line, empty where the kubelet has put none before it, and its text."""
    stamp, space, text = raw.partition(b" ")
    if not space or len(stamp) < 30 or stamp[10:11] != b"T":
        # What the kubelet says itself, of a log that it cannot read, has no time.
        return b"", raw
    return (stamp, text) if stamp.endswith(b"Z") else (_utc(stamp), text)


def _utc(stamp: bytes) -> bytes:
    # Offsets are whole minutes: seconds and their fraction stay as they are.
    return _minute(stamp[:16], stamp[29:]) + stamp[16:29] + b"Z"


@functools.lru_cache(maxsize=64)
def _minute(minute: bytes, offset: bytes) -> bytes:
    try:
        local = datetime.fromisoformat((minute + b":00" + offset).decode())
    except ValueError:
        return minute
    return local.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M").encode()
