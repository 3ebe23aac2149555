"""Claims bound to volumes that an admin made."""

from __future__ import annotations

from ..apimachinery import quantity
from ..apimachinery.resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES
from ..apiserver.events import Recorder
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Key, Object
from . import Controller


class PersistentVolumeController(Controller):
    """Binds each claim to the smallest free volume that satisfies it.

    A key is a claim's, or ("", name) of a volume.
    """

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._recorder = Recorder(registry, "persistentvolume-controller")

    def changed(self, change: Change) -> None:
        """A claim, or a volume that waiting claims may take."""
        metadata = change.object["metadata"]
        if change.resource is PERSISTENTVOLUMECLAIMS:
            self.enqueue((metadata["namespace"], metadata["name"]))
            if change.type == "DELETED":
                self.enqueue(("", change.object["spec"].get("volumeName", "")))
        elif change.resource is PERSISTENTVOLUMES:
            self.enqueue(("", metadata["name"]))
            for claim in self.store.list(PERSISTENTVOLUMECLAIMS):
                self.enqueue((claim["metadata"]["namespace"], claim["metadata"]["name"]))

    def resync(self) -> None:
        """Queue every claim and volume."""
        for resource in (PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES):
            for obj in self.store.list(resource):
                self.enqueue((obj["metadata"].get("namespace", ""), obj["metadata"]["name"]))

    def sync(self, key: Key) -> None:
        """Bind one claim, or set one volume's phase."""
        if not key[0]:
            self._sync_volume(key[1])
            return
        claim = self.store.find(PERSISTENTVOLUMECLAIMS, *key)
        if claim is None or claim["status"].get("phase") == "Bound":
            return
        volume = self._choose(claim)
        if volume is None:
            if not claim["spec"].get("storageClassName"):
                self._recorder.normal(
                    claim, "FailedBinding",
                    "no persistent volumes available for this claim and no storage class is set",
                )  # fmt: skip
            return
        self._bind(claim, volume)

    def _choose(self, claim: Object) -> Object | None:
        spec = claim["spec"]
        wanted = quantity.parse(spec["resources"]["requests"]["storage"])
        reference = claim["metadata"]

        def suits(volume: Object) -> bool:
            offered = volume["spec"]
            taken = offered.get("claimRef")
            if taken and (taken["namespace"], taken["name"]) != (
                reference["namespace"], reference["name"],
            ):  # fmt: skip
                return False
            if spec.get("volumeName"):
                return bool(volume["metadata"]["name"] == spec["volumeName"])
            return (
                (offered.get("storageClassName") or "") == (spec.get("storageClassName") or "")
                and set(spec["accessModes"]) <= set(offered["accessModes"])
                and quantity.parse(offered["capacity"]["storage"]) >= wanted
            )

        fitting = [
            v for v in self.store.list(PERSISTENTVOLUMES)
            if v["status"].get("phase") != "Bound" and suits(v)
        ]  # fmt: skip
        return min(
            fitting, key=lambda v: quantity.parse(v["spec"]["capacity"]["storage"]), default=None
        )

    def _bind(self, claim: Object, volume: Object) -> None:
        metadata = claim["metadata"]
        reference = {
            "kind": "PersistentVolumeClaim", "apiVersion": "v1",
            "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"],
        }  # fmt: skip
        spec = {**volume["spec"], "claimRef": reference}
        self.store.update(
            PERSISTENTVOLUMES,
            {**volume, "spec": spec, "status": {**volume["status"], "phase": "Bound"}},
        )
        status = {
            "phase": "Bound",
            "accessModes": volume["spec"]["accessModes"],
            "capacity": volume["spec"]["capacity"],
        }
        bound = {**claim["spec"], "volumeName": volume["metadata"]["name"]}
        self.store.update(PERSISTENTVOLUMECLAIMS, {**claim, "spec": bound, "status": status})

    def _sync_volume(self, name: str) -> None:
        volume = self.store.find(PERSISTENTVOLUMES, "", name)
        if volume is None:
            return
        reference = volume["spec"].get("claimRef")
        claim = reference and self.store.find(
            PERSISTENTVOLUMECLAIMS, reference["namespace"], reference["name"]
        )
        phase = volume["status"].get("phase")
        if phase == "Bound" and not claim:
            # Retain: an admin decides what becomes of the data.
            phase = "Released"
        elif phase == "Pending":
            phase = "Available"
        self.registry.update_status(PERSISTENTVOLUMES, volume, {**volume["status"], "phase": phase})
