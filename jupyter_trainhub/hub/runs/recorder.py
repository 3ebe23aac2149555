"""Keeps the records of a user's jobs while a program watches them: few threads for many jobs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from jupyter_trainhub.hub.views import View

_log = logging.getLogger(__name__)

THREADS = 4
# Seconds. A job that starts changes many times within a moment; one that runs is looked at anew for
# what no change tells: events, metrics.
_CALM = 1.0


@dataclass
class _Entry:
    view: View
    due: float
    busy: bool = False


# Writes the record of a view; seconds until the next time, None when there is nothing more to do.
Visit = Callable[[View], float | None]


class Recorder:
    """Calls ``visit`` in threads of its own, never twice at once for one run."""

    def __init__(self, visit: Visit, threads: int = THREADS) -> None:
        self._visit = visit
        self._most = threads
        self._changed = threading.Condition()
        self._entries: dict[str, _Entry] = {}
        self._threads: list[threading.Thread] = []
        self._stopped = False

    def note(self, view: View) -> None:
        """A job looks as ``view`` now; returns at once."""
        run: str = view["run"]
        with self._changed:
            entry = self._entries.get(run)
            if entry is None:
                self._entries[run] = _Entry(view, time.monotonic())
            else:
                calm = _CALM if entry.view["phase"] == view["phase"] else 0.0
                entry.view = view
                entry.due = min(entry.due, time.monotonic() + calm)
            if len(self._threads) < min(self._most, len(self._entries)) and not self._stopped:
                thread = threading.Thread(target=self._work, name="trainhub-recorder", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()

    def hurry(self, run: str) -> None:
        """Visit a run that is watched without delay."""
        with self._changed:
            entry = self._entries.get(run)
            if entry is not None:
                entry.due = time.monotonic()
                self._changed.notify()

    def last(self, job: str) -> View | None:
        """How the job called ``job`` looked last, as far as its record is still kept."""
        with self._changed:
            views = [entry.view for entry in self._entries.values()]
        found = [view for view in views if view["name"] == job]
        return max(found, key=lambda view: view["created"] or "", default=None)

    def stop(self, seconds: float = 5.0) -> None:
        """End the threads; what is being written is waited for at most so long."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while True:
            taken = self._take()
            if taken is None:
                return
            run, view = taken
            try:
                again = self._visit(view)
            except Exception:
                # One record that cannot be written must not end those of the others.
                _log.exception("the record of %s was not written", run)
                again = 60.0
            self._give_back(run, view, again)

    def _take(self) -> tuple[str, View] | None:
        with self._changed:
            while not self._stopped:
                free = [(entry.due, run) for run, entry in self._entries.items() if not entry.busy]
                due, run = min(free, default=(None, ""))
                if due is not None and due <= time.monotonic():
                    entry = self._entries[run]
                    entry.busy, entry.due = True, float("inf")
                    return run, entry.view
                self._changed.wait(None if due is None else max(0.0, due - time.monotonic()))
        return None

    def _give_back(self, run: str, view: View, again: float | None) -> None:
        with self._changed:
            entry = self._entries[run]
            entry.busy = False
            if again is not None:
                entry.due = min(entry.due, time.monotonic() + again)
            elif entry.view is view:
                del self._entries[run]
            self._changed.notify()
