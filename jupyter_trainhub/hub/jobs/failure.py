"""How jobs and runs failed: read from their logs once, and kept."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import ClusterUnavailable, NotFound, TrainHubError
from jupyter_trainhub.hub.jobs.log.request import LogRequest, pods_of
from jupyter_trainhub.hub.jobs.program import submitted_as
from jupyter_trainhub.hub.views import ENDED, View, Views
from jupyter_trainhub.manifests import foreign_json
from jupyter_trainhub.manifests.failure import failure_of
from jupyter_trainhub.manifests.job_attempt import TIME_LIMIT
from jupyter_trainhub.manifests.node_log import Node
from jupyter_trainhub.manifests.rank_failure import Cell, cells_of

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

# What is read of the end of each pod's log: lines, and bytes.
_LINES, _BYTES = 2000, 1 << 19
_AT_ONCE = 16
_KEPT = 256
_CELLS = "cells.json"
_FAILED = ("Failed", "Stopped")
_OF_ATTEMPT = ("phase", "reason", "message", "finished")


class Failures:
    """The Failures of jobs and runs. Methods may be called by any thread, and block."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        # By run and attempt, of attempts that are over: they never change.
        self._known: OrderedDict[tuple[str, int], View] = OrderedDict()

    def of_job(self, name: str, attempt: int | None = None) -> View:
        """How an attempt at a job failed, default the newest; ``root`` None where it did not.

        Raises NotFound, and InvalidField for an attempt that it does not have.
        """
        return self.of_view(self._hub.jobs.get(name), attempt)

    def of_run(self, run: str, attempt: int | None = None) -> View:
        """:meth:`of_job` from the record of a run. Raises NotFound."""
        record = self._hub.runs.get(run)
        return self.of_view({**record, "name": record["job"], "remedy": None}, attempt)

    def of_view(self, view: View, attempt: int | None = None) -> View:
        """:meth:`of_job` for the ``view`` of a job or run."""
        number = attempt or view["attempt"]
        LogRequest(attempt=number).ranks({**view, "nodes": 1})
        view = _as_of(view, number)
        pods = self._pods(view, number)
        failed = view["phase"] in _FAILED or any(pod.get("phase") == "Failed" for pod in pods)
        if not failed or not view.get("run"):
            return failure_of(view, number, [], {})
        key = view["run"], number
        known = self._found(*key)
        if known is not None:
            return known
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            unknown = [pod for pod in pods if pod.get("phase") != "Succeeded"]
            nodes = [*threads.map(lambda pod: self._node(view, pod, number), unknown)]
        processes = view["spec"].get("processes_per_node") or view["spec"].get("gpus") or 1
        found = failure_of(view, number, nodes, self._cells(view["run"]), processes=processes)
        if view["phase"] in ENDED:
            self._keep(key, found)
        return found

    def of_notebook(self, is_it: Callable[[str], bool]) -> Views:
        """The Failures of the notebook's jobs since the last that succeeded, the newest first.

        Only the user's own: names such as ``train.ipynb`` are many people's. ``is_it`` tells of a
        job's ``notebook`` whether it is the one.
        """
        views = [
            view
            for view in self._hub.jobs.list()
            if view["phase"] in ENDED
            and view["owner"] == self._hub.user
            and is_it(str(view["spec"].get("notebook") or ""))
        ]
        latest = self._succeeded(is_it) if views else ""
        found = []
        for view in sorted(views, key=lambda view: view["created"] or "", reverse=True):
            if view["phase"] == "Succeeded" or (view["created"] or "") < latest:
                break
            failure = self.of_view(view)
            # What somebody stopped has not failed.
            if failure["root"] or any(each["reason"] == TIME_LIMIT for each in failure["others"]):
                found.append(failure)
        return found

    def _succeeded(self, is_it: Callable[[str], bool]) -> str:
        """When the last run that succeeded was made, for jobs that are deleted by now; or ""."""
        runs: Views = []
        with contextlib.suppress(TrainHubError):
            runs = [run for run in self._hub.runs.list("Succeeded") if run["phase"] == "Succeeded"]
        own = (run for run in runs if is_it(str(run["spec"].get("notebook") or "")))
        return max((run["created"] or "" for run in own), default="")

    def told(self, view: View) -> View:
        """``view`` with an ``error`` that only the log tells, where that has been read already."""
        with self._lock:
            known = self._known.get((view["run"] or "", view["attempt"]))
        told = view["error"] is not None and view["error"].get("etype") is not None
        root = known["root"] if known and not told else None
        return {**view, "error": in_short(root)} if root else view

    def all_of(self, view: View) -> Views:
        """The Failures of all attempts at a job that failed, for its record."""
        numbers = [old["attempt"] for old in view.get("earlier", ())] + [view["attempt"]]
        found = (self.of_view(view, number) for number in numbers)
        return [failure for failure in found if failure["root"] or failure["others"]]

    def _found(self, run: str, attempt: int) -> View | None:
        with self._lock:
            known = self._known.get((run, attempt))
        if known is None:
            known = next(
                (item for item in self._hub.runs.failures(run) if item["attempt"] == attempt), None
            )
            if known is not None:
                self._keep((run, attempt), known)
        return known

    def _keep(self, key: tuple[str, int], failure: View) -> None:
        with self._lock:
            self._known[key] = failure
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def _pods(self, view: View, attempt: int) -> Views:
        """The pods of the attempt, by rank; those that are gone as the run's record has them."""
        pods = {pod["rank"]: pod for pod in self._recorded(view) if pod.get("attempt") == attempt}
        return [*(pods | {pod["rank"]: pod for pod in view["pods"]}).values()]

    def _recorded(self, view: View) -> Iterable[View]:
        with contextlib.suppress(TrainHubError):
            return list(self._hub.runs.get(view["run"])["pods"]) if view.get("run") else ()
        return ()

    def _node(self, view: View, pod: View, attempt: int) -> Node:
        return Node.of(pod, self._tail(view, pod["rank"], attempt))

    def _tail(self, view: View, rank: int, attempt: int) -> bytes:
        """The end of a log, with records; empty where nobody has it any more."""
        try:
            try:
                how = {"attempt": attempt, "tail": _LINES, "records": True}
                log = self._hub.jobs.logs(view["name"], rank, **how)
                return _end(log)
            except NotFound:
                return _end(self._hub.runs.log(view["run"], rank, attempt, _LINES))
        except ClusterUnavailable:
            raise
        except TrainHubError:
            return b""

    def _cells(self, run: str) -> Mapping[str, Cell]:
        with contextlib.suppress(TrainHubError, ValueError):
            try:
                files = submitted_as(self._hub.client, run).files
            except NotFound:
                files = self._hub.runs.code(run).files
            return cells_of(foreign_json.parse(files.get(_CELLS, b"{}")))
        return {}


def in_short(root: View) -> View:
    """A RankFailure as the ``error`` of a job's view."""
    names = ("rank", "node", "pod", "cell", "cell_id", "lineno", "line", "etype", "message", "time")
    return {name: root.get(name) for name in names}


def recorded(document: object) -> Views:
    """The Failures in a record's file, which the run's pods may have written over."""
    items = document.get("items") if isinstance(document, dict) else None
    return [item for item in items or () if isinstance(item, dict) and _is_failure(item)]


# Of what a RankFailure, its frames and a hint hold.
_TEXTS = ("node", "pod", "time", "etype", "message", "reason", "cell_id", "cell_source", "line",
          "traceback", "file", "name", "id", "title", "remedy")  # fmt: skip
_NUMBERS = ("rank", "node_rank", "exit_code", "cell", "lineno", "start", "at")
_OBJECTS = {"frames": list, "log": dict, "lines": list}


def _is_failure(item: View) -> bool:
    try:
        ranks = [*([item["root"]] if item["root"] else []), *item["others"], *item["followers"]]
        return type(item["attempt"]) is int and (
            all(map(_is_rank_failure, ranks)) and all(map(_has_types, item["hints"]))
        )
    except (KeyError, TypeError, AttributeError):
        return False


def _is_rank_failure(rank: View) -> bool:
    lines, frames = rank["log"]["lines"], rank["frames"]
    return (
        all(name in rank for name in ("node_rank", *in_short(rank)))
        and all(map(_has_types, (rank, rank["log"], *frames)))
        and all(isinstance(line, str) for line in lines)
    )


def _has_types(fields: View) -> bool:
    return (
        all(isinstance(fields.get(name), str | None) for name in _TEXTS)
        and all(isinstance(fields.get(name), int | None) for name in _NUMBERS)
        and all(isinstance(fields.get(name, kind()), kind) for name, kind in _OBJECTS.items())
    )


def _as_of(view: View, attempt: int) -> View:
    """The view of a job as it stood at the end of one of its attempts."""
    if attempt == view["attempt"]:
        pods = [pod for pod in view["pods"] if (pod.get("attempt") or attempt) == attempt]
        return {**view, "pods": pods}
    earlier: Views = view.get("earlier") or []
    old = next((old for old in earlier if old["attempt"] == attempt), {})
    told = {name: old.get(name) for name in _OF_ATTEMPT}
    told["phase"] = told["phase"] or "Failed"
    return {
        **view,
        **told,
        "remedy": None,
        "error": None,
        "pods": pods_of(view, attempt) if old else [],
    }


def _end(log: Iterable[bytes]) -> bytes:
    kept = b""
    for chunk in log:
        kept = (kept + chunk)[-_BYTES:] if len(kept) + len(chunk) > 2 * _BYTES else kept + chunk
    return kept[-_BYTES:]
