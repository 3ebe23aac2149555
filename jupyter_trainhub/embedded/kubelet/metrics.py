"""What pods and nodes use, as metrics.k8s.io tells it: from their processes, when somebody asks."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..apimachinery import clock
from ..apimachinery.resources import POD_METRICS, Resource
from ..apiserver.store import Object
from ..runtime import processes, sandbox

Key = tuple[str, str]  # uid of the pod, name of the container

# A rate is taken since a sample that is so many seconds old, which may have to be waited for.
_SHORTEST, _LONGEST = 1.0, 30.0

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# The machine as a whole.
MACHINE: Key = ("", "")


@dataclass(frozen=True)
class _Sample:
    at: float
    cpu: dict[Key, float]  # seconds used so far
    memory: dict[Key, int]  # bytes
    moved: dict[Key, tuple[int, int]]  # bytes read from disks and written to them so far


@dataclass(frozen=True)
class Usage:
    """What containers, and the machine, use: a mean over the window (seconds), or now."""

    window: float
    cores: Mapping[Key, float]
    now: _Sample


class Metrics:
    """Measures containers. Nothing is sampled while nobody asks."""

    def __init__(self) -> None:
        self._base: _Sample | None = None

    async def usage(self, running: Mapping[Key, sandbox.Running]) -> Usage:
        """What they use; takes a second where nobody has asked lately.

        Args:
            running: all containers that run.
        """
        before = self._base
        aged = before is None or time.monotonic() - before.at > _LONGEST
        if before is None or aged or not running.keys() <= before.cpu.keys():
            before = self._base = await asyncio.to_thread(_sample, running)
        await asyncio.sleep(max(0.0, before.at + _SHORTEST - time.monotonic()))
        now = await asyncio.to_thread(_sample, running)
        window = now.at - before.at
        if window > _LONGEST / 2:
            self._base = now
        cores = {
            key: max(0.0, (spent - before.cpu[key]) / window)
            for key, spent in now.cpu.items()
            if key in before.cpu
        }
        return Usage(window, cores, now)

    async def measure(
        self,
        resource: Resource,
        objects: list[Object],
        pods: list[Object],
        running: Mapping[Key, sandbox.Running],
        machine: str,
    ) -> list[Object]:
        """The PodMetrics or NodeMetrics of those pods or nodes of which something is known.

        Args:
            pods: all pods.
            running: all containers that run.
            machine: the node that is this machine; another's use is the sum of its pods.
        """
        used = await self.usage(running)
        usage = {
            key: {"cpu": f"{round(cores * 1e9)}n", "memory": f"{used.now.memory[key] >> 10}Ki"}
            for key, cores in used.cores.items()
        }
        if resource is POD_METRICS:
            found = [_pod(pod, usage) for pod in objects]
        else:
            found = [_node(node, machine, pods, usage) for node in objects]
        return [_body(resource, *entry, used.window) for entry in found if entry]


def _pod(pod: Object, usage: Mapping[Key, Object]) -> tuple[Object, Object] | None:
    uid = pod["metadata"]["uid"]
    containers = [{"name": n, "usage": u} for (of, n), u in usage.items() if of == uid]
    return (pod, {"containers": containers}) if containers else None


def _node(
    node: Object, machine: str, pods: Iterable[Object], usage: Mapping[Key, Object]
) -> tuple[Object, Object]:
    name = node["metadata"]["name"]
    if name == machine:
        return node, {"usage": usage[MACHINE]}
    mine = {pod["metadata"]["uid"] for pod in pods if pod["spec"].get("nodeName") == name}
    used = [u for (uid, _), u in usage.items() if uid in mine]
    cpu, memory = (sum(int(u[f].rstrip("nKi")) for u in used) for f in ("cpu", "memory"))
    return node, {"usage": {"cpu": f"{cpu}n", "memory": f"{memory}Ki"}}


def _body(resource: Resource, of: Object, usage: Object, window: float) -> Object:
    given, now = of["metadata"], clock.now()
    metadata = {k: given[k] for k in ("name", "namespace", "labels") if k in given}
    return {
        "kind": resource.kind,
        "apiVersion": resource.api_version,
        "metadata": {**metadata, "creationTimestamp": now},
        "timestamp": now,
        "window": f"{window:.3f}s",
        **usage,
    }


def _sample(running: Mapping[Key, sandbox.Running]) -> _Sample:
    table = processes.Table()
    cpu = {key: container.cpu_seconds(table) for key, container in running.items()}
    # With a limit that everything exceeds, what processes share is counted once.
    memory = {key: container.memory(0, table) for key, container in running.items()}
    moved = {key: container.disk_bytes(table) for key, container in running.items()}
    cpu[MACHINE], memory[MACHINE] = _machine()
    return _Sample(time.monotonic(), cpu, memory, moved)


def _machine() -> tuple[float, int]:
    """Seconds of CPU that this machine has spent, and bytes of memory that it uses (proc(5))."""
    user, nice, system, _idle, _wait, *rest = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    lines = Path("/proc/meminfo").read_text().splitlines()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines[:3]}
    spent = (user + nice + system + sum(rest)) / _TICKS_PER_SECOND
    return spent, (kib["MemTotal"] - kib["MemAvailable"]) << 10
