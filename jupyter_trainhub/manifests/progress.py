"""How far an instance has come from the click to the moment when it answers, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from jupyter_trainhub.manifests.event import event_time
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import CONTAINER

STEPS = ("created", "scheduled", "pulled", "started", "answering")


def progress(pod: Object | None, phase: str, events: Iterable[Object] = ()) -> list[Object]:
    """The steps of ``pod``, each ``{step, state, at, seconds}``; none without a pod to come.

    ``state`` is ``done``, ``current``, ``waiting`` or ``failed``. ``at`` is when a step was done,
    or began where it is not done yet; ``seconds`` is how long it took. Kubernetes keeps most of
    these times in whole seconds. ``events`` tell when the image was there.
    """
    if phase in ("Stopped", "Stopping"):
        return []
    times = _times(pod, events) if pod is not None else {}
    steps: list[Object] = []
    before: str | None = None
    halted = False
    for step in STEPS:
        at = times.get(step)
        seconds = _seconds(before, at)
        if step in times:
            steps.append({"step": step, "state": "done", "at": at, "seconds": seconds})
            before = at or before
            continue
        state = "waiting" if halted else "failed" if phase == "Failed" else "current"
        steps.append(
            {"step": step, "state": state, "at": None if halted else before, "seconds": None}
        )
        halted = True
    return steps


def _times(pod: Object, events: Iterable[Object]) -> dict[str, str | None]:
    """When each step was done; a step that is done at an unknown time is there with None."""
    metadata, status = pod["metadata"], pod.get("status", {})
    done: dict[str, str | None] = {"created": metadata.get("creationTimestamp")}
    conditions = {
        condition["type"]: condition.get("lastTransitionTime")
        for condition in status.get("conditions", [])
        if condition["status"] == "True"
    }
    if "PodScheduled" not in conditions:
        return done
    done["scheduled"] = conditions["PodScheduled"]
    running = next(
        (
            container["state"]["running"]
            for container in status.get("containerStatuses", [])
            if container["name"] == CONTAINER and "running" in container.get("state", {})
        ),
        None,
    )
    pulled = [
        event_time(event)
        for event in events
        if event.get("reason") == "Pulled"
        and event.get("involvedObject", {}).get("uid") == metadata.get("uid")
    ]
    if running is None and not pulled:
        return done
    # A container that is started again pulls again; the first time is the one that was waited for.
    done["pulled"] = min(pulled) if pulled else None
    if running is None:
        return done
    done["started"] = running.get("startedAt")
    if "Ready" in conditions:
        done["answering"] = conditions["Ready"]
    return done


def _seconds(before: str | None, at: str | None) -> float | None:
    if before is None or at is None:
        return None
    return max(0.0, (_moment(at) - _moment(before)).total_seconds())


def _moment(time: str) -> datetime:
    return datetime.fromisoformat(time.replace("Z", "+00:00"))
