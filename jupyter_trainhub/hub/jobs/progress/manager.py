"""The progress of jobs: read from their logs, kept, and put into their views."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_trainhub.hub.jobs.progress.tails import Tails, Taken
from jupyter_trainhub.hub.views import View, Views, over
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.manifests.job_progress import JobProgress
from jupyter_trainhub.manifests.metric_curves import Point

# Seconds between two looks at the end of a log that nobody follows, and for which all looks of a
# round may hold up whoever wants to see jobs.
EVERY = 10.0
PATIENCE = 1.0
# Jobs that are looked at in one round, and seconds for which one counts as looked at.
MOST = 50
_LOOKED_AT = 60.0
# Bytes of a followed log that wait to be read: its end.
_WAITING = 256 * 1024
_TICK = 1.0
# Attempts of jobs that are remembered.
_KEPT = 2000


@dataclass
class _Attempt:
    """What is known of one attempt of a job."""

    view: View
    known: JobProgress = field(default_factory=JobProgress)
    # What was recorded of it when it was over; and when that was looked for.
    recorded: View | None = None
    looked_up_at: float = float("-inf")
    waiting: bytearray = field(default_factory=bytearray)
    looked_at: float = 0.0
    read_at: float = float("-inf")
    is_reading: bool = False
    told: Any = None

    def tell(self) -> View:
        """What its log adds to its view: see :meth:`JobProgress.told`."""
        if self.waiting:
            waiting = bytes(self.waiting)
            self.waiting.clear()
            self.known.take(waiting, time.time())
        running = self.view["phase"] == "Running"
        return self.recorded or self.known.told(time.time(), running=running)


class Progress:
    """The progress of all jobs of a cluster. Methods may be called by any thread."""

    def __init__(
        self,
        client: KubeClient,
        follows: Callable[[str, str], bool],
        recorded: Callable[[str], View | None],
    ) -> None:
        """``follows(run, pod)``: whether that log comes by :meth:`heard`.

        ``recorded(run)`` is what its record tells of a run that is over.
        """
        self._tails = Tails(client)
        self._follows = follows
        self._recorded = recorded
        self._lock = threading.RLock()
        self._attempts: OrderedDict[tuple[str, int], _Attempt] = OrderedDict()
        self._on_change: Callable[[View], None] | None = None
        self._stopped = threading.Event()

    def watch(self, on_change: Callable[[View], None]) -> None:
        """Tell the view of each job that moves, at most once a second; until :meth:`stop`."""
        with self._lock:
            begins, self._on_change = self._on_change is None, on_change
        if begins:
            threading.Thread(target=self._tick, name="trainhub-progress", daemon=True).start()

    def stop(self) -> None:
        """Tell nothing more."""
        self._stopped.set()

    def heard(self, run: str, attempt: int, data: bytes) -> None:
        """What the first rank of an attempt goes on to write; returns at once."""
        with self._lock:
            found = self._attempts.get((run, attempt))
            if found is not None:
                found.waiting += data
                del found.waiting[:-_WAITING]

    def merged(self, view: View) -> View:
        """``view`` of a job with what is known of its log; asks nobody."""
        with self._lock:
            attempt = self._attempt(view)
            if attempt is None:
                return view
            attempt.told = attempt.tell()
            return {**view, **attempt.told}

    def curves(self, view: View) -> dict[str, list[Point]]:
        """The metrics of a job that its log has told, from their start as far as that is known."""
        with self._lock:
            attempt = self._attempt(view)
            if attempt is None:
                return {}
            attempt.tell()
            return attempt.known.metrics.curves()

    def forget(self, job: str) -> None:
        """A job was deleted: there is no more to tell of it."""
        with self._lock:
            for key in [key for key, item in self._attempts.items() if item.view["name"] == job]:
                del self._attempts[key]

    def look(self, views: Sequence[View], *, every: float = EVERY) -> Views:
        """``views`` of jobs with what their logs tell: ``progress``, ``log_folders``.

        Reads the ends of the logs of running jobs that nobody follows and that were not read for
        ``every`` seconds; that takes :data:`PATIENCE` seconds at most.
        """
        chosen = []
        with self._lock:
            for view in views:
                attempt = self._attempt(view)
                if attempt is not None:
                    attempt.looked_at = time.monotonic()
                    chosen.append(attempt)
        for attempt in chosen:
            is_due = attempt.recorded is None and attempt.looked_up_at + EVERY < time.monotonic()
            if over(attempt.view) and is_due:
                attempt.recorded = self._recorded(attempt.view["run"])
                attempt.looked_up_at = time.monotonic()
        # The end of what is in no record is read once, where somebody wants to see it.
        ended = [item for item in chosen if over(item.view) and item.recorded is None]
        if len(views) > 1:
            with self._lock:
                ended = [item for item in ended if item.tell()["progress"]]
        self._read(chosen, every)
        self._read(ended, float("inf"), running=False)
        return [self.merged(view) for view in views]

    def _attempt(self, view: View) -> _Attempt | None:
        if not view.get("run"):
            return None
        key = view["run"], view.get("attempt") or 1
        found = self._attempts.get(key)
        if found is None:
            for earlier in range(1, key[1]):
                self._attempts.pop((view["run"], earlier), None)
            found = self._attempts[key] = _Attempt(view)
            if len(self._attempts) > _KEPT:
                self._attempts.popitem(last=False)
        if over(view) and not over(found.view):
            found.read_at = float("-inf")
        found.view = view
        self._attempts.move_to_end(key)
        return found

    def _read(self, attempts: Sequence[_Attempt], every: float, *, running: bool = True) -> None:
        due = time.monotonic() - every
        wanted: list[tuple[str, Taken]] = []
        for attempt in attempts:
            pod = _first_pod(attempt.view)
            is_due = not attempt.is_reading and attempt.read_at <= due
            if pod is None or not is_due or (attempt.view["phase"] == "Running") != running:
                continue
            if running and self._follows(attempt.view["run"], pod):
                continue
            if len(wanted) < MOST:
                attempt.is_reading = True
                wanted.append((pod, self._taker(attempt)))
        if wanted:
            self._tails.read(wanted, PATIENCE)

    def _taker(self, attempt: _Attempt) -> Taken:
        def taken(log: bytes) -> None:
            with self._lock:
                attempt.known.take(log, time.time())
                attempt.is_reading, attempt.read_at = False, time.monotonic()

        return taken

    def _tick(self) -> None:
        while not self._stopped.wait(_TICK):
            with self._lock:
                attempts = list(self._attempts.values())
            since = time.monotonic() - _LOOKED_AT
            self._read([item for item in attempts if item.looked_at > since], EVERY)
            for attempt in attempts:
                if attempt.waiting or not over(attempt.view):
                    self._tell(attempt)

    def _tell(self, attempt: _Attempt) -> None:
        # Under the lock, so that no older view is told after a newer one.
        with self._lock:
            key = attempt.view["run"], attempt.view.get("attempt") or 1
            found = attempt.tell()
            if self._on_change and self._attempts.get(key) is attempt and found != attempt.told:
                attempt.told = found
                self._on_change({**attempt.view, **found})


def _first_pod(view: View) -> str | None:
    """The pod of rank 0, which has started."""
    names = [pod["name"] for pod in view.get("pods", ()) if pod["rank"] == 0 and pod["started"]]
    return names[-1] if names else None
