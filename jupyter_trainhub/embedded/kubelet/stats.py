"""A kubelet's own pages about its pods: ``/stats/summary`` and ``/metrics/cadvisor``.

Pods share the machine's network, which can then not be told apart: they have no ``network``, as
those on the network of a real node have none.
https://github.com/kubernetes/kubelet/blob/master/pkg/apis/stats/v1alpha1/types.go
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..apimachinery import clock
from ..apiserver.store import Object
from .container_run import ContainerRun
from .eviction import usage as disk_usage
from .metrics import MACHINE, Key, Usage
from .node import memory_kib

# Between looks at how much a folder holds (seconds), and how many times as long as a look took at
# the least.
_PERIOD = 3.0
_SHARE = 50

_FAMILIES = {
    "container_cpu_usage_seconds_total": "counter",
    "container_memory_working_set_bytes": "gauge",
    "container_fs_reads_bytes_total": "counter",
    "container_fs_writes_bytes_total": "counter",
}


@dataclass(frozen=True)
class PodFolders:
    """A pod, its running containers, and its volumes that count as its own disk space."""

    pod: Object
    containers: Sequence[ContainerRun]
    volumes: Mapping[str, Path]


@dataclass
class Disks:
    """How much folders hold. They are looked at in threads, as seldom as their size asks for."""

    _known: dict[Path, tuple[float, int]] = field(default_factory=dict)

    async def measure(self, folders: Sequence[Path]) -> dict[Path, int]:
        """Bytes in each folder, as of some seconds ago."""
        now = time.monotonic()
        self._known = {f: known for f, known in self._known.items() if f in set(folders)}
        due = [f for f in folders if f not in self._known or self._known[f][0] <= now]
        await asyncio.to_thread(self._look, due)
        return {folder: self._known[folder][1] for folder in folders}

    def _look(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            began = time.monotonic()
            held = disk_usage(folder)
            took = time.monotonic() - began
            self._known[folder] = began + max(_PERIOD, _SHARE * took), held


async def summary(
    node: str, machine: str, pods: Sequence[PodFolders], usage: Usage, disks: Disks
) -> Object:
    """The ``Summary`` of a node.

    Args:
        machine: the node that is this machine; of others only the pods are known.
    """
    folders = {folder for one in pods for folder in _folders(one)}
    held = await disks.measure(sorted(folders))
    now = clock.now()
    of_node: Object = {"nodeName": node}
    if node == machine:
        of_node |= _used(usage, [MACHINE], now)
        of_node["memory"]["availableBytes"] = (memory_kib() << 10) - usage.now.memory[MACHINE]
    return {"node": of_node, "pods": [_pod(one, usage, held, now) for one in pods]}


def cadvisor(pods: Sequence[PodFolders], usage: Usage) -> str:
    """What containers use, in the text format of Prometheus."""
    at, lines = round(time.time() * 1000), []
    for family, kind in _FAMILIES.items():
        lines.append(f"# TYPE {family} {kind}")
        for one in pods:
            metadata = one.pod["metadata"]
            for run in one.containers:
                key = metadata["uid"], run.name
                if key not in usage.now.cpu:
                    continue
                read, written = usage.now.moved[key]
                values = (usage.now.cpu[key], usage.now.memory[key], read, written)
                labels = {
                    "container": run.name,
                    "id": f"/kubepods/pod{metadata['uid']}/{run.name}",
                    "image": run.spec.get("image", ""),
                    "namespace": metadata["namespace"],
                    "pod": metadata["name"],
                }
                text = ",".join(f'{name}="{value}"' for name, value in labels.items())
                value = dict(zip(_FAMILIES, values, strict=True))[family]
                lines.append(f"{family}{{{text}}} {value} {at}")
    return "\n".join(lines) + "\n"


def _pod(one: PodFolders, usage: Usage, held: Mapping[Path, int], now: str) -> Object:
    metadata = one.pod["metadata"]
    containers = [
        {
            "name": run.name,
            "startTime": run.state["running"]["startedAt"],
            **_used(usage, [(metadata["uid"], run.name)], now),
            "rootfs": _filled(run.run_directory(), _root(run), held, now),
            "logs": _filled(run.logs, [run.logs], held, now),
        }
        for run in one.containers
        if (metadata["uid"], run.name) in usage.cores
    ]
    keys = [(metadata["uid"], str(container["name"])) for container in containers]
    return {
        "podRef": {name: metadata[name] for name in ("name", "namespace", "uid")},
        "startTime": one.pod["status"].get("startTime"),
        "containers": containers,
        **_used(usage, keys, now),
        "volume": [
            {"name": name, **_filled(folder, [folder], held, now)}
            for name, folder in one.volumes.items()
        ],
        "ephemeral-storage": _filled(Path("/"), _folders(one), held, now),
    }


def _used(usage: Usage, keys: Sequence[Key], now: str) -> Object:
    cpu = {
        "time": now,
        "usageNanoCores": round(sum(usage.cores[key] for key in keys) * 1e9),
        "usageCoreNanoSeconds": round(sum(usage.now.cpu[key] for key in keys) * 1e9),
    }
    memory = sum(usage.now.memory[key] for key in keys)
    return {"cpu": cpu, "memory": {"time": now, "usageBytes": memory, "workingSetBytes": memory}}


def _filled(on: Path, folders: Sequence[Path], held: Mapping[Path, int], now: str) -> Object:
    """How full the disk is on which a folder lies, and what of it the folders take."""
    found = os.statvfs(on) if on.exists() else os.statvfs("/")
    return {
        "time": now,
        "availableBytes": found.f_bavail * found.f_frsize,
        "capacityBytes": found.f_blocks * found.f_frsize,
        "usedBytes": sum(held[folder] for folder in folders),
        "inodesFree": found.f_ffree,
        "inodes": found.f_files,
    }


def _root(run: ContainerRun) -> list[Path]:
    """Where the sandbox keeps what a container has written."""
    return [run.run_directory() / "upper", run.run_directory() / "mounts"]


def _folders(one: PodFolders) -> list[Path]:
    roots = [folder for run in one.containers for folder in (*_root(run), run.logs)]
    return [*roots, *one.volumes.values()]
