"""Which run's log is meant by a container's name."""

from __future__ import annotations

from ..apimachinery.status import bad_request
from ..apiserver.store import Object

_WAITING = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


def attempt(pod: Object, container: str, previous: bool) -> int:
    """The number of the run whose log a container has to show: the current, else the last one.

    Raises:
        ApiError: 400 with kubelet's words, there is no such run yet.
    """
    where = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
    status = container_status(pod, container)
    if status is None:
        raise bad_request(f"{where} is not available")
    state, count = status.get("state") or {}, int(status.get("restartCount", 0))
    ended = "terminated" in (status.get("lastState") or {})
    is_run = "running" in state or "terminated" in state
    if previous and not ended:
        raise bad_request(f"previous terminated {where} not found")
    if is_run and not previous:
        return count
    if ended:
        return count - 1 if is_run else count
    reason = (state.get("waiting") or {}).get("reason", "")
    raise bad_request(f"{where} is waiting to start: {_WAITING.get(reason, reason)}")


def container_status(pod: Object, name: str) -> Object | None:
    """The status of a container or init container of that name."""
    status = pod["status"]
    for field in ("containerStatuses", "initContainerStatuses"):
        for entry in status.get(field) or []:
            if entry["name"] == name:
                found: Object = entry
                return found
    return None
