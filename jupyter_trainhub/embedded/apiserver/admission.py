"""What the API server adds to, or refuses about, an object because of other objects."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..apimachinery import quantity
from ..apimachinery.resources import NAMESPACES, PODS, RESOURCEQUOTAS, Resource
from ..apimachinery.status import forbidden
from .store import Store

Object = dict[str, Any]

_TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def mutate(resource: Resource, obj: Object) -> None:
    """Fill in what the standard admission plugins give a new pod, in place."""
    if resource is not PODS:
        return
    spec = obj["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    tolerations = spec.setdefault("tolerations", [])
    for key in _TOLERATED:
        if not any(t.get("key") == key for t in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")


def admit(store: Store, resource: Resource, obj: Object) -> None:
    """Refuse a new object that the cluster has no place for.

    Raises:
        ApiError: 403, the namespace is being deleted or a quota would be exceeded.
    """
    namespace = obj["metadata"].get("namespace", "")
    name = obj["metadata"].get("name", "")
    if resource.namespaced:
        home = store.get(NAMESPACES, "", namespace)
        if home["status"]["phase"] == "Terminating":
            detail = (
                f"unable to create new content in namespace {namespace} because it is being "
                "terminated"
            )
            raise forbidden(resource, name, detail)
    if resource is PODS:
        for quota in store.list(RESOURCEQUOTAS, namespace):
            _check_quota(store, quota, obj)


def _check_quota(store: Store, quota: Object, pod: Object) -> None:
    hard = quota["spec"].get("hard") or {}
    name, quota_name = pod["metadata"]["name"], quota["metadata"]["name"]
    unnamed = _missing_requests(hard, pod)
    if unnamed:
        detail = f"failed quota: {quota_name}: must specify {unnamed}"
        raise forbidden(PODS, name, detail)
    wanted = pod_usage(pod)
    used = quota_usage(store, quota)
    over = [
        r for r in sorted(hard)
        if wanted.get(r) and used[r] + wanted[r] > quantity.parse(hard[r])
    ]  # fmt: skip
    if over:

        def text(values: dict[str, Decimal]) -> str:
            return ",".join(f"{r}={quantity.format_like(values[r], str(hard[r]))}" for r in over)

        limited = ",".join(f"{r}={hard[r]}" for r in over)
        detail = (
            f"exceeded quota: {quota_name}, requested: {text(wanted)}, used: {text(used)}, "
            f"limited: {limited}"
        )
        raise forbidden(PODS, name, detail)


def _missing_requests(hard: Object, pod: Object) -> str:
    # A quota on cpu or memory makes every container name its share.
    missing = []
    for resource in sorted(hard):
        kind, _, base = resource.rpartition(".")
        if base not in ("cpu", "memory"):
            continue
        field = "limits" if kind == "limits" else "requests"
        containers = [
            c["name"] for c in pod["spec"]["containers"]
            if base not in (c["resources"].get(field) or {})
        ]  # fmt: skip
        if containers:
            missing.append(f"{resource} for: {','.join(containers)}")
    return "; ".join(missing)


def pod_usage(pod: Object) -> dict[str, Decimal]:
    """What a pod counts for in a quota, by the quota's resource names."""
    used: dict[str, Decimal] = {"pods": Decimal(1), "count/pods": Decimal(1)}
    for field in ("requests", "limits"):
        for base, value in pod_resources(pod, field).items():
            used[f"{field}.{base}"] = value
            if field == "requests" and base in ("cpu", "memory"):
                used[base] = value
    return used


def pod_resources(pod: Object, field: str = "requests") -> dict[str, Decimal]:
    """The sum over containers, or the largest init container where that is more."""
    total: dict[str, Decimal] = {}
    for container in pod["spec"].get("containers") or []:
        for name, text in (container["resources"].get(field) or {}).items():
            total[name] = total.get(name, Decimal(0)) + quantity.parse(text)
    for container in pod["spec"].get("initContainers") or []:
        for name, text in (container["resources"].get(field) or {}).items():
            total[name] = max(total.get(name, Decimal(0)), quantity.parse(text))
    return total


def quota_usage(store: Store, quota: Object) -> dict[str, Decimal]:
    """What the namespace's live pods use of each resource that the quota limits."""
    hard = quota["spec"].get("hard") or {}
    used = {resource: Decimal(0) for resource in hard}
    for pod in store.list(PODS, quota["metadata"]["namespace"]):
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            continue
        for resource, value in pod_usage(pod).items():
            if resource in used:
                used[resource] += value
    return used
