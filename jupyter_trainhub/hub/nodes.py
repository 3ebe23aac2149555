"""The nodes of the cluster: what each has, what is in use, whether something fits."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from jupyter_trainhub.errors import Forbidden, TrainHubError
from jupyter_trainhub.hub.capacity import fit
from jupyter_trainhub.hub.capacity.request import Request
from jupyter_trainhub.hub.capacity.room import gpu_model, holds_room, is_ready, rooms
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import NODES, PODS
from jupyter_trainhub.manifests.labels import KIND, Object, Objects, owner, user_name
from jupyter_trainhub.manifests.requests import Amounts, amounts, pod_requests
from jupyter_trainhub.manifests.site import GPU

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
    """The nodes of one cluster and the pods on them; ``gpus`` are the names of its GPUs."""

    def __init__(self, client: KubeClient, gpus: Collection[str] = (GPU,)) -> None:
        self.gpus = gpus
        self._client = client
        self._lock = threading.Lock()
        self._known: tuple[float, Occupancy | None] = (0.0, None)

    def list(self) -> Objects:
        """Every node as the contract's ``cluster`` shows it, with the pods that this user may see.

        Raises Forbidden when this user may not list nodes.
        """
        return node_views(self.read(), self._pods()[0], self.gpus)

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
        fit.require(Request.of(pod), rooms(self.visible(), ()), count)

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

    def largest(self) -> Amounts | None:
        """The most that one node has of each resource; None when nodes may not be listed."""
        try:
            return largest(self.read())
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


def node_views(
    nodes: Iterable[Object], pods: Iterable[Object], gpus: Collection[str] = (GPU,)
) -> list[Object]:
    """Each node with what it offers and what is requested of it: cores, bytes, GPUs; its pods."""
    by_node: dict[str, list[Object]] = {}
    for pod in pods:
        node = pod.get("spec", {}).get("nodeName")
        if node and holds_room(pod):
            by_node.setdefault(node, []).append(_pod_entry(pod, gpus))
    return [_node_view(node, by_node.get(node["metadata"]["name"], []), gpus) for node in nodes]


def largest(nodes: Iterable[Object]) -> Amounts | None:
    """The most that any one node offers, resource by resource; None without nodes."""
    most: Amounts = {}
    for node in nodes:
        if not node.get("spec", {}).get("unschedulable", False):
            for name, amount in _allocatable(node).items():
                most[name] = max(amount, most.get(name, 0.0))
    return most or None


def _allocatable(node: Object) -> Amounts:
    return amounts(node.get("status", {}).get("allocatable"))


def _count(gpus: Collection[str], held: Amounts) -> int:
    return int(sum(held.get(gpu, 0.0) for gpu in gpus))


def _pod_entry(pod: Object, gpus: Collection[str]) -> Object:
    held = pod_requests(pod["spec"])
    its_labels = pod["metadata"].get("labels", {})
    return {
        "name": user_name(pod),
        "kind": its_labels.get(KIND) or "pod",
        "owner": owner(pod),
        "cpu": held.get("cpu", 0.0),
        "memory": int(held.get("memory", 0)),
        "gpu": _count(gpus, held),
    }


def _node_view(node: Object, pods: Sequence[Object], gpus: Collection[str]) -> Object:
    size, metadata = _allocatable(node), node["metadata"]
    its_gpus = _count(gpus, size)
    its_labels = metadata.get("labels", {})
    return {
        "name": metadata["name"],
        "ready": is_ready(node),
        "labels": its_labels,
        "cpu": {
            "allocatable": size.get("cpu", 0.0),
            "requested": round(sum(pod["cpu"] for pod in pods), 3),
        },
        "memory": {
            "allocatable": int(size.get("memory", 0)),
            "requested": sum(pod["memory"] for pod in pods),
        },
        "gpu": {
            "allocatable": its_gpus,
            "requested": sum(pod["gpu"] for pod in pods),
            "model": gpu_model(its_labels) if its_gpus else None,
        },
        "pods": list(pods),
    }
