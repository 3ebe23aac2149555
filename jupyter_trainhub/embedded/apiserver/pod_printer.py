"""What kubectl prints of a pod."""

from __future__ import annotations

from ..apimachinery import clock, jsonpath
from .store import Object


def _containers(obj: Object) -> tuple[list[Object], int]:
    # The statuses of what keeps running, and how many those are to be.
    spec, status = obj["spec"], obj.get("status") or {}
    sidecars = _sidecars(spec)
    statuses = [*(status.get("containerStatuses") or []),
                *(s for s in status.get("initContainerStatuses") or []
                  if s["name"] in sidecars)]  # fmt: skip
    return statuses, len(spec["containers"]) + len(sidecars)


def _sidecars(spec: Object) -> set[str]:
    initial = spec.get("initContainers") or []
    return {c["name"] for c in initial if c.get("restartPolicy") == "Always"}


def ready(obj: Object) -> str:
    """How many of the containers are ready: ``1/2``."""
    statuses, wanted = _containers(obj)
    return f"{sum(1 for s in statuses if s.get('ready'))}/{wanted}"


def restarts_shown(obj: Object) -> str:
    """How often containers were started again, and when last: ``3 (47s ago)``."""
    statuses, _ = _containers(obj)
    restarts = sum(s.get("restartCount", 0) for s in statuses)
    last = [t for s in statuses for t in jsonpath.find(".lastState.terminated.finishedAt", s)]
    if not (restarts and last):
        return str(restarts)
    return f"{restarts} ({clock.duration(clock.seconds_since(max(last)))} ago)"


def status_shown(obj: Object) -> str:
    """The word that kubectl shows for a pod: the phase, or the reason that says more."""
    status = obj.get("status") or {}
    reason: str = status.get("reason") or status.get("phase") or "Unknown"
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    initial = status.get("initContainerStatuses") or []
    for index, entry in enumerate(initial):
        state = entry.get("state") or {}
        ended = state.get("terminated")
        if ended and ended["exitCode"] == 0:
            continue
        if entry.get("started") and entry["name"] in _sidecars(obj["spec"]):
            continue
        if ended:
            reason = "Init:" + _ended(ended)
        elif (state.get("waiting") or {}).get("reason", "PodInitializing") != "PodInitializing":
            reason = "Init:" + state["waiting"]["reason"]
        else:
            reason = f"Init:{index}/{len(initial)}"
        break
    else:
        reason = _containers_word(status, reason)
    if "deletionTimestamp" in obj["metadata"]:
        return "Terminating"
    return reason


def _containers_word(status: Object, reason: str) -> str:
    running = False
    for entry in reversed(status.get("containerStatuses") or []):
        state = entry.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif state.get("terminated"):
            reason = _ended(state["terminated"])
        elif state.get("running") and entry.get("ready"):
            running = True
    if reason == "Completed" and running:
        return "Running"
    return reason


def _ended(state: Object) -> str:
    if state.get("reason"):
        return str(state["reason"])
    if state.get("signal"):
        return f"Signal:{state['signal']}"
    return f"ExitCode:{state['exitCode']}"
