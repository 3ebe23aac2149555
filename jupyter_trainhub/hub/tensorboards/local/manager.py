"""Starts, finds and ends the TensorBoards of this machine."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

from jupyter_core.paths import jupyter_runtime_dir

from jupyter_trainhub.errors import Conflict, InvalidField, NotFound
from jupyter_trainhub.hub.tensorboards import state
from jupyter_trainhub.hub.tensorboards.folders import LogFolder, named, parse
from jupyter_trainhub.hub.tensorboards.local import process
from jupyter_trainhub.hub.tensorboards.local.ending import Ending, ending
from jupyter_trainhub.hub.tensorboards.local.interpreter import interpreter
from jupyter_trainhub.hub.tensorboards.local.record import (
    NO_OPTIONS,
    Options,
    Record,
    Settings,
    record_id,
)
from jupyter_trainhub.hub.tensorboards.local.registry import Registry, RegistryUnwritable
from jupyter_trainhub.hub.tensorboards.state import State
from jupyter_trainhub.hub.tensorboards.view import (
    Phase,
    TensorBoardEndpoint,
    TensorBoardView,
    make_view,
)
from jupyter_trainhub.inpod import program

GRACE_SECONDS = 5.0
# How long one that ended stays listed, so that an open tab can be started again by its id.
KEPT = timedelta(days=1)
HOST = "127.0.0.1"
LOG_BYTES = 16 * 1024

_PROGRAM = "serve_tensorboard.py"
# The class below has a method called `list`, which hides the type in its own annotations.
Folders = list[LogFolder]
Views = list[TensorBoardView]


class TensorBoardConfig(Protocol):
    """What an administrator sets about TensorBoards."""

    tensorboard_python: str
    tensorboard_idle_seconds: int
    tensorboard_reload_interval: int
    tensorboard_memory: str
    tensorboard_most: int


class LocalTensorBoards:
    """The TensorBoards of this user on this machine.

    Safe to use from several threads and processes. What starts or stops one raises
    RegistryUnwritable where its record cannot be written.
    """

    def __init__(self, config: TensorBoardConfig, root: Path | None = None) -> None:
        """``root`` is where records are kept, Jupyter's runtime folder when left out."""
        self._config = config
        self._registry = Registry(root or Path(jupyter_runtime_dir(), "trainhub", "tensorboards"))

    def ensure(
        self, folders: Iterable[LogFolder], options: Options = NO_OPTIONS
    ) -> TensorBoardView:
        """The TensorBoard of these folders and options, started unless it runs already.

        Without options, any that runs on these folders will do. Does not wait until it listens. A
        folder need not hold anything yet. Raises InvalidField when none is given, NotFound when one
        does not exist and TensorBoardMissing when TensorBoard is not installed.
        """
        chosen = sorted({_existing(folder) for folder in folders})
        if not chosen:
            raise InvalidField(
                "no folder was given", field="folders", remedy="Name at least one log folder."
            )
        named(chosen)
        options = options.beside(self._site())
        texts = tuple(str(folder) for folder in chosen)
        if replace(options, name="") == NO_OPTIONS:
            for record in self._records():
                if record.folders == texts and self._phase(record) in ("Starting", "Running"):
                    return self._renamed(record, options.name)
        return self._ensure(record_id(texts, options), chosen, options)

    def update(
        self, id_: str, folders: Iterable[LogFolder] | None = None, options: Options = NO_OPTIONS
    ) -> TensorBoardView:
        """Other folders or options for a TensorBoard; those left out stay.

        What it shows cannot change while it runs, so that another takes its place, with another
        id. Raises as :meth:`ensure`, and NotFound.
        """
        record = self._record(id_)
        kept = record.options.later(options)
        chosen = [parse(text) for text in record.folders] if folders is None else list(folders)
        shown = self.ensure(chosen, kept)
        if shown["id"] != id_:
            self.delete(id_)
        return shown

    def start(self, id_: str) -> TensorBoardView:
        """Starts one again that has ended; gives the running one otherwise.

        Raises as :meth:`ensure`, and NotFound.
        """
        record = self._record(id_)
        folders = [_existing(parse(text)) for text in record.folders]
        return self._ensure(id_, folders, record.options)

    def list(self) -> Views:
        """Every TensorBoard, the latest first.

        Those that ended long ago are forgotten on the way.
        """
        found: Views = []
        for record in self._records():
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
            time.sleep(0.02)
            shown = self.get(id_)
        return shown

    def stop(self, id_: str) -> TensorBoardView:
        """Ends a TensorBoard, which stays listed; returns when the process has ended.

        Raises NotFound.
        """
        return self._stop(self._record(id_), "TensorBoard was stopped.")

    def delete(self, id_: str) -> None:
        """Ends a TensorBoard and forgets it. Raises NotFound."""
        self._record(id_)
        with self._registry.lock(id_):
            record = self._registry.read(id_)
            if record is not None:
                process.end(record.pid, record.birth, grace=GRACE_SECONDS)
            self._registry.remove(id_)

    def log(self, id_: str) -> str:
        """The last 16 KiB of what it printed. Raises NotFound."""
        return self._registry.log_tail(self._record(id_).id, LOG_BYTES)

    def endpoint(self, id_: str) -> TensorBoardEndpoint:
        """Where it listens. Raises NotFound, and Conflict when it does not run (yet)."""
        record = self._record(id_)
        current, said = self._now(record)
        if said is None or current != "Running":
            why = self._ending(record, current, said)
            raise Conflict(
                why.message,
                reason=f"TensorBoard{current}",
                remedy="Wait a moment." if current == "Starting" else why.remedy,
            )
        return TensorBoardEndpoint(HOST, said.port, record.prefix)

    def _ensure(self, id_: str, folders: Folders, options: Options) -> TensorBoardView:
        record = self._registry.read(id_)
        if record is None or self._phase(record) not in ("Starting", "Running"):
            python = interpreter(self._config.tensorboard_python)
            self._make_room(id_)
            with self._registry.lock(id_) as folder:
                record = self._registry.read(id_)
                if record is None or not process.is_running(record.pid, record.birth):
                    record = self._start(id_, folders, options, folder, python)
        return self._renamed(record, options.name)

    def _start(
        self, id_: str, folders: Folders, options: Options, folder: Path, python: str
    ) -> Record:
        prefix = f"/{secrets.token_hex(16)}"
        texts = tuple(str(each) for each in folders)
        settings = options.over(self._site())
        shown = named(folders) if len(folders) > 1 else folders
        argv = [
            python,
            str(folder / _PROGRAM),
            *(part for each in shown for part in ("--folder", str(each))),
            *("--host", HOST),
            *("--idle-seconds", str(settings.idle_seconds)),
            *("--reload-interval", str(settings.reload_interval)),
            *("--memory", str(settings.memory)),
            *("--state-file", str(folder / "state.json")),
        ]
        with self._registry.writing():
            (folder / "state.json").unlink(missing_ok=True)
            (folder / _PROGRAM).write_bytes(program(_PROGRAM))
            pid, birth = process.start(
                argv,
                folder=folder,
                log=folder / "log.txt",
                environment={"TRAINHUB_TENSORBOARD_PREFIX": prefix},
            )
        record = Record(id_, texts, prefix, pid, birth, _now_text(), settings, options)
        try:
            self._registry.write(record)
        except RegistryUnwritable:
            # Nobody could find it again.
            process.end(pid, birth, grace=GRACE_SECONDS)
            raise
        return record

    def _make_room(self, id_: str) -> None:
        """Ends the one that was not used for longest where this one would be one too many."""
        running = [
            record
            for record in self._records()
            if record.id != id_ and process.is_running(record.pid, record.birth)
        ]
        surplus = len(running) + 1 - self._config.tensorboard_most
        if surplus <= 0:
            return
        for record in sorted(running, key=self._idle, reverse=True)[:surplus]:
            self._stop(record, "TensorBoard was ended to make room for another one.")

    def _idle(self, record: Record) -> float:
        """Seconds since somebody used it; one that does not answer yet has just been started."""
        said = self._registry.state(record)
        if said is None or not said.port:
            return 0.0
        asked = state.ask(TensorBoardEndpoint(HOST, said.port, record.prefix))
        return asked.idle if asked is not None else _age(record).total_seconds()

    def _stop(self, record: Record, why: str) -> TensorBoardView:
        with self._registry.lock(record.id):
            current = self._registry.read(record.id)
            if current is None or current.pid != record.pid:
                return self._view(record)
            process.end(current.pid, current.birth, grace=GRACE_SECONDS)
            stopped = replace(current, stopped=why)
            self._registry.write(stopped)
        return self._view(stopped)

    def _renamed(self, record: Record, name: str) -> TensorBoardView:
        if name and name != record.options.name:
            with self._registry.lock(record.id):
                current = self._registry.read(record.id) or record
                record = replace(current, options=replace(current.options, name=name))
                self._registry.write(record)
        return self._view(record)

    def _records(self) -> Sequence[Record]:
        found = (self._registry.read(id_) for id_ in self._registry.ids())
        return [record for record in found if record is not None]

    def _record(self, id_: str) -> Record:
        record = self._registry.read(id_)
        if record is None:
            raise NotFound(
                f"there is no TensorBoard {id_!r}",
                field="id",
                remedy="It may have been deleted. Open the log folder again.",
            )
        return record

    def _forget(self, record: Record) -> None:
        with contextlib.suppress(RegistryUnwritable), self._registry.lock(record.id):
            # Somebody may have started it again since it was looked at.
            if self._registry.read(record.id) == record:
                self._registry.remove(record.id)

    def _now(self, record: Record) -> tuple[Phase, State | None]:
        # Asked before the file is read: a process that writes the file and ends in between is
        # Stopped, not Failed.
        running = process.is_running(record.pid, record.birth)
        said = self._registry.state(record)
        if running:
            return ("Running" if said is not None and said.port else "Starting"), said
        if record.stopped:
            return "Stopped", said
        clean = said is not None and said.port > 0 and said.ended in (None, "idle", "signal")
        return ("Stopped" if clean else "Failed"), said

    def _phase(self, record: Record) -> Phase:
        return self._now(record)[0]

    def _ending(self, record: Record, current: Phase, said: State | None) -> Ending:
        log = self._registry.log_tail(record.id, LOG_BYTES) if current == "Failed" else ""
        return ending(current, record.stopped, said, log)

    def _view(self, record: Record) -> TensorBoardView:
        current, said = self._now(record)
        why = self._ending(record, current, said)
        return make_view(
            record.id,
            "local",
            [parse(text) for text in record.folders],
            current,
            name=record.options.name,
            message=why.message,
            remedy=why.remedy,
            started=record.started,
            idle_seconds=record.settings.idle_seconds,
            reload_interval=record.settings.reload_interval,
            memory_limit=record.settings.memory or None,
            state=said,
        )

    def _site(self) -> Settings:
        # Pydantic is imported by this; TensorBoards are listed at Jupyter's start.
        from jupyter_trainhub.specs.quantity import parse_memory

        memory = self._config.tensorboard_memory
        return Settings(
            self._config.tensorboard_idle_seconds,
            self._config.tensorboard_reload_interval,
            parse_memory(memory) if memory else 0,
        )


def _existing(folder: LogFolder) -> LogFolder:
    try:
        path = Path(folder.path).resolve(strict=True)
    except (OSError, RuntimeError):
        path = None
    if path is None or not path.is_dir():
        raise NotFound(
            f"there is no folder {folder.path!r}",
            field="folders",
            remedy="Create it, or start the training that writes it; it may be empty.",
        )
    return LogFolder(folder.name, str(path))


def _now_text() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _age(record: Record) -> timedelta:
    return datetime.now(timezone.utc) - datetime.fromisoformat(
        record.started.replace("Z", "+00:00")
    )
