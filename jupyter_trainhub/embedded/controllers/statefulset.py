"""StatefulSets: pods with stable names, made in order."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from ..apimachinery.resources import PERSISTENTVOLUMECLAIMS, PODS, STATEFULSETS
from ..apimachinery.status import ApiError
from ..apiserver.events import Recorder
from ..apiserver.registry import DeleteOptions, Registry, controller_of, owner_reference
from ..apiserver.store import Change, Key, Object, encode
from . import Controller


class StatefulSetController(Controller):
    """Makes, replaces and removes the pods of StatefulSets."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._recorder = Recorder(registry, "statefulset-controller")

    def changed(self, change: Change) -> None:
        """A StatefulSet, or a pod of one."""
        obj = change.object
        if change.resource is STATEFULSETS:
            self.enqueue((obj["metadata"]["namespace"], obj["metadata"]["name"]))
        elif change.resource is PODS:
            owner = controller_of(obj)
            if owner and owner["kind"] == "StatefulSet":
                self.enqueue((obj["metadata"]["namespace"], owner["name"]))

    def resync(self) -> None:
        """Queue every StatefulSet."""
        for obj in self.store.list(STATEFULSETS):
            self.enqueue((obj["metadata"]["namespace"], obj["metadata"]["name"]))

    def sync(self, key: Key) -> None:
        """One step for one StatefulSet."""
        obj = self.store.find(STATEFULSETS, *key)
        if obj is None or "deletionTimestamp" in obj["metadata"]:
            return
        revision = revision_of(obj)
        self._reconcile(obj, revision, self._pods(obj))
        self._update_status(obj, revision)

    def _pods(self, obj: Object) -> dict[int, Object]:
        pods = {}
        for pod in self.store.list(PODS, obj["metadata"]["namespace"]):
            owner = controller_of(pod)
            if owner and owner["uid"] == obj["metadata"]["uid"]:
                pods[int(pod["metadata"]["name"].rpartition("-")[2])] = pod
        return pods

    def _reconcile(self, obj: Object, revision: str, pods: dict[int, Object]) -> None:
        replicas = obj["spec"]["replicas"]
        ordered = obj["spec"]["podManagementPolicy"] == "OrderedReady"
        for ordinal in range(replicas):
            pod = pods.get(ordinal)
            if pod is None:
                self._create(obj, ordinal, revision)
            elif pod["status"].get("phase") in ("Failed", "Succeeded"):
                self._delete(obj, pod)
            elif ordered and not _ready(pod):
                return
            if ordered and pod is None:
                return
        # Downwards, from the last ordinal, one at a time where order matters.
        for ordinal in sorted((o for o in pods if o >= replicas), reverse=True):
            self._delete(obj, pods[ordinal])
            if ordered:
                return
        if obj["spec"]["updateStrategy"]["type"] != "RollingUpdate":
            return
        for ordinal in sorted(pods, reverse=True):
            pod = pods[ordinal]
            if pod["metadata"]["labels"].get("controller-revision-hash") != revision:
                self._delete(obj, pod)
                return
            if not _ready(pod):
                return

    def _create(self, obj: Object, ordinal: int, revision: str) -> None:
        namespace = obj["metadata"]["namespace"]
        for claim in claims_of(obj, ordinal):
            if self.store.find(PERSISTENTVOLUMECLAIMS, namespace, claim["metadata"]["name"]):
                continue
            self.registry.create(PERSISTENTVOLUMECLAIMS, namespace, claim)
        pod = pod_of(obj, ordinal, revision)
        name, owner = pod["metadata"]["name"], obj["metadata"]["name"]
        try:
            self.registry.create(PODS, namespace, pod)
        except ApiError as error:
            self._recorder.warning(
                obj, "FailedCreate",
                f"create Pod {name} in StatefulSet {owner} failed error: {error.message}",
            )  # fmt: skip
            raise
        self._recorder.normal(
            obj, "SuccessfulCreate", f"Create Pod {name} in StatefulSet {owner} successful"
        )

    def _delete(self, obj: Object, pod: Object) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            return
        name = pod["metadata"]["name"]
        self.registry.delete(PODS, pod["metadata"]["namespace"], name, DeleteOptions())
        self._recorder.normal(
            obj, "SuccessfulDelete",
            f"delete Pod {name} in StatefulSet {obj['metadata']['name']} successful",
        )  # fmt: skip

    def _update_status(self, obj: Object, revision: str) -> None:
        pods = list(self._pods(obj).values())
        ready = sum(1 for pod in pods if _ready(pod))
        updated = sum(
            1 for p in pods if p["metadata"]["labels"].get("controller-revision-hash") == revision
        )
        status: dict[str, Any] = {
            "observedGeneration": obj["metadata"]["generation"],
            "replicas": len(pods),
            "readyReplicas": ready,
            "currentReplicas": updated,
            "updatedReplicas": updated,
            "currentRevision": revision,
            "updateRevision": revision,
            "collisionCount": 0,
            "availableReplicas": ready,
        }
        for name in ("readyReplicas", "currentReplicas", "updatedReplicas"):
            if not status[name]:
                del status[name]
        self.registry.update_status(STATEFULSETS, obj, status)


def revision_of(obj: Object) -> str:
    """A name for the template as it is: pods of another are replaced."""
    digest = hashlib.sha256(encode(obj["spec"]["template"])).hexdigest()[:10]
    return f"{obj['metadata']['name']}-{digest}"


def pod_of(obj: Object, ordinal: int, revision: str) -> Object:
    """The pod of one ordinal."""
    template = copy.deepcopy(obj["spec"]["template"])
    owner = obj["metadata"]["name"]
    name = f"{owner}-{ordinal}"
    metadata = template.get("metadata") or {}
    spec = template["spec"]
    spec["hostname"] = name
    if obj["spec"].get("serviceName"):
        spec["subdomain"] = obj["spec"]["serviceName"]
    for claim in obj["spec"].get("volumeClaimTemplates") or []:
        volume = claim["metadata"]["name"]
        source = {"persistentVolumeClaim": {"claimName": f"{volume}-{name}"}}
        others = [v for v in spec.get("volumes") or [] if v["name"] != volume]
        spec["volumes"] = [*others, {"name": volume, **source}]
    body: dict[str, Any] = {
        "name": name,
        "generateName": f"{owner}-",
        "labels": {
            **(metadata.get("labels") or {}),
            "apps.kubernetes.io/pod-index": str(ordinal),
            "controller-revision-hash": revision,
            "statefulset.kubernetes.io/pod-name": name,
        },
        "ownerReferences": [owner_reference(obj)],
    }
    if metadata.get("annotations"):
        body["annotations"] = metadata["annotations"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": body, "spec": spec}


def claims_of(obj: Object, ordinal: int) -> list[Object]:
    """The claims that one ordinal's pod mounts."""
    claims = []
    for template in obj["spec"].get("volumeClaimTemplates") or []:
        name = f"{template['metadata']['name']}-{obj['metadata']['name']}-{ordinal}"
        metadata = {"name": name, "labels": (template["metadata"].get("labels") or {})}
        claims.append({"metadata": metadata, "spec": copy.deepcopy(template["spec"])})
    return claims


def _ready(pod: Object) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and any(
        c["type"] == "Ready" and c["status"] == "True"
        for c in pod["status"].get("conditions") or []
    )
