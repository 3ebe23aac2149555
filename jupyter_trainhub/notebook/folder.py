"""The folder of a notebook: what of it can travel with a job, read once and never beyond it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_trainhub.notebook.ignore import TRAINHUB_IGNORE, Ignore

# Folders with more files than this hold data, not code.
MOST_FILES = 20_000

OUTSIDE = "a link that leads out of the notebook's folder"
_WHY = {
    "secret": "may hold a secret",
    "trainhub": f"left out by {TRAINHUB_IGNORE}",
    "git": "ignored by git",
}


class Unshippable(Exception):
    """A file or folder that does not travel; the message says why, in a few words."""

    def __init__(self, name: str, why: str, size: int = 0, kind: str = "unreadable") -> None:
        super().__init__(why)
        self.name = name
        self.size = size
        self.kind = kind


@dataclass(frozen=True)
class Entry:
    """A file below the folder, ``size`` in bytes, and why it is left out, None where it is not."""

    name: str
    size: int
    left_out: Unshippable | None = None


class Folder:
    """One folder, whose files are named by their relative paths with ``/``."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        """``max_bytes``: a file that is larger is not read."""
        self.root = Path(os.path.realpath(path))
        self.max_bytes = max_bytes
        self._ignore = Ignore(self.root)
        self._read: dict[str, bytes] = {}

    def is_file(self, name: str) -> bool:
        """Whether there is such a file, whatever it links to."""
        return os.path.isfile(self.root / name)

    def is_folder(self, name: str) -> bool:
        """Whether there is such a folder, whatever it links to."""
        return os.path.isdir(self.root / name)

    def ignored(self, name: str) -> str | None:
        """Which rule leaves ``name`` out: ``noise``, ``secret``, ``trainhub``, ``git``."""
        return self._ignore.kind(name)

    def read(self, name: str) -> bytes:
        """The content of a file, as it was when it was first asked for.

        What git ignores is read all the same: whoever asks needs it. Raises Unshippable.
        """
        if name not in self._read:
            kind = self._ignore.kind(name)
            if kind in ("secret", "trainhub"):
                raise Unshippable(name, _WHY[kind], self.size(name), kind)
            self._read[name] = self._content(name)
        return self._read[name]

    def walk(self, top: str, *, asked: bool = False) -> Iterator[Entry]:
        """The files below the folder ``top``, in the order of their names.

        What is left out of it is named, folders with ``/`` at the end; but caches and the like are
        not. What git ignores is not left out where it is ``asked`` for. Links to folders are not
        followed.
        """
        path = self.root / top
        if not Path(os.path.realpath(path)).is_relative_to(self.root):
            yield Entry(f"{top}/", 0, Unshippable(f"{top}/", OUTSIDE, kind="link"))
            return
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            why = Unshippable(f"{top}/", f"cannot be read: {error.strerror}")
            yield Entry(why.name, 0, why)
            return
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            name = f"{top}/{entry.name}" if top else entry.name
            shown = f"{name}/" if is_folder else name
            kind = self._ignore.kind(shown)
            if kind == "noise":
                continue
            if kind == "git" and asked:
                kind = None
            size = 0 if is_folder else self.size(name)
            if kind is not None:
                yield Entry(shown, size, Unshippable(shown, _WHY[kind], size, kind))
            elif entry.is_symlink() and entry.is_dir():
                yield Entry(shown, 0, Unshippable(shown, "a link to a folder", kind="link"))
            elif is_folder:
                yield from self.walk(name, asked=asked)
            else:
                yield Entry(name, size)

    def _content(self, name: str) -> bytes:
        path = self.root / name
        self._target(name)
        try:
            # A pipe would be waited for.
            with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                before = os.fstat(file.fileno())
                # Whoever shares the folder may have put a link there since it was looked at.
                if not os.path.samestat(before, os.stat(self._target(name), follow_symlinks=False)):
                    raise Unshippable(name, "being replaced at this moment", kind="changing")
                if not stat.S_ISREG(before.st_mode):
                    raise Unshippable(name, "not a plain file")
                if before.st_size > self.max_bytes:
                    raise Unshippable(name, "too large", before.st_size, "large")
                content = file.read(before.st_size + 1)
                after = os.fstat(file.fileno())
        except OSError as error:
            raise Unshippable(name, f"cannot be read: {error.strerror}") from None
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise Unshippable(name, "being written at this moment", len(content), "changing")
        return content

    def _target(self, name: str) -> Path:
        """The file that ``name`` leads to. Raises Unshippable where that must not travel."""
        path = Path(os.path.realpath(self.root / name))
        if not path.is_relative_to(self.root):
            raise Unshippable(name, OUTSIDE, kind="link")
        kind = self._ignore.kind(path.relative_to(self.root).as_posix())
        if kind == "secret":
            raise Unshippable(name, _WHY[kind], self.size(name), kind)
        return path

    def size(self, name: str) -> int:
        """The bytes of a file, 0 where it is gone."""
        try:
            return os.stat(self.root / name).st_size
        except OSError:
            return 0
