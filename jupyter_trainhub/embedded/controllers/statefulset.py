"""StatefulSets: pods with stable names and claims, made, updated and removed in order.

Source: kubernetes/pkg/controller/statefulset.
"""

from __future__ import annotations

from typing import Any

from ..apimachinery import clock
from ..apimachinery.ownerreferences import controller_of
from ..apimachinery.resources import PERSISTENTVOLUMECLAIMS, PODS, STATEFULSETS
from ..apimachinery.status import ApiError
from ..apiserver.events import Recorder
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Key, Object, key_of
from . import Controller, statefulpods
from .revisions import Revisions


class StatefulSetController(Controller):
    """Makes, replaces and removes the pods of StatefulSets."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._recorder = Recorder(registry, "statefulset-controller")

    def changed(self, change: Change) -> None:
        """A StatefulSet, or a pod of one."""
        obj = change.object
        if change.resource is STATEFULSETS:
            self.enqueue(key_of(obj))
        elif change.resource is PODS:
            owner = controller_of(obj)
            if owner and owner["kind"] == "StatefulSet":
                self.enqueue((obj["metadata"]["namespace"], owner["name"]))

    def resync(self) -> None:
        """Queue every StatefulSet."""
        for obj in self.store.list(STATEFULSETS):
            self.enqueue(key_of(obj))

    def sync(self, key: Key) -> None:
        """One step for one StatefulSet."""
        obj = self.store.find(STATEFULSETS, *key)
        if obj is None or "deletionTimestamp" in obj["metadata"]:
            return
        revisions = Revisions(self.registry, obj)
        pods = self._pods(obj)
        self._keep_claims(obj, pods)
        try:
            self._reconcile(obj, revisions, pods)
        finally:
            pods = self._pods(obj)
            self._update_status(obj, revisions, pods)
        revisions.forget_old({statefulpods.revision(pod) for pod in pods.values()})

    def _pods(self, obj: Object) -> dict[int, Object]:
        pods = {}
        for pod in self.store.list(PODS, obj["metadata"]["namespace"]):
            owner = controller_of(pod)
            if owner and owner["uid"] == obj["metadata"]["uid"]:
                pods[statefulpods.ordinal(pod)] = pod
        return dict(sorted(pods.items()))

    def _reconcile(self, obj: Object, revisions: Revisions, pods: dict[int, Object]) -> None:
        ordinals = statefulpods.ordinals(obj)
        ordered = obj["spec"]["podManagementPolicy"] == "OrderedReady"
        for ordinal in ordinals:
            pod = pods.get(ordinal)
            if pod is None:
                self._create(obj, ordinal, revisions)
            elif pod["status"].get("phase") in ("Failed", "Succeeded"):
                self._recreate(obj, pod)
            if ordered and not (pod and self._available(obj, pod)):
                return
        condemned = [pod for ordinal, pod in pods.items() if ordinal not in ordinals]
        unwell = [pod for pod in pods.values() if not statefulpods.healthy(pod)]
        for pod in reversed(condemned):
            leaving = "deletionTimestamp" in pod["metadata"]
            if ordered and (leaving or (pod in unwell and pod is not unwell[0])):
                return
            if not leaving:
                self._delete(obj, pod)
            if ordered:
                return
        if obj["spec"]["updateStrategy"]["type"] == "RollingUpdate":
            self._update(obj, revisions, [pods[o] for o in ordinals if o in pods])

    def _update(self, obj: Object, revisions: Revisions, pods: list[Object]) -> None:
        """Replace the pods of an older revision one by one, the last first."""
        rolling = obj["spec"]["updateStrategy"].get("rollingUpdate") or {}
        first = statefulpods.ordinals(obj).start + rolling.get("partition", 0)
        for pod in reversed(pods):
            leaving = "deletionTimestamp" in pod["metadata"]
            if statefulpods.ordinal(pod) < first:
                return
            if statefulpods.revision(pod) != revisions.update and not leaving:
                self._delete(obj, pod)
                return
            if leaving or not self._available(obj, pod):
                return

    def _available(self, obj: Object, pod: Object) -> bool:
        """Whether a pod has been ready for long enough; looks again when it will have been."""
        since = statefulpods.ready_since(pod)
        if not since:
            return False
        left = obj["spec"].get("minReadySeconds", 0) - clock.seconds_since(since)
        if left > 0:
            self.enqueue(key_of(obj), after=left)
        return left <= 0 or not obj["spec"].get("minReadySeconds")

    def _create(self, obj: Object, ordinal: int, revisions: Revisions) -> None:
        namespace, owner = obj["metadata"]["namespace"], obj["metadata"]["name"]
        pod = statefulpods.pod_of(obj, ordinal, *revisions.template_for(ordinal))
        name = pod["metadata"]["name"]
        for claim in statefulpods.claims_of(obj, ordinal):
            called = claim["metadata"]["name"]
            if self.store.find(PERSISTENTVOLUMECLAIMS, namespace, called) is None:
                self.registry.create(PERSISTENTVOLUMECLAIMS, namespace, claim)
                text = f"Create Claim {called} Pod {name} in StatefulSet {owner} success"
                self._recorder.normal(obj, "SuccessfulCreate", text)
        try:
            self.registry.create(PODS, namespace, pod)
        except ApiError as error:
            text = f"Create Pod {name} in StatefulSet {owner} failed error: {error.message}"
            self._recorder.warning(obj, "FailedCreate", text)
            raise
        text = f"Create Pod {name} in StatefulSet {owner} successful"
        self._recorder.normal(obj, "SuccessfulCreate", text)

    def _recreate(self, obj: Object, pod: Object) -> None:
        """Delete a pod that has ended; another follows when it is gone."""
        if "deletionTimestamp" in pod["metadata"]:
            return
        where = f"StatefulSet {'/'.join(key_of(obj))} is recreating"
        name = pod["metadata"]["name"]
        if pod["status"]["phase"] == "Failed":
            self._recorder.warning(obj, "RecreatingFailedPod", f"{where} failed Pod {name}")
        else:
            text = f"{where} terminated Pod {name}"
            self._recorder.normal(obj, "RecreatingTerminatedPod", text)
        self._delete(obj, pod)

    def _delete(self, obj: Object, pod: Object) -> None:
        self.registry.delete(PODS, *key_of(pod))
        name, owner = pod["metadata"]["name"], obj["metadata"]["name"]
        text = f"Delete Pod {name} in StatefulSet {owner} successful"
        self._recorder.normal(obj, "SuccessfulDelete", text)

    def _keep_claims(self, obj: Object, pods: dict[int, Object]) -> None:
        """Have claims go with their set or their pod, where the set says so."""
        for ordinal, pod in pods.items():
            for template in statefulpods.claims_of(obj, ordinal):
                where = (pod["metadata"]["namespace"], template["metadata"]["name"])
                claim = self.store.find(PERSISTENTVOLUMECLAIMS, *where)
                if claim is None:
                    continue
                owners = statefulpods.claim_owners(obj, pod, claim)
                if owners != (claim["metadata"].get("ownerReferences") or []):
                    metadata = {**claim["metadata"], "ownerReferences": owners}
                    changed = {**claim, "metadata": metadata}
                    self.registry.update(PERSISTENTVOLUMECLAIMS, *where, changed)

    def _update_status(self, obj: Object, revisions: Revisions, pods: dict[int, Object]) -> None:
        present = list(pods.values())
        staying = [p for p in present if "deletionTimestamp" not in p["metadata"]]
        counts = {
            "readyReplicas": sum(bool(statefulpods.ready_since(p)) for p in present),
            "currentReplicas": sum(statefulpods.revision(p) == revisions.current for p in staying),
            "updatedReplicas": sum(statefulpods.revision(p) == revisions.update for p in staying),
        }
        replicas, rolling = obj["spec"]["replicas"], obj["spec"]["updateStrategy"]["type"]
        done = {len(present), counts["readyReplicas"], counts["updatedReplicas"]} == {replicas}
        current = revisions.current
        if rolling == "RollingUpdate" and done:
            counts["currentReplicas"], current = counts["updatedReplicas"], revisions.update
        status: dict[str, Any] = {
            "observedGeneration": obj["metadata"]["generation"],
            "replicas": len(present),
            **{name: count for name, count in counts.items() if count},
            "currentRevision": current,
            "updateRevision": revisions.update,
            "collisionCount": 0,
            "availableReplicas": sum(self._available(obj, p) for p in present),
        }
        self.registry.update_status(STATEFULSETS, obj, status)
