"""The files by which shim and cluster tell each other of a container (sandbox.py lists them)."""

from __future__ import annotations

import json
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def write_record(directory: str, name: str, record: dict[str, Any], *, durable: bool) -> None:
    """Write a file of the state folder whole or not at all; `durable`: a crash keeps it too."""
    temporary = f"{directory}/.{name}"
    with open(temporary, "w") as file:
        json.dump(record, file)
        if durable:
            file.flush()
            os.fsync(file.fileno())
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
