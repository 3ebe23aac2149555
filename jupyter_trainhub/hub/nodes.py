"""The nodes of the cluster: what each has, what is in use, whether something fits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jupyter_trainhub.errors import Forbidden, TrainHubError
from jupyter_trainhub.hub import fit
from jupyter_trainhub.hub.request import Request
from jupyter_trainhub.hub.room import gpu_model, holds_room, is_ready, rooms
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import NODES, PODS
from jupyter_trainhub.manifests.labels import KIND, Object, Objects, owner, user_name
from jupyter_trainhub.manifests.pod import GPU
from jupyter_trainhub.manifests.requests import amounts, pod_requests
from jupyter_trainhub.manifests.scheduling import Capacity

# A look at the cluster is used again for this many times the time that it took, because a form asks
# with each key, and for this many seconds at most.
_REUSE = 10.0
_LONGEST_REUSE = 30.0


@dataclass(frozen=True)
class Occupancy:
    """The nodes and the pods on them; ``complete`` if the pods are those of all namespaces."""

    nodes: Objects
    pods: Objects
    complete: bool


class Nodes:
    """The nodes of one cluster and the pods on them."""

    def __init__(self, client: KubeClient, *, gpu: str = GPU) -> None:
        self._client = client
        self._gpu = gpu
        self._lock = threading.Lock()
        self._known: tuple[float, Occupancy | None] = (0.0, None)

    def list(self) -> Objects:
        """Every node as the contract's ``cluster`` shows it, with the pods that this user may see.

        Raises Forbidden when this user may not list nodes.
        """
        return node_views(self.read(), self._pods()[0], gpu=self._gpu)

    def read(self) -> Objects:
        """The Node objects themselves. Raises Forbidden."""
        return list(self._client.list(NODES))

    def visible(self) -> Objects:
        """The Node objects; none where this user may not list them."""
        try:
            return self.read()
        except Forbidden:
            return []

    def check(self, pod: Object, count: int) -> None:
        """Raise InvalidField if ``count`` pods with the spec ``pod`` can never run here.

        Without the right to ask there is no check.
        """
        fit.require(Request.of(pod), rooms(self.visible(), ()), count, self._gpu)

    def occupancy(self) -> Occupancy | None:
        """Nodes and pods of a moment ago; None where this user may not list nodes."""
        with self._lock:
            until, known = self._known
            begun = time.monotonic()
            if begun >= until:
                try:
                    known = Occupancy(self.read(), *self._pods())
                except Forbidden:
                    known = None
                ended = time.monotonic()
                self._known = ended + min(_LONGEST_REUSE, _REUSE * (ended - begun)), known
            return known

    def largest(self) -> Capacity | None:
        """The largest node in each resource; None when nodes may not be listed."""
        try:
            return largest(self.read(), gpu=self._gpu)
        except TrainHubError:
            return None

    def _pods(self) -> tuple[Objects, bool]:
        """The pods on nodes, of all namespaces where that is allowed (True), else of our own."""
        running = "status.phase!=Succeeded,status.phase!=Failed"
        for namespace in ("", None):
            found: Objects = []
            following: str | None = None
            try:
                while True:
                    page = self._client.list_page(
                        PODS, namespace=namespace, field_selector=running, following=following
                    )
                    found += map(_occupant, page["items"] or ())
                    following = page["metadata"].get("continue")
                    if not following:
                        return found, namespace == ""
            except Forbidden:
                continue
        return [], False


def _occupant(pod: Object) -> Object:
    """What counts of a pod: thousands of them are kept."""
    metadata, spec = pod["metadata"], pod.get("spec", {})
    kept = ("name", "namespace", "uid", "labels", "ownerReferences")
    whole = ("nodeName", "hostNetwork", "priorityClassName", "resources", "overhead")
    return {
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {
            **{key: spec[key] for key in whole if key in spec},
            **{
                key: [
                    {part: one[part] for part in ("resources", "ports", "restartPolicy")
                     if part in one}
                    for one in spec.get(key) or ()
                ]
                for key in ("containers", "initContainers")
            },
        },
        "status": {"phase": pod.get("status", {}).get("phase")},
    }  # fmt: skip


def node_views(nodes: Iterable[Object], pods: Iterable[Object], *, gpu: str = GPU) -> list[Object]:
    """Each node with what it offers and what is requested of it: cores, bytes, GPUs; its pods."""
    by_node: dict[str, list[Object]] = {}
    for pod in pods:
        node = pod.get("spec", {}).get("nodeName")
        if node and holds_room(pod):
            by_node.setdefault(node, []).append(_pod_entry(pod, gpu))
    return [_node_view(node, by_node.get(node["metadata"]["name"], []), gpu) for node in nodes]


def largest(nodes: Iterable[Object], *, gpu: str = GPU) -> Capacity | None:
    """The most that any one node offers, resource by resource; None without nodes."""
    sizes = [_allocatable(node, gpu) for node in nodes if _usable(node)]
    if not sizes:
        return None
    return Capacity(
        cpus=max(size.cpus for size in sizes),
        memory=max(size.memory for size in sizes),
        gpus=max(size.gpus for size in sizes),
    )


def _usable(node: Object) -> bool:
    return not node.get("spec", {}).get("unschedulable", False)


def _allocatable(node: Object, gpu: str) -> Capacity:
    offered = amounts(node.get("status", {}).get("allocatable"))
    return Capacity(
        cpus=offered.get("cpu", 0.0),
        memory=int(offered.get("memory", 0)),
        gpus=int(offered.get(gpu, 0)),
    )


def _pod_entry(pod: Object, gpu: str) -> Object:
    held = pod_requests(pod["spec"])
    its_labels = pod["metadata"].get("labels", {})
    return {
        "name": user_name(pod),
        "kind": its_labels.get(KIND) or "pod",
        "owner": owner(pod),
        "cpu": held.get("cpu", 0.0),
        "memory": int(held.get("memory", 0)),
        "gpu": int(held.get(gpu, 0)),
    }


def _node_view(node: Object, pods: Sequence[Object], gpu: str) -> Object:
    size, metadata = _allocatable(node, gpu), node["metadata"]
    its_labels = metadata.get("labels", {})
    return {
        "name": metadata["name"],
        "ready": is_ready(node),
        "labels": its_labels,
        "cpu": {
            "allocatable": size.cpus,
            "requested": round(sum(pod["cpu"] for pod in pods), 3),
        },
        "memory": {
            "allocatable": size.memory,
            "requested": sum(pod["memory"] for pod in pods),
        },
        "gpu": {
            "allocatable": size.gpus,
            "requested": sum(pod["gpu"] for pod in pods),
            "model": gpu_model(its_labels) if size.gpus else None,
        },
        "pods": list(pods),
    }
