"""Whether a node can take a pod: the filters of kube-scheduler's plugins, in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from ..apimachinery import taints
from ..apimachinery.podresources import Amounts
from ..apiserver.store import Object
from .nodeaffinity import selected
from .nodeinfo import NodeInfo, Port, host_ports, requests
from .volumebinding import Volumes


@dataclass(frozen=True)
class Refusal:
    """Why a node cannot take a pod, in the scheduler's words."""

    reasons: tuple[str, ...]
    # Whether it might once other pods are gone from it.
    resolvable: bool = False


@dataclass(frozen=True)
class Cycle:
    """What stays the same while one pod is tried on all nodes."""

    pod: Object
    infos: list[NodeInfo]
    volumes: Volumes

    @cached_property
    def wanted(self) -> Amounts:
        """What the pod takes of a node."""
        return requests(self.pod)

    @cached_property
    def ports(self) -> list[Port]:
        """The ports of the node that it takes."""
        return list(host_ports(self.pod))


def refusal(cycle: Cycle, info: NodeInfo) -> Refusal | None:
    """What the first filter says that refuses the node; None: the pod fits."""
    return next(filter(None, (check(cycle, info) for check in _FILTERS)), None)


def _node_unschedulable(cycle: Cycle, info: NodeInfo) -> Refusal | None:
    taint = {"key": taints.UNSCHEDULABLE, "effect": "NoSchedule"}
    if info.node["spec"].get("unschedulable") and not taints.tolerated(cycle.pod, taint):
        return Refusal(("node(s) were unschedulable",))
    return None


def _taint_toleration(cycle: Cycle, info: NodeInfo) -> Refusal | None:
    for taint in info.node["spec"].get("taints") or []:
        soft = taint.get("effect") == taints.PREFER_NO_SCHEDULE
        if not soft and not taints.tolerated(cycle.pod, taint):
            return Refusal(("node(s) had untolerated taint(s)",))
    return None


def _node_affinity(cycle: Cycle, info: NodeInfo) -> Refusal | None:
    if selected(cycle.pod["spec"], info.node):
        return None
    return Refusal(("node(s) didn't match Pod's node affinity/selector",))


def _node_ports(cycle: Cycle, info: NodeInfo) -> Refusal | None:
    taken = [port for pod in info.pods for port in host_ports(pod)] if cycle.ports else []
    for address, *port in cycle.ports:
        for other, *used in taken:
            if port == used and (address == other or "0.0.0.0" in (address, other)):
                text = "node(s) didn't have free ports for the requested pod ports"
                return Refusal((text,), resolvable=True)
    return None


def _node_resources_fit(cycle: Cycle, info: NodeInfo) -> Refusal | None:
    short, never = [], False
    for name, value in cycle.wanted.items():
        if name == "ephemeral-storage" and name not in info.allocatable:
            # The nodes here share one disk and offer no part of it; what is asked for is not held
            # against them.
            continue
        most = info.allocatable.get(name, 0)
        if value and info.used.get(name, 0) + value > most:
            short.append("Too many pods" if name == "pods" else f"Insufficient {name}")
            # What the empty node could not take does not fit by taking others away.
            never = never or value > most
    return Refusal(tuple(short), resolvable=not never) if short else None


def _volume_binding(cycle: Cycle, info: NodeInfo) -> Refusal | None:
    reasons = tuple(cycle.volumes.conflicts(info.node))
    return Refusal(reasons) if reasons else None


_FILTERS: tuple[Callable[[Cycle, NodeInfo], Refusal | None], ...] = (
    _node_unschedulable, _taint_toleration, _node_affinity, _node_ports, _node_resources_fit,
    _volume_binding,
)  # fmt: skip
