"""Why a pod does not run yet, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from jupyter_trainhub.manifests import troubles
from jupyter_trainhub.manifests.event import event_time, first_seen
from jupyter_trainhub.manifests.explanation import Explanation, explain, last_cause
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.scheduling import unscheduled

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


def waits_for(pod: Object, waiting: Object, events: Iterable[Object]) -> Explanation:
    """Why ``pod`` does not run yet; ``waiting`` is the state of its container."""
    reason, message = waiting.get("reason", "ContainerCreating"), waiting.get("message", "")
    if reason in _IMAGE_REASONS:
        return _unpulled(pod, reason, message)
    if reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        return explain(troubles.SETTING_UP, reason, message) or Explanation(
            reason, f"The node cannot set it up: {last_cause(message)}.", _ASK_ADMIN, message
        )
    trouble = newest(pod, events, "Warning")
    if trouble is not None and _HOLDS_UP.match(trouble.get("reason") or ""):
        return _troubled(trouble)
    if not pod.get("spec", {}).get("nodeName"):
        return Explanation("Scheduling", "It waits for a node.")
    if reason == "PodInitializing":
        return Explanation(reason, "It is being set up: its init containers run.")
    pulling = newest(pod, events, "Normal")
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


def newest(pod: Object, events: Iterable[Object], kind: str) -> Object | None:
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


def warned(pods: Iterable[Object], events: Iterable[Object]) -> Iterator[tuple[str, Explanation]]:
    """What Warning events say that ``pods`` had to wait for, and when they said it first."""
    by_uid = {pod["metadata"].get("uid"): pod for pod in pods}
    for event in events:
        pod = by_uid.get(event.get("involvedObject", {}).get("uid"))
        reason, message = event.get("reason") or "", event.get("message") or ""
        if pod is None or event.get("type") != "Warning":
            continue
        if reason == "FailedScheduling":
            condition = {"reason": "Unschedulable", "message": message}
            yield first_seen(event), unscheduled(pod, condition, None)
        elif reason == "Failed":
            # Of several that a failed pull leaves behind, the one that says why.
            if message.startswith("Failed to pull image"):
                yield first_seen(event), _unpulled(pod, "ErrImagePull", message)
        elif _HOLDS_UP.match(reason):
            yield first_seen(event), _troubled(event)
