"""Making room for a pod by ending pods of lower priority (kube-scheduler's DefaultPreemption)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..apimachinery import clock, conditions
from ..apiserver.store import Object
from .filters import Cycle, Refusal, refusal
from .nodeinfo import NodeInfo

REASON = "PreemptionByScheduler"
_USELESS = "Preemption is not helpful for scheduling"
_NOBODY = "No preemption victims found for incoming pod"


@dataclass(frozen=True)
class Candidate:
    """A node on which the pod would fit if these were gone, the most important first."""

    info: NodeInfo
    victims: list[Object]


def refused(cycle: Cycle, refusals: Mapping[str, Refusal]) -> str:
    """Why the pod may not preempt; empty when it may."""
    pod = cycle.pod
    if pod["spec"].get("preemptionPolicy") == "Never":
        return "not eligible due to preemptionPolicy=Never."
    nominated = pod["status"].get("nominatedNodeName")
    for info in cycle.infos:
        if info.name != nominated or not refusals[info.name].resolvable:
            continue
        if any(_lower(other, pod) and _being_preempted(other) for other in info.pods):
            return "not eligible due to a terminating pod on the nominated node."
    return ""


def candidates(
    cycle: Cycle, refusals: Mapping[str, Refusal]
) -> tuple[list[Candidate], dict[str, Refusal]]:
    """Where preemption would help and whom it would cost; and why it would not, by node."""
    found, hopeless = [], {}
    for info in cycle.infos:
        if not refusals[info.name].resolvable:
            hopeless[info.name] = Refusal((_USELESS,))
            continue
        others = sorted((p for p in info.pods if _lower(p, cycle.pod)), key=_importance)
        emptied = info.without(others)
        still = refusal(cycle, emptied) if others else Refusal((_NOBODY,))
        if still:
            hopeless[info.name] = still
            continue
        victims: list[Object] = []
        for pod in others:
            with_pod = replace(emptied, pods=(*emptied.pods, pod))
            if refusal(cycle, with_pod):
                victims.append(pod)
            else:
                emptied = with_pod
        found.append(Candidate(info, victims))
    return found, hopeless


def cheapest(found: list[Candidate]) -> Candidate:
    """The candidate that costs least: in importance, in sum, in number, in work done."""

    def cost(candidate: Candidate) -> tuple[float, ...]:
        priorities = [int(pod["spec"]["priority"]) for pod in candidate.victims]
        highest = max(priorities, default=0)
        starts = [_started(pod) for pod in candidate.victims if pod["spec"]["priority"] == highest]
        # Each victim weighs, whatever its priority; of the rest the latest started is cheapest.
        weight = sum(priority + 2**31 for priority in priorities)
        return highest, weight, len(priorities), -min(starts, default=0.0)

    return min(found, key=cost)


def _lower(other: Object, pod: Object) -> bool:
    bound = bool(other["spec"].get("nodeName"))
    return bound and bool(other["spec"]["priority"] < pod["spec"]["priority"])


def _being_preempted(pod: Object) -> bool:
    why = conditions.find(pod, "DisruptionTarget") or {}
    stated = (why.get("status"), why.get("reason")) == ("True", REASON)
    return stated and "deletionTimestamp" in pod["metadata"]


def _importance(pod: Object) -> tuple[int, float]:
    return -int(pod["spec"]["priority"]), _started(pod)


def _started(pod: Object) -> float:
    start = pod["status"].get("startTime") or pod["metadata"]["creationTimestamp"]
    return clock.parse(start).timestamp()
