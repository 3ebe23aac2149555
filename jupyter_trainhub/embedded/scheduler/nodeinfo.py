"""The nodes as the scheduler sees them: each with the pods that hold room there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from ..apimachinery.podresources import Amounts, parsed, pod_resources, total
from ..apimachinery.resources import NODES, PODS
from ..apiserver.store import Object, Store

Port = tuple[str, str, int]  # address, protocol, number


@dataclass(frozen=True)
class NodeInfo:
    """One node, and the live pods that are bound or nominated to it."""

    node: Object
    pods: tuple[Object, ...] = ()

    @property
    def name(self) -> str:
        """The node's name."""
        return str(self.node["metadata"]["name"])

    @cached_property
    def labels(self) -> dict[str, str]:
        """The node's labels."""
        return dict(self.node["metadata"].get("labels") or {})

    @cached_property
    def allocatable(self) -> Amounts:
        """What the node offers."""
        return parsed(self.node["status"].get("allocatable"))

    @cached_property
    def requested(self) -> list[Amounts]:
        """What each of its pods requests."""
        return [requests(pod) for pod in self.pods]

    @cached_property
    def used(self) -> Amounts:
        """What its pods request together."""
        return total(self.requested)

    def without(self, pods: Iterable[Object]) -> NodeInfo:
        """The node if those pods were gone."""
        gone = {pod["metadata"]["uid"] for pod in pods}
        return replace(self, pods=tuple(p for p in self.pods if p["metadata"]["uid"] not in gone))


def snapshot(store: Store, pod: Object) -> list[NodeInfo]:
    """All nodes as one pod finds them.

    A node also holds room for pods that were nominated to it by preemption, but only against
    pods of no higher priority.
    """
    holders: dict[str, list[Object]] = {}
    for other in store.list(PODS):
        if other["status"].get("phase") in ("Succeeded", "Failed"):
            continue
        node = other["spec"].get("nodeName")
        if not node and other["metadata"]["uid"] != pod["metadata"]["uid"]:
            nominated = other["spec"]["priority"] >= pod["spec"]["priority"]
            node = nominated and other["status"].get("nominatedNodeName")
        if node:
            holders.setdefault(node, []).append(other)
    return [
        NodeInfo(node, tuple(holders.get(node["metadata"]["name"], ())))
        for node in store.list(NODES)
    ]


def requests(pod: Object) -> Amounts:
    """What a pod takes of a node, ``pods`` included."""
    return {**pod_resources(pod), "pods": Decimal(1)}


def host_ports(pod: Object) -> Iterator[Port]:
    """The ports of the node that a pod's containers take for themselves."""
    spec = pod["spec"]
    sidecars = [c for c in spec.get("initContainers") or [] if c.get("restartPolicy") == "Always"]
    for container in [*spec["containers"], *sidecars]:
        for port in container.get("ports") or []:
            if port.get("hostPort"):
                address = port.get("hostIP") or "0.0.0.0"
                yield address, port.get("protocol") or "TCP", int(port["hostPort"])
