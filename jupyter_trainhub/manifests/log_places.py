"""Where a job writes what TensorBoard shows, as its launcher tells it: ``inpod/launch/scalars.py``.

All of it is foreign data: paths are those that the pods see, and nobody but the pod has seen them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any, NamedTuple

_MOST = 8
_LONGEST = 1000


class LogPlaces(NamedTuple):
    """``folders`` are what a person would open, ``runs`` where the job itself writes to."""

    folders: list[str]
    runs: list[str]


def told_places(told: Mapping[str, Any]) -> LogPlaces | None:
    """What a record, or a view of a job, tells; None where it tells no folder."""
    folders = absolute_paths(told.get("folders"))
    return LogPlaces(folders, absolute_paths(told.get("runs"))) if folders else None


def absolute_paths(told: object) -> list[str]:
    """Those of a list that are absolute paths, normal ones; no more than a few."""
    listed = told[:_MOST] if isinstance(told, list) else []
    return [path for path in listed if _is_absolute(path)]


def _is_absolute(path: object) -> bool:
    return (
        isinstance(path, str)
        and path.startswith("/")
        and path.isprintable()
        and len(path) <= _LONGEST
        and posixpath.normpath(path) == path
    )
