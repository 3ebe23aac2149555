"""Which folders TensorBoard may show."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from jupyter_trainhub.errors import InvalidField, NotFound

# Entries of folders and seconds that looking for links takes at most.
_MOST_ENTRIES = 20_000
_MOST_SECONDS = 0.3


def allowed_folder(folder: Path, roots: Sequence[Path], *, shown: str, field: str) -> Path:
    """``folder`` with its links resolved, inside one of ``roots``.

    Links are resolved before the comparison, since TensorBoard shows what it finds to everybody who
    may use the server that it is opened through. It follows links inside the folder as well, so one
    to event files outside is refused, as far as a short look finds it; links to anything else are
    harmless. That keeps people from showing by mistake what others have put out of the roots.
    Whoever may write the folder can still add a link later, and could copy the files as well.

    ``shown`` is the path as the user gave it. Raises InvalidField for a folder outside, and
    NotFound for one that does not exist.
    """
    try:
        resolved = folder.resolve()
        is_folder = resolved.is_dir()
    except (OSError, RuntimeError, ValueError):
        raise InvalidField(
            f"{shown!r} cannot be a path", field=field, remedy="Name a folder."
        ) from None
    inside = [root.expanduser().resolve() for root in roots]
    if not _is_inside(resolved, inside):
        listed = " or ".join(str(root) for root in roots) or "none: no root is allowed"
        raise InvalidField(
            f"the folder {shown!r} lies outside the allowed roots",
            field=field,
            remedy=f"Choose a folder in {listed}, or let an administrator add its root "
            "to c.TrainHubConfig.log_roots.",
        )
    if resolved.is_file():
        raise InvalidField(
            f"{shown!r} is a file", field=field, remedy="Choose the folder that it is in."
        )
    if not is_folder:
        raise NotFound(
            f"there is no folder {shown!r}",
            field=field,
            remedy="Create it, or start the training that writes it; it may be empty.",
        )
    link = _way_out(resolved, inside)
    if link is not None:
        raise InvalidField(
            f"the link {str(link.relative_to(resolved))!r} in {shown!r} leads to logs outside the "
            "allowed roots",
            field=field,
            remedy="Choose a folder without it, or let an administrator add the root of "
            f"{str(link.resolve())!r} to c.TrainHubConfig.log_roots.",
        )
    return resolved


def _way_out(folder: Path, roots: Sequence[Path]) -> Path | None:
    """A link below ``folder`` to event files outside ``roots``, if a short look finds one."""
    deadline = time.monotonic() + _MOST_SECONDS
    for entry in _entries(str(folder), deadline):
        if not entry.is_symlink():
            continue
        link = Path(entry.path)
        try:
            target = link.resolve()
        except (OSError, RuntimeError):
            continue
        if _is_inside(target, roots):
            continue
        if target.is_file() and _is_event_file(entry.name):
            return link
        if target.is_dir() and any(
            _is_event_file(found.name) for found in _entries(str(target), deadline)
        ):
            return link
    return None


def _entries(folder: str, deadline: float) -> Iterator[os.DirEntry[str]]:
    """What lies below ``folder``, links not followed, until it gets too much."""
    folders, left = [folder], _MOST_ENTRIES
    while folders:
        try:
            found = list(os.scandir(folders.pop()))
        except OSError:
            continue
        left -= len(found)
        if left < 0 or time.monotonic() > deadline:
            return
        yield from found
        folders += [entry.path for entry in found if entry.is_dir(follow_symlinks=False)]


def _is_event_file(name: str) -> bool:
    return "tfevents" in name


def _is_inside(path: Path, roots: Sequence[Path]) -> bool:
    return any(path.is_relative_to(root) for root in roots)
