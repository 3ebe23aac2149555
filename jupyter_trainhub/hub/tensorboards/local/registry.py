"""What is known of the TensorBoards of this user, as files that every program of the user shares.

A folder of mode 0700 for each one, ``<root>/<id>/``, holds

``record.json``
    what was started: folders, prefix, process. Written whole or not at all.
``serve_tensorboard.py``
    the program that is the TensorBoard.
``state.json``
    what the process says of itself (``hub/tensorboards/state.py``).
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
from dataclasses import asdict
from pathlib import Path

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.tensorboards import state
from jupyter_trainhub.hub.tensorboards.local.record import Record, read_record
from jupyter_trainhub.hub.tensorboards.state import State

_ID = re.compile(r"[0-9a-f]{16}")


class RegistryUnwritable(TrainHubError):
    """The folder of records cannot be written: it belongs to somebody else, or the disk is full."""

    status = 503
    default_reason = "RegistryUnwritable"


class Registry:
    """The records below ``root``. What writes raises RegistryUnwritable."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, id_: str) -> Path:
        """Where the files of one TensorBoard lie. Raises ValueError for what cannot be an id."""
        if not _ID.fullmatch(id_):
            raise ValueError(f"not the id of a TensorBoard: {id_!r}")
        return self._root / id_

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Tells in words what keeps files from being written."""
        try:
            yield
        except OSError as error:
            raise RegistryUnwritable(
                f"TensorBoards keep their records in {self._root}, which cannot be written "
                f"({error.strerror or error})",
                remedy="Free space there and check its owner, or set JUPYTER_RUNTIME_DIR to "
                "another folder.",
            ) from None

    @contextlib.contextmanager
    def lock(self, id_: str) -> Iterator[Path]:
        """Holds the TensorBoard against other threads and processes; gives its folder.

        The folder is made where it is missing.
        """
        folder = self.folder(id_)
        with self.writing():
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Beside the folder, for the folder itself comes and goes. A lock file must never be
            # removed: whoever waits for the old one would hold a lock that nobody else sees.
            descriptor = os.open(self._root / f"{id_}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with self.writing():
                folder.mkdir(mode=0o700, exist_ok=True)
            yield folder
        finally:
            os.close(descriptor)

    def ids(self) -> list[str]:
        """Every TensorBoard that has a folder."""
        try:
            names = os.listdir(self._root)
        except OSError:
            return []
        return sorted(name for name in names if _ID.fullmatch(name))

    def read(self, id_: str) -> Record | None:
        """The record, or None where there is none (any more)."""
        try:
            data = json.loads((self.folder(id_) / "record.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return read_record(data) if isinstance(data, dict) else None

    def write(self, record: Record) -> None:
        """Keeps a record in place of the one before."""
        path = self.folder(record.id) / "record.json"
        draft = path.with_suffix(".new")
        with self.writing():
            draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
            draft.replace(path)

    def state(self, record: Record) -> State | None:
        """What the process of this record said last; None as long as it has said nothing."""
        folder = self.folder(record.id)
        # An earlier TrainHub had the port in a file of another name.
        said = state.read(folder / "state.json") or state.read(folder / "ready.json")
        return said if said is not None and said.pid == record.pid else None

    def log_tail(self, id_: str, limit: int) -> str:
        """The last ``limit`` bytes of what the process printed, from the start of a line."""
        try:
            with (self.folder(id_) / "log.txt").open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(0, size - limit))
                tail = log.read()
        except OSError:
            return ""
        if size > limit:
            tail = tail.partition(b"\n")[2]
        return tail.decode(errors="replace").strip()

    def remove(self, id_: str) -> None:
        """Forgets a TensorBoard.

        The folders that it showed are not touched: ``logdir`` holds links to them.
        """
        shutil.rmtree(self.folder(id_), ignore_errors=True)
