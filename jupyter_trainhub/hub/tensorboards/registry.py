"""What is known of the TensorBoards of this user, as files that every program of the user shares.

A folder of mode 0700 for each one, ``<root>/<id>/``, holds

``record.json``
    what was started: folders, prefix, process. Written whole or not at all.
``ready.json``
    written by the process once it listens.
``log.txt``
    what the process printed.
``logdir/``
    links to the log folders, when there are several.

TensorBoard's own registry is a folder in ``/tmp`` that everybody may write
(tensorflow/tensorboard#2481), hence this one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Record:
    """One TensorBoard as it was started.

    ``folders`` are absolute; ``prefix`` is the random path below which it answers (a capability:
    TensorBoard knows no users); ``pid`` and ``birth`` name the process for good, also after the
    number is used again; ``started`` is ISO 8601 UTC.
    """

    id: str
    folders: tuple[str, ...]
    prefix: str
    pid: int
    birth: str
    started: str


class Registry:
    """The records below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, id_: str) -> Path:
        """Where the files of one TensorBoard lie. Raises ValueError for what cannot be an id."""
        if not _ID.fullmatch(id_):
            raise ValueError(f"not the id of a TensorBoard: {id_!r}")
        return self._root / id_

    @contextlib.contextmanager
    def lock(self, id_: str) -> Iterator[Path]:
        """Holds the TensorBoard against other threads and processes; gives its folder.

        The folder is made where it is missing.
        """
        folder = self.folder(id_)
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Beside the folder, for the folder itself comes and goes. A lock file must never be
        # removed: whoever waits for the old one would hold a lock that nobody else sees.
        descriptor = os.open(self._root / f"{id_}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            folder.mkdir(mode=0o700, exist_ok=True)
            yield folder
        finally:
            os.close(descriptor)

    def ids(self) -> list[str]:
        """Every TensorBoard that has a folder."""
        try:
            names = os.listdir(self._root)
        except FileNotFoundError:
            return []
        return sorted(name for name in names if _ID.fullmatch(name))

    def read(self, id_: str) -> Record | None:
        """The record, or None where there is none (any more)."""
        data = _read_object(self.folder(id_) / "record.json")
        if data is None:
            return None
        try:
            return Record(**{**data, "folders": tuple(data["folders"])})
        except (KeyError, TypeError):
            # Written by another version of TrainHub; it is replaced when somebody asks for these
            # folders.
            return None

    def write(self, record: Record) -> None:
        """Keeps a record in place of the one before."""
        path = self.folder(record.id) / "record.json"
        scratch = path.with_suffix(".new")
        scratch.write_text(json.dumps(asdict(record)), encoding="utf-8")
        scratch.replace(path)

    def ready(self, record: Record) -> int | None:
        """The port at which the process of this record listens, or None as long as it does not."""
        data = _read_object(self.folder(record.id) / "ready.json")
        if data is None or data.get("pid") != record.pid:
            return None
        port = data.get("port")
        return port if isinstance(port, int) else None

    def log_tail(self, id_: str, limit: int = 4096) -> str:
        """The last ``limit`` bytes of what the process printed, from the start of a line."""
        try:
            with (self.folder(id_) / "log.txt").open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(0, size - limit))
                tail = log.read()
        except FileNotFoundError:
            return ""
        if size > limit:
            tail = tail.partition(b"\n")[2]
        return tail.decode(errors="replace").strip()

    def remove(self, id_: str) -> None:
        """Forgets a TensorBoard.

        The folders that it showed are not touched: ``logdir`` holds links to them.
        """
        shutil.rmtree(self.folder(id_), ignore_errors=True)


def _read_object(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return None
    return data if isinstance(data, dict) else None
