"""What a pod asks of a node, as numbers and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.requests import Amounts, pod_requests
from jupyter_trainhub.specs.quantity import describe_memory

# A port of the node counts as a resource of which there is one.
PORT = "port/"


@dataclass(frozen=True)
class Request:
    """What a pod asks of a node."""

    amounts: Amounts
    node_selector: dict[str, str]
    tolerations: Sequence[Object] = ()

    @classmethod
    def of(cls, spec: Object) -> Request:
        """The request of a pod with this spec."""
        return cls(
            {name: amount for name, amount in held_by(spec).items() if amount},
            spec.get("nodeSelector") or {},
            spec.get("tolerations") or (),
        )

    @property
    def gpu(self) -> str | None:
        """The name under which it asks for devices; None when it asks for none."""
        devices = (name for name in self.amounts if "/" in name and not name.startswith(PORT))
        return next(devices, None)

    def without(self, resources: Iterable[str]) -> Request:
        """The same request without some of its resources."""
        kept = {name: n for name, n in self.amounts.items() if name not in set(resources)}
        return replace(self, amounts=kept)


def held_by(spec: Object) -> Amounts:
    """What a pod with this spec holds of its node, its place and its ports included."""
    held = {**pod_requests(spec), "pods": 1.0}
    for container in spec.get("containers") or ():
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (spec.get("hostNetwork") and port["containerPort"])
            if number:
                held[f"{PORT}{number}"] = 1.0
    return held


def words(resource: str, amount: float, gpu: str) -> str:
    """An amount for people: ``2 CPUs``, ``8Gi of memory``, ``1 GPU``."""
    if resource == "memory":
        return f"{describe_memory(amount)} of memory" if amount else "no memory"
    noun = {"cpu": "CPU", gpu: "GPU"}.get(resource, resource)
    if noun == resource:
        return f"{amount:g} {resource}"
    return f"{amount:g} {noun}{'' if amount == 1 else 's'}" if amount else f"no {noun}s"
