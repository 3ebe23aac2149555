"""Where records lie: on the user's storage where this machine sees one, else beside Jupyter."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, NotFound, TrainHubError
from jupyter_trainhub.hub.policy import RUNS, run_storage
from jupyter_trainhub.hub.runs.folder import RUN, RunFolder
from jupyter_trainhub.hub.runs.record import TOLD, Record, is_over
from jupyter_trainhub.hub.runs.run_json import record_of
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.manifests.labels import label_value

# Before the names of records that were deleted while the job was still there: they are not to come
# back.
_DELETED = ".deleted-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,200}")
# Seconds that a record in use is waited for before it cannot be deleted.
_PATIENCE = 5.0


class RunStore:
    """The records of one user. Methods may be called by any thread."""

    def __init__(self, config: TrainHubConfig, storages: Storages) -> None:
        self._config = config
        self._storages = storages

    def roots(self) -> list[Path]:
        """The folders with records, that for new ones first."""
        found = []
        with contextlib.suppress(TrainHubError):
            storage = run_storage(self._storages.offered(), self._config.run_storage)
            folder = storage and self._storages.local_folder(storage)
            # Others may write to the storage, and put a link there that leads elsewhere.
            if folder and folder.is_dir() and not (folder / RUNS).parent.is_symlink():
                found.append(folder / RUNS)
        return [*found, self._own()]

    def _own(self) -> Path:
        if self._config.run_folder:
            return Path(self._config.run_folder).expanduser()
        from jupyter_core.paths import jupyter_data_dir

        return Path(jupyter_data_dir(), "trainhub", "runs")

    def folders(self) -> Iterator[RunFolder]:
        """All records that this account may read, in no order."""
        seen: set[str] = set()
        for root in self.roots():
            with contextlib.suppress(OSError), os.scandir(root) as entries:
                for entry in entries:
                    folder = RunFolder(Path(entry.path))
                    if entry.name not in seen and _NAME.fullmatch(entry.name) and _is_one(folder):
                        seen.add(entry.name)
                        yield folder

    def find(self, run: str) -> RunFolder | None:
        """The record of ``run``; None where there is none."""
        if _NAME.fullmatch(run):
            for root in self.roots():
                folder = RunFolder(root / run)
                if _is_one(folder):
                    return folder
        return None

    def get(self, run: str) -> RunFolder:
        """The record of ``run``. Raises NotFound."""
        found = self.find(run)
        if found is None:
            raise NotFound(
                f"there is no record of a run {run!r}",
                field="run",
                remedy="Look at the list of runs.",
            )
        return found

    def record(self, folder: RunFolder) -> Record | None:
        """What its ``run.json`` holds; None where that cannot be read."""
        return record_of(folder.read_json(RUN), folder.run)

    def told(self, run: str) -> View | None:
        """What the log of a run told in the end; None where no record tells how far it came."""
        folder = self.find(run)
        record = self.record(folder) if folder else None
        if record is None or not is_over(record) or not record.get("progress"):
            return None
        return {name: record.get(name) or empty for name, empty in TOLD.items()}

    def make(self, run: str) -> RunFolder:
        """The record of ``run``, made where it is not there. Raises OSError where none can be."""
        found = self.find(run)
        if found is not None and _is_writable(found):
            return found
        if not _NAME.fullmatch(run):
            raise OSError(f"{run!r} is not the name of a run")
        failure: OSError | None = None
        for root in self.roots():
            folder = RunFolder(root / run)
            try:
                _make_root(root)
                folder.make()
                if _is_writable(folder):
                    return folder
                raise PermissionError(f"{folder.path} belongs to another account")
            except OSError as error:
                failure = failure or error
        raise failure or OSError("there is no folder for records")

    def written_by_pods(self, run: str) -> RunFolder | None:
        """Where the pods of ``run`` keep their logs, as far as this machine sees it."""
        path = self.roots()[0] / run
        return RunFolder(path) if path.is_dir() and not path.is_symlink() else None

    def delete(self, folder: RunFolder) -> None:
        """Delete a record for good. Raises Conflict while it is written."""
        with folder.locked(_PATIENCE) as free:
            if not free:
                raise Conflict(
                    f"the record of {folder.run!r} is being written",
                    field="run",
                    remedy="Try again in a moment.",
                )
            # At once out of sight, and then at leisure.
            gone = folder.path.with_name(f".gone-{folder.run}-{secrets.token_hex(4)}")
            folder.path.rename(gone)
            mark = _mark(folder.path.parent, folder.run)
            with contextlib.suppress(OSError):
                os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        # A program can nest folders so deeply that Python does not get to their end.
        with contextlib.suppress(RecursionError):
            shutil.rmtree(gone, ignore_errors=True)

    def is_deleted(self, run: str) -> bool:
        """Whether the record of ``run`` was deleted before."""
        return any(_mark(root, run).is_file() for root in self.roots())


def _mark(root: Path, run: str) -> Path:
    # A file for each, for the users of a storage cannot write into a folder of one of them.
    return root / f"{_DELETED}{label_value(run)}"


def _is_one(folder: RunFolder) -> bool:
    # The pods of a run may have made its folder before anything was recorded.
    return not folder.path.is_symlink() and folder.size(RUN) is not None


def _is_writable(folder: RunFolder) -> bool:
    return not folder.path.is_symlink() and os.access(folder.path, os.W_OK | os.X_OK)


def _make_root(root: Path) -> None:
    """Make the folder of all records.

    Below a storage that several users share it gets the rights of the storage's own folder, so that
    each of them can add records; a record itself is for its user alone.
    """
    missing = [root]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    parent = missing[-1].parent
    shared = parent.stat().st_mode & stat.S_IWOTH or parent.stat().st_mode & stat.S_IWGRP
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            if shared:
                folder.chmod(parent.stat().st_mode & 0o7777 | stat.S_ISVTX)
    if root.is_symlink():
        raise NotADirectoryError(f"{root} is a link")
