"""Makes volumes for claims: folders of this machine, counted against its file system."""

from __future__ import annotations

import os
import shutil
from decimal import Decimal
from pathlib import Path

from ..apimachinery import quantity
from ..apimachinery.resources import PERSISTENTVOLUMES
from ..apiserver.admission.storage import IS_DEFAULT
from ..apiserver.store import Object, Store

PROVISIONER = "trainhub.jupyter.org/host-path"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"

# The class that every cluster has: a volume is made as soon as it is claimed, since all nodes are
# this machine.
STANDARD: Object = {
    "metadata": {"name": "standard", "annotations": {IS_DEFAULT: "true"}},
    "provisioner": PROVISIONER,
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "Immediate",
    "allowVolumeExpansion": True,
}


class NoRoom(Exception):
    """A volume cannot be made or grow; the message says what is lacking."""


class HostPathProvisioner:
    """Makes, grows and deletes folders.

    Args:
        folder: where they are.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder

    def provision(self, claim: Object, storage_class: Object) -> Object:
        """The new volume of a claim, bound to it; its folder is there.

        Raises:
            NoRoom: the file system has none, or the claim asks for a block device.
            OSError: the folder cannot be made.
        """
        spec = claim["spec"]
        if spec.get("volumeMode") == "Block":
            raise NoRoom("volumes of this provisioner are folders, not block devices")
        size = spec["resources"]["requests"]["storage"]
        self.reserve(quantity.parse(size))
        name = f"pvc-{claim['metadata']['uid']}"
        path = self._folder / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o777)  # whoever a pod runs as
        volume_spec = {
            "capacity": {"storage": size},
            "accessModes": spec["accessModes"],
            "hostPath": {"path": str(path), "type": "DirectoryOrCreate"},
            "persistentVolumeReclaimPolicy": storage_class["reclaimPolicy"],
            "storageClassName": storage_class["metadata"]["name"],
        }
        return {
            "metadata": {"name": name, "annotations": {PROVISIONED_BY: PROVISIONER}},
            "spec": volume_spec,
        }

    def reserve(self, wanted: Decimal) -> None:
        """See that a volume of, or growing by, so many bytes has room.

        The file system is full when its volumes were promised all of it, or when it is.

        Raises:
            NoRoom: it has not.
        """
        existing = next(p for p in (self._folder, *self._folder.parents) if p.exists())
        system = os.statvfs(existing)
        total, free = system.f_blocks * system.f_frsize, system.f_bavail * system.f_frsize
        promised = sum(
            quantity.parse(volume["spec"]["capacity"]["storage"])
            for volume in self._store.list(PERSISTENTVOLUMES)
            if self.path_of(volume)
        )
        if wanted > min(Decimal(free), total - promised):
            raise NoRoom(
                f"{_gib(wanted)} are asked for, and the file system of {self._folder} has "
                f"{_gib(free)} free of {_gib(total)}, {_gib(promised)} of which are promised to "
                "other volumes"
            )

    def path_of(self, volume: Object) -> Path | None:
        """The folder of a volume that was made here; None for any other volume."""
        path = self._folder / volume["metadata"]["name"]
        given = (volume["spec"].get("hostPath") or {}).get("path")
        made_here = (volume["metadata"].get("annotations") or {}).get(PROVISIONED_BY) == PROVISIONER
        return path if made_here and given == str(path) else None


def delete(path: Path) -> None:
    """Delete a volume's folder; takes as long as deleting does.

    Raises:
        OSError: not all of it could be deleted.
    """
    if path.exists():
        shutil.rmtree(path)


def _gib(size: Decimal | int) -> str:
    return f"{float(size) / (1 << 30):.1f}Gi"
