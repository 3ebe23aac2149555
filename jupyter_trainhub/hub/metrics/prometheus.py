"""What a Prometheus of the site knows: cAdvisor's metrics of containers, and DCGM's of GPUs.

It knows them since the start of a job, whoever looked meanwhile.
https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
https://docs.nvidia.com/datacenter/dcgm/latest/gpu-telemetry/dcgm-exporter.html
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.metrics.source import Missing
from jupyter_trainhub.manifests.usage import METRICS, Metric, Point

# Seconds to connect and to wait for an answer, and those for which a failure is not tried again.
TIMEOUT = (5, 15)
PAUSE = 30.0
AT_ONCE = 3
# The least time over which a rate is taken (seconds): three scrapes of one in a minute.
LEAST_WINDOW = 180
MOST_POINTS = 1000

_CONTAINERS = '$pods,container!="",container!="POD"'
_NETWORK: Collection[Metric] = ("network_receive", "network_transmit")


def _rate(name: str, pods: str = _CONTAINERS) -> Template:
    return Template(f"sum by (pod) (rate({name}{{{pods}}}[${{window}}s]))")


def _sum(name: str) -> Template:
    return Template(f"sum by (pod) ({name}{{{_CONTAINERS}}})")


def _dcgm(how: str, name: str) -> Template:
    # The exporter's own pod takes the label "pod" where Prometheus does not honour its labels.
    either = f"{name}{{$exported}} or {name}{{$pods}}"
    return Template(f"{how} by (pod, exported_pod) ({either})")


_QUERIES: Mapping[Metric, Template] = {
    "cpu": _rate("container_cpu_usage_seconds_total"),
    "memory": _sum("container_memory_working_set_bytes"),
    "network_receive": _rate("container_network_receive_bytes_total", "$pods"),
    "network_transmit": _rate("container_network_transmit_bytes_total", "$pods"),
    "disk": _sum("container_fs_usage_bytes"),
    "disk_read": _rate("container_fs_reads_bytes_total"),
    "disk_write": _rate("container_fs_writes_bytes_total"),
    "gpu": _dcgm("avg", "DCGM_FI_DEV_GPU_UTIL"),
    # In MiB.
    "gpu_memory": Template(f"{_dcgm('sum', 'DCGM_FI_DEV_FB_USED').template} * 1048576"),
}


class _Failed(Exception):
    """Prometheus does not answer, or refuses; the text says how."""


class Prometheus:
    """One Prometheus, or what speaks its API. Methods may be called by any thread, and block."""

    def __init__(self, config: TrainHubConfig) -> None:
        self._config = config
        self._failure: tuple[float, str] | None = None
        self._lock = threading.Lock()

    @property
    def is_named(self) -> bool:
        """Whether the site has one."""
        return bool(self._config.prometheus_url)

    def ranges(
        self, namespace: str, pods: Collection[str], start: float, end: float,
        without_network: Collection[str] = (),
    ) -> tuple[dict[tuple[str, Metric], list[Point]], list[Missing]]:  # fmt: skip
        """What it knows of the pods between two moments (Unix time), by pod and metric.

        Pods of ``without_network`` are on their node's network, whose traffic is not theirs alone.
        """
        if not pods or not self.is_named:
            return {}, []
        step = max(self._config.metrics_interval, math.ceil((end - start) / MOST_POINTS))

        def ask(metric: Metric) -> dict[str, list[Point]]:
            own = set(pods) - set(without_network) if metric in _NETWORK else pods
            return self._range(query(metric, namespace, own, step), start, end, step) if own else {}

        try:
            self._pause()
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="trainhub-prometheus") as threads:
                found = dict(zip(METRICS, threads.map(ask, METRICS), strict=True))
        except _Failed as failure:
            with self._lock:
                self._failure = self._failure or (time.monotonic(), str(failure))
            why = f"Prometheus gives no measurements: {failure}"
            remedy = "Ask an administrator to look at TrainHubConfig.prometheus_url."
            return {}, [Missing(METRICS, why, remedy)]
        return {
            (pod, metric): points
            for metric, by_pod in found.items()
            for pod, points in by_pod.items()
            if pod in pods
        }, []

    def _pause(self) -> None:
        with self._lock:
            if self._failure is not None and time.monotonic() - self._failure[0] < PAUSE:
                raise _Failed(self._failure[1])
            self._failure = None

    def _range(self, asked: str, start: float, end: float, step: int) -> dict[str, list[Point]]:
        answer = self._post(
            "/api/v1/query_range", {"query": asked, "start": start, "end": end, "step": step}
        )
        found: dict[str, list[Point]] = {}
        for one in answer["result"]:
            labels = one["metric"]
            values = [(float(at), float(value)) for at, value in one["values"]]
            found[labels.get("exported_pod") or labels.get("pod", "")] = [
                point for point in values if math.isfinite(point[1])
            ]
        return found

    def _post(self, path: str, fields: Mapping[str, Any]) -> Any:
        import urllib3

        url, headers = self._config.prometheus_url.rstrip("/") + path, self._headers()
        try:
            answer = self._pool.request(
                "POST", url, fields=dict(fields), encode_multipart=False, headers=headers
            )
            document = json.loads(answer.data)
            if document["status"] != "success":
                raise _Failed(str(document.get("error") or answer.status))
            return document["data"]
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _Failed(f"it does not answer ({type(error).__name__})") from None
        except (ValueError, KeyError, TypeError):
            raise _Failed(f"its answer ({answer.status}) is not Prometheus'") from None

    def _headers(self) -> dict[str, str]:
        # Read each time: tokens of service accounts are replaced every hour.
        file = self._config.prometheus_token_file
        try:
            return {"Authorization": f"Bearer {Path(file).read_text().strip()}"} if file else {}
        except OSError as error:
            raise _Failed(f"prometheus_token_file cannot be read ({error.strerror})") from None

    @cached_property
    def _pool(self) -> Any:
        import urllib3

        connect, read = TIMEOUT
        return urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=connect, read=read),
            retries=urllib3.Retry(total=1, connect=0, redirect=0),
            ca_certs=self._config.prometheus_ca or None,
        )


def query(metric: Metric, namespace: str, pods: Collection[str], step: int) -> str:
    """The PromQL that gives a metric of these pods at points ``step`` seconds apart."""
    names = "|".join(re.escape(pod) for pod in sorted(pods))
    return _QUERIES[metric].substitute(
        pods=f"namespace={_quoted(namespace)},pod=~{_quoted(names)}",
        exported=f"exported_namespace={_quoted(namespace)},exported_pod=~{_quoted(names)}",
        window=max(LEAST_WINDOW, step),
    )


def _quoted(text: str) -> str:
    """A string of PromQL, whose escapes are Go's."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
