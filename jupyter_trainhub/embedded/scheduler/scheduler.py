"""Gives pods to nodes, by what they request."""

from __future__ import annotations

import logging
from collections import Counter
from decimal import Decimal
from typing import Any

from ..apimachinery import quantity
from ..apimachinery.resources import NODES, PERSISTENTVOLUMECLAIMS, PODS
from ..apimachinery.selectors import matches_expression
from ..apiserver.admission import pod_resources
from ..apiserver.events import Recorder
from ..apiserver.registry import Registry, condition
from ..apiserver.store import Change, Key, Object, Store, key_of
from ..controllers import Controller

log = logging.getLogger(__name__)


class Scheduler(Controller):
    """Watches pods that have no node, and binds each to the best that fits."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._recorder = Recorder(registry, "default-scheduler")

    def changed(self, change: Change) -> None:
        """A new pod is tried; whatever may have freed room retries all that wait."""
        if change.resource is PODS:
            if _waits(change.object) and change.type != "DELETED":
                self.enqueue(key_of(change.object))
            elif _ended(change):
                self._retry_all()
        elif change.resource in (NODES, PERSISTENTVOLUMECLAIMS):
            self._retry_all()

    def resync(self) -> None:
        """Queue every pod that waits."""
        self._retry_all()

    def _retry_all(self) -> None:
        for pod in self.store.list(PODS):
            if _waits(pod):
                self.enqueue(key_of(pod))

    def sync(self, key: Key) -> None:
        """Bind one pod, or say why it cannot be."""
        pod = self.store.find(PODS, *key)
        if pod is None or not _waits(pod):
            return
        nodes = self.store.list(NODES)
        refusal = _claims_refusal(self.store, pod)
        if refusal:
            self._refuse(pod, f"0/{len(nodes)} nodes are available: {refusal}. not found")
            return
        used = usage(self.store)
        reasons: Counter[str] = Counter()
        fitting = []
        for node in nodes:
            why = refusals(pod, node, used.get(node["metadata"]["name"], {}))
            if why:
                reasons.update(why)
            else:
                fitting.append(node)
        if not fitting:
            detail = ", ".join(f"{n} {reason}" for reason, n in sorted(reasons.items()))
            count = len(nodes)
            self._refuse(
                pod,
                f"0/{count} nodes are available: {detail}. no new claims to deallocate, "
                f"preemption: 0/{count} nodes are available: {count} Preemption is not helpful "
                "for scheduling.",
            )
            return
        best = max(fitting, key=lambda n: _free_share(pod, n, used.get(n["metadata"]["name"], {})))
        name = best["metadata"]["name"]
        self.registry.bind(*key, name)
        self._recorder.normal(
            pod, "Scheduled", f"Successfully assigned {key[0]}/{key[1]} to {name}"
        )

    def _refuse(self, pod: Object, message: str) -> None:
        conditions = pod["status"].get("conditions") or []
        before = next((c for c in conditions if c["type"] == "PodScheduled"), None)
        if before and before.get("message") == message:
            return
        generation = pod["metadata"]["generation"]
        refused = condition("PodScheduled", "False", "Unschedulable", message, generation)
        kept = [c for c in conditions if c["type"] != "PodScheduled"]
        self.registry.update_status(PODS, pod, {**pod["status"], "conditions": [*kept, refused]})
        self._recorder.warning(pod, "FailedScheduling", message)


def _waits(pod: Object) -> bool:
    spec = pod["spec"]
    return (
        not spec.get("nodeName")
        and not spec.get("schedulingGates")
        and "deletionTimestamp" not in pod["metadata"]
        and spec["schedulerName"] == "default-scheduler"
    )


def _ended(change: Change) -> bool:
    def live(pod: Object | None) -> bool:
        return bool(
            pod
            and pod["spec"].get("nodeName")
            and pod["status"].get("phase") not in ("Succeeded", "Failed")
        )

    return live(change.previous) and (change.type == "DELETED" or not live(change.object))


def usage(store: Store) -> dict[str, dict[str, Decimal]]:
    """What the live pods of each node request, ``pods`` included."""
    used: dict[str, dict[str, Decimal]] = {}
    for pod in store.list(PODS):
        node = pod["spec"].get("nodeName")
        if not node or pod["status"].get("phase") in ("Succeeded", "Failed"):
            continue
        total = used.setdefault(node, {})
        for name, value in {**pod_resources(pod), "pods": Decimal(1)}.items():
            total[name] = total.get(name, Decimal(0)) + value
    return used


def refusals(pod: Object, node: Object, used: dict[str, Decimal]) -> list[str]:
    """Why a node cannot take a pod, in the scheduler's words; empty when it can."""
    if node["spec"].get("unschedulable"):
        return ["node(s) were unschedulable"]
    if not _selected(pod["spec"], node):
        return ["node(s) didn't match Pod's node affinity/selector"]
    taint = _untolerated(pod["spec"], node)
    if taint:
        return [f"node(s) had untolerated taint(s) {{{taint['key']}: {taint.get('value', '')}}}"]
    allocatable = node["status"]["allocatable"]
    wanted = {**pod_resources(pod), "pods": Decimal(1)}
    short = []
    for name, value in wanted.items():
        total = quantity.parse(allocatable.get(name, "0"))
        if value and used.get(name, Decimal(0)) + value > total:
            short.append("Too many pods" if name == "pods" else f"Insufficient {name}")
    return sorted(short)


def _selected(spec: Object, node: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(k) != v for k, v in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        all(matches_expression(e, labels) for e in term.get("matchExpressions") or [])
        and all(matches_expression(e, fields) for e in term.get("matchFields") or [])
        for term in required.get("nodeSelectorTerms") or []
    )


def _untolerated(spec: Object, node: Object) -> dict[str, Any] | None:
    for taint in node["spec"].get("taints") or []:
        if taint.get("effect") == "PreferNoSchedule":
            continue
        if not any(_tolerates(t, taint) for t in spec.get("tolerations") or []):
            found: dict[str, Any] = taint
            return found
    return None


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if not toleration.get("key"):
        return bool(toleration.get("operator") == "Exists")
    if toleration["key"] != taint["key"]:
        return False
    exists = toleration.get("operator") == "Exists"
    return bool(exists or toleration.get("value", "") == taint.get("value", ""))


def _free_share(pod: Object, node: Object, used: dict[str, Decimal]) -> Decimal:
    # The emptiest node, by the mean of cpu and memory that would be left.
    wanted, allocatable = pod_resources(pod), node["status"]["allocatable"]
    shares = []
    for name in ("cpu", "memory"):
        total = quantity.parse(allocatable[name])
        taken = used.get(name, Decimal(0)) + wanted.get(name, Decimal(0))
        shares.append((total - taken) / total if total else Decimal(0))
    return sum(shares, Decimal(0)) / len(shares)


def _claims_refusal(store: Store, pod: Object) -> str:
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or []:
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if not name:
            continue
        claim = store.find(PERSISTENTVOLUMECLAIMS, namespace, name)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if claim["status"].get("phase") != "Bound":
            return "pod has unbound immediate PersistentVolumeClaims"
    return ""
