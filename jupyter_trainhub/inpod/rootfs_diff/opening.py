"""Open folders and files by their names in an open folder, and never through a link."""

import errno
import os
import sys
from typing import Any, Iterator  # noqa: UP035 - Python 3.6

MIB = 1 << 20
# Levels of folders that are looked into: each takes an open file.
DEEPEST = 2500


def shown(path: bytes) -> str:
    """A path as text; bytes that are none are escaped."""
    return path.decode("utf-8", "backslashreplace")


def scan(fd: int) -> "Iterator[tuple[bytes, os.DirEntry[Any]]]":
    """The entries of an open folder. Python 3.6 needs a path for it."""
    with os.scandir(fd if sys.version_info >= (3, 7) else f"/proc/self/fd/{fd}") as entries:
        for entry in entries:
            yield os.fsencode(entry.name), entry


def open_folder(name: bytes, parent: "int | None", path: bytes) -> int:
    """Open the folder ``path`` by its name in its parent; the file that it has become raises."""
    if path.count(b"/") > DEEPEST:
        raise OSError(errno.ENAMETOOLONG, "too deep")
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)


def open_file(name: bytes, parent: int) -> int:
    """Open a file to read, whatever it has become meanwhile."""
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)
