"""Runs in a container: makes a change set of every kind of file, or says what all files are.

make FOLDER BYTES FILES      below FOLDER, which is not there yet; and removes a folder of Python's
again FOLDER                 changes what `make` made: removes, replaces, adds
manifest FOLDER...           prints a JSON object: path -> what is there, content by its hash
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import stat
import sys
import sysconfig
from collections.abc import Iterator

# A folder of Python's own that nothing here needs.
REMOVED = os.path.join(sysconfig.get_path("stdlib"), "lib2to3")

LARGE = 4  # of the bytes, one in so many is in a single file
NAMES = ["plain", "with space", "ünïcode", "new\nline", "-dash", "x" * 200]


def make(folder: str, size: int, files: int) -> None:
    """Make the change set: its files hold `size` bytes, and are about `files` in number."""
    source = random.Random(size)
    os.makedirs(folder)
    with open(os.path.join(folder, "large"), "wb") as large:
        for _ in range(size // LARGE >> 20):
            large.write(source.randbytes(1 << 20))
    rest = (size - size // LARGE) // max(1, files)
    for number in range(files):
        below = os.path.join(folder, "many", str(number % 97), str(number % 7))
        os.makedirs(below, exist_ok=True)
        with open(os.path.join(below, str(number)), "wb") as file:
            file.write(source.randbytes(rest // 2) + b"\0" * (rest - rest // 2))
    odd(os.path.join(folder, "odd"))
    shutil.rmtree(REMOVED, ignore_errors=True)


def odd(folder: str) -> None:
    """Files that simple programs lose."""
    os.makedirs(folder)
    for name in NAMES:
        with open(os.path.join(folder, name), "w") as file:
            file.write(name)
    with open(os.fsencode(os.path.join(folder, "bytes")) + b"\xff\xfe", "wb") as file:
        file.write(b"a name that is no UTF-8")
    plain = os.path.join(folder, "plain")
    os.link(plain, os.path.join(folder, "hard link"))
    os.symlink("nowhere", os.path.join(folder, "broken link"))
    os.symlink(plain, os.path.join(folder, "link"))
    os.utime(plain, (0, 1_000_000_000.25))
    for mode in (0o000, 0o640, 0o4755, 0o2711):
        path = os.path.join(folder, f"mode {mode:o}")
        with open(path, "w") as file:
            file.write("x")
        os.chmod(path, mode)
    os.mkdir(os.path.join(folder, "empty"))
    os.chmod(os.path.join(folder, "empty"), 0o1777)
    os.mkfifo(os.path.join(folder, "fifo"))
    with contextlib.suppress(OSError):  # a file system without extended attributes
        os.setxattr(plain, "user.note", b"\x00binary\xff")
    with open(os.path.join(folder, "sparse"), "wb") as file:
        file.seek(64 << 20)
        file.write(b"end")


def again(folder: str) -> None:
    """Change what is there from an earlier `make`."""
    shutil.rmtree(os.path.join(folder, "many", "1"))
    below = os.path.join(folder, "many", "2")
    shutil.rmtree(below)
    with open(below, "w") as file:
        file.write("a file where a folder was")
    below = os.path.join(folder, "many", "3")
    shutil.rmtree(below)
    os.mkdir(below)
    os.unlink(os.path.join(folder, "odd", "plain"))  # its other name keeps the content
    os.unlink(os.path.join(folder, "large"))
    os.mkdir(os.path.join(folder, "large"))


def manifest(folders: list[str]) -> dict[str, list[object]]:
    """What is below the folders; of a file with several names each has the first of them."""
    first: dict[tuple[int, int], str] = {}
    found = {}
    for path in sorted(path for folder in folders for path in every(folder)):
        status = os.lstat(path)
        name = first.setdefault((status.st_dev, status.st_ino), path)
        found[path] = [*what(path), name if stat.S_ISREG(status.st_mode) else ""]
    return found


def every(folder: str) -> Iterator[str]:
    """The paths of a folder and all below it."""
    if os.path.lexists(folder):
        yield folder
    for parent, folders, files in os.walk(folder):
        yield from (os.path.join(parent, name) for name in folders + files)


def what(path: str) -> list[object]:
    """All that an image keeps of a file."""
    status = os.lstat(path)
    kind = stat.S_IFMT(status.st_mode)
    is_file = kind == stat.S_IFREG
    return [
        oct(status.st_mode),
        status.st_uid,
        status.st_gid,
        status.st_size if is_file else 0,
        # As a float it may be rounded up to the next second.
        0 if kind == stat.S_IFDIR else status.st_mtime_ns // 10**9,
        os.readlink(path) if kind == stat.S_IFLNK else digest(path) if is_file else "",
        {} if kind == stat.S_IFLNK else attributes(path),
    ]


def digest(path: str) -> str:
    """A hash of the content; empty for what may not be read."""
    found = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                found.update(chunk)
    except PermissionError:
        return ""
    return found.hexdigest()


def attributes(path: str) -> dict[str, str]:
    """The user's extended attributes."""
    try:
        names = [name for name in os.listxattr(path) if name.startswith("user.")]
        # Overlay file systems of ordinary users keep marks of their own there.
        names = [name for name in names if not name.startswith("user.overlay.")]
        return {name: os.getxattr(path, name).hex() for name in names}
    except OSError:
        return {}


if __name__ == "__main__":
    act, first, *more = sys.argv[1:]
    if act == "make":
        make(first, int(more[0]), int(more[1]))
    elif act == "again":
        again(first)
    else:
        print(json.dumps(manifest([first, *more]), sort_keys=True))
