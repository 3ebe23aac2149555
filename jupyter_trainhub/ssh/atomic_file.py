"""Small files in the user's home, replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PRIVATE_FOLDER = 0o700


def read(path: Path) -> str:
    """The text of a file, empty when there is none.

    Line ends, and bytes that are no UTF-8, survive a rewrite.
    """
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def replace(path: Path, text: str) -> None:
    """Write a file, which keeps its mode and stays a link where it is one; else it is private."""
    target = path.resolve()
    target.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    with _beside(target, text) as made:
        with contextlib.suppress(FileNotFoundError):
            os.chmod(made, target.stat().st_mode & 0o7777)
        os.replace(made, target)


def create(path: Path, text: str) -> bool:
    """Write a private file that is not there yet; whether it was not."""
    path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    with _beside(path, text) as made:
        try:
            os.link(made, path)
        except FileExistsError:
            return False
    return True


@contextlib.contextmanager
def _beside(path: Path, text: str) -> Iterator[str]:
    # Readable by the user only, as mkstemp makes it.
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(handle)
        yield made
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(made)
