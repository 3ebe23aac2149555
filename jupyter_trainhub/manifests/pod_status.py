"""What one pod is doing, and why it is not doing more, in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jupyter_trainhub.manifests.labels import Object, rank
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.manifests.scheduling import Capacity, requested, unscheduled
from jupyter_trainhub.specs.quantity import describe_memory

_IMAGE_REASONS = (
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
)
_SIGNALS = {
    129: "SIGHUP",
    130: "SIGINT",
    132: "SIGILL",
    134: "SIGABRT",
    135: "SIGBUS",
    136: "SIGFPE",
    137: "SIGKILL",
    139: "SIGSEGV",
    143: "SIGTERM",
}


@dataclass(frozen=True)
class PodStatus:
    """One pod as people see it.

    ``phase`` is Pending (no node yet), Starting (on a node, not running), Running, Succeeded,
    Failed or Stopping; ``error`` is what the launcher told about an exception, with ``cell``,
    ``lineno``, ``etype`` and ``message``; times are RFC 3339.
    """

    name: str
    rank: int
    phase: str
    reason: str | None = None
    message: str | None = None
    node: str | None = None
    exit_code: int | None = None
    ready: bool = False
    restarts: int = 0
    started: str | None = None
    finished: str | None = None
    error: dict[str, Any] | None = None

    def view(self) -> Object:
        """The pod as the entry of a Job's ``pods``."""
        fields = ("name", "rank", "phase", "reason", "message", "node", "exit_code")
        return {field: getattr(self, field) for field in fields}


def pod_status(
    pod: Object, *, events: Iterable[Object] = (), largest: Capacity | None = None
) -> PodStatus:
    """The status of ``pod``.

    ``events`` are Kubernetes Events, of which those about this pod explain what its status does not
    say; ``largest`` is the cluster's largest node, to say that no waiting will help.
    """
    metadata, status = pod["metadata"], pod.get("status", {})
    container = _container(status)
    state = container.get("state", {})
    facts: dict[str, Any] = {
        "name": metadata["name"],
        "rank": rank(pod),
        "node": pod.get("spec", {}).get("nodeName"),
        "restarts": container.get("restartCount", 0),
        "started": _started(state),
        "ready": _condition(status, "Ready").get("status") == "True",
    }
    phase = status.get("phase", "Pending")
    if phase in ("Succeeded", "Failed"):
        return _ended(pod, phase, facts)
    if metadata.get("deletionTimestamp"):
        facts["ready"] = False
        return PodStatus(phase="Stopping", reason="Terminating", message="It is ending.", **facts)
    scheduled = _condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        reason = scheduled.get("reason", "Unschedulable")
        return PodStatus(
            phase="Pending", reason=reason, message=unscheduled(pod, scheduled, largest), **facts
        )
    if "running" in state:
        return PodStatus(phase="Running", **facts)
    if "terminated" in state or container.get("lastState", {}).get("terminated"):
        return _crashing(pod, state, container, facts)
    reason, message = _waiting(pod, state.get("waiting", {}), events)
    return PodStatus(
        phase="Starting" if facts["node"] else "Pending", reason=reason, message=message, **facts
    )


def _container(status: Object) -> Object:
    """The status of our container, or of an init container that holds it up."""
    for container in status.get("initContainerStatuses", []):
        if container.get("state", {}).get("terminated", {}).get("exitCode", 0) != 0:
            return dict(container)
    containers = status.get("containerStatuses", [])
    named = [container for container in containers if container["name"] == CONTAINER]
    return dict((named or containers or [{}])[0])


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
    ended = _container(status).get("state", {}).get("terminated", {})
    facts |= {
        "ready": False,
        "finished": ended.get("finishedAt"),
        "exit_code": ended.get("exitCode"),
    }
    if phase == "Succeeded":
        return PodStatus(phase=phase, reason="Completed", **facts)
    if status.get("reason"):
        message = status.get("message") or f"Kubernetes ended it: {status['reason']}."
        if status["reason"] == "DeadlineExceeded":
            message = "It ran longer than its time limit."
        return PodStatus(phase=phase, reason=status["reason"], message=message, **facts)
    reason, message, error = _termination(pod, ended)
    return PodStatus(phase=phase, reason=reason, message=message, error=error, **facts)


def _crashing(pod: Object, state: Object, container: Object, facts: dict[str, Any]) -> PodStatus:
    ended = state.get("terminated") or container["lastState"]["terminated"]
    reason, message, error = _termination(pod, ended)
    facts |= {"exit_code": ended.get("exitCode"), "ready": False}
    return PodStatus(
        phase="Failed",
        reason="CrashLoopBackOff" if reason == "Error" else reason,
        message=f"{message} It was started {facts['restarts'] + 1} times.",
        error=error,
        **facts,
    )


def _termination(pod: Object, ended: Object) -> tuple[str, str, dict[str, Any] | None]:
    """Reason, message and error of a container that ended badly."""
    code, reason = ended.get("exitCode"), ended.get("reason") or "Error"
    told = _told(ended.get("message", ""))
    if reason == "OOMKilled":
        limit = requested(pod, "memory")
        bound = f" of {describe_memory(float(limit))}" if limit else ""
        return reason, f"It used more memory than its limit{bound}; give it more memory.", None
    if told:
        error = told.get("error")
        return (
            str(told.get("reason") or reason),
            str(told.get("message") or _exit_sentence(code)),
            error if isinstance(error, dict) else None,
        )
    if reason in ("StartError", "ContainerCannotRun"):
        return reason, _start_error(ended.get("message", "")), None
    if reason in ("Error", "Completed"):
        last = _last_line(ended.get("message", ""))
        return "Error", f"{_exit_sentence(code)}{f' Its last line: {last}' if last else ''}", None
    return reason, ended.get("message") or _exit_sentence(code), None


def _told(message: str) -> dict[str, Any]:
    """The launcher's termination message, ``{reason, message, exit_code, error}``; {} if none."""
    try:
        told = json.loads(message)
    except ValueError:
        return {}
    return told if isinstance(told, dict) and "message" in told else {}


def _exit_sentence(code: int | None) -> str:
    if code is None:
        return "It ended, its exit code is not known."
    if code in _SIGNALS:
        return f"It was ended by {_SIGNALS[code]} (exit code {code})."
    return f"It ended with exit code {code}."


def _last_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _start_error(message: str) -> str:
    program = re.search(r'exec: "([^"]*)"', message)
    if program and ("no such file" in message or "not found" in message):
        return f"The image has no program {program[1]!r}; choose another image or command."
    return f"The program could not be started: {message.rsplit(': ', 1)[-1]}"


def _waiting(pod: Object, waiting: Object, events: Iterable[Object]) -> tuple[str, str]:
    reason, message = waiting.get("reason", "ContainerCreating"), waiting.get("message", "")
    if reason in _IMAGE_REASONS:
        image = pod["spec"]["containers"][0]["image"]
        cause = f" ({_last_cause(message)})" if message else ""
        return reason, (
            f"The image {image!r} cannot be had{cause}; check its name and "
            "that the cluster may pull it."
        )
    if reason in ("CreateContainerConfigError", "CreateContainerError"):
        return reason, f"The cluster cannot set it up: {message}."
    trouble = _newest_warning(pod, events)
    if trouble is not None:
        return trouble["reason"], _mount_sentence(trouble)
    if not pod.get("spec", {}).get("nodeName"):
        return "Scheduling", "It waits for a node."
    if reason == "PodInitializing":
        return reason, "Its init containers run."
    return reason, message or "The node prepares it: image, folders, network."


def _last_cause(message: str) -> str:
    return message.rsplit(": ", 1)[-1].strip()


def _newest_warning(pod: Object, events: Iterable[Object]) -> Object | None:
    uid = pod["metadata"].get("uid")
    about = [
        event
        for event in events
        if event.get("type") == "Warning" and event.get("involvedObject", {}).get("uid") == uid
    ]
    return max(about, key=event_time, default=None)


def event_time(event: Object) -> str:
    """When an Event was last seen, RFC 3339; both of Kubernetes' event APIs fill other fields."""
    series = event.get("series") or {}
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
        or ""
    )


def _mount_sentence(event: Object) -> str:
    message = event.get("message", "")
    missing = re.search(r"hostPath type check failed: (.+?) is not a directory", message)
    if missing:
        return f"The node has no folder {missing[1]!r}; mount one that exists there."
    if event["reason"] in ("FailedMount", "FailedAttachVolume"):
        return f"A folder cannot be mounted: {_last_cause(message)}."
    return f"{message}."
