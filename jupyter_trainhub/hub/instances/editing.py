"""Changing an instance that others may change at the same time, and restarting it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable

from jupyter_trainhub.errors import Conflict, NotFound
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS, STATEFUL_SETS
from jupyter_trainhub.manifests.labels import Object, user_name
from jupyter_trainhub.manifests.revision import EDITED_AT, EDITED_BY, edit_patch, version

_TRIES = 5
# Seconds for which the controller is waited for, and between two looks.
_OBSERVED = 5.0
_LOOK = 0.05


def change(
    client: KubeClient,
    find: Callable[[], Object],
    wanted: Object,
    *,
    begun_with: str | None,
    by: str,
) -> Object:
    """Give the StatefulSet that ``find`` reads the spec of ``wanted``; the StatefulSet.

    ``begun_with`` is the version that the user edited; None changes whatever is there. Raises
    NotFound, and Conflict when somebody else edited it meanwhile.
    """
    for _ in range(_TRIES):
        present = find()
        require_version(present, begun_with)
        patch = edit_patch(present, wanted, by, now())
        # Status and notes of activity change the object, too: that is no conflict of edits.
        with contextlib.suppress(Conflict, NotFound):
            return client.patch(STATEFUL_SETS, present["metadata"]["name"], patch)
    raise Conflict(
        f"instance {user_name(find())!r} changes all the time", remedy="Try again in a while."
    )


def require_version(present: Object, begun_with: str | None) -> None:
    """Raise Conflict unless who has seen the version ``begun_with`` may edit ``present``."""
    name, metadata = user_name(present), present["metadata"]
    if metadata.get("deletionTimestamp"):
        raise Conflict(
            f"instance {name!r} is being deleted",
            field="name",
            remedy="Wait until it is gone, then create it anew.",
        )
    if begun_with is None or begun_with == version(present):
        return
    annotations = metadata.get("annotations", {})
    by, at = annotations.get(EDITED_BY), annotations.get(EDITED_AT)
    who = f" by {by}" if by else ""
    when = f" at {at}" if at else ""
    raise Conflict(
        f"instance {name!r} was changed{who}{when}, after you began to edit it",
        reason="Edited",
        field="version",
        remedy="Look at it as it is now, and edit it again.",
        details={"version": version(present), "by": by, "at": at},
    )


def require_started(present: Object) -> None:
    """Raise Conflict if the instance is stopped."""
    if not present["spec"].get("replicas"):
        raise Conflict(
            f"instance {user_name(present)!r} is stopped",
            reason="InstanceNotRunning",
            field="name",
            remedy="Start it.",
        )


def end_pods(client: KubeClient, stateful_set: Object, pods: Iterable[Object]) -> None:
    """End these very ``pods``, so that the controller makes new ones of the present spec."""
    _wait_observed(client, stateful_set)
    for pod in pods:
        metadata = pod["metadata"]
        if not metadata.get("deletionTimestamp"):
            # Somebody else may have restarted it just now: then the pod is another one.
            with contextlib.suppress(NotFound, Conflict):
                client.delete(PODS, metadata["name"], uid=metadata["uid"])


def _wait_observed(client: KubeClient, stateful_set: Object) -> None:
    """Until the controller knows the present spec, of which it would else not make the new pod."""
    metadata, end = stateful_set["metadata"], time.monotonic() + _OBSERVED
    while stateful_set.get("status", {}).get("observedGeneration", 0) < metadata["generation"]:
        if time.monotonic() >= end:
            return
        time.sleep(_LOOK)
        stateful_set = client.get(STATEFUL_SETS, metadata["name"])
