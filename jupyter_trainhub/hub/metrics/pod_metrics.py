"""CPU and memory as the cluster's metrics server tells them: ``metrics.k8s.io``.

https://github.com/kubernetes/metrics/blob/master/pkg/apis/metrics/v1beta1/types.go
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from jupyter_trainhub.errors import Forbidden, NotFound, TrainHubError
from jupyter_trainhub.hub.metrics.source import Answer, Missing, Reading, Source, Target
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import Resource
from jupyter_trainhub.manifests.labels import Object, selector
from jupyter_trainhub.manifests.requests import amounts
from jupyter_trainhub.manifests.usage import Metric

POD_METRICS = Resource("metrics.k8s.io/v1beta1", "pods")


class PodMetrics(Source):
    """Asks the metrics server for all jobs of the namespace at once."""

    name: ClassVar[str] = "metrics.k8s.io"
    metrics: ClassVar[frozenset[Metric]] = frozenset(("cpu", "memory"))

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def read(self, targets: Sequence[Target]) -> Answer:
        """What the pods used in the server's last window."""
        wanted = {target.pod for target in targets}
        try:
            items = [*self._client.list(POD_METRICS, label_selector=selector("job"))]
        except NotFound:
            return _unknown(
                "the cluster has no metrics server",
                "Ask an administrator to install metrics-server.",
            )
        except Forbidden:
            return _unknown(
                "you may not read the metrics of pods",
                "Ask an administrator for the right to list pods of metrics.k8s.io.",
            )
        except TrainHubError as error:
            return _unknown(
                f"the metrics server does not answer: {error.message}",
                "Ask an administrator to look at the metrics server.",
            )
        found = [item for item in items if item["metadata"]["name"] in wanted]
        return Answer([reading for item in found for reading in _readings(item)])


def _readings(item: Object) -> Iterator[Reading]:
    pod = item["metadata"]["name"]
    at = datetime.fromisoformat(item["timestamp"].replace("Z", "+00:00")).timestamp()
    used = [amounts(container.get("usage")) for container in item.get("containers") or ()]
    names: tuple[Metric, ...] = ("cpu", "memory")
    for metric in names:
        yield Reading(pod, metric, at, sum(usage.get(metric, 0.0) for usage in used))


def _unknown(why: str, remedy: str) -> Answer:
    return Answer(missing=[Missing(("cpu", "memory"), why, remedy)])
