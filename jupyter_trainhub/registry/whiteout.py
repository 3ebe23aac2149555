"""Marks of deletion in layers (OCI image specification, "Whiteouts")."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

_PREFIX = ".wh."
_OPAQUE = ".wh..wh..opq"


class Whiteout(NamedTuple):
    """What a mark hides of the layers below: a path, or all that is in a folder."""

    path: str
    opaque: bool


def read(path: str) -> Whiteout | None:
    """The mark that an entry of this path is, or None."""
    folder, name = posixpath.split(path)
    if name == _OPAQUE:
        return Whiteout(folder, True)
    if not name.startswith(_PREFIX) or is_bookkeeping(path):
        return None
    return Whiteout(posixpath.join(folder, name.removeprefix(_PREFIX)), False)


def path_of(mark: Whiteout) -> str:
    """The path of the entry that is this mark."""
    if mark.opaque:
        return posixpath.join(mark.path, _OPAQUE)
    folder, name = posixpath.split(mark.path)
    return posixpath.join(folder, _PREFIX + name)


def is_bookkeeping(path: str) -> bool:
    """Whether an entry is what aufs noted for itself, which engines leave out."""
    *folders, name = path.split("/")
    own = [name] if name != _OPAQUE else []
    return any(part.startswith(_PREFIX * 2) for part in (*folders, *own))
