"""CPU, memory, network and the disk that pods fill, from each kubelet's ``/stats/summary``.

https://github.com/kubernetes/kubelet/blob/master/pkg/apis/stats/v1alpha1/types.go
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from jupyter_trainhub.hub.metrics.kubelets import TIMEOUT, Kubelets
from jupyter_trainhub.hub.metrics.source import Answer, Missing, Reading, Source, Target
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.usage import Metric

# Where a pod's stats hold a metric: part, field, what it is counted in, whether it is a sum. The
# sum of CPU would be the exact one, but the times are those of whole seconds.
_FIELDS: dict[Metric, tuple[str, str, float, bool]] = {
    "cpu": ("cpu", "usageNanoCores", 1e-9, False),
    "memory": ("memory", "workingSetBytes", 1.0, False),
    "network_receive": ("network", "rxBytes", 1.0, True),
    "network_transmit": ("network", "txBytes", 1.0, True),
    "disk": ("ephemeral-storage", "usedBytes", 1.0, False),
}
_NETWORK: tuple[Metric, ...] = ("network_receive", "network_transmit")


class NodeStats(Source):
    """Asks each node that runs one of the pods, once for all of them."""

    name: ClassVar[str] = "kubelet"
    metrics: ClassVar[frozenset[Metric]] = frozenset(_FIELDS)

    def __init__(self, kubelets: Kubelets) -> None:
        self._kubelets = kubelets

    def read(self, targets: Sequence[Target]) -> Answer:
        """What the nodes know of the pods."""
        return self._kubelets.ask(tuple(_FIELDS), targets, self._read)

    def _read(self, node: str, targets: Sequence[Target]) -> Answer:
        client = self._kubelets.client
        stats = client.read(self._kubelets.path(node, "stats/summary"), TIMEOUT)
        wanted = {target.pod for target in targets}
        answer = Answer()
        for pod in stats.get("pods") or ():
            of = pod["podRef"]
            if of["namespace"] == client.namespace and of["name"] in wanted:
                answer.readings += _readings(of["name"], pod)
        told = {reading.pod for reading in answer.readings if reading.metric in _NETWORK}
        silent = [target for target in targets if target.pod not in told]
        answer.missing += _network(node, silent)
        return answer


def _readings(name: str, pod: Object) -> Iterator[Reading]:
    for metric, (part, field, scale, counter) in _FIELDS.items():
        stats = pod.get(part) or {}
        if field in stats and "time" in stats:
            at = datetime.fromisoformat(stats["time"].replace("Z", "+00:00")).timestamp()
            yield Reading(name, metric, at, stats[field] * scale, counter)


def _network(node: str, silent: Sequence[Target]) -> Iterator[Missing]:
    on_host = frozenset(target.pod for target in silent if target.host_network)
    if on_host:
        yield Missing(
            _NETWORK,
            "the pods use their node's network, where traffic is not told apart",
            "Turn the node's network off in the job to see what it sends.",
            on_host,
        )
    others = frozenset(target.pod for target in silent) - on_host
    if others:
        yield Missing(
            _NETWORK,
            f"node {node} does not measure the traffic of its pods",
            "Nodes tell it of pods with a network of their own, some seconds after they start.",
            others,
        )
