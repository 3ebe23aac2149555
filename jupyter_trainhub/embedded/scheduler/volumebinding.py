"""A pod's claims: whether a node can reach their volumes, and telling the node of those to come.

A claim whose class waits for its first consumer is bound after its pod has a node: a volume that
exists is reserved for it by ``claimRef``, and for another the claim's annotation says which node
it is to be made for. The pod is bound when the volume controller has bound the claims.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..apimachinery.resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, STORAGECLASSES
from ..apimachinery.selectors import matches_node_selector
from ..apiserver.registry import Registry
from ..apiserver.store import Object, Store
from ..controllers import volumematching

SELECTED_NODE = "volume.kubernetes.io/selected-node"
_NO_PROVISIONER = "kubernetes.io/no-provisioner"


class Volumes:
    """What one pod's claims are, and which of them wait for a node."""

    def __init__(self, store: Store, pod: Object) -> None:
        self._store = store
        # Why no node can take the pod; empty when its claims are no obstacle.
        self.error = ""
        self._bound: list[Object | None] = []
        self._waiting: list[Object] = []
        for volume in pod["spec"].get("volumes") or []:
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if name:
                self._add(name, store.find(PERSISTENTVOLUMECLAIMS, _namespace(pod), name))

    def _add(self, name: str, claim: Object | None) -> None:
        called = f'persistentvolumeclaim "{name}"'
        if claim is None:
            self.error = self.error or f"{called} not found"
        elif "deletionTimestamp" in claim["metadata"]:
            self.error = self.error or f"{called} is being deleted"
        elif claim["status"].get("phase") == "Lost":
            volume = claim["spec"].get("volumeName")
            what = f'bound to non-existent persistentvolume "{volume}"'
            self.error = self.error or f"{called} {what}"
        elif claim["status"].get("phase") == "Bound":
            self._bound.append(self._store.find(PERSISTENTVOLUMES, "", claim["spec"]["volumeName"]))
        elif self._class_of(claim).get("volumeBindingMode") == "WaitForFirstConsumer":
            self._waiting.append(claim)
        else:
            self.error = self.error or "pod has unbound immediate PersistentVolumeClaims"

    def _class_of(self, claim: Object) -> Object:
        name = claim["spec"].get("storageClassName") or ""
        return self._store.find(STORAGECLASSES, "", name) or {}

    def conflicts(self, node: Object) -> Iterator[str]:
        """Why a node cannot have the pod's volumes."""
        if None in self._bound:
            yield "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
        if not all(_reachable(volume, node) for volume in self._bound if volume):
            yield "node(s) didn't match PersistentVolume's node affinity"
        if not all(self._obtainable(claim, node) for claim in self._waiting):
            yield "node(s) didn't find available persistent volumes to bind"

    def _obtainable(self, claim: Object, node: Object) -> bool:
        name = node["metadata"]["name"]
        if (claim["metadata"].get("annotations") or {}).get(SELECTED_NODE, name) != name:
            return False
        if self._volume_for(claim, node):
            return True
        of_class = self._class_of(claim)
        terms = [
            {"matchExpressions": [{"operator": "In", **e} for e in t["matchLabelExpressions"]]}
            for t in of_class.get("allowedTopologies") or []
        ]
        made = of_class.get("provisioner") != _NO_PROVISIONER
        return made and (not terms or matches_node_selector({"nodeSelectorTerms": terms}, node))

    def _volume_for(self, claim: Object, node: Object) -> Object | None:
        free = (
            volume for volume in self._store.list(PERSISTENTVOLUMES)
            if volume["status"].get("phase") in ("Available", "Pending")
            and _reachable(volume, node)
        )  # fmt: skip
        return volumematching.smallest(free, claim)

    def settle(self, registry: Registry, node: Object) -> bool:
        """Have what is missing bound or made for the node; whether nothing is missing."""
        for claim in self._waiting:
            volume = self._volume_for(claim, node)
            if volume and not volume["spec"].get("claimRef"):
                spec = {**volume["spec"], "claimRef": volumematching.reference(claim)}
                registry.store.update(PERSISTENTVOLUMES, {**volume, "spec": spec})
            elif not volume:
                annotations = claim["metadata"].get("annotations") or {}
                chosen = {**annotations, SELECTED_NODE: node["metadata"]["name"]}
                metadata = {**claim["metadata"], "annotations": chosen}
                registry.store.update(PERSISTENTVOLUMECLAIMS, {**claim, "metadata": metadata})
        return not self._waiting


def _reachable(volume: Object, node: Object) -> bool:
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return not required or matches_node_selector(required, node)


def _namespace(obj: Object) -> str:
    return str(obj["metadata"]["namespace"])
