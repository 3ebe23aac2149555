"""The view of a job: its Job and pods as people and programs see them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from jupyter_trainhub.manifests.explanation import Explanation
from jupyter_trainhub.manifests.labels import STOPPED_AT, Object, owner, spec_of, user_name
from jupyter_trainhub.manifests.pod_status import PodStatus, pod_status
from jupyter_trainhub.manifests.requests import Amounts
from jupyter_trainhub.manifests.workload_status import Phase, refused, stopped_by, told

# Phases of a job that does not change any more.
ENDED = ("Succeeded", "Failed", "Stopped")


def job_view(
    job: Object,
    pods: Iterable[Object],
    *,
    events: Sequence[Object] = (),
    largest: Amounts | None = None,
) -> Object:
    """The view of a job: its Job and the pods that belong to it.

    ``error`` is the first exception that a rank reported, with the cell of the notebook.
    """
    metadata, spec = job["metadata"], spec_of(job)
    ranks = _one_for_each_rank([pod_status(pod, events=events, largest=largest) for pod in pods])
    culprit = _culprit(ranks)
    phase, why = _job_phase(job, ranks, culprit, events)
    started = [status.started for status in ranks if status.started]
    return {
        "kind": "job",
        "name": user_name(job),
        "phase": phase,
        **told(why),
        "framework": spec.get("framework", "single"),
        "nodes": job["spec"].get("completions") or 1,
        "created": metadata.get("creationTimestamp"),
        "started": min(started) if started else None,
        "finished": _finished(job, phase),
        "owner": owner(job),
        "spec": spec,
        "uid": metadata.get("uid"),
        "pods": [status.view() for status in ranks],
        "error": culprit.error if culprit else None,
    }


def _one_for_each_rank(statuses: Iterable[PodStatus]) -> list[PodStatus]:
    """The pods by rank; of two with one rank the one that was not replaced."""
    chosen: dict[int, PodStatus] = {}
    for status in sorted(statuses, key=lambda status: (status.started or "~", status.name)):
        known = chosen.get(status.rank)
        if known is None or known.phase in ("Failed", "Stopping"):
            chosen[status.rank] = status
    return [chosen[index] for index in sorted(chosen)]


def _culprit(ranks: Iterable[PodStatus]) -> PodStatus | None:
    """The rank that failed first: others fail because they lose it, and mostly say less."""
    failed = [status for status in ranks if status.phase == "Failed"]
    ended_by_others = (143, 137)
    return min(
        failed,
        key=lambda status: (
            status.error is None,
            status.exit_code in ended_by_others and status.reason != "OOMKilled",
            status.finished or "~",
            status.rank,
        ),
        default=None,
    )


def _condition(job: Object, kind: str) -> Object | None:
    for condition in job.get("status", {}).get("conditions", []):
        if condition["type"] == kind and condition["status"] == "True":
            return dict(condition)
    return None


def _job_phase(
    job: Object, ranks: list[PodStatus], culprit: PodStatus | None, events: Sequence[Object]
) -> Phase:
    nodes = job["spec"].get("completions") or 1
    if job["metadata"].get("deletionTimestamp"):
        return "Stopping", Explanation("Deleting", "It is being deleted.")
    if _condition(job, "Complete"):
        return "Succeeded", Explanation("Completed", "")
    failed = _condition(job, "Failed")
    if _was_stopped(job):
        # Pods that are told to end often do so with an error, which is no failure of the job.
        live = any(status.phase not in ("Succeeded", "Failed") for status in ranks)
        return ("Stopping" if live and not failed else "Stopped"), stopped_by(job)
    if failed:
        return "Failed", _failure(failed, culprit, nodes)
    if job["spec"].get("suspend"):
        return "Suspended", Explanation("Suspended", "It waits to be released.")
    target = _condition(job, "FailureTarget")
    if target:
        why = _failure(target, culprit, nodes)
        return "Stopping", replace(why, message=f"{why.message} The other ranks are being ended.")
    return _progressing(job, ranks, events)


def _failure(condition: Object, culprit: PodStatus | None, nodes: int) -> Explanation:
    if condition.get("reason") == "DeadlineExceeded":
        return Explanation(
            "DeadlineExceeded", "It ran longer than its time limit.", "Give it more time."
        )
    if culprit is None:
        return Explanation(
            condition.get("reason") or "Failed", f"{condition.get('message') or 'It failed'}."
        )
    return _of_rank(culprit, nodes)


def _of_rank(failed: PodStatus, nodes: int) -> Explanation:
    """Why a pod failed, said of its rank where there are several."""
    why = failed.why or Explanation("Error", "It failed.")
    message = why.message or "It failed."
    if failed.error is None and failed.exit_code and "exit code" not in message:
        message = f"{message.rstrip('.')} (exit code {failed.exit_code})"
    if nodes > 1 and not re.search(r"\brank \d+", message):
        subject = f"Rank {failed.rank}"
        message = (
            f"{subject} {message[3:]}" if message.startswith("It ") else f"{subject}: {message}"
        )
    return replace(why, message=message)


def _was_stopped(job: Object) -> bool:
    return STOPPED_AT in job["metadata"].get("annotations", {})


def _progressing(job: Object, ranks: list[PodStatus], events: Sequence[Object]) -> Phase:
    nodes = job["spec"].get("completions") or 1
    begun = [status for status in ranks if status.phase not in ("Pending", "Starting")]
    if len(begun) >= nodes:
        troubled = next((status for status in ranks if status.phase == "Failed"), None)
        return "Running", _of_rank(troubled, nodes) if troubled else None
    for phase in ("Pending", "Starting"):
        held = next((status for status in ranks if status.phase == phase), None)
        if held is not None and held.why is not None:
            count = f" {len(begun)} of {nodes} nodes run." if nodes > 1 else ""
            return phase, replace(held.why, message=f"{held.why.message}{count}")
    return "Pending", refused(job, events) or Explanation("Creating", "Its pods are being created.")


def _finished(job: Object, phase: str) -> str | None:
    if phase not in ENDED:
        return None
    status = job.get("status", {})
    if phase == "Stopped":
        stopped: str | None = job["metadata"].get("annotations", {}).get(STOPPED_AT)
        return stopped
    condition = _condition(job, "Complete") or _condition(job, "Failed") or {}
    finished: str | None = status.get("completionTime") or condition.get("lastTransitionTime")
    return finished
