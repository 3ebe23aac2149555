"""Files that a loader has given up, and when they can be read after all."""

from __future__ import annotations

import os
import re
import threading
from typing import NamedTuple

from .event_files import zeros_at

_GIVEN_UP = re.compile(r"Read error in (?P<path>.+?): (?P<error>[A-Z]\w*\(.*|[A-Z]\w*)$")
_NO_DESCRIPTOR = "Too many open files"


class _Broken(NamedTuple):
    inode: int
    # Where the zeros begin; None where it is broken otherwise.
    zeros: int | None


class BrokenFiles:
    """Reads what loaders say. They never look again at a file that could not be read once
    (https://github.com/tensorflow/tensorboard/issues/5588)."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._files: dict[str, _Broken] = {}
        self._descriptors = False

    def hear(self, line: str) -> None:
        """Take in a line of the data server."""
        if _NO_DESCRIPTOR in line:
            self._descriptors = True
        given_up = _GIVEN_UP.search(line)
        if given_up:
            self.suspect(given_up["path"])

    def suspect(self, path: str, *, only_zeros: bool = False) -> None:
        """A loader stopped reading ``path``; ``only_zeros``: perhaps only at its present end."""
        try:
            broken = _Broken(os.stat(path).st_ino, zeros_at(path))
        except OSError:
            return
        if broken.zeros is not None or not only_zeros:
            with self._lock:
                self._files[path] = broken

    def healed(self) -> bool:
        """Whether one of them can be read now; forgets it then, for the loader is to try anew."""
        with self._lock:
            files = list(self._files.items())
        healed = [path for path, broken in files if _is_healed(path, broken)]
        with self._lock:
            for path in healed:
                self._files.pop(path, None)
        return bool(healed)

    def note(self) -> str | None:
        """What to tell about them, None if there are none."""
        with self._lock:
            paths = list(self._files)
        if self._descriptors:
            return (
                "Runs are missing: the system allows too few open files for so many event files. "
                "Raise its limit (ulimit -n), or open a folder further down."
            )
        if not paths:
            return None
        first = os.path.relpath(paths[0], self._folder)
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        return (
            f"{first}{more} cannot be read to the end: it holds broken records. "
            "It is read again when it has changed."
        )


def _is_healed(path: str, broken: _Broken) -> bool:
    try:
        if os.stat(path).st_ino != broken.inode:
            return True
        return broken.zeros is not None and zeros_at(path, broken.zeros) != broken.zeros
    except OSError:
        # It is gone, or away for the moment.
        return False
