"""What the scheduler sets aside for a pod.

The rules are those of Kubernetes' scheduler: ``PodRequests`` of k8s.io/component-helpers, package
resource.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.specs.quantity import parse_quantity

Amounts = dict[str, float]
"""Amounts by Kubernetes' resource names: cores of ``cpu``, bytes of ``memory``, pieces else."""


def amounts(quantities: Object | None) -> Amounts:
    """Quantities such as ``{"cpu": "500m"}`` as numbers."""
    return {name: _number(text) for name, text in (quantities or {}).items()}


@lru_cache(maxsize=4096)
def _number(text: str) -> float:
    # A cluster's thousands of pods write the same few amounts.
    return float(parse_quantity(text))


def pod_requests(spec: Object) -> Amounts:
    """What a pod with this spec takes of its node.

    Init containers run one after another before the others, but those that are restarted run on
    beside all that follows.
    """
    return _pod_amounts(spec, "requests")


def pod_limits(spec: Object) -> Amounts:
    """What the containers of a pod with this spec may use together, as quotas count it."""
    return _pod_amounts(spec, "limits")


def devices(resources: Object) -> int:
    """GPUs that a container of ours has, by whatever name nodes offer them.

    Names with a slash are devices, of which we ask for no others.
    """
    limits = amounts(resources.get("limits"))
    return int(sum(amount for name, amount in limits.items() if "/" in name))


def _pod_amounts(spec: Object, field: str) -> Amounts:
    running = _sum(_asked(container, field) for container in spec.get("containers") or ())
    beside: Amounts = {}
    initial: Amounts = {}
    for container in spec.get("initContainers") or ():
        asked = _asked(container, field)
        if container.get("restartPolicy") == "Always":
            beside = _sum([beside, asked])
            asked = beside
        else:
            asked = _sum([beside, asked])
        initial = _largest(initial, asked)
    # What is set for the pod as a whole stands in the place of the containers' sum.
    whole = amounts((spec.get("resources") or {}).get(field))
    together = {**_largest(_sum([running, beside]), initial), **whole}
    return _sum([together, amounts(spec.get("overhead"))])


def _asked(container: Object, field: str) -> Amounts:
    resources = container.get("resources") or {}
    if field == "limits":
        return amounts(resources.get("limits"))
    # The API server takes a limit for the request where there is none.
    return {**amounts(resources.get("limits")), **amounts(resources.get("requests"))}


def _sum(parts: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0.0) + amount
    return total


def _largest(one: Amounts, other: Amounts) -> Amounts:
    return {name: max(one.get(name, 0.0), other.get(name, 0.0)) for name in {**one, **other}}
