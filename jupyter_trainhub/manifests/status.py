"""Kubernetes objects to the views of instances and jobs that people and programs see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timezone

from jupyter_trainhub.manifests import instance as instance_manifest
from jupyter_trainhub.manifests import revision, troubles
from jupyter_trainhub.manifests.explanation import Explanation, explain, last_cause
from jupyter_trainhub.manifests.folders import folders
from jupyter_trainhub.manifests.idle import NO_POLICY, REASON, Policy, view_of
from jupyter_trainhub.manifests.idle_words import stopped_message
from jupyter_trainhub.manifests.labels import (
    STOPPED_AT,
    STOPPED_BY,
    STOPPED_REASON,
    Object,
    owner,
    spec_of,
    user_name,
)
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.manifests.pod_status import PodStatus, event_time, pod_status
from jupyter_trainhub.manifests.progress import progress
from jupyter_trainhub.manifests.requests import Amounts, amounts, devices

# Phases of a job that does not change any more.
ENDED = ("Succeeded", "Failed", "Stopped")

_Phase = tuple[str, Explanation | None]


def instance_view(
    stateful_set: Object,
    pods: Iterable[Object],
    *,
    events: Sequence[Object] = (),
    largest: Amounts | None = None,
    policy: Policy = NO_POLICY,
    now: datetime | None = None,
) -> Object:
    """The view of an instance: its StatefulSet and the pods that belong to it.

    ``policy`` is the site's for idle instances; ``now`` is the present unless it says otherwise.
    """
    pods = list(pods)
    metadata = stateful_set["metadata"]
    name = user_name(stateful_set)
    its_pod = next(iter(pods), None)
    pod = pod_status(its_pod, events=events, largest=largest) if its_pod is not None else None
    ending = its_pod is not None and bool(its_pod["metadata"].get("deletionTimestamp"))
    phase, why = _instance_phase(stateful_set, pod, ending, events)
    container = _container(stateful_set)
    resources = container.get("resources") or {}
    requests = amounts(resources.get("requests"))
    return {
        "kind": "instance",
        "name": name,
        "phase": phase,
        **_told(why),
        "ready": phase == "Running",
        "progress": progress(its_pod, phase, events),
        "image": container.get("image"),
        "cpus": requests.get("cpu", 0.0),
        "memory": int(requests.get("memory", 0)),
        "gpus": devices(resources),
        "created": metadata.get("creationTimestamp"),
        "owner": owner(stateful_set),
        "node": pod.node if pod else None,
        "url": f"{instance_manifest.prefix(name)[1:]}/lab",
        "spec": spec_of(stateful_set),
        "folders": folders(stateful_set) if container else [],
        "version": revision.version(stateful_set),
        "restart_needed": revision.restart_needed(stateful_set, pods),
        "uid": metadata.get("uid"),
        "idle": view_of(stateful_set, pods, policy, now or datetime.now(timezone.utc)),
    }


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
        **_told(why),
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


def _told(why: Explanation | None) -> Object:
    """Why something is in its phase, as views tell it."""
    return {
        "reason": why.reason if why else None,
        "message": (why.message or None) if why else None,
        "remedy": why.remedy if why else None,
        "details": why.details if why else None,
    }


def _container(workload: Object) -> Object:
    containers = workload["spec"].get("template", {}).get("spec", {}).get("containers", [])
    named = [container for container in containers if container["name"] == CONTAINER]
    return dict((named or containers or [{}])[0])


def _instance_phase(
    stateful_set: Object, pod: PodStatus | None, ending: bool, events: Sequence[Object]
) -> _Phase:
    metadata = stateful_set["metadata"]
    if metadata.get("deletionTimestamp"):
        return "Stopping", Explanation("Deleting", "It is being deleted.")
    if stateful_set["spec"].get("replicas", 1) == 0:
        if pod is not None:
            return "Stopping", Explanation("Terminating", "It is ending.")
        if metadata.get("generation") == 1:
            # An instance is made without replicas, which is a change of its spec once it gets them.
            return "Pending", Explanation("Creating", "It is being created.")
        return "Stopped", _stopped_by(stateful_set)
    if pod is None:
        return "Pending", _refused(stateful_set, events) or Explanation(
            "Creating", "It is being created."
        )
    if ending:
        # However the old pod ends, it is no failure of the instance.
        return "Starting", Explanation("Restarting", "It starts anew once its old pod has ended.")
    if pod.phase == "Running" and not pod.ready:
        return "Starting", Explanation("NotReady", "It runs, but does not answer yet.")
    if pod.phase == "Succeeded":
        return "Starting", Explanation("Restarting", "It was ended from inside and starts again.")
    return pod.phase, pod.why


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
) -> _Phase:
    nodes = job["spec"].get("completions") or 1
    if job["metadata"].get("deletionTimestamp"):
        return "Stopping", Explanation("Deleting", "It is being deleted.")
    if _condition(job, "Complete"):
        return "Succeeded", Explanation("Completed", "")
    failed = _condition(job, "Failed")
    if _was_stopped(job):
        # Pods that are told to end often do so with an error, which is no failure of the job.
        live = any(status.phase not in ("Succeeded", "Failed") for status in ranks)
        return ("Stopping" if live and not failed else "Stopped"), _stopped_by(job)
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


def _stopped_by(workload: Object) -> Explanation:
    annotations = workload["metadata"].get("annotations", {})
    if annotations.get(STOPPED_REASON) == REASON:
        return Explanation(REASON, stopped_message(workload), "Start it when you need it.")
    name = annotations.get(STOPPED_BY)
    return Explanation("Stopped", f"Stopped by {name}." if name else "It was stopped.")


def _progressing(job: Object, ranks: list[PodStatus], events: Sequence[Object]) -> _Phase:
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
    return "Pending", _refused(job, events) or Explanation(
        "Creating", "Its pods are being created."
    )


def _refused(workload: Object, events: Iterable[Object]) -> Explanation | None:
    """Why the controller could not create pods, from its newest FailedCreate event."""
    uid = workload["metadata"].get("uid")
    refusals = [
        event
        for event in events
        if event.get("reason") == "FailedCreate"
        and event.get("involvedObject", {}).get("uid") == uid
    ]
    if not refusals:
        return None
    message: str = max(refusals, key=event_time).get("message", "")
    known = explain(troubles.CREATING, "FailedCreate", message)
    if known is None:
        return Explanation(
            "FailedCreate",
            f"The cluster refuses its pods: {last_cause(message)}.",
            "Change what it names, or ask the admin.",
            message,
        )
    return replace(known, reason="QuotaExceeded") if "exceeded quota" in message else known


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
