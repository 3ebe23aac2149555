"""Pods that the cluster took away: their node was lost, or somebody else needs the place.

Kubernetes marks them with the condition ``DisruptionTarget``.
https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
"""

from __future__ import annotations

from jupyter_trainhub.manifests.explanation import Explanation
from jupyter_trainhub.manifests.labels import Object

NODE_LOST = "NodeLost"

_AGAIN = "Start it again; it gets another node."

# By the reason of the condition: our reason, what happened, what to do.
_WORDS = {
    "DeletionByTaintManager": (NODE_LOST, "Its node {node} was lost: it does not answer.", _AGAIN),
    "DeletionByPodGC": (NODE_LOST, "Its node {node} was lost: the cluster has it no more.", _AGAIN),
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
