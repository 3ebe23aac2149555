"""The pods of Jobs: how they are made, and what can be read off them."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

from ..apimachinery import clock, conditions
from ..apimachinery.names import generate
from ..apimachinery.ownerreferences import owned_by
from ..apiserver.store import Object

FINALIZER = "batch.kubernetes.io/job-tracking"
_INDEX = "batch.kubernetes.io/job-completion-index"
_FAILURES = "batch.kubernetes.io/job-index-failure-count"
_IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"


def pod_of(job: Object, index: int | None, failures: tuple[int, int] | None) -> Object:
    """The pod that a Job makes from its template, for one index or none.

    ``failures``: how often the index has failed, counted and ignored, where the Job limits that.
    """
    template = copy.deepcopy(job["spec"]["template"])
    name = job["metadata"]["name"]
    given = template.get("metadata") or {}
    metadata: dict[str, Any] = {
        "labels": given.get("labels") or {},
        "annotations": dict(given.get("annotations") or {}),
        "ownerReferences": [owned_by(job)],
        "finalizers": [*(given.get("finalizers") or []), FINALIZER],
        "generateName": f"{name}-",
    }
    spec = template["spec"]
    if index is not None:
        text = str(index)
        metadata["generateName"] = f"{name}-{text}-"
        metadata["labels"] = {**metadata["labels"], _INDEX: text}
        metadata["annotations"][_INDEX] = text
        spec["hostname"] = f"{name}-{text}"
        reference = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{_INDEX}']"}}
        for container in [*spec["containers"], *(spec.get("initContainers") or [])]:
            variables = container.setdefault("env", [])
            if not any(v["name"] == "JOB_COMPLETION_INDEX" for v in variables):
                # Last in the list: variables before it cannot refer to it, as on a real cluster.
                variables.append({"name": "JOB_COMPLETION_INDEX", "valueFrom": reference})
    if failures is not None:
        metadata["annotations"][_FAILURES] = str(failures[0])
        if failures[1]:
            metadata["annotations"][_IGNORED] = str(failures[1])
    if not metadata["annotations"]:
        del metadata["annotations"]
    metadata["name"] = generate(metadata["generateName"])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def index_of(pod: Object) -> int:
    """The pod's completion index; -1: it has none."""
    return _number(pod, _INDEX, -1)


def failures_of(pod: Object) -> tuple[int, int]:
    """How often the pod's index had failed before it, counted and ignored."""
    return _number(pod, _FAILURES, 0), _number(pod, _IGNORED, 0)


def _number(pod: Object, annotation: str, otherwise: int) -> int:
    text = (pod["metadata"].get("annotations") or {}).get(annotation, "")
    return int(text) if text.isdigit() else otherwise


def tracked(pod: Object) -> bool:
    """Whether the pod's end has still to be counted."""
    return FINALIZER in (pod["metadata"].get("finalizers") or [])


def deleted(pod: Object) -> bool:
    """Whether the pod is marked to go."""
    return "deletionTimestamp" in pod["metadata"]


def ended(pod: Object) -> bool:
    """Whether nothing of the pod runs any more."""
    return pod["status"].get("phase") in ("Succeeded", "Failed")


def failed(job: Object, pod: Object) -> bool:
    """Whether a pod is to be replaced: it failed, or (unless the Job waits for that) will."""
    if pod["status"].get("phase") == "Failed":
        return True
    waits = job["spec"]["podReplacementPolicy"] == "Failed"
    return not waits and deleted(pod) and pod["status"].get("phase") != "Succeeded"


def finished_at(pod: Object) -> datetime:
    """When a pod ended: its last container, or as near as can be told."""
    states = [
        (c.get("state") or {}).get("terminated") or {}
        for c in pod["status"].get("containerStatuses") or []
    ]
    if states and all(state.get("finishedAt") for state in states):
        return max(clock.parse(state["finishedAt"]) for state in states)
    ready = conditions.find(pod, "Ready")
    if ready and ready["status"] == "False":
        return clock.parse(ready["lastTransitionTime"])
    metadata = pod["metadata"]
    if deleted(pod):
        grace = timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
        return clock.parse(metadata["deletionTimestamp"]) - grace
    return clock.parse(metadata["creationTimestamp"])


def removal_order(pod: Object) -> tuple[Any, ...]:
    """Which pods go first when there are too many: those that have got the least far."""
    # Of pods that have got equally far the youngest; ISO times sort as text, so negate by parts.
    made = clock.parse(pod["metadata"]["creationTimestamp"]).timestamp()
    running = pod["status"].get("phase") == "Running"
    return bool(pod["spec"].get("nodeName")), running, conditions.is_true(pod, "Ready"), -made
