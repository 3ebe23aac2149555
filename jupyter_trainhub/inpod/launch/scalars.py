"""What the program writes for TensorBoard, told as progress of the job.

Writers flush seldom, PyTorch's every two minutes, so looks are few and cheap. PyTorch's opens its
file only while it adds to it: beside what the processes hold open, their working folders are
searched.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from ..log_record import packed, write_record
from .event_file import EventFile, Scalar, latest
from .log_folders import opened_folders
from .processes import descendants

_EVERY = 5.0
# Seconds between two searches: they are rarer the longer nothing is found.
_SEARCH, _LONGEST_SEARCH = 2.5, 60.0
# How far a search goes below a working folder: levels, entries, seconds.
_DEEPEST = 5
_MOST_ENTRIES = 5000
_LONGEST_LOOK = 0.5
_MARK = "events.out.tfevents."
_SKIPPED = ("node_modules", "__pycache__", "site-packages")
_MOST_FILES = 32
_MOST_METRICS = 8
_LONGEST_NAME = 64
# Folders of runs that are told, the latest, and the characters of a path with which it is, so that
# a record stays below 4 KiB.
_MOST_RUNS = 8
_LONGEST_PATH = 300


class ScalarWatch:
    """Tells the latest scalars of the processes below this one and their folders, in a thread."""

    def __init__(self) -> None:
        self._since = time.time() - 1.0
        self._files: dict[str, EventFile] = {}
        self._latest: dict[str, Scalar] = {}
        self._pause, self._search_at = _SEARCH, 0.0
        self._folders = {os.getcwd()}
        self._host = socket.gethostname()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """Tell what was written last; the program has ended."""
        self._stop.set()
        self._thread.join(_EVERY)
        if not self._thread.is_alive():
            self._search_at = 0.0
            self._look()

    def _watch(self) -> None:
        while not self._stop.wait(_EVERY):
            self._look()

    def _look(self) -> None:
        try:
            found = self._find()
            if self._read() or found:
                write_record("progress", packed(self._record()))
        except Exception:
            # Whatever /proc or a broken file holds, the program goes on without this.
            return

    def _find(self) -> bool:
        """Whether there is another file."""
        known = len(self._files)
        found = set(self._open_files())
        if time.monotonic() >= self._search_at:
            found.update(self._written())
            self._pause = min(self._pause * 2, _LONGEST_SEARCH)
            self._search_at = time.monotonic() + self._pause
        for path in sorted(found - self._files.keys())[: _MOST_FILES - len(self._files)]:
            self._files[path] = EventFile(path)
        return len(self._files) > known

    def _open_files(self) -> Iterator[str]:
        """The event files that are open, and by the way the working folders."""
        for pid in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                self._folders.add(os.readlink(f"/proc/{pid}/cwd"))
                for number in os.listdir(f"/proc/{pid}/fd"):
                    path = os.readlink(f"/proc/{pid}/fd/{number}")
                    if _MARK in os.path.basename(path) and os.path.isfile(path):
                        yield path

    def _written(self) -> Iterator[str]:
        """The event files below the working folders that this job has written to."""
        until = time.monotonic() + _LONGEST_LOOK
        seen = 0
        for root in sorted(self._folders):
            pending = [(root, 0)]
            while pending:
                folder, depth = pending.pop(0)
                with contextlib.suppress(OSError), os.scandir(folder) as entries:
                    for entry in entries:
                        seen += 1
                        if seen > _MOST_ENTRIES or time.monotonic() > until:
                            return
                        if _MARK in entry.name:
                            # Another job may write to the same folder; writers name their machine.
                            ours = self._host in entry.name
                            # A pipe would be waited for.
                            ours = ours and entry.is_file()
                            if ours and entry.stat().st_mtime >= self._since:
                                yield entry.path
                        elif depth < _DEEPEST and _is_searched(entry):
                            pending.append((entry.path, depth + 1))

    def _read(self) -> bool:
        """Whether there is anything new."""
        found: list[Scalar] = []
        for file in self._files.values():
            with contextlib.suppress(OSError):
                found += file.read()
        self._latest.update((scalar.tag, scalar) for scalar in found)
        return bool(found)

    def _record(self) -> dict[str, Any]:
        step, metrics = latest([*self._latest.values()], _MOST_METRICS)
        told = {name[:_LONGEST_NAME]: value for name, value in metrics.items()}
        runs = list(dict.fromkeys(os.path.dirname(path) for path in self._files))
        return {
            "source": "tensorboard",
            "step": step if told else None,
            "metrics": told,
            "folders": _short(opened_folders(runs, self._folders)),
            "runs": _short(runs)[-_MOST_RUNS:],
        }


def _short(paths: list[str]) -> list[str]:
    return [path for path in paths if len(path) <= _LONGEST_PATH]


def _is_searched(entry: os.DirEntry[str]) -> bool:
    hidden = entry.name.startswith(".") or entry.name in _SKIPPED
    hidden |= entry.path in ("/proc", "/sys", "/dev")
    return not hidden and entry.is_dir(follow_symlinks=False)
