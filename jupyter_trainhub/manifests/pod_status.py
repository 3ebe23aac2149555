"""What one pod is doing, and why it is not doing more, in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from jupyter_trainhub.manifests import troubles
from jupyter_trainhub.manifests.explanation import Explanation, explain, last_cause
from jupyter_trainhub.manifests.labels import Object, rank
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.manifests.requests import Amounts
from jupyter_trainhub.manifests.scheduling import requested, unscheduled
from jupyter_trainhub.specs.quantity import describe_memory

_IMAGE_REASONS = (
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
)
_ASK_ADMIN = "It is tried again; if it goes on, ask the admin."
# Warnings that tell why a node does not get on with a pod; others, such as a probe's, come and go.
_HOLDS_UP = re.compile(r"Failed|NetworkNotReady")
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
    Failed or Stopping; ``why`` explains it where there is something to say; ``error`` is what the
    launcher told about an exception, with ``cell``, ``lineno``, ``etype`` and ``message``; times
    are RFC 3339.
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
        fields = ("name", "rank", "phase", "reason", "message", "node", "exit_code")
        return {field: getattr(self, field) for field in fields}


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
        return PodStatus(phase="Stopping", why=Explanation("Terminating", "It is ending."), **facts)
    scheduled = _condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        return PodStatus(phase="Pending", why=unscheduled(pod, scheduled, largest), **facts)
    if "running" in state:
        return PodStatus(phase="Running", **facts)
    if "terminated" in state or container.get("lastState", {}).get("terminated"):
        return _crashing(pod, state, container, facts)
    why = _waiting(pod, state.get("waiting", {}), events)
    return PodStatus(phase="Starting" if facts["node"] else "Pending", why=why, **facts)


def _container(status: Object) -> Object:
    """The status of our container, or of an init container that holds it up."""
    for container in status.get("initContainerStatuses", []):
        state = container.get("state", {})
        failed = state.get("terminated", {}).get("exitCode", 0) != 0
        if failed or state.get("waiting", {}).get("reason", _WAITS_ITS_TURN) != _WAITS_ITS_TURN:
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
        return PodStatus(phase=phase, why=Explanation("Completed", ""), **facts)
    if status.get("reason"):
        return PodStatus(phase=phase, why=_ended_by_kubelet(status), **facts)
    why, error = _termination(pod, ended)
    return PodStatus(phase=phase, why=why, error=error, **facts)


def _ended_by_kubelet(status: Object) -> Explanation:
    reason, message = status["reason"], status.get("message", "")
    known = explain(troubles.ENDED, reason, f"{reason} {message}".strip())
    if known is not None:
        return replace(known, details=message or None)
    return Explanation(
        reason,
        message or f"Kubernetes ended it: {reason}.",
        "Start it again; if it goes on, ask the admin.",
        message or None,
    )


def _crashing(pod: Object, state: Object, container: Object, facts: dict[str, Any]) -> PodStatus:
    ended = state.get("terminated") or container["lastState"]["terminated"]
    why, error = _termination(pod, ended)
    facts |= {"exit_code": ended.get("exitCode"), "ready": False}
    count = facts["restarts"] + 1
    why = replace(
        why,
        reason="CrashLoopBackOff" if why.reason == "Error" else why.reason,
        message=f"{why.message} It was started {count} times." if count > 1 else why.message,
    )
    return PodStatus(phase="Failed", why=why, error=error, **facts)


def _termination(pod: Object, ended: Object) -> tuple[Explanation, dict[str, Any] | None]:
    """Why a container ended badly, and the launcher's error."""
    code, reason = ended.get("exitCode"), ended.get("reason") or "Error"
    text = ended.get("message", "")
    if reason == "OOMKilled":
        limit = requested(pod, "memory")
        bound = f" of {describe_memory(float(limit))}" if limit else ""
        message = f"It used more memory than its limit{bound}."
        return Explanation(reason, message, "Give it more memory."), None
    told = _told(text)
    if told:
        error = told.get("error")
        why = Explanation(
            str(told.get("reason") or reason), str(told.get("message") or _exit_sentence(code))
        )
        return why, error if isinstance(error, dict) else None
    if reason in ("StartError", "ContainerCannotRun"):
        known = explain(troubles.STARTING, reason, text)
        message = f"The program could not be started: {last_cause(text)}."
        return known or Explanation(reason, message, "Look at its log.", text or None), None
    if reason in ("Error", "Completed"):
        last = _last_line(text)
        message = f"{_exit_sentence(code)}{f' Its last line: {last}' if last else ''}"
        return Explanation("Error", message, "Look at its log.", text or None), None
    return Explanation(reason, text or _exit_sentence(code), "Look at its log."), None


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


def _waiting(pod: Object, waiting: Object, events: Iterable[Object]) -> Explanation:
    reason, message = waiting.get("reason", "ContainerCreating"), waiting.get("message", "")
    if reason in _IMAGE_REASONS:
        return _unpulled(pod, reason, message)
    if reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        return explain(troubles.SETTING_UP, reason, message) or Explanation(
            reason, f"The node cannot set it up: {last_cause(message)}.", _ASK_ADMIN, message
        )
    trouble = _newest(pod, events, "Warning")
    if trouble is not None and _HOLDS_UP.match(trouble["reason"]):
        return _troubled(trouble)
    if not pod.get("spec", {}).get("nodeName"):
        return Explanation("Scheduling", "It waits for a node.")
    if reason == "PodInitializing":
        return Explanation(reason, "It is being set up: its init containers run.")
    pulling = _newest(pod, events, "Normal")
    if pulling is not None and pulling.get("reason") == "Pulling":
        image = pod["spec"]["containers"][0]["image"]
        return Explanation("Pulling", f"The node downloads the image {image!r}.")
    return Explanation(reason, message or "The node prepares it: image, folders, network.")


def _unpulled(pod: Object, reason: str, message: str) -> Explanation:
    image = pod["spec"]["containers"][0]["image"]
    # "Back-off pulling image" says only that it will be tried again; in 1.31 and later the cause
    # follows it.
    known = explain(troubles.PULLING, reason, f"{reason} {message}", image=image)
    if known is not None:
        return replace(known, details=message or None)
    cause = f": {last_cause(message)}" if message and reason != "ImagePullBackOff" else ""
    return Explanation(
        reason,
        f"The image {image!r} cannot be pulled{cause}.",
        "Check its name and that the cluster may pull it.",
        message or None,
    )


def _newest(pod: Object, events: Iterable[Object], kind: str) -> Object | None:
    """The newest event about ``pod`` of type ``Warning`` or ``Normal``."""
    uid = pod["metadata"].get("uid")
    about = [
        event
        for event in events
        if event.get("type") == kind
        and event.get("involvedObject", {}).get("uid") == uid
        # A pod that is on a node has been through this.
        and event.get("reason") != "FailedScheduling"
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


def _troubled(event: Object) -> Explanation:
    """A Warning event about a pod that is being set up."""
    reason, message = event["reason"], event.get("message", "")
    if reason in ("FailedMount", "FailedAttachVolume", "FailedMapVolume"):
        return explain(troubles.MOUNTING, reason, message) or Explanation(
            reason, f"A folder cannot be mounted: {last_cause(message)}.", _ASK_ADMIN, message
        )
    return explain(troubles.SETTING_UP, reason, message) or Explanation(
        reason, f"{last_cause(message)}.", _ASK_ADMIN, message
    )
