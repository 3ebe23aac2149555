"""The event files below the log folders: which there are, and which cannot be read (yet)."""

from __future__ import annotations

import os
import struct
import time

# From so many on, TensorBoard's looks for new data are slow.
MANY_FILES = 5000
# Of more runs than so many, TensorBoard's page chooses none by itself (webapp/runs, 2.21).
MANY_RUNS = 500
# A log folder may be a whole home folder: entries and seconds of one look.
_MOST_ENTRIES = 200_000
_MOST_SECONDS = 20.0
# Part of the time that looking may take.
_SHARE = 1 / 20

_RECORD = struct.Struct("<QI")
_CHECKSUM = 4
_MOST_RECORDS = 1_000_000


class EventFiles:
    """The event files below ``folder``, links followed as TensorBoard does."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._due = 0.0
        self._inodes: dict[str, int] = {}

    @property
    def count(self) -> int:
        """How many were seen in the last look."""
        return len(self._inodes)

    @property
    def runs(self) -> int:
        """In how many folders they are: each is a run."""
        return len({os.path.dirname(path) for path in self._inodes})

    def look(self) -> bool:
        """Look again, if it is time; whether a file has been replaced by another one.

        The data server keeps the old one open and never reads the new one. The first look ends
        with the first file; once there is one, looks are as rare as makes them cheap.
        """
        started = time.monotonic()
        if started < self._due:
            return False
        first = not self._inodes
        found = self._walk(started + _MOST_SECONDS, only_first=first)
        replaced = any(self._inodes.get(path, inode) != inode for path, inode in found.items())
        self._inodes = found
        if not first:
            ended = time.monotonic()
            self._due = ended + (ended - started) / _SHARE
        return replaced

    def _walk(self, deadline: float, *, only_first: bool) -> dict[str, int]:
        found: dict[str, int] = {}
        entered = {_identity(self._folder)}
        left = _MOST_ENTRIES
        folders = [self._folder]
        while folders and time.monotonic() < deadline and not (only_first and found):
            try:
                entries = list(os.scandir(folders.pop()))
            except OSError:
                # It may be gone again, or be somebody else's.
                continue
            left -= len(entries)
            if left < 0:
                break
            for entry in entries:
                if "tfevents" in entry.name:
                    found[entry.path] = entry.inode()
                elif not entry.is_symlink():
                    if _is_folder(entry):
                        folders.append(entry.path)
                elif _is_folder(entry):
                    # Only links make circles.
                    identity = _identity(entry.path)
                    if identity not in entered:
                        entered.add(identity)
                        folders.append(entry.path)
        return found


def zeros_at(path: str, start: int = 0) -> int | None:
    """Where the file holds zeros instead of a record, at ``start`` or later; None if nowhere.

    ``start`` is where a record begins. A network file system may show how long a file is before it
    shows what is in it. No checksum of a record is 0. Raises OSError.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        at = start
        for _ in range(_MOST_RECORDS):
            file.seek(at)
            header = file.read(_RECORD.size)
            if len(header) < _RECORD.size:
                return None
            length, checksum = _RECORD.unpack(header)
            if checksum == 0:
                return at
            end = at + _RECORD.size + length + _CHECKSUM
            if end > size:
                return None
            file.seek(end - _CHECKSUM)
            if file.read(_CHECKSUM) == bytes(_CHECKSUM):
                return at
            at = end
    return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
