"""Finds the TensorBoards that this user started by other means, and ends them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import NamedTuple

from jupyter_trainhub.errors import Conflict, NotFound
from jupyter_trainhub.hub.tensorboards.folders import LogFolder
from jupyter_trainhub.hub.tensorboards.found import info_files, processes
from jupyter_trainhub.hub.tensorboards.found.command_line import log_folders, option
from jupyter_trainhub.hub.tensorboards.found.processes import Listener, Process
from jupyter_trainhub.hub.tensorboards.view import (
    TensorBoardEndpoint,
    TensorBoardView,
    make_view,
)

PREFIX = "found-"

# Seconds that a look is good for, and that one has to end.
_FRESH = 3.0
_GRACE = 5.0

# The class below has a method called `list`, which hides the type in its own annotations.
Views = list[TensorBoardView]


class _Found(NamedTuple):
    process: Process
    listener: Listener
    prefix: str
    version: str | None

    @property
    def id(self) -> str:
        return f"{PREFIX}{self.process.pid}-{self.process.birth}"


class FoundTensorBoards:
    """The TensorBoards of this Unix user, on this machine, that TrainHub did not start.

    One counts when its process is this user's, runs TensorBoard and listens. Safe to use from
    several threads.
    """

    def __init__(self, look: Callable[[], list[Process]] = processes.running) -> None:
        """``look`` tells the processes that run TensorBoard."""
        self._look = look
        self._lock = threading.Lock()
        self._known: dict[str, _Found] = {}
        self._until = 0.0

    def list(self) -> Views:
        """Every one, the latest first; what was seen some seconds ago is not looked for anew."""
        views = [_view(found) for found in self._all().values() if _lives(found)]
        return sorted(views, key=lambda view: view["started"], reverse=True)

    def get(self, id_: str) -> TensorBoardView:
        """One of them. Raises NotFound."""
        return _view(self._one(id_))

    def by_port(self, port: int) -> TensorBoardView:
        """The one that listens on ``port`` of this machine. Raises NotFound."""
        for anew in (False, True):
            # The magic shows a TensorBoard as soon as it listens.
            for found in self._all(anew=anew).values():
                if found.listener.port == port and _lives(found):
                    return _view(found)
        raise NotFound(
            f"no TensorBoard of yours listens on port {port}",
            field="port",
            remedy="'trainhub get tensorboards' lists those that run.",
        )

    def endpoint(self, id_: str) -> TensorBoardEndpoint:
        """Where it listens. Raises NotFound."""
        found = self._one(id_)
        return TensorBoardEndpoint(found.listener.host, found.listener.port, found.prefix)

    def stop(self, id_: str) -> None:
        """Asks its process to end, and returns when it has.

        Raises NotFound, and Conflict when it goes on.
        """
        process = self._one(id_).process
        processes.terminate(process.pid, process.birth)
        deadline = time.monotonic() + _GRACE
        while processes.is_running(process.pid, process.birth):
            if time.monotonic() > deadline:
                raise Conflict(
                    f"the TensorBoard with process {process.pid} was asked to end and goes on",
                    reason="TensorBoardRuns",
                    remedy=f"End it where it was started, or run: kill -9 {process.pid}",
                )
            time.sleep(0.02)

    def _one(self, id_: str) -> _Found:
        found = self._all().get(id_) or self._all(anew=True).get(id_)
        # Its port may be another user's as soon as it has ended.
        if found is None or not _lives(found):
            raise NotFound(
                f"there is no TensorBoard {id_!r}",
                field="id",
                remedy="It may have ended. Open its log folder to start another one.",
            )
        return found

    def _all(self, *, anew: bool = False) -> dict[str, _Found]:
        with self._lock:
            if anew or time.monotonic() >= self._until:
                seen = [found for each in self._look() if (found := _found(each))]
                self._known = {found.id: found for found in seen}
                self._until = time.monotonic() + _FRESH
            return self._known


def _found(process: Process) -> _Found | None:
    """The process as a TensorBoard; None while it does not listen."""
    info = info_files.read(process.pid)
    listeners = process.listeners
    if listeners is None:
        # The system does not tell, so its own word has to do; the process was looked at.
        listeners = [Listener("127.0.0.1", info.port)] if info else []
    told = [each for each in listeners if info and each.port == info.port]
    if not (told or listeners):
        return None
    prefix = info.prefix if told and info else option(process.arguments, "path_prefix").rstrip("/")
    return _Found(process, (told or listeners)[0], prefix, info.version if told and info else None)


def _lives(found: _Found) -> bool:
    return processes.is_running(found.process.pid, found.process.birth)


def _view(found: _Found) -> TensorBoardView:
    process = found.process
    folders = [LogFolder(*each) for each in log_folders(process.arguments, process.folder)]
    started = datetime.fromtimestamp(process.started, timezone.utc)
    view = make_view(
        found.id,
        "found",
        folders,
        "Running",
        name="" if folders else "TensorBoard",
        message=f"Started by {process.starter}.",
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        reload_interval=_seconds(option(process.arguments, "reload_interval")),
    )
    view["memory"]["used"] = processes.memory(process.pid)
    view["version"] = found.version
    return view


def _seconds(text: str) -> int:
    # TensorBoard's own default.
    return int(float(text)) if text.replace(".", "", 1).isdigit() else 5
