"""The pages of kubelets about their pods, through the API server: ``nodes/NODE/proxy``.

That takes the right to ``get nodes/proxy``, which lets whoever has it run commands in every pod of
the node: few users have it, and none should be given it for charts.
https://kubernetes.io/docs/reference/instrumentation/node-metrics/
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.metrics.source import Answer, Missing, Target
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import NODES
from jupyter_trainhub.kube.rights import may
from jupyter_trainhub.manifests.usage import Metric

# Nodes that are asked at the same time, and seconds to connect and to wait for an answer.
AT_ONCE = 4
TIMEOUT = (5, 10)
# For so long (seconds) an answer about rights is taken for granted.
RIGHT_SECONDS = 600.0

OnNode = Callable[[str, Sequence[Target]], Answer]


class Kubelets:
    """Asks the kubelets of nodes, where the user may."""

    def __init__(self, client: KubeClient) -> None:
        self.client = client
        self._may: bool | None = None
        self._asked = 0.0
        self._lock = threading.Lock()

    def path(self, node: str, page: str) -> str:
        """The API server's path of a kubelet's page, such as ``stats/summary``."""
        return f"{NODES.path('', node, 'proxy')}/{page}"

    def ask(self, metrics: tuple[Metric, ...], targets: Sequence[Target], read: OnNode) -> Answer:
        """What ``read(node, its targets)`` finds on all nodes; each node is asked once.

        What the user may not ask, and a node that does not answer, is told as missing.
        """
        answer = Answer()
        try:
            allowed = self._allowed()
        except TrainHubError as error:
            allowed = False
            answer.missing.append(_unanswered(metrics, "the cluster", error, None))
        if not allowed:
            answer.missing = answer.missing or [
                Missing(
                    metrics,
                    "you may not ask the nodes (nodes/proxy)",
                    "Ask an administrator for a Prometheus that TrainHubConfig.prometheus_url "
                    "can name.",
                )
            ]
            return answer
        nodes: dict[str, list[Target]] = {}
        for target in targets:
            nodes.setdefault(target.node, []).append(target)

        def one(node: str) -> Answer:
            try:
                return read(node, nodes[node])
            except TrainHubError as error:
                pods = frozenset(target.pod for target in nodes[node])
                return Answer(missing=[_unanswered(metrics, f"node {node}", error, pods)])

        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="trainhub-kubelets") as threads:
            for found in threads.map(one, nodes):
                answer.readings += found.readings
                answer.missing += found.missing
        return answer

    def _allowed(self) -> bool:
        with self._lock:
            if self._may is None or time.monotonic() - self._asked >= RIGHT_SECONDS:
                self._may = may(self.client, "get", NODES, "proxy")
                self._asked = time.monotonic()
            return self._may


def _unanswered(
    metrics: tuple[Metric, ...], what: str, error: TrainHubError, pods: frozenset[str] | None
) -> Missing:
    return Missing(
        metrics,
        f"{what} gives no measurements: {error.message}",
        "It is asked again; if that goes on, ask an administrator.",
        pods,
    )
