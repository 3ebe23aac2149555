"""Processes and what they use, read from /proc (proc(5)).

A process is known by its pid *and* its start time: pids are used again, the pair is not.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

# Positions in /proc/PID/stat behind the process' name, whose own text may hold spaces and brackets.
_STATE, _PARENT, _USER_TIME, _CHILDREN_SYSTEM_TIME, _START = 0, 1, 11, 14, 19


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since the machine did; None for one that is gone."""
    fields = _stat(pid)
    return int(fields[_START]) if fields else None


def is_alive(pid: int, start: int) -> bool:
    """Whether process `pid` runs, is no zombie, and is the one that started at `start` (ticks)."""
    fields = _stat(pid)
    return (
        fields is not None and fields[_STATE] not in (b"Z", b"X") and int(fields[_START]) == start
    )


def send_signal(pid: int, start: int, number: int) -> bool:
    """Send a signal to exactly this process, never to a later one of its pid; False if gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not is_alive(pid, start):
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def wait(pid: int, start: int, seconds: float) -> bool:
    """Wait until a process has ended, for so long at most; whether it has."""
    deadline = time.monotonic() + seconds
    while alive := is_alive(pid, start) and time.monotonic() < deadline:
        time.sleep(0.002)
    return not alive


class Table:
    """The processes of the machine, as they are when something is first asked of them.

    To read them takes some 20 µs for each.
    """

    @cached_property
    def _found(self) -> tuple[dict[int, str], dict[int, int]]:
        namespaces, parents = {}, {}
        for pid in _pids():
            with suppress(OSError):  # ended meanwhile, or another user's
                namespaces[pid] = os.readlink(f"/proc/{pid}/ns/pid")
                if fields := _stat(pid):
                    parents[pid] = int(fields[_PARENT])
        return namespaces, parents

    def in_pid_namespace(self, init: int) -> list[int]:
        """The processes of the namespace whose process 1 is `init`, and of those nested in it.

        Processes that left their parent or session are among them, and commands executed in the
        container from outside.
        """
        namespaces, parents = self._found
        if init not in namespaces:
            return []
        members = {pid for pid, found in namespaces.items() if found == namespaces[init]}
        while nested := {pid for pid, parent in parents.items() if parent in members} - members:
            members |= nested
        return sorted(members)


def memory(pids: Iterable[int], limit: int | None = None) -> int:
    """Bytes of anonymous and shared memory that the processes hold: what counts when it runs out.

    Mapped files are left out, since the kernel can drop them. Memory that processes share, as
    forked ones do, counts once for each of them; where that sum exceeds `limit`, it is taken again
    with every page divided among its users (the kernel's PSS), which is exact but takes
    milliseconds for each GiB.
    """
    pids = list(pids)
    total = sum(_bytes(f"/proc/{pid}/status", (b"RssAnon:", b"RssShmem:")) for pid in pids)
    if limit is not None and total > limit:
        fields = (b"Pss_Anon:", b"Pss_Shmem:")
        total = sum(_bytes(f"/proc/{pid}/smaps_rollup", fields) for pid in pids)
    return total


def cpu_seconds(pids: Iterable[int]) -> float:
    """Seconds of CPU, user and system, of the processes and of the children they have reaped."""
    ticks = 0
    for pid in pids:
        if fields := _stat(pid):
            ticks += sum(map(int, fields[_USER_TIME : _CHILDREN_SYSTEM_TIME + 1]))
    return ticks / _TICKS_PER_SECOND


def disk_bytes(pids: Iterable[int]) -> tuple[int, int]:
    """Bytes read from disks and written to them by the processes and the children they reaped.

    What another user's process did is not to be seen, unless root asks.
    """
    read = written = 0
    for pid in pids:
        with suppress(OSError):
            with open(f"/proc/{pid}/io", "rb") as file:
                fields = dict(line.split(b": ") for line in file)
            read += int(fields[b"read_bytes"])
            written += int(fields[b"write_bytes"])
    return read, written


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdecimal())


def _stat(pid: int) -> list[bytes] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _bytes(path: str, fields: tuple[bytes, ...]) -> int:
    """The sum of fields of a /proc file that are given in KiB; 0 for a process that is gone."""
    try:
        with open(path, "rb") as file:
            return sum(int(line.split()[1]) << 10 for line in file if line.startswith(fields))
    except (FileNotFoundError, ProcessLookupError):
        return 0
