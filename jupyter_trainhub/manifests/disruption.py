"""Pods that the cluster took away: their node was lost, or somebody else needs the place.

Kubernetes marks them with the condition ``DisruptionTarget``.
https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from jupyter_trainhub.manifests.event import first_seen
from jupyter_trainhub.manifests.explanation import Explanation
from jupyter_trainhub.manifests.labels import Object

NODE_LOST = "NodeLost"

_AGAIN = "Start it again; it gets another node."

# By the reason of the condition: our reason, what happened, what to do.
_WORDS = {
    "DeletionByTaintManager": (NODE_LOST, "Its node {node} was lost: it does not answer.", _AGAIN),
    "DeletionByPodGC": (
        NODE_LOST,
        "Its node {node} was lost: the cluster no longer has it.",
        _AGAIN,
    ),
    "PreemptionByScheduler": (
        "Preempted",
        "Something of higher priority took its place on {node}.",
        "Start it again; it waits for room.",
    ),
    "EvictionByEvictionAPI": ("Evicted", "It was moved off its node {node}.", _AGAIN),
}


def disruption(pod: Object) -> Explanation | None:
    """Why the cluster took ``pod`` away; None where it did not, or the node says it better."""
    for condition in pod.get("status", {}).get("conditions") or []:
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            words = _WORDS.get(condition.get("reason", ""))
            if words is None:
                return None
            reason, message, remedy = words
            node = pod.get("spec", {}).get("nodeName") or "?"
            details = condition.get("message")
            return Explanation(reason, message.format(node=node), remedy, details)
    return None


# By the reason of an Event about a pod, which outlives the pod for an hour in most clusters.
_TOLD = {
    "TaintManagerEviction": (NODE_LOST, "The node of {pod} was lost, or closed.", _AGAIN),
    "Preempted": (
        "Preempted",
        "Something of higher priority took the place of {pod}.",
        "Start it again; it waits for room.",
    ),
}
_INDEXED = re.compile(r"-(\d+)-[a-z0-9]{5}$")


def told_disruption(owner: Object, events: Iterable[Object]) -> Explanation | None:
    """Why a pod of ``owner`` that is gone was taken away: the first of ``events`` that says so."""
    name = owner["metadata"]["name"]
    since = str(owner["metadata"].get("creationTimestamp") or "")
    for event in sorted(events, key=first_seen):
        subject = event.get("involvedObject", {})
        pod, words = str(subject.get("name") or ""), _TOLD.get(event.get("reason") or "")
        cancelled = str(event.get("message") or "").startswith("Cancelling")
        # An earlier job may have had the same name.
        if (
            words is None
            or cancelled
            or not pod.startswith(f"{name}-")
            or first_seen(event) < since
        ):
            continue
        index = _INDEXED.fullmatch(pod.removeprefix(name))
        if index is None and name != pod.rpartition("-")[0].rpartition("-")[0]:
            continue
        reason, message, remedy = words
        shown = f"rank {index[1]}" if index else pod
        return Explanation(reason, message.format(pod=shown), remedy, event.get("message"))
    return None
