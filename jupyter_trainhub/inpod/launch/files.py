"""The files that came with the job: one archive in pieces beside this program."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .ending import Ended

# The variable that names their folder.
FILES = "TRAINHUB_FILES"


def unpack(source: Path, env: Mapping[str, str]) -> str | None:
    """Unpack the pieces in ``source`` into a folder of this node's own, and return its path.

    The program may write there. None when nothing came with the job. Raises Ended.
    """
    pieces = sorted(source.glob("files.tar.gz.*"))
    if not pieces:
        return None
    try:
        folder = _files_folder(f"{env.get('TRAINHUB_RUN', '')}-{env.get('TRAINHUB_ATTEMPT') or 1}")
        archive = io.BytesIO(b"".join(piece.read_bytes() for piece in pieces))
        with tarfile.open(fileobj=archive, mode="r:gz") as tar:
            for entry in tar:
                _unpack_entry(folder, entry, tar)
    except (OSError, EOFError, tarfile.TarError) as error:
        raise Ended(
            "CannotStart",
            f"the files that came with the job cannot be unpacked in {tempfile.gettempdir()}: "
            f"{error}; use an image in which that folder can be written",
            1,
        ) from error
    return str(folder)


def _files_folder(name: str) -> Path:
    """A folder at the same place in all pods: what one node tells another may name it."""
    path = Path(tempfile.gettempdir(), "trainhub-files-" + re.sub(r"[^\w-]", "-", name))
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        return path
    # Pods may share the folder, if somebody mounted one there.
    return Path(tempfile.mkdtemp(prefix="trainhub-files-"))


def _unpack_entry(folder: Path, entry: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
    content = tar.extractfile(entry)
    path = Path(os.path.normpath(folder / entry.name))
    if content is None or folder not in path.parents:
        raise tarfile.TarError(f"{entry.name} is no file below it")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.read())
