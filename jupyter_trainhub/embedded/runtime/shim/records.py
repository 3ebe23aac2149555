"""The files by which shim and cluster tell each other of a container (sandbox.py lists them)."""

from __future__ import annotations

import json
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


RESERVED = 4096  # bytes: more than any record has


def reserve_record(directory: str, name: str) -> None:
    """Take the room of a file that `write_record` will write, so that a full disk does not stop it.

    Raises OSError when the disk is full already.
    """
    with open(f"{directory}/.{name}", "wb") as file:
        file.write(bytes(RESERVED))


def write_record(directory: str, name: str, record: dict[str, Any], *, durable: bool) -> None:
    """Write a file of the state folder whole or not at all; `durable`: a crash keeps it too."""
    temporary = f"{directory}/.{name}"
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(file, os.write(file, json.dumps(record).encode()))
        if durable:
            os.fsync(file)
    finally:
        os.close(file)
    os.replace(temporary, f"{directory}/{name}")
    if durable:
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)


def read_record(directory: str, name: str) -> dict[str, Any]:
    """Read a file of the state folder."""
    with open(f"{directory}/{name}") as file:
        record: dict[str, Any] = json.load(file)
    return record


def start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot (field 22 of /proc/PID/stat)."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        # Counted from the bracket that ends the process' name, which may hold anything.
        return int(file.read().rpartition(b")")[2].split()[19])


def utc(seconds: float) -> str:
    """RFC 3339 in UTC, to the second, of seconds since the epoch."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
