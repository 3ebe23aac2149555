"""The view of a TensorBoard in the cluster: its Job and pod as people and programs see them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jupyter_trainhub.manifests import foreign_json
from jupyter_trainhub.manifests.duration import describe_duration
from jupyter_trainhub.manifests.explanation import Explanation, Rule, explain
from jupyter_trainhub.manifests.labels import (
    CONTROLLER_UID,
    STOPPED_BY,
    Object,
    owner,
    spec_of,
    user_name,
)
from jupyter_trainhub.manifests.pod_status import PodStatus, pod_status
from jupyter_trainhub.manifests.requests import Amounts
from jupyter_trainhub.manifests.tensorboard import tensorboard_id
from jupyter_trainhub.manifests.tensorboard_admission import Admission, admission_of
from jupyter_trainhub.manifests.workload_status import Phase, refused, stopped_by

# What a kubelet goes on trying, without hope that the same image fares better the next time.
_STUCK = re.compile(r"ErrImage|ImagePullBackOff|InvalidImageName|ImageInspectError|CreateContainer")

_IMAGE = (
    "Name an image that has Python and TensorBoard 2.21 or later, such as that of "
    "images/tensorboard, or let an administrator set TrainHubConfig.tensorboard_image."
)
# What the program or the runtime say of an image that lacks something.
_LACKS = (
    Rule(
        r"No module named '?tensorboard\b|has no TensorBoard",
        "The image {image!r} has no TensorBoard.",
        _IMAGE,
    ),
    Rule(
        r"\"?python3\"?: executable file not found|python3\W+no such file",
        "The image {image!r} has no Python.",
        _IMAGE,
    ),
)
# What the node says of a subfolder that does not exist and that it may not make.
_MOUNTING = (
    Rule(
        r"failed to create subPath directory|failed to prepare subPath",
        "The folder of its storage does not exist yet.",
        "Start a job or an instance that uses the storage first.",
    ),
)


def tensorboard_view(
    job: Object,
    pods: Iterable[Object],
    *,
    events: Sequence[Object] = (),
    largest: Amounts | None = None,
) -> Object:
    """The view of the TensorBoard of ``job``, of whose ``pods`` only its own count.

    What only the program itself knows, such as whether it has seen event files, is not in it.
    """
    metadata, spec, admission = job["metadata"], spec_of(job), admission_of(job)
    pod = newest_pod(job, pods)
    status = pod_status(pod, events=events, largest=largest) if pod is not None else None
    phase, why = _phase(job, pod, status, events, admission)
    limit = admission.memory if admission else None
    its_job = spec.get("job")
    return {
        "kind": "tensorboard",
        "id": tensorboard_id(metadata["name"]),
        "name": user_name(job),
        "where": "cluster",
        "owner": owner(job),
        "folders": folders_of(job),
        "phase": phase,
        "message": (why.message if why else "") or "",
        "remedy": (why.remedy if why else "") or "",
        "url": f"trainhub/tensorboards/{tensorboard_id(metadata['name'])}/",
        "started": (status.started if status else None) or metadata.get("creationTimestamp"),
        "waiting": False,
        "idle_seconds": admission.idle_seconds if admission else 0,
        "reload_interval": admission.reload_interval if admission else 0,
        "memory": {"used": None, "limit": limit},
        "notes": [],
        "version": None,
        "job": its_job if isinstance(its_job, str) else None,
    }


def folders_of(job: Object) -> list[str]:
    """The folders that the TensorBoard of ``job`` shows, as they were given."""
    folders = spec_of(job).get("folders")
    return [str(text) for text in folders] if isinstance(folders, list) else []


def newest_pod(job: Object, pods: Iterable[Object]) -> Object | None:
    """The pod of ``job`` that was made last; earlier Jobs of its name may have left some, too."""
    uid = job["metadata"].get("uid")
    own = [pod for pod in pods if (pod["metadata"].get("labels") or {}).get(CONTROLLER_UID) == uid]
    return max(own, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), default=None)


def outcome(job: Object) -> Mapping[str, Any] | None:
    """The condition of a Job that has ended: its type is ``Complete`` or ``Failed``."""
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
            return dict(condition)
    return None


def _phase(
    job: Object,
    pod: Object | None,
    status: PodStatus | None,
    events: Sequence[Object],
    admission: Admission | None,
) -> Phase:
    if job["metadata"].get("deletionTimestamp"):
        return "Stopped", Explanation("Deleting", "It is being deleted.")
    ended = outcome(job)
    if ended is not None and ended["type"] == "Complete":
        return "Stopped", _completed(pod, admission)
    if ended is not None:
        return "Failed", _failed(pod, status, admission) or Explanation(
            "Failed", f"{ended.get('message') or 'Its pod failed'}.", "Start it again."
        )
    if job["spec"].get("suspend"):
        if STOPPED_BY in (job["metadata"].get("annotations") or {}):
            return "Stopped", stopped_by(job)
        return "Starting", Explanation("Creating", "It is being created.")
    if status is None or status.phase == "Stopping":
        return "Starting", refused(job, events) or Explanation("Creating", "It is being created.")
    if status.phase == "Running" and status.ready:
        return "Running", status.why
    if status.phase == "Running":
        return "Starting", status.why or Explanation("Starting", "TensorBoard is starting.")
    if status.phase in ("Failed", "Succeeded"):
        # The Job has not taken notice yet, or makes another pod.
        return "Starting", _failed(pod, status, admission)
    why = _failed(pod, status, admission)
    return "Failed" if _STUCK.match(status.reason or "") else "Starting", why


def _completed(pod: Object | None, admission: Admission | None) -> Explanation:
    if pod is not None and _last_words(pod).get("ended") == "signal":
        return Explanation("Ended", "It was ended from outside.", "Start it when you need it.")
    after = (
        f"{describe_duration(admission.idle_seconds)} "
        if admission and admission.idle_seconds
        else ""
    )
    return Explanation("Idle", f"It ended after {after}without use.", "Start it when you need it.")


def _failed(
    pod: Object | None, status: PodStatus | None, admission: Admission | None
) -> Explanation | None:
    """Why its pod failed or waits: in the words of the program where it left some."""
    why = status.why if status else None
    if pod is None or why is None:
        return why
    told = _last_words(pod)
    image = admission.image if admission else ""
    text = " ".join(filter(None, (why.message, why.details, told.get("message"))))
    known = explain(_LACKS, why.reason, text, image=image) or explain(_MOUNTING, why.reason, text)
    if known is not None:
        return replace(known, details=why.details)
    if told.get("message"):
        return Explanation(
            why.reason, str(told["message"]), str(told.get("remedy") or why.remedy or "")
        )
    return why


def _last_words(pod: Object) -> dict[str, Any]:
    """What the program left in its termination message."""
    for container in (pod.get("status") or {}).get("containerStatuses") or ():
        ended = (container.get("state") or {}).get("terminated") or {}
        try:
            told = foreign_json.parse(ended.get("message") or "{}")
        except ValueError:
            continue
        if isinstance(told, dict) and isinstance(told.get("message"), str):
            return told
    return {}
