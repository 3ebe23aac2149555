"""The folder of one run's record: written whole files at a time, read without following links.

The pods of the run may write into it too, so nothing in it is trusted to be what it is called.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from jupyter_trainhub.errors import NotFound

RUN = "run.json"
PINNED = "pinned"
_LOCK = ".lock"
_PART = ".part-"
_PRIVATE = 0o700


class RunFolder:
    """A record at ``path``, whose last component is the name of the run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = path.name

    def make(self) -> None:
        """Create it, for its owner alone. Raises OSError."""
        self.path.mkdir(mode=_PRIVATE, exist_ok=True)

    @contextlib.contextmanager
    def locked(self, seconds: float = 0.0) -> Iterator[bool]:
        """Whether no other process writes the record; waits for it at most ``seconds``.

        Where the file system knows no locks, whole files that replace each other must do.
        """
        handle = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            yield _lock(handle, time.monotonic() + seconds)
        finally:
            os.close(handle)

    def write(self, name: str, content: bytes) -> None:
        """Replace the file ``name`` as a whole. Raises OSError, and then the old one stays."""
        with self.replacing(name) as file:
            file.write(content)

    def write_json(self, name: str, document: Any) -> None:
        """:meth:`write` of a JSON document."""
        self.write(name, json.dumps(document, ensure_ascii=False, indent=1).encode())

    def clean(self, seconds: float) -> None:
        """Remove what processes left half written that ended more than ``seconds`` ago."""
        for part in self.path.rglob(f"{_PART}*"):
            with contextlib.suppress(OSError):
                if time.time() - part.lstat().st_mtime > seconds:
                    part.unlink()

    def append(self, name: str, content: bytes) -> None:
        """Add to the end of the file ``name``. Raises OSError."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with open(os.open(self.path / name, flags, 0o600), "ab") as file:
            file.write(content)

    @contextlib.contextmanager
    def replacing(self, name: str, *, if_longer: bool = False) -> Iterator[IO[bytes]]:
        """A file that takes the place of ``name`` when the block is left without an error.

        With ``if_longer`` only if it is longer: another process may have read more.
        """
        target = self.path / name
        target.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        part = target.with_name(f"{_PART}{secrets.token_hex(4)}-{target.name}"[:255])
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with open(handle, "w+b") as file:
                yield file
                size = file.seek(0, os.SEEK_END)
            if if_longer and size <= (self.size(name) or 0):
                os.unlink(part)
            else:
                os.replace(part, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part)
            raise

    def open(self, name: str) -> IO[bytes]:
        """The regular file ``name`` below the folder. Raises NotFound, also behind a link."""
        parts = PurePosixPath(name).parts
        if not parts or any(part in ("..", "/") or "\0" in part for part in parts):
            raise self._missing(name)
        folders = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        try:
            at = os.open(self.path, folders)
            try:
                for part in parts[:-1]:
                    inner = os.open(part, folders, dir_fd=at)
                    os.close(at)
                    at = inner
                # A pipe must not be waited for.
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
                handle = os.open(parts[-1], flags, dir_fd=at)
            finally:
                os.close(at)
        except OSError:
            raise self._missing(name) from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise self._missing(name)
        return open(handle, "rb")

    def read(self, name: str, limit: int = 8 << 20) -> bytes:
        """The first ``limit`` bytes of the file ``name``; empty where there is none."""
        try:
            with self.open(name) as file:
                return file.read(limit)
        except (NotFound, OSError):
            return b""

    def read_json(self, name: str) -> Any:
        """The JSON document ``name``; None where there is none that can be read."""
        try:
            return json.loads(self.read(name))
        except (ValueError, RecursionError):
            return None

    def size(self, name: str) -> int | None:
        """The bytes of a regular file; None where there is none."""
        try:
            with self.open(name) as file:
                return os.fstat(file.fileno()).st_size
        except NotFound:
            return None

    def files(self) -> list[tuple[str, int, float]]:
        """Path, bytes and time of change (seconds of the epoch) of each file, in order."""
        found = []
        for at, folders, names in os.walk(self.path):
            folders.sort()
            for name in sorted(names):
                if name == _LOCK or name.startswith(_PART):
                    continue
                path = Path(at, name)
                with contextlib.suppress(OSError):
                    facts = path.lstat()
                    if stat.S_ISREG(facts.st_mode):
                        where = path.relative_to(self.path).as_posix()
                        found.append((where, facts.st_size, facts.st_mtime))
        return sorted(found)

    @property
    def pinned(self) -> bool:
        """Whether the record is kept until somebody deletes it."""
        return (self.path / PINNED).exists()

    def pin(self, pinned: bool) -> None:
        """Keep the record whatever the site's policy is, or no longer. Raises OSError."""
        if pinned:
            self.write(PINNED, b"")
        else:
            (self.path / PINNED).unlink(missing_ok=True)

    def _missing(self, name: str) -> NotFound:
        return NotFound(
            f"the record of {self.run!r} holds no file {name!r}",
            field="path",
            remedy="Look at its list of files.",
        )


def _lock(handle: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
