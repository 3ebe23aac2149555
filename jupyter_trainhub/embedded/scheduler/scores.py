"""Which of the nodes that fit is the best: kube-scheduler's default scores and their weights."""

from __future__ import annotations

from decimal import Decimal

from ..apimachinery import taints
from ..apiserver.store import Object
from .nodeaffinity import preference
from .nodeinfo import NodeInfo, requests

# What a pod that requests nothing is taken to need (cores, bytes), so that such pods spread too.
_ASSUMED = {"cpu": Decimal("0.1"), "memory": Decimal(200 * 2**20)}


def best(pod: Object, infos: list[NodeInfo]) -> NodeInfo:
    """The node with the highest sum of scores; the first of several."""
    shunned = _normalized([_shunned(pod, info) for info in infos])
    preferred = _normalized([Decimal(preference(pod["spec"], info.node)) for info in infos])
    scores = [
        3 * (100 - shunned[i]) + 2 * preferred[i] + _room(pod, info)
        for i, info in enumerate(infos)
    ]  # fmt: skip
    return infos[scores.index(max(scores))]


def _normalized(values: list[Decimal]) -> list[Decimal]:
    most = max(values)
    return [100 * value / most if most else Decimal(0) for value in values]


def _shunned(pod: Object, info: NodeInfo) -> Decimal:
    return Decimal(
        sum(
            taint.get("effect") == taints.PREFER_NO_SCHEDULE and not taints.tolerated(pod, taint)
            for taint in info.node["spec"].get("taints") or []
        )
    )


def _room(pod: Object, info: NodeInfo) -> Decimal:
    """LeastAllocated (how empty the node would be) and BalancedAllocation (how evenly filled)."""
    filled = []
    wanted = [*info.requested, requests(pod)]
    for name, assumed in _ASSUMED.items():
        most = info.allocatable.get(name) or Decimal(1)
        taken = sum((amounts.get(name, assumed) for amounts in wanted), Decimal(0))
        filled.append(min(taken / most, Decimal(1)))
    free = 100 * (1 - sum(filled, Decimal(0)) / len(filled))
    return free + 100 * (1 - abs(filled[0] - filled[1]) / 2)
