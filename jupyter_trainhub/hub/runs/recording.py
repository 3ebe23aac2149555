"""Writes the records of one user's runs: which parts, when, and what to do when one fails."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import ClusterUnavailable, TrainHubError
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.jobs.progress.manager import Progress
from jupyter_trainhub.hub.runs.collection import (
    EVENTS_FILE,
    HISTORY_FILE,
    Collection,
    has_log,
)
from jupyter_trainhub.hub.runs.folder import RUN, RunFolder
from jupyter_trainhub.hub.runs.last_logs import LastLogs, PodLog, PodLogs
from jupyter_trainhub.hub.runs.log import drop_copies, final_words, saved_logs
from jupyter_trainhub.hub.runs.pruning import prune
from jupyter_trainhub.hub.runs.record import TOLD, Record, every_pod, is_over, missing, updated
from jupyter_trainhub.hub.runs.store import RunStore
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.manifests.frameworks.applied import APPLIED_FILE
from jupyter_trainhub.manifests.submission import CHANGES_FILE, SUBMISSION_FILE, Submission

# Seconds until a running job is looked at anew, and its events; a record that others write; one
# that cannot be written; and one of whose end something is missing, which is tried some times.
_RUNNING = 60.0
_EVENTS = 600.0
_BUSY = 5.0
_FAILED = 60.0
_INCOMPLETE = 20.0
_TRIES = 4
# Seconds after which a file that is half written is nobody's work any more.
_LEFTOVER = 3600.0
# A log gets at least this much room, however little is left.
_LEAST_LOG = 1 << 16
# Seconds between two looks at which records are to be given up.
_PRUNING = 60.0

_log = logging.getLogger(__name__)


class Recording:
    """Writes records from views of jobs. Methods may be called by any thread, and block.

    ``cluster`` tells the records of this cluster and namespace from others; ``again(run)`` is
    called when there is more to write of a run.
    """

    def __init__(
        self,
        client: KubeClient,
        config: TrainHubConfig,
        store: RunStore,
        collection: Collection,
        user: str,
        again: Callable[[str], None],
        progress: Progress,
    ) -> None:
        self._client = client
        self._config = config
        self._store = store
        self._collection = collection
        self._user = user
        self._cluster = f"{client.server} {client.namespace}"
        self._lock = threading.Lock()
        self._prune_at = 0.0
        self._tries: dict[str, int] = {}
        self._progress = progress
        self._logs = PodLogs(client, again, progress.heard)
        # Why the record of a run cannot be written, and how the job looked then.
        self.problems: dict[str, tuple[View, str]] = {}

    def concerns(self, view: View) -> bool:
        """Whether a record is kept of this job: of the user's own, not of what has no run."""
        return bool(view.get("run")) and view.get("owner") == self._user

    def visit(self, view: View, *, follow: bool = True) -> float | None:
        """Write what is new of a job; seconds until the next time, None when all is written.

        With ``follow`` the logs of its pods are read from now on.
        """
        run = view["run"]
        if self._store.is_deleted(run):
            return None
        if view["phase"] == "Stopping":
            self.last_logs(view)
        try:
            folder = self._store.make(run)
            if follow:
                self._follow(folder, view)
            with folder.locked() as free:
                again = self._write(folder, view) if free else _BUSY
            self.problems.pop(run, None)
        except TrainHubError as error:
            _log.debug("the record of %s was not written: %s", run, error)
            return _FAILED
        except OSError as error:
            self._cannot(view, error)
            return _FAILED
        if again is None:
            self._tries.pop(run, None)
            self._prune()
        return again

    def _prune(self) -> None:
        with self._lock:
            if time.monotonic() < self._prune_at:
                return
            self._prune_at = time.monotonic() + _PRUNING
        prune(self._store, self._user, self._config.run_keep, self._config.run_keep_days)

    def follows(self, run: str, pod: str) -> bool:
        """Whether the log of a pod is being read."""
        return self._logs.reads(run, pod)

    def last_logs(self, view: View) -> LastLogs | None:
        """Read the logs of pods that are about to end, to their ends.

        None where there are none to read, or the record cannot be written: never raises.
        """
        if not self.concerns(view) or self._store.is_deleted(view["run"]):
            return None
        try:
            logs = self._follow(self._store.make(view["run"]), view)
        except OSError as error:
            self._cannot(view, error)
            return None
        return LastLogs(logs) if logs else None

    def _follow(self, folder: RunFolder, view: View) -> list[PodLog]:
        """Read the logs of the pods that run from now on, but for those that write them here."""
        newest = view.get("attempt") or 1
        by_pods = self._store.written_by_pods(view["run"])
        if by_pods is not None and (by_pods.path / f"attempt-{newest}").is_dir():
            return []
        pods = [pod for pod in self._lacking(folder, view) if not pod.get("finished")]
        return self._logs.follow(folder, pods, self._room(folder, max(1, len(pods))))

    def gone(self, view: View) -> View:
        """The last view of a job that was deleted before its end was recorded."""
        return {
            **view,
            "phase": "Stopped",
            "reason": "Deleted",
            "message": "It was deleted before it ended.",
            "finished": view.get("finished") or now(),
            "restart": None,
        }

    def without_end(self) -> list[View]:
        """How the jobs of this cluster looked last whose records have no end."""
        found = []
        for folder in self._store.folders():
            record = self._store.record(folder)
            if (
                record is not None
                and record.get("cluster") == self._cluster
                and record.get("owner") == self._user
                and not is_over(record)
            ):
                found.append({**record, "name": record["job"], "pods": [], "earlier": []})
        return found

    def _write(self, folder: RunFolder, view: View) -> float | None:
        before: Record = self._store.record(folder) or {}
        over = is_over(view)
        same = all(before.get(name) == view.get(name) for name in ("phase", "attempt", "pinned"))
        if over and same and before.get("complete"):
            return None
        argv = before.get("argv")
        if argv is None or folder.size(APPLIED_FILE) is None:
            # A job is there a moment before what belongs to it.
            argv = self._told(lambda: self._collection.submitted(folder, view)) or argv
        record = updated(before, view, submission_of(folder))
        record |= {"argv": argv, "cluster": self._cluster, "complete": False, "missing": []}
        if not before:
            # From here on it is a record, whatever comes.
            folder.write_json(RUN, record)
        if over or not same or _age(folder, EVENTS_FILE) > _EVENTS:
            self._told(lambda: self._collection.events(folder, view))
            self._told(lambda: self._collection.live(folder, view))
        self._keep_logs(folder, view, over=over)
        by_pods = self._store.written_by_pods(view["run"])
        if over and by_pods is not None:
            drop_copies(folder, by_pods, record["pods"])
        self._collection.environment(folder, by_pods, record["pods"])
        record["metrics_summary"] = self._collection.metrics(folder, view)
        told = self._progress.merged(view)
        record |= {name: told.get(name) for name in TOLD}
        if over:
            kept = [by_pods, folder] if by_pods else [folder]
            record |= final_words(kept, view)
        if view.get("history"):
            folder.write_json(HISTORY_FILE, view["history"])
        again: float | None = _RUNNING
        if over and any(self.follows(view["run"], pod["name"]) for pod in record["pods"]):
            again = _BUSY
        elif over:
            self._told(lambda: self._collection.failures(folder, view))
            logs = {**(saved_logs(by_pods) if by_pods else {}), **saved_logs(folder)}
            lacks = missing(record, [name for name, _, _ in folder.files()], logs)
            record |= {"complete": not lacks, "missing": lacks}
            again = self._next_try(view) if lacks else None
            folder.clean(_LEFTOVER)
        if record != before:
            folder.write_json(RUN, record)
        return again

    def _next_try(self, view: View) -> float | None:
        # Another process may be saving the last lines of the job that it has stopped.
        tried = self._tries[view["run"]] = self._tries.get(view["run"], 0) + 1
        return _INCOMPLETE if tried < _TRIES else None

    def _keep_logs(self, folder: RunFolder, view: View, *, over: bool) -> None:
        newest = view.get("attempt") or 1
        pods = [
            pod
            for pod in self._lacking(folder, view)
            if (over or (pod.get("attempt") or 1) < newest)
            and not self.follows(view["run"], pod["name"])
        ]
        for number, pod in enumerate(pods):
            room = self._room(folder, len(pods) - number)
            try:
                self._told(partial(self._collection.log, folder, pod, room))
            except OSError as error:
                # What else there is to keep may fit.
                _log.warning("the log of %s is not kept: %s", pod["name"], error)

    def _lacking(self, folder: RunFolder, view: View) -> list[View]:
        by_pods = self._store.written_by_pods(view["run"])
        return [
            pod
            for pod in every_pod(view)
            if pod.get("started")
            and not has_log(folder, by_pods, pod.get("attempt") or 1, pod["rank"])
        ]

    def _room(self, folder: RunFolder, logs: int) -> int:
        used = sum(size for _, size, _ in folder.files())
        # While a log is written its end takes twice its room, and the rest has to fit, too.
        free = shutil.disk_usage(folder.path).free // 2
        room = min(self._config.run_max_bytes - used, free) // max(1, logs)
        return max(_LEAST_LOG, room)

    @staticmethod
    def _told(call: Callable[[], Any]) -> Any:
        """What ``call`` gives, None where the cluster does not have it any more."""
        try:
            return call()
        except ClusterUnavailable:
            raise
        except TrainHubError as error:
            _log.debug("a part of a record is missing: %s", error)
            return None

    def _cannot(self, view: View, error: OSError) -> None:
        reason = error.strerror or str(error)
        _log.warning("the record of %r cannot be written: %s", view["run"], reason)
        self.problems[view["run"]] = view, f"The record cannot be written: {reason}."


def submission_of(folder: RunFolder) -> Submission:
    """Where the run of a record came from."""
    names = (SUBMISSION_FILE, CHANGES_FILE)
    return Submission.from_files({name: folder.read(name) for name in names})


def _age(folder: RunFolder, name: str) -> float:
    found = next((changed for path, _, changed in folder.files() if path == name), 0.0)
    return time.time() - found
