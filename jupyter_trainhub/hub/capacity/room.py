"""The room on nodes: what each offers, what its pods hold, and whether a pod may come to it.

Rules: the filters NodeUnschedulable, TaintToleration, NodeAffinity, NodePorts and NodeResourcesFit
of kube-scheduler.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from jupyter_trainhub.hub.capacity.request import PORT, Request, held_by, words
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.requests import Amounts, amounts

# Labels by which GPU operators and clouds tell the model, the first that is there counts.
_GPU_MODELS = (
    "nvidia.com/gpu.product",
    "cloud.google.com/gke-accelerator",
    "karpenter.k8s.aws/instance-gpu-name",
    "gpu.type",
)
# Taints of this domain tell a node's state, such as not-ready, and go away with it.
_STATE = "node.kubernetes.io/"


@dataclass(frozen=True)
class Room:
    """What one node can still take: cores, bytes, GPUs."""

    node: str
    cpus: float
    memory: int
    gpus: int
    gpu_model: str | None

    def view(self) -> dict[str, Any]:
        """As the REST interface shows it."""
        return dict(vars(self))


@dataclass(frozen=True)
class NodeRoom:
    """One node with what it offers and what is free of it.

    ``free`` counts all its pods; ``free_without_users`` those alone that stay whatever people stop:
    DaemonSets, static pods and the system's own.
    """

    node: Object
    offers: Amounts
    free: Amounts
    free_without_users: Amounts

    @property
    def name(self) -> str:
        """The node's name."""
        return str(self.node["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        """The node's labels."""
        return self.node["metadata"].get("labels") or {}

    def takes(self, request: Request, free: Amounts) -> bool:
        """Whether the node takes it now, were ``free`` what is free."""
        return not (self.lasting(request) or self.passing(request) or _short(request, free))

    def would_take(self, request: Request) -> bool:
        """Whether it takes it once its users' pods are gone and its state is good."""
        return not (self.lasting(request) or _short(request, self.free_without_users))

    def count(self, request: Request) -> int:
        """How many such pods it takes when its users' pods are gone, if it takes any at all."""
        if not self.would_take(request):
            return 0
        counts = (self.free_without_users[name] / n for name, n in request.amounts.items() if n)
        # Floating point makes 0.3 / 0.1 a little less than 3.
        return int(min(counts, default=1.0) + 1e-6)

    def is_open(self, request: Request, free: Amounts) -> bool:
        """Whether the node takes pods such as this one at all, of whatever size."""
        slots = replace(request, amounts={"pods": 1.0})
        return self.takes(slots, free)

    def room(self, gpus: Collection[str], free: Amounts) -> Room:
        """``free`` of this node as cores, bytes and GPUs; a hundredth of a core is the least."""
        return Room(
            self.name,
            max(0.0, int(free.get("cpu", 0.0) * 100 + 1e-6) / 100),
            max(0, int(free.get("memory", 0.0))),
            sum(max(0, int(free.get(gpu, 0.0))) for gpu in gpus),
            gpu_model(self.labels) if any(map(self.offers.get, gpus)) else None,
        )

    def selected(self, request: Request) -> bool:
        """Whether the node has the labels that are asked for."""
        return request.node_selector.items() <= self.labels.items()

    def lasting(self, request: Request) -> list[str]:
        """What keeps the pod away until an admin changes it."""
        lacking = [
            f"lacks the label {key}={value}"
            for key, value in request.node_selector.items()
            if self.labels.get(key) != value
        ]
        return lacking + [
            f"is reserved (taint {_written(taint)})"
            for taint in self._taints(request)
            if not taint["key"].startswith(_STATE)
        ]

    def passing(self, request: Request) -> list[str]:
        """What keeps the pod away for the present."""
        state = [
            f"is in the state {taint['key'].removeprefix(_STATE)}"
            for taint in self._taints(request)
            if taint["key"].startswith(_STATE)
            and taint["key"].removeprefix(_STATE) not in ("unschedulable", "not-ready")
        ]
        if not is_ready(self.node):
            state.insert(0, "is not ready")
        if self.node.get("spec", {}).get("unschedulable"):
            state.insert(0, "is cordoned")
        return state

    def reasons(self, request: Request) -> list[str]:
        """Why it does not take the request now, in words that follow the node's name."""
        return [
            *self.passing(request),
            *self.lasting(request),
            *(self._shortage(request, name) for name in _short(request, self.free)),
        ]

    def _taints(self, request: Request) -> list[Object]:
        return [
            taint
            for taint in self.node.get("spec", {}).get("taints") or ()
            if taint.get("effect") != "PreferNoSchedule"
            and not any(_tolerates(toleration, taint) for toleration in request.tolerations)
        ]

    def _shortage(self, request: Request, resource: str) -> str:
        offered, free = self.offers.get(resource, 0.0), max(0.0, self.free.get(resource, 0.0))
        wanted = request.amounts[resource]
        if resource == "pods":
            return f"holds {offered:g} pods, as many as it may"
        if resource.startswith(PORT):
            return f"has its port {resource.removeprefix(PORT)} in use"
        gpu = request.gpu or ""
        needed = words(resource, wanted, gpu)
        if wanted > offered:
            return f"has {words(resource, offered, gpu)} in all, {needed} needed"
        return f"has {words(resource, free, gpu)} free, {needed} needed"


def rooms(
    nodes: Iterable[Object], pods: Iterable[Object], *, without: Iterable[str] = ()
) -> list[NodeRoom]:
    """Each node with its room; ``without`` are uids of pods that do not count."""
    left_out = set(without)
    used: dict[str, Amounts] = {}
    staying: dict[str, Amounts] = {}
    for pod in pods:
        node = pod.get("spec", {}).get("nodeName")
        if not node or not holds_room(pod) or pod["metadata"].get("uid") in left_out:
            continue
        held = held_by(pod["spec"])
        _add(used.setdefault(node, {}), held)
        if _stays(pod):
            _add(staying.setdefault(node, {}), held)
    found = []
    for node in nodes:
        name, offers = node["metadata"]["name"], _offers(node)
        free = _less(offers, used.get(name, {}))
        found.append(NodeRoom(node, offers, free, _less(offers, staying.get(name, {}))))
    return found


def holds_room(pod: Object) -> bool:
    """Whether the pod has not ended: until then its requests are set aside."""
    return pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")


def is_ready(node: Object) -> bool:
    """Whether the node's kubelet says that it works."""
    conditions = node.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def gpu_model(labels: dict[str, str]) -> str | None:
    """The GPU model that a node's labels tell."""
    return next((labels[label] for label in _GPU_MODELS if label in labels), None)


def _offers(node: Object) -> Amounts:
    offered = amounts(node.get("status", {}).get("allocatable"))
    # A node that does not tell how many pods it takes is not held to a number.
    return {"pods": float("inf"), **offered}


def _less(offers: Amounts, held: Amounts) -> Amounts:
    # Rounded, because 4 - 3.9 is a little less than 0.1 in floating point.
    left = {name: round(amount - held.get(name, 0.0), 6) for name, amount in offers.items()}
    return {**left, **{name: 0.0 for name in held if name.startswith(PORT)}}


def _add(total: Amounts, held: Amounts) -> None:
    for name, amount in held.items():
        total[name] = total.get(name, 0.0) + amount


def _short(request: Request, free: Amounts) -> list[str]:
    """The resources of which there is not enough."""
    return [
        name
        for name, wanted in request.amounts.items()
        if wanted > free.get(name, 1.0 if name.startswith(PORT) else 0.0)
    ]


def _stays(pod: Object) -> bool:
    """Whether it is no user's pod, so that nobody will stop it."""
    metadata, priority = pod["metadata"], pod["spec"].get("priorityClassName") or ""
    owners = {owner.get("kind") for owner in metadata.get("ownerReferences") or ()}
    return (
        bool(owners & {"DaemonSet", "Node"})
        or metadata.get("namespace") == "kube-system"
        or priority.startswith("system-")
    )


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    same = (toleration.get("value") or "") == (taint.get("value") or "")
    return toleration.get("operator") == "Exists" or same


def _written(taint: Object) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint.get('effect', '')}"
