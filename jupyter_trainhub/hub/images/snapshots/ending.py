"""Why an instance could not be read to the end."""

from __future__ import annotations

from jupyter_trainhub.errors import Conflict, NotFound
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import CONTAINER


def ending(client: KubeClient, instance: str, pod: Object) -> Conflict | None:
    """What has become of the container in ``pod``; None where it still runs. Blocks."""
    metadata = pod["metadata"]
    try:
        present = client.get(PODS, metadata["name"])
    except NotFound:
        return stopped(instance)
    is_same = present["metadata"]["uid"] == metadata["uid"]
    if not is_same or present["metadata"].get("deletionTimestamp"):
        return stopped(instance)
    before, status = container_status(pod), container_status(present)
    if status.get("containerID") == before.get("containerID") and "running" in status["state"]:
        return None
    ended = status["state"].get("terminated") or status.get("lastState", {}).get("terminated") or {}
    if ended.get("reason") == "OOMKilled":
        return Conflict(
            f"instance {instance!r} had no memory left while it was saved, and was ended",
            reason="InstanceEnded",
            remedy="Give it more memory, and save it before it is full.",
        )
    return stopped(instance)


def container_status(pod: Object) -> Object:
    """The status of the instance's container; its ``state`` is empty where none is told yet."""
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    found: Object = next((status for status in statuses if status["name"] == CONTAINER), {})
    return {"state": {}, **found}


def stopped(instance: str) -> Conflict:
    """The error for an instance whose container has ended meanwhile."""
    return Conflict(
        f"instance {instance!r} was stopped or restarted while it was saved",
        reason="InstanceEnded",
        remedy="What was in it is gone. Save it before it is stopped the next time.",
    )
