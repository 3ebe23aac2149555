"""Gives pods to nodes: the queue, one pod's turn, and what is written of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..apimachinery import conditions
from ..apimachinery.resources import (
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    PODS,
    STORAGECLASSES,
)
from ..apiserver.events import Recorder
from ..apiserver.eviction import evict
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Key, Object, key_of
from ..controllers import Controller
from . import preemption, scores
from .filters import Cycle, Refusal, refusal
from .nodeinfo import NodeInfo, snapshot
from .volumebinding import Volumes

_NAME = "default-scheduler"

# Kinds whose change may let a pod fit that did not.
_RETRIED_FOR = (NODES, PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, STORAGECLASSES)


class Scheduler(Controller):
    """Watches pods that have no node, and binds each to the best that fits."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._recorder = Recorder(registry, _NAME)
        # uid of a pod that waits -> its place among pods of its priority
        self._arrivals: dict[str, int] = {}
        self._arrived = 0

    def changed(self, change: Change) -> None:
        """A new pod is tried; whatever may have freed room retries all that wait."""
        obj, before = change.object, change.previous
        if change.resource is PODS:
            if change.type == "DELETED" or not _waits(obj):
                self._arrivals.pop(obj["metadata"]["uid"], None)
                if before and (_holds(before) and not (_holds(obj) and change.type != "DELETED")):
                    self._retry_all()
            elif before is None or obj["spec"] is not before["spec"]:
                self._add(obj)
        elif change.resource in _RETRIED_FOR:
            self._retry_all()

    def resync(self) -> None:
        """Queue every pod that waits."""
        self._retry_all()

    def _retry_all(self) -> None:
        for pod in self.store.list(PODS):
            if _waits(pod):
                self._add(pod)

    def _add(self, pod: Object) -> None:
        self._arrived += 1
        self._arrivals.setdefault(pod["metadata"]["uid"], self._arrived)
        self.enqueue(key_of(pod))

    def in_order(self, keys: list[Key]) -> list[Key]:
        """By priority, then as they came."""

        def place(key: Key) -> tuple[int, int]:
            pod = self.store.find(PODS, *key)
            if pod is None:
                return 0, 0
            arrived = self._arrivals.get(pod["metadata"]["uid"], 0)
            return -int(pod["spec"].get("priority", 0)), arrived

        return sorted(keys, key=place)

    def sync(self, key: Key) -> None:
        """Bind one pod, or make room for it, or say why it cannot be."""
        pod = self.store.find(PODS, *key)
        if pod is None or not _waits(pod):
            return
        cycle = Cycle(pod, snapshot(self.store, pod), Volumes(self.store, pod))
        count = len(cycle.infos)
        if not count:
            self._refuse(pod, "no nodes available to schedule pods")
        elif cycle.volumes.error:
            text = f"0/{count} nodes are available: {cycle.volumes.error}. not found"
            self._refuse(pod, text)
        else:
            self._place(cycle)

    def _place(self, cycle: Cycle) -> None:
        refusals: dict[str, Refusal] = {}
        fitting: list[NodeInfo] = []
        for info in cycle.infos:
            why = refusal(cycle, info)
            if why:
                refusals[info.name] = why
            else:
                fitting.append(info)
        if fitting:
            nominated = cycle.pod["status"].get("nominatedNodeName")
            chosen = next((info for info in fitting if info.name == nominated), None)
            self._bind(cycle, chosen or scores.best(cycle.pod, fitting))
            return
        said, nominated = self._preempt(cycle, refusals)
        count = len(cycle.infos)
        text = f"0/{count} nodes are available: {_histogram(refusals.values())}.{said}"
        self._refuse(cycle.pod, text, nominated)

    def _bind(self, cycle: Cycle, info: NodeInfo) -> None:
        pod, name = cycle.pod, info.name
        if not cycle.volumes.settle(self.registry, info.node):
            return
        self.registry.bind(*key_of(pod), name)
        text = f"Successfully assigned {'/'.join(key_of(pod))} to {name}"
        self._recorder.normal(pod, "Scheduled", text)

    def _preempt(self, cycle: Cycle, refusals: dict[str, Refusal]) -> tuple[str, str | None]:
        """Make room; returns what is to be said of it, and the node that the pod is to get.

        An empty node ends an earlier nomination; None lets it be.
        """
        prefix, pod = " no new claims to deallocate, preemption: ", cycle.pod
        why_not = preemption.refused(cycle, refusals)
        if why_not:
            return prefix + why_not, None
        found, hopeless = preemption.candidates(cycle, refusals)
        if not found:
            count = len(cycle.infos)
            reasons = _histogram(hopeless.values())
            return f"{prefix}0/{count} nodes are available: {reasons}.", ""
        best = preemption.cheapest(found)
        for victim in best.victims:
            if "deletionTimestamp" not in victim["metadata"]:
                message = f"{_NAME}: preempting to accommodate a higher priority pod"
                evict(self.registry, victim, preemption.REASON, message)
                told = f"Preempted by pod {pod['metadata']['uid']} on node {best.info.name}"
                self._recorder.normal(victim, "Preempted", told)
        for other in self.store.list(PODS):
            nominated = other["status"].get("nominatedNodeName") == best.info.name
            if nominated and other["spec"]["priority"] < pod["spec"]["priority"]:
                # It may no longer fit there, and looks for another place.
                status = {k: v for k, v in other["status"].items() if k != "nominatedNodeName"}
                self.registry.update_status(PODS, other, status)
                self.enqueue(key_of(other))
        return "", best.info.name

    def _refuse(self, pod: Object, message: str, nominated: str | None = "") -> None:
        status = dict(pod["status"])
        if nominated is not None:
            status.pop("nominatedNodeName", None)
        if nominated:
            status["nominatedNodeName"] = nominated
        before = conditions.find(pod, "PodScheduled")
        told = before is not None and before.get("message") == message
        if not told:
            generation = pod["metadata"]["generation"]
            refused = conditions.of_pod(
                "PodScheduled", "False", "Unschedulable", message, generation
            )
            status = conditions.replaced(status, refused)
        self.registry.update_status(PODS, pod, status)
        if not told:
            self._recorder.warning(pod, "FailedScheduling", message)


def _histogram(refusals: Iterable[Refusal]) -> str:
    counts = Counter(reason for found in refusals for reason in found.reasons)
    return ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))


def _waits(pod: Object) -> bool:
    spec = pod["spec"]
    return (
        not spec.get("nodeName")
        and not spec.get("schedulingGates")
        and "deletionTimestamp" not in pod["metadata"]
        and spec["schedulerName"] == _NAME
        and pod["status"].get("phase") not in ("Succeeded", "Failed")
    )


def _holds(pod: Object) -> bool:
    """Whether a pod takes room of a node."""
    if pod["status"].get("phase") in ("Succeeded", "Failed"):
        return False
    return bool(pod["spec"].get("nodeName") or pod["status"].get("nominatedNodeName"))
