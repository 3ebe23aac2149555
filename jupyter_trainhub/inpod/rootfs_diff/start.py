"""When the container started, and what it held then."""

import errno
import gzip
import json
import os
import time
import zlib
from typing import Any, Iterator  # noqa: UP035 - Python 3.6

from .mounts import by_folder, foreign, mountinfo, uppers
from .opening import MIB, open_folder, scan

# Bytes of a list of names, which stay well below the limit of the volume that it is written to.
MOST_NAMES = 96 * MIB
UNKNOWN = b"/\0\0"


def started(state: str) -> "tuple[int, list[str]]":
    """The time, in ns, that divides the old from the new, and what is to be said about it.

    It is the ctime of the marker that start.sh made; without one, the start of process 1.
    """
    try:
        marker = os.stat(os.path.join(state, "started")).st_ctime_ns
        with open(os.path.join(state, "started")) as file:
            up_then = float(file.read(64))
    except (OSError, ValueError):
        with open("/proc/1/stat", "rb") as stats:
            ticks = int(stats.read().rpartition(b")")[2].split()[19])
        boot_clock = 7  # CLOCK_BOOTTIME
        age = time.clock_gettime(boot_clock) - ticks / os.sysconf("SC_CLK_TCK")
        return int((time.time() - age) * 1e9), []
    with open("/proc/uptime") as file:
        up_now = float(file.read().split()[0])
    # A clock that was set back since would make new files older than the marker.
    set_back = (marker / 1e9 - up_then) - (time.time() - up_now)
    if set_back < 1:
        return marker, []
    warning = f"The clock of the node was set back by {set_back:.0f} s since the start."
    return marker - int((set_back + 1) * 1e9), [warning]


class Names:
    """The list of names that was made at the start, read along with a walk in the same order.

    A record for each folder: its names in order, each with a NUL behind it, those of folders with a
    slash before that; a NUL ends it. The name "/" stands for a folder that could not be read. The
    records of the folders in it follow, in the order of their names. The user can write to the
    file: nothing in it is taken for a path.
    """

    def __init__(self, state: str) -> None:
        self.known = False
        self.why = "there is no list of what the container held when it started"
        self._buffer, self._at = b"", 0
        try:
            marker = os.stat(os.path.join(state, "started")).st_ctime_ns
            self._file = gzip.open(os.path.join(state, "names.gz"))  # noqa: SIM115
            # A list of an earlier container of the same pod belongs to another marker.
            self.known = json.loads(self._file.readline(MIB).decode()) == {"started": marker}
        except FileNotFoundError:
            log = os.path.join(state, "names.log")
            if os.path.exists(log) and os.path.getsize(log) == 0:
                self.why = "the list of what the container held when it started is not ready yet"
        except (OSError, EOFError, ValueError, zlib.error):
            pass

    def record(self) -> "list[bytes] | None":
        """The names of the next folder; None where they are not known."""
        while self.known:
            if self._buffer[self._at : self._at + 1] == b"\0":
                self._at += 1
                return []
            end = self._buffer.find(b"\0\0", self._at)
            if end >= 0:
                names = self._buffer[self._at : end].split(b"\0")
                self._at = end + 2
                return None if names == [b"/"] else names
            try:
                more = self._file.read(MIB)
            except (OSError, EOFError, zlib.error):
                more = b""
            self._buffer, self._at = self._buffer[self._at :] + more, 0
            if not more:
                self.known = False
                self.why = "the list of what the container held when it started is broken"
        return None

    def pass_over(self, folders: int = 1) -> None:
        """Pass over the records of so many folders and of all below them."""
        while folders > 0 and self.known:
            folders += sum(name.endswith(b"/") for name in self.record() or ()) - 1


def list_names(state: str) -> None:
    """Write the list of names, using only what nobody else wants of the machine."""
    others = foreign(mountinfo(), [])
    if uppers(others):
        return  # what is deleted is known without the list
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    marker = os.stat(os.path.join(state, "started")).st_ctime_ns
    new = os.path.join(state, "names.new")
    with open(new, "wb") as raw, gzip.GzipFile("", "wb", 1, raw, 0) as packed:
        packed.write(json.dumps({"started": marker}).encode() + b"\n")
        pending = bytearray()
        hidden = by_folder(others)
        for record in _records(open_folder(b"/", None, b""), b"", hidden):
            pending += record
            if len(pending) > MIB:
                packed.write(pending)
                pending.clear()
                if raw.tell() > MOST_NAMES:
                    raise OSError(errno.EFBIG, "too many names")
        packed.write(pending)
    # Whole or not at all.
    os.rename(new, os.path.join(state, "names.gz"))


def _records(fd: int, path: bytes, hidden: "dict[bytes, set[bytes]]") -> "Iterator[bytes]":
    """The records of an open folder and of those below it; closes it."""
    ways = [(fd, path, _Listing(fd, hidden.get(path, ())))]
    yield ways[-1][2].record
    while ways:
        fd, path, listing = ways[-1]
        if not listing.folders:
            os.close(fd)
            ways.pop()
            continue
        name = listing.folders.pop()
        below = path + b"/" + name
        try:
            fd = open_folder(name, fd, below)
        except OSError:
            yield UNKNOWN
            continue
        ways.append((fd, below, _Listing(fd, hidden.get(below, ()))))
        yield ways[-1][2].record


class _Listing:
    """The record of an open folder, and the folders in it, the last one first."""

    def __init__(self, fd: int, hidden: "Any") -> None:
        self.folders: list[bytes] = []
        try:
            names = sorted(
                name + b"/" if entry.is_dir(follow_symlinks=False) else name
                for name, entry in scan(fd)
                if name not in hidden
            )
        except OSError:
            self.record = UNKNOWN
            return
        self.record = b"".join(name + b"\0" for name in names) + b"\0"
        self.folders = [name[:-1] for name in reversed(names) if name.endswith(b"/")]
