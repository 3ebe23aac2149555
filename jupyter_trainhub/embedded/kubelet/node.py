"""This machine, and pretend nodes, as Node objects."""

from __future__ import annotations

import os
import platform
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..apimachinery import clock, quantity
from ..apimachinery.resources import NODES
from ..apiserver import discovery
from ..apiserver.registry import Registry

Object = dict[str, Any]

MAX_PODS = 110


@dataclass(frozen=True)
class NodeShape:
    """What a node offers: cores, bytes, GPUs; labels and taints as in Kubernetes."""

    name: str
    cpus: str
    memory: str
    gpus: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[dict[str, str], ...] = ()

    @classmethod
    def parse(cls, entry: dict[str, Any]) -> NodeShape:
        """From one entry of ``c.EmbeddedCluster.nodes``.

        Raises:
            ValueError: the entry lacks a key, has one too many, or a value is no quantity.
        """
        known = {"name", "cpus", "memory", "gpus", "gpu_model", "labels", "taints"}
        unknown = set(entry) - known
        if unknown:
            raise ValueError(
                f"EmbeddedCluster.nodes: unknown key {sorted(unknown)[0]!r}; a node has "
                f"{', '.join(sorted(known))}"
            )
        missing = {"name", "cpus", "memory"} - set(entry)
        if missing:
            raise ValueError(f"EmbeddedCluster.nodes: a node needs {sorted(missing)[0]!r}")
        for key in ("cpus", "memory"):
            try:
                quantity.parse(entry[key])
            except ValueError as error:
                raise ValueError(f"EmbeddedCluster.nodes: {key}: {error}") from None
        labels = dict(entry.get("labels") or {})
        if entry.get("gpu_model"):
            # The label that NVIDIA's device plugin gives, by which schedulers choose a model.
            labels["nvidia.com/gpu.product"] = str(entry["gpu_model"])
        return cls(
            str(entry["name"]), str(entry["cpus"]), str(entry["memory"]),
            int(entry.get("gpus") or 0), labels, tuple(entry.get("taints") or ()),
        )  # fmt: skip


def this_machine() -> NodeShape:
    """The node that this machine is: its cores, memory and NVIDIA GPUs."""
    name = socket.gethostname().lower().replace("_", "-").partition(".")[0] or "node"
    gpus = len([p for p in Path("/dev").glob("nvidia[0-9]*") if p.name[6:].isdigit()])
    return NodeShape(name, str(len(os.sched_getaffinity(0))), f"{memory_kib()}Ki", gpus)


def memory_kib() -> int:
    """The memory of this machine."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1])
    return 0


def register(registry: Registry, shapes: list[NodeShape], images: list[Object]) -> None:
    """Write the Node objects, and remove those of nodes that are no longer configured."""
    for obj in registry.store.list(NODES):
        if obj["metadata"]["name"] not in {s.name for s in shapes}:
            registry.store.delete(NODES, "", obj["metadata"]["name"])
    for shape in shapes:
        found = registry.store.find(NODES, "", shape.name)
        if found is None:
            found = registry.create(NODES, "", {"metadata": {"name": shape.name}})
        spec = {**(found.get("spec") or {}), "taints": list(shape.taints)}
        if not shape.taints:
            spec.pop("taints")
        metadata = {**found["metadata"], "labels": {**_labels(shape), **shape.labels}}
        registry.store.update(
            NODES, {**found, "metadata": metadata, "spec": spec, "status": _status(shape, images)}
        )


def update_images(registry: Registry, images: list[Object]) -> None:
    """Have the nodes say which images this machine has now."""
    for obj in registry.store.list(NODES):
        if obj["status"].get("images") != images:
            registry.store.update(NODES, {**obj, "status": {**obj["status"], "images": images}})


def _labels(shape: NodeShape) -> dict[str, str]:
    arch = discovery.architecture()
    return {
        "beta.kubernetes.io/arch": arch,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": arch,
        "kubernetes.io/hostname": shape.name,
        "kubernetes.io/os": "linux",
    }


def _status(shape: NodeShape, images: list[Object]) -> Object:
    resources = {"cpu": shape.cpus, "memory": shape.memory, "pods": str(MAX_PODS)}
    if shape.gpus:
        resources["nvidia.com/gpu"] = str(shape.gpus)
    now = clock.now()
    conditions = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory",
         "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID",
         "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]  # fmt: skip
    return {
        "capacity": resources,
        "allocatable": dict(resources),
        "conditions": [
            {"type": kind, "status": status, "lastHeartbeatTime": now, "lastTransitionTime": now,
             "reason": reason, "message": message}
            for kind, status, reason, message in conditions
        ],
        "addresses": [
            {"type": "InternalIP", "address": "127.0.0.1"},
            {"type": "Hostname", "address": shape.name},
        ],
        "nodeInfo": {
            "machineID": _first_line("/etc/machine-id"),
            "systemUUID": "",
            "bootID": _first_line("/proc/sys/kernel/random/boot_id"),
            "kernelVersion": platform.release(),
            "osImage": _os_image(),
            "containerRuntimeVersion": "trainhub://1",
            "kubeletVersion": discovery.GIT_VERSION,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": discovery.architecture(),
        },
        "images": images,
    }  # fmt: skip


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _os_image() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"
