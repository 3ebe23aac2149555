"""Ends the pods of a node that gets a NoExecute taint, at once or when their toleration is over."""

from __future__ import annotations

import time

from ..apimachinery import taints
from ..apimachinery.resources import NODES, PODS
from ..apiserver.events import Recorder
from ..apiserver.eviction import evict
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Key, Object, key_of
from . import Controller


class TaintEvictionController(Controller):
    """Looks after pods whose node or tolerations changed."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._recorder = Recorder(registry, "taint-eviction-controller")
        # uid of a pod that is to go -> since when (Unix time)
        self._since: dict[str, float] = {}

    def changed(self, change: Change) -> None:
        """A pod that got a node or other tolerations, or a node with other taints."""
        obj, before = change.object, change.previous or {}
        if change.resource is PODS:
            if change.type == "DELETED":
                self._since.pop(obj["metadata"]["uid"], None)
            elif obj["spec"] is not before.get("spec") and obj["spec"].get("nodeName"):
                self.enqueue(key_of(obj))
        elif change.resource is NODES and _forbidding(obj) != _forbidding(before):
            self._queue_pods_of(obj["metadata"]["name"])

    def resync(self) -> None:
        """Queue the pods of every node that has such a taint."""
        for node in self.store.list(NODES):
            if _forbidding(node):
                self._queue_pods_of(node["metadata"]["name"])

    def _queue_pods_of(self, node: str) -> None:
        for pod in self.store.list(PODS):
            if pod["spec"].get("nodeName") == node:
                self.enqueue(key_of(pod))

    def sync(self, key: Key) -> None:
        """Evict one pod, or see later, or let it be."""
        pod = self.store.find(PODS, *key)
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            return
        node = self.store.find(NODES, "", pod["spec"].get("nodeName", ""))
        seconds = _patience(pod, _forbidding(node or {}))
        uid = pod["metadata"]["uid"]
        if seconds is None:
            if self._since.pop(uid, None) is not None:
                self._say(pod, "Cancelling deletion of")
            return
        left = self._since.setdefault(uid, time.time()) + seconds - time.time()
        if left > 0:
            self.enqueue(key, after=left)
            return
        self._say(pod, "Marking for deletion")
        message = "Taint manager: deleting due to NoExecute taint"
        evict(self.registry, pod, "DeletionByTaintManager", message)

    def _say(self, pod: Object, what: str) -> None:
        text = f"{what} Pod {'/'.join(key_of(pod))}"
        self._recorder.normal(pod, "TaintManagerEviction", text)


def _forbidding(node: Object) -> list[Object]:
    found = (node.get("spec") or {}).get("taints") or []
    return [taint for taint in found if taint.get("effect") == taints.NO_EXECUTE]


def _patience(pod: Object, forbidding: list[Object]) -> float | None:
    """How many seconds a pod may stay with these taints; None: as long as it likes."""
    tolerations = pod["spec"].get("tolerations") or []
    used = [
        next((t for t in tolerations if taints.tolerates(t, taint)), None) for taint in forbidding
    ]
    limits = [0 if t is None else t.get("tolerationSeconds") for t in used]
    seconds = [float(limit) for limit in limits if limit is not None]
    return max(0.0, min(seconds)) if seconds else None
