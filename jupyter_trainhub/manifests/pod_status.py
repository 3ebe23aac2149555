"""What one pod is doing, and why it is not doing more, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from jupyter_trainhub.manifests.disruption import disruption
from jupyter_trainhub.manifests.explanation import Explanation
from jupyter_trainhub.manifests.labels import Object, attempt, rank
from jupyter_trainhub.manifests.pod import main_container
from jupyter_trainhub.manifests.requests import Amounts
from jupyter_trainhub.manifests.scheduling import unbound, unscheduled
from jupyter_trainhub.manifests.termination import ended_by_kubelet, termination
from jupyter_trainhub.manifests.waiting import newest, waits_for

_SHOWN = (
    "name",
    "rank",
    "role",
    "attempt",
    "phase",
    "reason",
    "message",
    "node",
    "address",
    "restarts",
    "exit_code",
    "started",
    "finished",
    "image_digest",
    "previous",
)


@dataclass(frozen=True)
class PodStatus:
    """One pod as people see it.

    ``phase`` is Pending (no node yet), Starting (on a node, not running), Running, Succeeded,
    Failed or Stopping; ``why`` explains it where there is something to say; ``error`` is what the
    launcher told about an exception, with ``cell``, ``lineno``, ``etype`` and ``message``; times
    are RFC 3339. ``role`` and ``attempt`` are those in its job; ``disrupted`` says that the cluster
    took it away, ``previous`` that the log of an earlier container is there.
    """

    name: str
    rank: int
    phase: str
    why: Explanation | None = None
    node: str | None = None
    exit_code: int | None = None
    ready: bool = False
    restarts: int = 0
    started: str | None = None
    finished: str | None = None
    error: dict[str, Any] | None = None
    role: str = "node"
    attempt: int = 1
    address: str | None = None
    image_digest: str | None = None
    disrupted: bool = False
    deleted: bool = False
    previous: bool = False

    @property
    def reason(self) -> str | None:
        """One word for why it is as it is, mostly Kubernetes'."""
        return self.why.reason if self.why else None

    @property
    def message(self) -> str | None:
        """Why it is as it is, as a sentence."""
        return self.why.message if self.why and self.why.message else None

    def view(self) -> Object:
        """The pod as the entry of a Job's ``pods``."""
        return {field: getattr(self, field) for field in _SHOWN}


# What is said of a container before which init containers run.
_WAITS_ITS_TURN = "PodInitializing"


def pod_status(
    pod: Object, *, events: Iterable[Object] = (), largest: Amounts | None = None
) -> PodStatus:
    """The status of ``pod``.

    ``events`` are Kubernetes Events, of which those about this pod explain what its status does not
    say; ``largest`` is the cluster's largest node, to say that no waiting will help.
    """
    metadata, status = pod["metadata"], pod.get("status", {})
    container = _container(pod)
    state = container.get("state", {})
    taken = disruption(pod)
    facts: dict[str, Any] = {
        "name": metadata["name"],
        "rank": rank(pod),
        "node": pod.get("spec", {}).get("nodeName"),
        "restarts": container.get("restartCount", 0),
        "started": _started(state),
        "ready": _condition(status, "Ready").get("status") == "True",
        "attempt": attempt(pod),
        "address": status.get("podIP"),
        "image_digest": _digest(pod),
        "disrupted": taken is not None,
        "deleted": "deletionTimestamp" in metadata,
        "previous": container.get("restartCount", 0) > 0,
    }
    phase = status.get("phase", "Pending")
    if phase in ("Succeeded", "Failed"):
        return _ended(pod, phase, facts)
    if metadata.get("deletionTimestamp"):
        facts["ready"] = False
        why = taken or Explanation("Terminating", "It is ending.")
        return PodStatus(phase="Stopping", why=why, **facts)
    scheduled = _condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        waits = unbound(pod, scheduled, events) or unscheduled(pod, scheduled, largest)
        return PodStatus(phase="Pending", why=waits, **facts)
    if "running" in state:
        return PodStatus(phase="Running", why=_silent(pod, facts, events), **facts)
    if "terminated" in state or container.get("lastState", {}).get("terminated"):
        return _crashing(pod, state, container, facts)
    why = waits_for(pod, state.get("waiting", {}), events)
    return PodStatus(phase="Starting" if facts["node"] else "Pending", why=why, **facts)


def _container(pod: Object) -> Object:
    """The status of our container, or of an init container that holds it up."""
    status = pod.get("status", {})
    for container in status.get("initContainerStatuses", []):
        state = container.get("state", {})
        failed = state.get("terminated", {}).get("exitCode", 0) != 0
        if failed or state.get("waiting", {}).get("reason", _WAITS_ITS_TURN) != _WAITS_ITS_TURN:
            return dict(container)
    containers = status.get("containerStatuses", [])
    named = [item for item in containers if item["name"] == main_container(pod)]
    return dict((named or containers or [{}])[0])


def _digest(pod: Object) -> str | None:
    """The digest of the image that our container runs; runtimes write it in several ways."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    name = main_container(pod)
    found = (re.search(r"sha256:[0-9a-f]{64}", item.get("imageID") or "") for item in statuses
             if item["name"] == name)  # fmt: skip
    return next((match[0] for match in found if match), None)


def _silent(pod: Object, facts: dict[str, Any], events: Iterable[Object]) -> Explanation | None:
    """What is to be said of a pod that runs: whether its node still answers."""
    warning = None if facts["ready"] else newest(pod, events, "Warning")
    if warning is None or warning.get("reason") != "NodeNotReady":
        return None
    return Explanation(
        "NodeNotReady",
        f"Its node {facts['node']} does not answer.",
        "Wait: the cluster gives it up after some minutes.",
        warning.get("message"),
    )


def _condition(status: Object, kind: str) -> Object:
    for condition in status.get("conditions", []):
        if condition["type"] == kind:
            return dict(condition)
    return {}


def _started(state: Object) -> str | None:
    started: str | None = (state.get("running") or state.get("terminated") or {}).get("startedAt")
    # A container that could not be started carries the zero of Unix time.
    return None if started is None or started.startswith("1970-") else started


def _ended(pod: Object, phase: str, facts: dict[str, Any]) -> PodStatus:
    status = pod["status"]
    ended = _container(pod).get("state", {}).get("terminated", {})
    facts |= {
        "ready": False,
        "finished": ended.get("finishedAt"),
        "exit_code": ended.get("exitCode"),
    }
    if phase == "Succeeded":
        return PodStatus(phase=phase, why=Explanation("Completed", ""), **facts)
    if status.get("reason"):
        return PodStatus(phase=phase, why=ended_by_kubelet(status), **facts)
    why, error = termination(pod, ended)
    return PodStatus(phase=phase, why=disruption(pod) or why, error=error, **facts)


def _crashing(pod: Object, state: Object, container: Object, facts: dict[str, Any]) -> PodStatus:
    ended = state.get("terminated") or container["lastState"]["terminated"]
    why, error = termination(pod, ended)
    facts |= {"exit_code": ended.get("exitCode"), "ready": False}
    count = facts["restarts"] + 1
    why = replace(
        why,
        reason="CrashLoopBackOff" if why.reason == "Error" else why.reason,
        message=f"{why.message} It was started {count} times." if count > 1 else why.message,
    )
    return PodStatus(phase="Failed", why=why, error=error, **facts)
