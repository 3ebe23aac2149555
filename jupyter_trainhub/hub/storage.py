"""Folders that instances and jobs can see: those the site offers, and those of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.resources import PodSpec

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MACHINE_ID = Path("/etc/machine-id")

_Spec = TypeVar("_Spec", bound=PodSpec)


class Storage:
    """What can be mounted."""

    def __init__(self, nodes: Nodes, storages: Iterable[dict[str, Any]], user: str) -> None:
        self._nodes = nodes
        self._storages = [_for_user(storage, user) for storage in storages]
        self._local: bool | None = None

    def offered(self) -> list[Mount]:
        """The mounts that the site offers."""
        return [_mount(storage) for storage in self._storages]

    def defaults(self) -> list[Mount]:
        """Those of them that every instance and job gets."""
        return [_mount(storage) for storage in self._storages if storage.get("default")]

    def added_to(self, spec: _Spec) -> _Spec:
        """``spec`` with the default mounts, but for those whose path it uses itself."""
        used = {mount.path for mount in spec.mounts}
        added = [mount for mount in self.defaults() if mount.path not in used]
        return spec.model_copy(update={"mounts": [*spec.mounts, *added]}) if added else spec

    def folder(self, folder: Path) -> Mount | None:
        """A mount that shows ``folder`` of this machine at the same path in a pod.

        None when no node of the cluster is this machine, or the folder cannot be mounted.
        """
        folder = folder.resolve()
        if not self.is_local():
            return None
        try:
            return Mount.parse({"path": str(folder), "host_path": str(folder)})
        except TrainHubError:
            return None

    def is_local(self) -> bool:
        """Whether a node of the cluster is this machine: then folders here are folders there."""
        if self._local is None:
            try:
                self._local = is_node(Machine.this(), self._nodes.read())
            except TrainHubError:
                return False
        return self._local


@dataclass(frozen=True)
class Machine:
    """What tells one running system from others: the id of its start and that of its installation.

    A kubelet reports both. Containers share the first with their machine but not the second, so
    that neither a Jupyter server in a pod nor a node in a container passes for the machine itself.
    """

    boot_id: str
    machine_id: str

    @classmethod
    def this(cls) -> Machine:
        """The machine on which this process runs."""
        return cls(_first_line(_BOOT_ID), _first_line(_MACHINE_ID))


def is_node(machine: Machine, nodes: Iterable[Object]) -> bool:
    """Whether ``machine`` is one of ``nodes``."""
    reported = (node.get("status", {}).get("nodeInfo", {}) for node in nodes)
    return bool(machine.boot_id) and any(
        (info.get("bootID"), info.get("machineID")) == (machine.boot_id, machine.machine_id)
        for info in reported
    )


def _first_line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _for_user(storage: dict[str, Any], user: str) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("{username}", user)
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        return value

    filled: dict[str, Any] = fill(storage)
    return filled


def _mount(storage: dict[str, Any]) -> Mount:
    return Mount.parse({key: value for key, value in storage.items() if key != "default"})
