"""Starts, finds and ends TensorBoards."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Protocol

from jupyter_core.paths import jupyter_runtime_dir

import jupyter_trainhub
from jupyter_trainhub.errors import Conflict, InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.tensorboards import process
from jupyter_trainhub.hub.tensorboards.registry import Record, Registry
from jupyter_trainhub.hub.tensorboards.view import (
    Phase,
    TensorBoardEndpoint,
    TensorBoardView,
    link_names,
    phase,
    view,
)

# 2.20 cannot be imported beside setuptools 82 and later (tensorflow/tensorboard#7003).
OLDEST = (2, 21)
GRACE_SECONDS = 5.0
# How long one that ended stays listed, so that an open tab can be started again by its id.
KEPT = timedelta(days=1)
HOST = "127.0.0.1"

# The class below has a method called `list`, which hides the type in its own annotations.
Paths = list[str]
Views = list[TensorBoardView]

_PROGRAM = Path(jupyter_trainhub.__file__).with_name("inpod") / "serve_tensorboard.py"


class TensorBoardConfig(Protocol):
    """What an administrator sets about TensorBoards."""

    tensorboard_python: str
    tensorboard_idle_seconds: int


class TensorBoardMissing(TrainHubError):
    """The Python that is to run TensorBoard has none, or one that is too old."""

    status = 503
    default_reason = "TensorBoardMissing"


class TensorBoards:
    """The TensorBoards of this user on this machine.

    Safe to use from several threads and processes.
    """

    def __init__(self, config: TensorBoardConfig, *, root: Path | None = None) -> None:
        """``root`` is where records are kept, Jupyter's runtime folder when left out."""
        self._python = config.tensorboard_python or sys.executable
        self._idle_seconds = config.tensorboard_idle_seconds
        self._registry = Registry(root or Path(jupyter_runtime_dir(), "trainhub", "tensorboards"))

    def ensure(self, folders: Iterable[Path]) -> TensorBoardView:
        """The TensorBoard of these folders, started unless it runs already.

        Does not wait until it listens. A folder need not hold anything yet. Raises InvalidField
        when none is given, NotFound when one does not exist and TensorBoardMissing when TensorBoard
        is not installed.
        """
        paths = sorted({_existing(folder) for folder in folders})
        if not paths:
            raise InvalidField(
                "no folder was given", field="folders", remedy="Name at least one log folder."
            )
        id_ = sha256("\0".join(paths).encode()).hexdigest()[:16]
        with self._registry.lock(id_) as folder:
            record = self._registry.read(id_)
            if record is None or not process.is_running(record.pid, record.birth):
                record = self._start(id_, paths, folder)
        return self._view(record)

    def revive(self, id_: str) -> TensorBoardView:
        """Starts one again that has ended; gives the running one otherwise.

        Raises as :meth:`ensure`, and NotFound.
        """
        return self.ensure(Path(folder) for folder in self._record(id_).folders)

    def list(self) -> Views:
        """Every TensorBoard, the latest first.

        Those that ended long ago are forgotten on the way.
        """
        found: Views = []
        for id_ in self._registry.ids():
            record = self._registry.read(id_)
            if record is None:
                continue
            shown = self._view(record)
            if shown["phase"] in ("Stopped", "Failed") and _age(record) > KEPT:
                self._forget(record)
            else:
                found.append(shown)
        return sorted(found, key=lambda shown: shown["started"], reverse=True)

    def get(self, id_: str) -> TensorBoardView:
        """One TensorBoard. Raises NotFound."""
        return self._view(self._record(id_))

    def wait(self, id_: str, timeout: float = 60.0) -> TensorBoardView:
        """The TensorBoard once it is no longer Starting, or as it is after ``timeout`` seconds.

        Raises NotFound.
        """
        deadline = time.monotonic() + timeout
        shown = self.get(id_)
        while shown["phase"] == "Starting" and time.monotonic() < deadline:
            time.sleep(0.05)
            shown = self.get(id_)
        return shown

    def stop(self, id_: str) -> None:
        """Ends a TensorBoard and forgets it; returns when the process has ended.

        Raises NotFound.
        """
        self._record(id_)
        with self._registry.lock(id_):
            record = self._registry.read(id_)
            if record is not None:
                process.end(record.pid, record.birth, grace=GRACE_SECONDS)
            self._registry.remove(id_)

    def endpoint(self, id_: str) -> TensorBoardEndpoint:
        """Where it listens. Raises NotFound, and Conflict when it does not run (yet)."""
        record = self._record(id_)
        port = self._registry.ready(record)
        current = self._phase(record)
        if port is None or current != "Running":
            raise Conflict(
                self._message(record, current),
                reason=f"TensorBoard{current}",
                remedy="Wait a moment." if current == "Starting" else "Open the folder again.",
            )
        return TensorBoardEndpoint(HOST, port, record.prefix)

    def _start(self, id_: str, paths: Paths, folder: Path) -> Record:
        _require_tensorboard(self._python)
        (folder / "ready.json").unlink(missing_ok=True)
        prefix = f"/{secrets.token_hex(16)}"
        argv = [
            self._python,
            str(_PROGRAM),
            *("--logdir", _log_folder(paths, folder)),
            *("--host", HOST),
            *("--port", "0"),
            *("--path-prefix", prefix),
            *("--idle-seconds", str(self._idle_seconds)),
            *("--ready-file", str(folder / "ready.json")),
        ]
        pid, birth = process.start(argv, folder=folder, log=folder / "log.txt")
        started = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
        record = Record(id_, tuple(paths), prefix, pid, birth, started)
        self._registry.write(record)
        return record

    def _record(self, id_: str) -> Record:
        try:
            record = self._registry.read(id_)
        except ValueError:
            record = None
        if record is None:
            raise NotFound(
                f"there is no TensorBoard {id_!r}",
                field="id",
                remedy="It may have been stopped. Open the log folder again.",
            )
        return record

    def _forget(self, record: Record) -> None:
        with self._registry.lock(record.id):
            # Somebody may have started it again since it was looked at.
            if self._registry.read(record.id) == record:
                self._registry.remove(record.id)

    def _view(self, record: Record) -> TensorBoardView:
        current = self._phase(record)
        return view(record, current, self._message(record, current))

    def _phase(self, record: Record) -> Phase:
        # Asked before the file is: a process that writes the file and ends in between is Stopped,
        # not Failed.
        running = process.is_running(record.pid, record.birth)
        return phase(running=running, listened=self._registry.ready(record) is not None)

    def _message(self, record: Record, current: Phase) -> str:
        if current == "Running":
            return ""
        if current == "Starting":
            return "TensorBoard is starting."
        if current == "Stopped":
            return "TensorBoard ended after a time without use, or was ended from outside."
        return self._registry.log_tail(record.id) or "TensorBoard ended at once and said nothing."


def _existing(folder: Path) -> str:
    try:
        path = folder.resolve(strict=True)
    except (OSError, RuntimeError):
        path = None
    if path is None or not path.is_dir():
        raise NotFound(
            f"there is no folder {str(folder)!r}",
            field="folders",
            remedy="Create it, or start the training that writes it; it may be empty.",
        )
    return str(path)


def _log_folder(paths: Paths, folder: Path) -> str:
    """The one folder to show: a folder of links where there are several.

    TensorBoard's ``--logdir_spec`` would do as well, but turns its fast loader off
    (``tensorboard/program.py``).
    """
    if len(paths) == 1:
        return paths[0]
    farm = folder / "logdir"
    farm.mkdir(mode=0o700, exist_ok=True)
    for name, target in zip(link_names(paths), paths, strict=True):
        link = farm / name
        link.unlink(missing_ok=True)
        link.symlink_to(target, target_is_directory=True)
    return str(farm)


def _age(record: Record) -> timedelta:
    return datetime.now(timezone.utc) - datetime.fromisoformat(
        record.started.replace("Z", "+00:00")
    )


def _require_tensorboard(python: str) -> None:
    version = _tensorboard_version(python)
    if version is None or _numbers(version) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        have = "has no TensorBoard" if version is None else f"has TensorBoard {version}"
        raise TensorBoardMissing(
            f"{python} {have}; {wanted} or later is needed",
            remedy=f"Run: {python} -m pip install 'tensorboard>={wanted}'",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _tensorboard_version(python: str) -> str | None:
    """The version of TensorBoard that ``python`` has; importing it to see would take a second."""
    if python == sys.executable:
        try:
            return metadata.version("tensorboard")
        except metadata.PackageNotFoundError:
            return None
    program = "from importlib.metadata import version; print(version('tensorboard'))"
    try:
        shown = subprocess.run(
            [python, "-c", program], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return shown.stdout.strip()
