"""The folder of one run's record: written whole files at a time, read without following links.

The pods of the run may write into it too, so nothing in it is trusted to be what it is called.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import json
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.manifests import foreign_json

RUN = "run.json"
PINNED = "pinned"
_LOCK = ".lock"
_PART = ".part-"
_PRIVATE = 0o700
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# Files of a record that are looked at, folders among them.
MOST_FILES = 20_000


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
        with self._folder() as at:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            handle = os.open(_LOCK, flags, 0o600, dir_fd=at)
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
        text = json.dumps(document, ensure_ascii=False, indent=1)
        # Half a character of UTF-16, as JSON may name one, is read back as it was.
        self.write(name, text.encode(errors="surrogatepass"))

    def clean(self, seconds: float) -> None:
        """Remove what processes left half written that ended more than ``seconds`` ago."""
        for path, _, modified in self._walk():
            *above, last = _parts(path)
            if last.startswith(_PART) and time.time() - modified > seconds:
                with contextlib.suppress(OSError), self._folder(*above) as at:
                    os.unlink(last, dir_fd=at)

    def append(self, name: str, content: bytes) -> None:
        """Add to the end of the file ``name``. Raises OSError."""
        # A pipe must not be waited for.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        *above, last = _parts(name)
        with self._folder(*above) as at:
            handle = os.open(last, flags, 0o600, dir_fd=at)
        with open(handle, "ab") as file:
            facts = os.fstat(handle)
            if not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 1:
                raise OSError(errno.EPERM, "it is not one of the record's own files", name)
            file.write(content)

    @contextlib.contextmanager
    def replacing(self, name: str, *, if_longer: bool = False) -> Iterator[IO[bytes]]:
        """A file that takes the place of ``name`` when the block is left without an error.

        With ``if_longer`` only if it is longer: another process may have read more.
        """
        *above, last = _parts(name)
        part = f"{_PART}{secrets.token_hex(8)}"
        with self._folder(*above, make=True) as at:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            handle = os.open(part, flags, 0o600, dir_fd=at)
            try:
                with open(handle, "w+b") as file:
                    yield file
                    size = file.seek(0, os.SEEK_END)
                if if_longer and size <= (self.size(name) or 0):
                    os.unlink(part, dir_fd=at)
                else:
                    os.replace(part, last, src_dir_fd=at, dst_dir_fd=at)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(part, dir_fd=at)
                raise

    @contextlib.contextmanager
    def _folder(self, *parts: str, make: bool = False) -> Iterator[int]:
        """A descriptor of the folder at ``parts``, none of which may be a link. Raises OSError."""
        at = os.open(self.path, _FOLDER)
        try:
            for part in parts:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, _PRIVATE, dir_fd=at)
                inner = os.open(part, _FOLDER, dir_fd=at)
                os.close(at)
                at = inner
            yield at
        finally:
            os.close(at)

    def open(self, name: str) -> IO[bytes]:
        """The regular file ``name`` below the folder. Raises NotFound, also behind a link."""
        try:
            *above, last = _parts(name)
            with self._folder(*above) as at:
                # A pipe must not be waited for.
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
                handle = os.open(last, flags, dir_fd=at)
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
            return foreign_json.parse(self.read(name))
        except ValueError:
            return None

    def size(self, name: str) -> int | None:
        """The bytes of a regular file; None where there is none."""
        try:
            with self.open(name) as file:
                return os.fstat(file.fileno()).st_size
        except NotFound:
            return None

    def files(self) -> list[tuple[str, int, float]]:
        """Path, bytes and time of change (seconds of the epoch) of each file, in order.

        Of a folder that a program has filled up these are the first :data:`MOST_FILES`.
        """
        return sorted(
            (path, size, modified)
            for path, size, modified in self._walk()
            if not _is_ours(path.rpartition("/")[2])
        )

    def _walk(self) -> Iterator[tuple[str, int, float]]:
        folders, seen = [""], 0
        while folders and seen < MOST_FILES:
            above = folders.pop()
            with contextlib.suppress(OSError), os.scandir(self.path / above) as entries:
                for entry in itertools.islice(entries, MOST_FILES - seen):
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{above}{entry.name}/")
                    elif entry.is_file(follow_symlinks=False):
                        facts = entry.stat(follow_symlinks=False)
                        yield above + entry.name, facts.st_size, facts.st_mtime

    @property
    def pinned(self) -> bool:
        """Whether the record is kept until somebody deletes it."""
        return self.size(PINNED) is not None

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


def _parts(name: str) -> tuple[str, ...]:
    """The components of a path below the folder. Raises OSError for what leads out of it."""
    parts = PurePosixPath(name).parts
    if not parts or any(part in ("..", "/") or "\0" in part for part in parts):
        raise OSError(errno.EINVAL, "it is not a path in a record", name)
    return parts


def _is_ours(name: str) -> bool:
    return name == _LOCK or name.startswith(_PART)


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
