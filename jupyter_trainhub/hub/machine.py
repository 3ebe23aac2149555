"""Whether a node of the cluster is this machine, so that folders here are folders there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jupyter_trainhub.manifests.labels import Object

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MACHINE_ID = Path("/etc/machine-id")


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
