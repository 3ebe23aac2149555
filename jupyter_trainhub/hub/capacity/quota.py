"""ResourceQuotas and LimitRanges of a namespace against what one more pod would need. Pure.

https://kubernetes.io/docs/concepts/policy/resource-quotas/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_trainhub.hub.capacity.request import words
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import GPU
from jupyter_trainhub.manifests.requests import Amounts, amounts, pod_limits, pod_requests

# What an instance adds to a namespace beside its pod, as quotas name it.
INSTANCE_OBJECTS = {
    "services": 1.0,
    "count/services": 1.0,
    "secrets": 1.0,
    "count/secrets": 1.0,
    "count/statefulsets.apps": 1.0,
}


@dataclass(frozen=True)
class Share:
    """One resource of one quota: cores, bytes or a count."""

    name: str
    resource: str
    hard: float
    used: float
    needed: float

    @property
    def left(self) -> float:
        """What is left of it."""
        return round(max(0.0, self.hard - self.used), 6)

    @property
    def fits(self) -> bool:
        """Whether what is needed is left."""
        return self.needed <= self.left

    @property
    def counted(self) -> str:
        """The resource of a pod that it counts, such as ``cpu``."""
        return (
            self.resource.removeprefix("requests.").removeprefix("limits.").removeprefix("count/")
        )

    def view(self) -> dict[str, Any]:
        """As the REST interface shows it."""
        return {**vars(self), "left": self.left, "fits": self.fits}

    def sentence(self, gpu: str = GPU) -> str:
        """How much of it there is, is in use and is needed."""
        hard, used, needed = (
            words(self.counted, amount, gpu) for amount in (self.hard, self.used, self.needed)
        )
        return f"The quota {self.name} allows {hard}: {used} in use, {needed} more needed."


def needs(pod: Object, objects: Amounts | None = None) -> Amounts:
    """What a pod with the spec ``pod`` counts for, by the names that quotas use."""
    requests, limits = pod_requests(pod), pod_limits(pod)
    needed: Amounts = {"pods": 1.0, "count/pods": 1.0, **(objects or {})}
    for name, amount in requests.items():
        needed[f"requests.{name}"] = amount
        if name in ("cpu", "memory", "ephemeral-storage"):
            needed[name] = amount
    needed.update({f"limits.{name}": amount for name, amount in limits.items()})
    return needed


def shares(
    quotas: Iterable[Object], pod: Object, needed: Amounts, freed: Amounts | None = None
) -> list[Share]:
    """The part of every quota that a pod with the spec ``pod`` uses.

    ``freed`` is what it gives back by taking another pod's place.
    """
    given_back = freed or {}
    return [
        Share(
            quota["metadata"]["name"],
            resource,
            hard,
            max(0.0, _used(quota).get(resource, 0.0) - given_back.get(resource, 0.0)),
            needed[resource],
        )
        for quota in quotas
        if _covers(quota.get("spec", {}), pod)
        for resource, hard in amounts(_hard(quota)).items()
        if needed.get(resource)
    ]


def bounds(found: Sequence[Share], limit_ranges: Iterable[Object]) -> Amounts:
    """The most that one pod may ask for, by resource."""
    most: Amounts = {}
    for share in found:
        most[share.counted] = min(share.left, most.get(share.counted, share.left))
    for limit_range in limit_ranges:
        for item in limit_range.get("spec", {}).get("limits") or ():
            if item.get("type") in ("Container", "Pod"):
                for name, amount in amounts(item.get("max")).items():
                    most[name] = min(amount, most.get(name, amount))
    return most


def _hard(quota: Object) -> Object:
    hard: Object = quota.get("status", {}).get("hard") or quota.get("spec", {}).get("hard") or {}
    return hard


def _used(quota: Object) -> Amounts:
    return amounts(quota.get("status", {}).get("used"))


def _covers(spec: Object, pod: Object) -> bool:
    """Whether the quota counts such a pod; ours ask for resources and have no deadline."""
    terms = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    terms += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return all(_matches(term, pod) for term in terms)


def _matches(term: Object, pod: Object) -> bool:
    if term["scopeName"] == "PriorityClass":
        name, values = pod.get("priorityClassName") or "", term.get("values") or ()
        return {
            "In": name in values,
            "NotIn": name not in values,
            "Exists": bool(name),
            "DoesNotExist": not name,
        }.get(str(term.get("operator")), False)
    deadline = pod.get("activeDeadlineSeconds") is not None
    return {"NotBestEffort": True, "Terminating": deadline, "NotTerminating": not deadline}.get(
        term["scopeName"], False
    )
