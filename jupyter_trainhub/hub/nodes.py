"""The nodes of the cluster: what each has, what is in use, whether something fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jupyter_trainhub.errors import Forbidden, InvalidField, TrainHubError
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import NODES, PODS
from jupyter_trainhub.manifests.labels import KIND, NAME, Object, Objects, owner
from jupyter_trainhub.manifests.pod import GPU
from jupyter_trainhub.manifests.scheduling import Capacity
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.quantity import describe_memory, parse_quantity
from jupyter_trainhub.specs.resources import PodSpec

# Labels by which GPU operators and clouds tell the model, the first that is there counts.
_GPU_MODELS = (
    "nvidia.com/gpu.product",
    "cloud.google.com/gke-accelerator",
    "karpenter.k8s.aws/instance-gpu-name",
    "gpu.type",
)


class Nodes:
    """The nodes of one cluster and the pods on them."""

    def __init__(self, client: KubeClient, *, gpu: str = GPU) -> None:
        self._client = client
        self._gpu = gpu

    def list(self) -> Objects:
        """Every node as the contract's ``cluster`` shows it, with the pods that this user may see.

        Raises Forbidden when this user may not list nodes.
        """
        return node_views(self.read(), self._pods(), gpu=self._gpu)

    def read(self) -> Objects:
        """The Node objects themselves. Raises Forbidden."""
        return list(self._client.list(NODES))

    def visible(self) -> Objects:
        """The Node objects; none where this user may not list them."""
        try:
            return self.read()
        except Forbidden:
            return []

    def check(self, spec: PodSpec) -> None:
        """Raise InvalidField if ``spec`` can never run here. Without the right to ask: no check."""
        nodes = self.visible()
        count = spec.nodes if isinstance(spec, JobSpec) else 1
        fits(
            [node for node in nodes if _usable(node)],
            cpus=spec.cpus,
            memory=spec.memory,
            gpus=spec.gpus,
            nodes_wanted=count,
            gpu=self._gpu,
        )

    def largest(self) -> Capacity | None:
        """The largest node in each resource; None when nodes may not be listed."""
        try:
            return largest(self.read(), gpu=self._gpu)
        except TrainHubError:
            return None

    def _pods(self) -> Sequence[Object]:
        """The pods on nodes: of all namespaces where that is allowed, else of our own."""
        running = "status.phase!=Succeeded,status.phase!=Failed"
        for namespace in ("", None):
            found: Objects = []
            following: str | None = None
            try:
                while True:
                    page = self._client.list_page(
                        PODS, namespace=namespace, field_selector=running, following=following
                    )
                    found += page["items"] or ()
                    following = page["metadata"].get("continue")
                    if not following:
                        return found
            except Forbidden:
                continue
        return []


def node_views(nodes: Iterable[Object], pods: Iterable[Object], *, gpu: str = GPU) -> list[Object]:
    """Each node with what it offers and what is requested of it: cores, bytes, GPUs; its pods."""
    by_node: dict[str, list[Object]] = {}
    for pod in pods:
        node = pod.get("spec", {}).get("nodeName")
        if node and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
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


def fits(
    nodes: Sequence[Object],
    *,
    cpus: float,
    memory: int,
    gpus: int,
    nodes_wanted: int = 1,
    gpu: str = GPU,
) -> None:
    """Raise InvalidField unless the empty cluster has room for ``nodes_wanted`` such pods."""
    sizes = [_allocatable(node, gpu) for node in nodes]
    if not sizes:
        return
    wanted: list[tuple[str, float, str, list[float], Any]] = [
        ("cpus", cpus, "CPUs", [size.cpus for size in sizes], lambda n: f"{n:g}"),
        ("memory", memory, "of memory", [float(s.memory) for s in sizes], describe_memory),
        ("gpus", gpus, "GPUs", [float(size.gpus) for size in sizes], lambda n: f"{n:g}"),
    ]
    for field, amount, word, offers, write in wanted:
        most = max(offers)
        if amount > most:
            raise InvalidField(
                f"{write(amount)} {word} for one pod, the largest node has "
                f"{write(most)}{' ' + word if word != 'of memory' else ''}",
                field=field,
                remedy=f"Ask for at most {write(most)}."
                if most
                else "Ask for none, or use a cluster that has them.",
            )
    room = sum(_room(size, cpus, memory, gpus) for size in sizes)
    if room == 0:
        raise InvalidField(
            "no single node has that many CPUs, memory and GPUs together",
            field="cpus",
            remedy="Ask for less of one of them; the cluster's overview shows each node.",
        )
    if room < nodes_wanted:
        raise InvalidField(
            f"{nodes_wanted} pods of this size were asked for, the cluster has room for {room}",
            field="nodes",
            remedy=f"Ask for at most {room} nodes, or for less on each.",
        )


def _room(size: Capacity, cpus: float, memory: int, gpus: int) -> int:
    # Thousandths, because 0.3 // 0.1 is 2 in floating point.
    rooms = [round(size.cpus * 1000) // max(1, round(cpus * 1000)), size.memory // max(1, memory)]
    if gpus:
        rooms.append(size.gpus // gpus)
    return min(rooms)


def _usable(node: Object) -> bool:
    return not node.get("spec", {}).get("unschedulable", False)


def _allocatable(node: Object, gpu: str) -> Capacity:
    offered = node.get("status", {}).get("allocatable", {})
    return Capacity(
        cpus=float(parse_quantity(offered.get("cpu", "0"))),
        memory=int(parse_quantity(offered.get("memory", "0"))),
        gpus=int(parse_quantity(offered.get(gpu, "0"))),
    )


def _requests(pod: Object, gpu: str) -> tuple[float, int, int]:
    """CPUs, memory and GPUs that the scheduler sets aside for a pod."""
    spec = pod.get("spec", {})
    return (
        _request(spec, "cpu"),
        int(_request(spec, "memory")),
        int(_request(spec, gpu)),
    )


def _request(spec: Object, resource: str) -> float:
    def asked(container: Object) -> float:
        bounds = container.get("resources", {})
        return float(parse_quantity(bounds.get("requests", {}).get(resource, "0")))

    # Init containers run before the others, one at a time; the larger of both is set aside.
    together = sum(asked(container) for container in spec.get("containers", []))
    before = max((asked(container) for container in spec.get("initContainers", [])), default=0.0)
    overhead = float(parse_quantity(spec.get("overhead", {}).get(resource, "0")))
    return max(together, before) + overhead


def _pod_entry(pod: Object, gpu: str) -> Object:
    cpu, memory, gpus = _requests(pod, gpu)
    its_labels = pod["metadata"].get("labels", {})
    return {
        "name": its_labels.get(NAME) or pod["metadata"]["name"],
        "kind": its_labels.get(KIND) or "pod",
        "owner": owner(pod),
        "cpu": cpu,
        "memory": memory,
        "gpu": gpus,
    }


def _node_view(node: Object, pods: Sequence[Object], gpu: str) -> Object:
    size, metadata = _allocatable(node, gpu), node["metadata"]
    its_labels = metadata.get("labels", {})
    conditions = node.get("status", {}).get("conditions", [])
    model = next((its_labels[label] for label in _GPU_MODELS if label in its_labels), None)
    return {
        "name": metadata["name"],
        "ready": any(c["type"] == "Ready" and c["status"] == "True" for c in conditions),
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
            "model": model if size.gpus else None,
        },
        "pods": list(pods),
    }
