"""Files that change all at once, as in the volumes of ConfigMaps, Secrets and the like.

    ..2026_11_22_02_23_31.418/   what is shown; a new folder at each change
    ..data                       -> that folder; replaced in one step
    NAME                         -> ..data/NAME

Source: kubelet's AtomicWriter, on whose names programs rely that watch such a folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_CURRENT = "..data"


@dataclass(frozen=True)
class File:
    """What a file holds, and its mode."""

    body: bytes
    mode: int


def write(home: Path, files: dict[str, File], group: int | None = None) -> None:
    """Make a folder show exactly these files, by their relative paths.

    Nothing is written where nothing changed. ``group`` owns the files, if given.

    Raises:
        ValueError: a path leads out of the folder.
    """
    for path in files:
        parts = PurePosixPath(path).parts
        if not parts or ".." in parts or path.startswith("/") or parts[0].startswith(".."):
            raise ValueError(f"invalid path: {path!r} must lead into the volume")
    home.mkdir(parents=True, exist_ok=True)
    current = home / _CURRENT
    if current.exists() and read(home) == files:
        return
    former = os.readlink(current) if current.is_symlink() else None
    stamp = time.strftime("..%Y_%m_%d_%H_%M_%S.", time.gmtime())
    fresh = Path(tempfile.mkdtemp(prefix=stamp, dir=home))
    fresh.chmod(0o755)
    for path, file in files.items():
        _write_file(fresh / path, file, group)
    beside = home / "..data_tmp"
    beside.unlink(missing_ok=True)
    beside.symlink_to(fresh.name)
    beside.replace(current)
    shown = {PurePosixPath(path).parts[0] for path in files}
    present = {name for name in os.listdir(home) if not name.startswith("..")}
    for name in present - shown:
        (home / name).unlink()
    for name in shown - present:
        (home / name).symlink_to(f"{_CURRENT}/{name}")
    if former:
        shutil.rmtree(home / former, ignore_errors=True)


def _write_file(target: Path, file: File, group: int | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600)
    target.write_bytes(file.body)
    if group is not None:
        os.chown(target, -1, group)
    target.chmod(file.mode)


def read(home: Path) -> dict[str, File]:
    """What the folder shows."""
    current = home / _CURRENT
    return {
        str(path.relative_to(current)): File(path.read_bytes(), path.stat().st_mode & 0o7777)
        for path in current.rglob("*")
        if path.is_file()
    }
