"""ResourceQuotas: what objects count for, which quotas they fall under, and when it is too much."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ...apimachinery import clock, quantity, resources
from ...apimachinery.podresources import Amounts, parsed, pod_resources, total
from ...apimachinery.resources import (
    PERSISTENTVOLUMECLAIMS,
    PODS,
    RESOURCEQUOTAS,
    SERVICES,
    Resource,
)
from ...apimachinery.selectors import matches_expression
from ...apimachinery.status import Cause, forbidden, invalid, required
from ..store import Object, Store

# Kinds that are also counted by their bare names.
_BY_NAME = ("configmaps", "persistentvolumeclaims", "resourcequotas", "secrets", "services")

# A quota on one of these makes every container name its share.
_EXPLICIT = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")

_SCOPES = ("BestEffort", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating")


def usage(resource: Resource, obj: Object) -> Amounts:
    """What one object counts for, by the quota's resource names."""
    used: dict[str, Decimal] = {f"count/{resource.qualified}": Decimal(1)}
    if resource.qualified in _BY_NAME:
        used[resource.plural] = Decimal(1)
    if resource is PODS and _counts(obj):
        used["pods"] = Decimal(1)
        for name, value in pod_resources(obj).items():
            used[f"requests.{name}"] = value
            if "/" not in name:
                used[name] = value
        for name, value in pod_resources(obj, "limits").items():
            if "/" not in name:
                used[f"limits.{name}"] = value
    elif resource is SERVICES:
        kind, ports = obj["spec"].get("type"), len(obj["spec"].get("ports") or [])
        used["services.loadbalancers"] = Decimal(kind == "LoadBalancer")
        used["services.nodeports"] = Decimal(ports if kind in ("NodePort", "LoadBalancer") else 0)
    elif resource is PERSISTENTVOLUMECLAIMS:
        spec = obj["spec"]
        asked = parsed((spec.get("resources") or {}).get("requests"))
        mine = {resource.plural: Decimal(1), "requests.storage": asked.get("storage", Decimal(0))}
        of_class = f"{spec.get('storageClassName')}.storageclass.storage.k8s.io"
        used |= mine | {f"{of_class}/{name}": value for name, value in mine.items()}
    return used


def _counts(pod: Object) -> bool:
    # A pod that has ended, or should have, holds nothing.
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return False
    marked = pod["metadata"].get("deletionTimestamp")
    return not marked or clock.seconds_since(marked) < pod["metadata"].get(
        "deletionGracePeriodSeconds", 0
    )


def covers(quota: Object, resource: Resource, obj: Object) -> bool:
    """Whether an object falls under a quota's scopes; only pods fall under any."""
    spec = quota["spec"]
    wanted = [{"scopeName": name, "operator": "Exists"} for name in spec.get("scopes") or []]
    wanted += (spec.get("scopeSelector") or {}).get("matchExpressions") or []
    return not wanted or (resource is PODS and all(_in_scope(s, obj) for s in wanted))


def _in_scope(selector: Object, pod: Object) -> bool:
    scope, spec = selector["scopeName"], pod["spec"]
    if scope == "PriorityClass":
        name = spec.get("priorityClassName")
        labels = {scope: name} if name else {}
        return matches_expression({"key": scope, **selector}, labels)
    holds = (
        _ends(pod)
        if scope.endswith("Terminating")
        else (pod.get("status") or {}).get("qosClass") == "BestEffort"
    )
    return bool(holds != scope.startswith("Not"))


def _ends(pod: Object) -> bool:
    return pod["spec"].get("activeDeadlineSeconds") is not None


def admit(store: Store, resource: Resource, obj: Object, old: Object | None) -> None:
    """Refuse what a quota of the namespace has no room for.

    Raises:
        ApiError: 403, in the words of the ResourceQuota plugin.
    """
    if not resource.namespaced or (old and resource is PODS and _ends(old) == _ends(obj)):
        return
    name = obj["metadata"]["name"]
    for quota in store.list(RESOURCEQUOTAS, obj["metadata"]["namespace"]):
        if not covers(quota, resource, obj):
            continue
        hard, called = quota["spec"].get("hard") or {}, quota["metadata"]["name"]
        missing = _missing(hard, obj) if resource is PODS else ""
        if missing:
            raise forbidden(resource, name, f"failed quota: {called}: must specify {missing}")
        before = usage(resource, old) if old and covers(quota, resource, old) else {}
        delta = {k: v - before.get(k, 0) for k, v in usage(resource, obj).items() if k in hard}
        used = quota_usage(store, quota) if any(v > 0 for v in delta.values()) else {}
        over = [
            k for k in sorted(used)
            if delta.get(k, 0) > 0 and used[k] + delta[k] > quantity.parse(hard[k])
        ]  # fmt: skip
        if over:
            requested, taken = (_text(amounts, hard, over) for amounts in (delta, used))
            limited = ",".join(f"{k}={hard[k]}" for k in over)
            raise forbidden(
                resource, name,
                f"exceeded quota: {called}, requested: {requested}, used: {taken}, "
                f"limited: {limited}",
            )  # fmt: skip


def _text(amounts: Amounts, hard: dict[str, Any], names: list[str]) -> str:
    return ",".join(f"{k}={quantity.format_like(amounts[k], str(hard[k]))}" for k in names)


def _missing(hard: Object, pod: Object) -> str:
    if (pod["spec"].get("resources") or {}).keys() & {"requests", "limits"}:
        return ""
    missing = []
    for name in sorted(set(hard) & set(_EXPLICIT)):
        kind, _, base = name.rpartition(".")
        containers = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or [])]
        without = {
            c["name"] for c in containers
            if base not in (c["resources"].get(kind or "requests") or {})
        }  # fmt: skip
        if without:
            missing.append(f"{name} for: {','.join(sorted(without))}")
    return "; ".join(missing)


def quota_usage(store: Store, quota: Object) -> Amounts:
    """What a namespace's objects use of each resource that the quota limits."""
    hard = quota["spec"].get("hard") or {}
    found = total(
        usage(resource, obj)
        for resource in _counted(hard)
        for obj in store.list(resource, quota["metadata"]["namespace"])
        if covers(quota, resource, obj)
    )
    return {name: found.get(name, Decimal(0)) for name in hard}


def _counted(hard: Object) -> Iterator[Resource]:
    """The kinds whose objects may count for one of the limited resources."""
    for resource in resources.STORED:
        bare = (resource.plural, f"count/{resource.qualified}")
        if resource.namespaced and (
            any(name.startswith(bare) for name in hard)
            or (resource is PERSISTENTVOLUMECLAIMS and any("storage" in name for name in hard))
            or (resource is PODS and any(not name.startswith("count/") for name in hard))
        ):
            yield resource


def validate(obj: Object) -> list[Cause]:
    """What is wrong with a ResourceQuota's scopes."""
    spec, causes = obj.get("spec") or {}, []
    for i, scope in enumerate(spec.get("scopes") or []):
        if scope not in _SCOPES:
            causes.append(invalid(f"spec.scopes[{i}]", scope, "unsupported scope"))
    for i, term in enumerate((spec.get("scopeSelector") or {}).get("matchExpressions") or []):
        values, operator = term.get("values") or [], term.get("operator")
        where = f"spec.scopeSelector.matchExpressions[{i}].values"
        if operator in ("In", "NotIn") and not values:
            detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope "
            causes.append(required(where, detail + "selector"))
        elif operator in ("Exists", "DoesNotExist") and values:
            detail = "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope "
            causes.append(invalid(where, values, detail + "selector"))
    return causes
