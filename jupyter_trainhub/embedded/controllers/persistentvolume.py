"""Claims bound to volumes that an admin made, or that are made for them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..apimachinery import clock, quantity
from ..apimachinery.resources import (
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    PODS,
    STORAGECLASSES,
)
from ..apiserver.admission.storage import CLAIM_PROTECTION, VOLUME_PROTECTION
from ..apiserver.events import Recorder
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Key, Object
from . import Controller, hostpath_provisioner, volumematching
from .hostpath_provisioner import PROVISIONER, STANDARD, HostPathProvisioner, NoRoom

# Until a volume is tried again that could not be made, grow or be deleted (seconds).
_RETRY = 15.0

_BOUND_BY_CONTROLLER = {"pv.kubernetes.io/bound-by-controller": "yes"}
_SELECTED_NODE = "volume.kubernetes.io/selected-node"


class PersistentVolumeController(Controller):
    """Binds claims, has volumes made, and frees them again.

    A key is a claim's, or ("", name) of a volume.

    Args:
        folder: where volumes are made.
    """

    def __init__(self, registry: Registry, folder: Path) -> None:
        super().__init__(registry)
        self._provisioner = HostPathProvisioner(registry.store, folder)
        self._recorder = Recorder(registry, "persistentvolume-controller")
        self._maker = Recorder(registry, PROVISIONER)
        self._deleting: dict[str, asyncio.Task[None]] = {}

    def changed(self, change: Change) -> None:
        """A claim, a volume or class that waiting claims may take, a pod that used a claim."""
        metadata = change.object["metadata"]
        if change.resource is PERSISTENTVOLUMECLAIMS:
            self.enqueue((metadata["namespace"], metadata["name"]))
            if change.type == "DELETED":
                self.enqueue(("", change.object["spec"].get("volumeName", "")))
        elif change.resource is PERSISTENTVOLUMES and change.type != "DELETED":
            self.enqueue(("", metadata["name"]))
            reference = change.object["spec"].get("claimRef")
            if reference:
                self.enqueue((reference["namespace"], reference["name"]))
            else:
                self._retry_claims()
        elif change.resource in (PERSISTENTVOLUMES, STORAGECLASSES):
            self._retry_claims()
        elif change.resource is PODS and (change.type == "DELETED" or _ended(change.object)):
            for name in _claims_of(change.object):
                self.enqueue((metadata["namespace"], name))

    def _retry_claims(self) -> None:
        for claim in self.store.list(PERSISTENTVOLUMECLAIMS):
            self.enqueue((claim["metadata"]["namespace"], claim["metadata"]["name"]))

    def resync(self) -> None:
        """Queue every claim and volume; make the default class."""
        if not self.store.find(STORAGECLASSES, "", STANDARD["metadata"]["name"]):
            self.registry.create(STORAGECLASSES, "", STANDARD)
        for resource in (PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES):
            for obj in self.store.list(resource):
                self.enqueue((obj["metadata"].get("namespace", ""), obj["metadata"]["name"]))

    def sync(self, key: Key) -> None:
        """Bring one claim or volume on."""
        if not key[0]:
            self._sync_volume(key[1])
            return
        claim = self.store.find(PERSISTENTVOLUMECLAIMS, *key)
        if claim is None:
            return
        if "deletionTimestamp" in claim["metadata"]:
            if not self._in_use(claim):
                self.remove_finalizer(PERSISTENTVOLUMECLAIMS, claim, CLAIM_PROTECTION)
        elif claim["status"].get("phase") == "Pending":
            self._find_volume(claim)
        elif claim["status"].get("phase") == "Bound":
            self._sync_bound(claim)

    def _in_use(self, claim: Object) -> bool:
        metadata = claim["metadata"]
        return any(
            metadata["name"] in _claims_of(pod) and pod["spec"].get("nodeName") and not _ended(pod)
            for pod in self.store.list(PODS, metadata["namespace"])
        )

    def _find_volume(self, claim: Object) -> None:
        storage_class = self.store.find(
            STORAGECLASSES, "", claim["spec"].get("storageClassName") or ""
        )
        waits = (storage_class or {}).get("volumeBindingMode") == "WaitForFirstConsumer"
        waits = waits and _SELECTED_NODE not in (claim["metadata"].get("annotations") or {})
        offered = self.store.list(PERSISTENTVOLUMES)
        if waits and not claim["spec"].get("volumeName"):
            offered = [volume for volume in offered if volume["spec"].get("claimRef")]
        volume = volumematching.smallest(offered, claim)
        if volume:
            self._bind(claim, volume)
        elif claim["spec"].get("volumeName"):
            return
        elif storage_class is None:
            self._tell_unbound(claim)
        elif waits:
            self._recorder.normal(
                claim, "WaitForFirstConsumer",
                "waiting for first consumer to be created before binding",
            )  # fmt: skip
        elif storage_class["provisioner"] == PROVISIONER:
            self._provision(claim, storage_class)
        else:
            self._recorder.normal(
                claim, "ExternalProvisioning",
                "Waiting for a volume to be created either by the external provisioner "
                f"'{storage_class['provisioner']}' or manually by the system administrator. If "
                "volume creation is delayed, please verify that the provisioner is running and "
                "correctly registered.",
            )  # fmt: skip

    def _tell_unbound(self, claim: Object) -> None:
        name = claim["spec"].get("storageClassName")
        if name:
            message = f'storageclass.storage.k8s.io "{name}" not found'
            self._recorder.warning(claim, "ProvisioningFailed", message)
            return
        self._recorder.normal(
            claim, "FailedBinding",
            "no persistent volumes available for this claim and no storage class is set",
        )  # fmt: skip

    def _bind(self, claim: Object, volume: Object) -> None:
        spec = {**volume["spec"], "claimRef": volumematching.reference(claim)}
        volume = _annotated(volume, {} if "claimRef" in volume["spec"] else _BOUND_BY_CONTROLLER)
        self.store.update(PERSISTENTVOLUMES, _in_phase({**volume, "spec": spec}, "Bound"))
        status = {
            "phase": "Bound",
            "accessModes": volume["spec"]["accessModes"],
            "capacity": volume["spec"]["capacity"],
        }
        chosen = {} if claim["spec"].get("volumeName") else _BOUND_BY_CONTROLLER
        claim = _annotated(claim, {"pv.kubernetes.io/bind-completed": "yes", **chosen})
        bound = {**claim["spec"], "volumeName": volume["metadata"]["name"]}
        self.store.update(PERSISTENTVOLUMECLAIMS, {**claim, "spec": bound, "status": status})

    def _provision(self, claim: Object, storage_class: Object) -> None:
        name = f"{claim['metadata']['namespace']}/{claim['metadata']['name']}"
        message = f'External provisioner is provisioning volume for claim "{name}"'
        self._maker.normal(claim, "Provisioning", message)
        try:
            volume = self._provisioner.provision(claim, storage_class)
        except (NoRoom, OSError) as error:
            in_class = f'volume with StorageClass "{storage_class["metadata"]["name"]}"'
            message = f"failed to provision {in_class}: {error}"
            self._maker.warning(claim, "ProvisioningFailed", message)
            self.enqueue((claim["metadata"]["namespace"], claim["metadata"]["name"]), after=_RETRY)
            return
        volume["spec"]["claimRef"] = volumematching.reference(claim)
        created = self.registry.create(PERSISTENTVOLUMES, "", volume)
        message = f"Successfully provisioned volume {created['metadata']['name']}"
        self._maker.normal(claim, "ProvisioningSucceeded", message)
        provisioner = {
            "volume.beta.kubernetes.io/storage-provisioner": PROVISIONER,
            "volume.kubernetes.io/storage-provisioner": PROVISIONER,
        }
        self._bind(_annotated(claim, provisioner), created)

    def _sync_bound(self, claim: Object) -> None:
        volume = self.store.find(PERSISTENTVOLUMES, "", claim["spec"]["volumeName"])
        if volume is None:
            self.registry.update_status(PERSISTENTVOLUMECLAIMS, claim, {"phase": "Lost"})
            message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            self._recorder.warning(claim, "ClaimLost", message)
            return
        size = claim["spec"]["resources"]["requests"]["storage"]
        had = volume["spec"]["capacity"]["storage"]
        growth = quantity.parse(size) - quantity.parse(had)
        if growth <= 0 or self._provisioner.path_of(volume) is None:
            return
        try:
            self._provisioner.reserve(growth)
        except NoRoom as error:
            self._maker.warning(claim, "VolumeResizeFailed", str(error))
            self.enqueue((claim["metadata"]["namespace"], claim["metadata"]["name"]), after=_RETRY)
            return
        spec = {**volume["spec"], "capacity": {"storage": size}}
        self.store.update(PERSISTENTVOLUMES, {**volume, "spec": spec})
        status = {**claim["status"], "capacity": {"storage": size}}
        self.registry.update_status(PERSISTENTVOLUMECLAIMS, claim, status)
        self._maker.normal(claim, "VolumeResizeSuccessful", "Resize volume succeeded")

    def _sync_volume(self, name: str) -> None:
        volume = self.store.find(PERSISTENTVOLUMES, "", name)
        if volume is None:
            return
        reference = volume["spec"].get("claimRef")
        claim = reference and self.store.find(
            PERSISTENTVOLUMECLAIMS, reference["namespace"], reference["name"]
        )
        gone = reference and reference.get("uid") and (
            claim is None or claim["metadata"]["uid"] != reference["uid"]
        )  # fmt: skip
        phase = volume["status"].get("phase")
        if gone and phase != "Failed":
            phase = "Released"
        elif phase == "Pending":
            phase = "Available"
        volume = self.store.update(PERSISTENTVOLUMES, _in_phase(volume, phase))
        if "deletionTimestamp" in volume["metadata"] and phase != "Bound":
            self.remove_finalizer(PERSISTENTVOLUMES, volume, VOLUME_PROTECTION)
        elif phase == "Released" and volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete":
            self._delete(volume)

    def _delete(self, volume: Object) -> None:
        name, path = volume["metadata"]["name"], self._provisioner.path_of(volume)
        if path is None:
            message = f'error getting deleter volume plugin for volume "{name}": no deletable '
            self._recorder.warning(volume, "VolumeFailedDelete", f"{message}volume plugin matched")
            self.store.update(PERSISTENTVOLUMES, _in_phase(volume, "Failed"))
        elif name not in self._deleting:
            self._deleting[name] = asyncio.ensure_future(self._delete_folder(volume, path))

    async def _delete_folder(self, volume: Object, path: Path) -> None:
        name = volume["metadata"]["name"]
        try:
            await asyncio.to_thread(hostpath_provisioner.delete, path)
        except OSError as error:
            self._maker.warning(volume, "VolumeFailedDelete", str(error))
            self.enqueue(("", name), after=_RETRY)
        else:
            if self.store.find(PERSISTENTVOLUMES, "", name):
                self.registry.delete(PERSISTENTVOLUMES, "", name)
        finally:
            del self._deleting[name]


def _annotated(obj: Object, annotations: dict[str, str]) -> Object:
    merged = {**(obj["metadata"].get("annotations") or {}), **annotations}
    return {**obj, "metadata": {**obj["metadata"], **({"annotations": merged} if merged else {})}}


def _in_phase(volume: Object, phase: str) -> Object:
    status = volume["status"]
    if status.get("phase") == phase:
        return volume
    changed = {**status, "phase": phase, "lastPhaseTransitionTime": clock.now()}
    return {**volume, "status": changed}


def _claims_of(pod: Object) -> list[str]:
    sources = [v.get("persistentVolumeClaim") for v in pod["spec"].get("volumes") or []]
    return [source["claimName"] for source in sources if source]


def _ended(pod: Object) -> bool:
    return pod["status"].get("phase") in ("Succeeded", "Failed")
