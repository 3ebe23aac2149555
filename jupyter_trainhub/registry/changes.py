"""What a layer changes: files, and the packages that they are of. Told by the layer alone."""

from __future__ import annotations

import heapq
import posixpath
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from . import whiteout
from .packages.apt import Apt
from .packages.conda import Conda
from .packages.pip import Pip
from .tar import TarReader

_LARGEST_DOCUMENT = 64 << 20  # bytes of a file that tells of packages
_LARGE = 10 << 20  # bytes from which on a file is told of
_MOST_LARGE = 20
_MOST_FOLDERS = 30


class Amount(TypedDict):
    """Files in a folder and below it."""

    path: str
    files: int
    bytes: int


class Changes(TypedDict):
    """A document that can be sent and kept as JSON. Bytes are those of the layer's tar file."""

    files: int
    bytes: int
    deleted: list[str]
    emptied: list[str]
    """Folders of which nothing is left that was in them."""
    folders: list[Amount]
    large: list[dict[str, Any]]
    """`{path, bytes}`."""
    packages: dict[str, list[dict[str, Any]]]
    """By `apt`, `pip` and `conda`: see their modules. `change` is added, changed or removed."""
    environments: dict[str, str]
    """New virtual environments of Python by path, and the folder with the Python of each."""
    rest: list[Amount]
    """What no package explains."""
    unexplained: list[str]
    """Paths that are deleted, and no package explains it."""


def changes(layer: Iterable[bytes]) -> Changes:
    """What the tar file of a layer changes. Keeps its names in memory.

    Raises:
        BrokenImage: it is damaged.
    """
    files: dict[str, int] = {}
    deleted: list[str] = []
    emptied: list[str] = []
    apt, pip, conda = Apt(), Pip(), Conda()
    for entry, content in TarReader(layer):
        if mark := whiteout.read(entry.path):
            (emptied if mark.opaque else deleted).append(mark.path)
        elif entry.kind != tarfile.DIRTYPE and not whiteout.is_bookkeeping(entry.path):
            files[entry.path] = entry.size
            manager = next((one for one in (apt, pip, conda) if one.wants(entry.path)), None)
            if manager and entry.kind == tarfile.REGTYPE and entry.size <= _LARGEST_DOCUMENT:
                manager.read(entry.path, b"".join(content))

    gone = sorted((*deleted, *emptied))
    packages = {
        "apt": apt.packages(gone),
        "pip": pip.packages(gone, apt.files | conda.files),
        "conda": conda.packages(gone),
    }

    def explained(path: str) -> bool:
        names = (path, _source(path))
        return any(apt.owns(name) or conda.owns(name) or pip.owns(name) for name in names)

    large = heapq.nlargest(_MOST_LARGE, files.items(), key=lambda file: file[1])
    unexplained = [path for path in gone if not explained(path) and not pip.explains_deletion(path)]
    return {
        "files": len(files),
        "bytes": sum(files.values()),
        "deleted": [f"/{path}" for path in sorted(deleted)],
        "emptied": [f"/{path}" for path in sorted(emptied)],
        "folders": by_folder(files),
        "large": [{"path": f"/{path}", "bytes": size} for path, size in large if size >= _LARGE],
        "packages": packages,
        "environments": {f"/{prefix}": home for prefix, home in sorted(pip.environments.items())},
        "rest": by_folder({path: size for path, size in files.items() if not explained(path)}),
        "unexplained": [f"/{path}" for path in unexplained],
    }


def by_folder(files: Mapping[str, int]) -> list[Amount]:
    """Files summed up by folder, at most 30 folders and the largest first.

    Folders with much in them are told by what is in them, if there is room for that.
    """
    folders: dict[str, Amount] = {}
    inner: dict[str, set[str]] = {}
    for path, size in files.items():
        while path:
            child, path = path, posixpath.dirname(path)
            amount = folders.setdefault(path, {"path": f"/{path}", "files": 0, "bytes": 0})
            amount["files"] += 1
            amount["bytes"] += size
            if child in folders:
                inner.setdefault(path, set()).add(child)
    told = [folders[""]] if files else []
    waiting = list(told)
    while waiting:
        folder = max(waiting, key=lambda amount: (amount["bytes"], amount["files"]))
        waiting.remove(folder)
        parts = [folders[child] for child in sorted(inner.get(folder["path"][1:], ()))]
        own: Amount = {
            "path": folder["path"],
            "files": folder["files"] - sum(part["files"] for part in parts),
            "bytes": folder["bytes"] - sum(part["bytes"] for part in parts),
        }
        if parts and len(told) - 1 + len(parts) + bool(own["files"]) <= _MOST_FOLDERS:
            told.remove(folder)
            told += [*parts, own] if own["files"] else parts
            waiting += parts
    return sorted(told, key=lambda amount: (-amount["bytes"], amount["path"]))


def _source(path: str) -> str:
    """The module of which a file is the byte code, else the path itself."""
    folder, name = posixpath.split(path)
    if posixpath.basename(folder) != "__pycache__":
        return path
    return posixpath.join(posixpath.dirname(folder), f"{name.partition('.')[0]}.py")
