"""Taints of nodes, and what pods tolerate. Rules: ``Toleration.ToleratesTaint`` of k8s.io/api."""

from __future__ import annotations

from .resources import Object

NO_EXECUTE = "NoExecute"
PREFER_NO_SCHEDULE = "PreferNoSchedule"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


def tolerates(toleration: Object, taint: Object) -> bool:
    """Whether one toleration bears one taint."""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    operator = toleration.get("operator") or "Equal"
    equal = (toleration.get("value") or "") == (taint.get("value") or "")
    return operator == "Exists" or (operator == "Equal" and equal)


def tolerated(pod: Object, taint: Object) -> bool:
    """Whether any of a pod's tolerations bears the taint."""
    return any(tolerates(t, taint) for t in pod["spec"].get("tolerations") or [])
