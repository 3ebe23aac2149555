"""Starts, finds and ends the TensorBoards of this machine."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

from jupyter_core.paths import jupyter_runtime_dir

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.tensorboards import state
from jupyter_trainhub.hub.tensorboards.folders import LogFolder
from jupyter_trainhub.hub.tensorboards.local import process
from jupyter_trainhub.hub.tensorboards.local.interpreter import interpreter
from jupyter_trainhub.hub.tensorboards.local.launching import (
    GRACE_SECONDS,
    HOST,
    chosen_folders,
    launch,
    unmoved_folders,
)
from jupyter_trainhub.hub.tensorboards.local.record import (
    NO_OPTIONS,
    Options,
    Record,
    Settings,
    record_id,
)
from jupyter_trainhub.hub.tensorboards.local.registry import Registry, RegistryUnwritable
from jupyter_trainhub.hub.tensorboards.local.shown import LOG_BYTES, endpoint, is_up, shown
from jupyter_trainhub.hub.tensorboards.view import TensorBoardEndpoint, TensorBoardView

# How long one that ended stays listed, so that an open tab can be started again by its id.
KEPT = timedelta(days=1)
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
        chosen = chosen_folders(folders)
        options = options.beside(self._site())
        texts = tuple(str(folder) for folder in chosen)
        if replace(options, name="") == NO_OPTIONS:
            for record in self._records():
                if record.folders == texts and is_up(self._registry, record):
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
        chosen = unmoved_folders(record) if folders is None else chosen_folders(folders)
        options = record.options.later(options).beside(self._site())
        texts = [str(folder) for folder in chosen]
        view = self._ensure(record_id(texts, options), chosen, options)
        if view["id"] != id_:
            self.delete(id_)
        return view

    def start(self, id_: str) -> TensorBoardView:
        """Starts one again that has ended; gives the running one otherwise.

        Raises as :meth:`ensure`, and NotFound.
        """
        record = self._record(id_)
        return self._ensure(id_, unmoved_folders(record), record.options)

    def list(self) -> Views:
        """Every TensorBoard, the latest first.

        Those that ended long ago are forgotten on the way.
        """
        found: Views = []
        for record in self._records():
            view = shown(self._registry, record)
            if view["phase"] in ("Stopped", "Failed") and _age(record) > KEPT:
                self._forget(record)
            else:
                found.append(view)
        return sorted(found, key=lambda view: view["started"], reverse=True)

    def get(self, id_: str) -> TensorBoardView:
        """One TensorBoard. Raises NotFound."""
        return shown(self._registry, self._record(id_))

    def wait(self, id_: str, timeout: float = 60.0) -> TensorBoardView:
        """The TensorBoard once it is no longer Starting, or as it is after ``timeout`` seconds.

        Raises NotFound.
        """
        deadline = time.monotonic() + timeout
        while (view := self.get(id_))["phase"] == "Starting" and time.monotonic() < deadline:
            time.sleep(0.02)
        return view

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
        return endpoint(self._registry, self._record(id_))

    def _ensure(self, id_: str, folders: Folders, options: Options) -> TensorBoardView:
        record = self._registry.read(id_)
        if record is None or not is_up(self._registry, record):
            python = interpreter(self._config.tensorboard_python)
            settings = options.over(self._site())
            self._make_room(id_)
            with self._registry.lock(id_):
                record = self._registry.read(id_)
                if record is None or not process.is_running(record.pid, record.birth):
                    record = launch(self._registry, id_, folders, options, settings, python)
        return self._renamed(record, options.name)

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
        asked = state.ask(TensorBoardEndpoint(HOST, said.port, record.prefix), timeout=1)
        return asked.idle if asked is not None else _age(record).total_seconds()

    def _stop(self, record: Record, why: str) -> TensorBoardView:
        with self._registry.lock(record.id):
            current = self._registry.read(record.id)
            if current is None or current.pid != record.pid:
                return shown(self._registry, record)
            process.end(current.pid, current.birth, grace=GRACE_SECONDS)
            stopped = replace(current, stopped=why)
            # It has ended, whether or not that can be noted.
            with contextlib.suppress(RegistryUnwritable):
                self._registry.write(stopped)
        return shown(self._registry, stopped)

    def _renamed(self, record: Record, name: str) -> TensorBoardView:
        if name and name != record.options.name:
            with self._registry.lock(record.id):
                current = self._registry.read(record.id) or record
                record = replace(current, options=replace(current.options, name=name))
                self._registry.write(record)
        return shown(self._registry, record)

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

    def _site(self) -> Settings:
        # Pydantic is imported by this; TensorBoards are listed at Jupyter's start.
        from jupyter_trainhub.specs.quantity import parse_memory

        memory = self._config.tensorboard_memory
        return Settings(
            self._config.tensorboard_idle_seconds,
            self._config.tensorboard_reload_interval,
            parse_memory(memory) if memory else 0,
        )


def _age(record: Record) -> timedelta:
    return datetime.now(timezone.utc) - datetime.fromisoformat(
        record.started.replace("Z", "+00:00")
    )
