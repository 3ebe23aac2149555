"""What measures pods, as the sampler asks it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import main_container
from jupyter_trainhub.manifests.requests import pod_limits
from jupyter_trainhub.manifests.usage import Metric, gpus_of


@dataclass(frozen=True)
class Target:
    """A running pod that is to be measured."""

    pod: str
    node: str
    container: str
    gpus: int = 0
    host_network: bool = False

    @classmethod
    def of(cls, pod: Object, gpu_resources: Iterable[str]) -> Target:
        """The target that a pod is."""
        spec = pod["spec"]
        return cls(
            pod["metadata"]["name"],
            spec.get("nodeName") or "",
            main_container(pod),
            gpus_of(pod_limits(spec), gpu_resources),
            bool(spec.get("hostNetwork")),
        )


@dataclass(frozen=True)
class Reading:
    """What a pod used at a moment (Unix time); ``counter`` is the sum of all it ever used."""

    pod: str
    metric: Metric
    at: float
    value: float
    counter: bool = False


@dataclass(frozen=True)
class Missing:
    """Why something is not known, of all pods or of some, and what would do."""

    metrics: tuple[Metric, ...]
    why: str
    remedy: str
    pods: frozenset[str] | None = None

    def concerns(self, metric: Metric, pods: Iterable[str]) -> bool:
        """Whether it explains why nothing is known of ``metric`` of any of the pods."""
        return metric in self.metrics and (self.pods is None or not self.pods.isdisjoint(pods))


@dataclass
class Answer:
    """What a source knows."""

    readings: list[Reading] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


class Source(ABC):
    """One thing that measures pods.

    ``name`` is for people; ``metrics`` are those that it may know. ``costly`` is what asks
    something of each pod: while nobody looks it is asked less often.
    """

    name: ClassVar[str]
    metrics: ClassVar[frozenset[Metric]]
    costly: ClassVar[bool] = False

    @abstractmethod
    def read(self, targets: Sequence[Target]) -> Answer:
        """What the pods use now. Blocks. What the cluster refuses is missing, and not raised."""
