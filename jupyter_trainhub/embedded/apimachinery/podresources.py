"""What a pod asks for, summed as Kubernetes sums it (component-helpers/resource)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from . import quantity
from .resources import Object

Amounts = dict[str, Decimal]


def pod_resources(pod: Object, field: str = "requests") -> Amounts:
    """A pod's ``requests`` or ``limits``, in base units (cores, bytes, pieces).

    Containers run together; init containers one after another, beside the sidecars (init
    containers that always restart) before them. What the pod itself says goes before the sums.
    """
    spec = pod["spec"]

    def of(container: Object) -> Amounts:
        return parsed((container.get("resources") or {}).get(field))

    running = total(of(c) for c in spec.get("containers") or [])
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in spec.get("initContainers") or []:
        at_once = total((sidecars, of(container)))
        if container.get("restartPolicy") == "Always":
            sidecars = at_once
        peak = largest(peak, at_once)
    found = largest(total((running, sidecars)), peak) | parsed(
        (spec.get("resources") or {}).get(field)
    )
    overhead = parsed(spec.get("overhead"))
    if field == "limits":
        overhead = {name: value for name, value in overhead.items() if name in found}
    return total((found, overhead))


def parsed(amounts: Mapping[str, object] | None) -> Amounts:
    """A ``ResourceList`` as numbers."""
    return {name: quantity.parse(text) for name, text in (amounts or {}).items()}


def total(parts: Iterable[Amounts]) -> Amounts:
    """The sum, name by name."""
    result: Amounts = {}
    for part in parts:
        for name, value in part.items():
            result[name] = result.get(name, 0) + value
    return result


def largest(one: Amounts, other: Amounts) -> Amounts:
    """The larger of two, name by name."""
    return {
        name: max(one.get(name, Decimal(0)), other.get(name, Decimal(0))) for name in one | other
    }


def qos_class(pod: Object) -> str:
    """``Guaranteed``, ``Burstable`` or ``BestEffort``, by requests and limits of cpu and memory."""
    spec = pod["spec"]
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    guaranteed, any_named = True, False
    for container in containers:
        resources = container.get("resources") or {}
        requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
        for name in ("cpu", "memory"):
            any_named = any_named or name in requests or name in limits
            if limits.get(name) is None or requests.get(name) != limits[name]:
                guaranteed = False
    if not any_named:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"
