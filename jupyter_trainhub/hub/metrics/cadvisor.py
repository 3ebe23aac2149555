"""What pods read from disks and write to them, from each kubelet's ``/metrics/cadvisor``.

The page is text of some megabytes on a large node, of which a few lines count: it is read as it
arrives, and while nobody looks less often than the others.
https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import ClassVar

from jupyter_trainhub.hub.metrics.kubelets import TIMEOUT, Kubelets
from jupyter_trainhub.hub.metrics.source import Answer, Missing, Reading, Source, Target
from jupyter_trainhub.manifests.usage import Metric

_FAMILIES: dict[bytes, Metric] = {
    b"container_fs_reads_bytes_total": "disk_read",
    b"container_fs_writes_bytes_total": "disk_write",
}
# Names of pods, containers and namespaces hold nothing that would be escaped.
_LABEL = re.compile(rb'[{,](container|namespace|pod)="([^"]*)"')
_METRICS: tuple[Metric, ...] = ("disk_read", "disk_write")


class CAdvisor(Source):
    """Asks each node that runs one of the pods."""

    name: ClassVar[str] = "cadvisor"
    metrics: ClassVar[frozenset[Metric]] = frozenset(_METRICS)
    costly: ClassVar[bool] = True

    def __init__(self, kubelets: Kubelets) -> None:
        self._kubelets = kubelets

    def read(self, targets: Sequence[Target]) -> Answer:
        """What the pods have read and written so far."""
        return self._kubelets.ask(_METRICS, targets, self._read)

    def _read(self, node: str, targets: Sequence[Target]) -> Answer:
        client = self._kubelets.client
        path = self._kubelets.path(node, "metrics/cadvisor")
        with closing(client.text(path, TIMEOUT)) as page:
            totals = disk_totals(page.lines(), client.namespace)
        wanted = {target.pod for target in targets}
        now = time.time()
        found = [
            Reading(pod, metric, at or now, value, counter=True)
            for (pod, metric), (at, value) in totals.items()
            if pod in wanted
        ]
        silent = frozenset(wanted - {reading.pod for reading in found})
        missing = [
            Missing(
                _METRICS,
                f"node {node} counts no reads and writes of its pods",
                "It counts those of block devices, once a pod has used one.",
                silent,
            )
        ]
        return Answer(found, missing if silent else [])


def disk_totals(
    lines: Iterable[bytes], namespace: str
) -> dict[tuple[str, Metric], tuple[float, float]]:
    """When (Unix time, 0 where it is not said) and how many bytes in all, by pod and metric.

    Pods have lines of their own beside those of their containers, which alone are summed up.
    """
    totals: dict[tuple[str, Metric], tuple[float, float]] = {}
    for line in lines:
        metric = _FAMILIES.get(line.partition(b"{")[0])
        if metric is None:
            continue
        labels, _, rest = line.rpartition(b"}")
        of = {name: value.decode() for name, value in _LABEL.findall(labels)}
        if of.get(b"namespace") != namespace or not of.get(b"container") or b"pod" not in of:
            continue
        value, _, at = rest.strip().partition(b" ")
        key = of[b"pod"], metric
        before = totals.get(key, (0.0, 0.0))
        totals[key] = max(before[0], float(at or 0) / 1000), before[1] + float(value)
    return totals
