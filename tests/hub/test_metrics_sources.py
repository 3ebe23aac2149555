"""What each source makes of what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from jupyter_trainhub.errors import ClusterUnavailable, Forbidden, NotFound, TrainHubError
from jupyter_trainhub.hub.metrics import nvidia_smi
from jupyter_trainhub.hub.metrics.cadvisor import disk_totals
from jupyter_trainhub.hub.metrics.history import MOST_POINTS, History, Track
from jupyter_trainhub.hub.metrics.kubelets import Kubelets
from jupyter_trainhub.hub.metrics.node_stats import NodeStats
from jupyter_trainhub.hub.metrics.pod_metrics import POD_METRICS, PodMetrics
from jupyter_trainhub.hub.metrics.source import Reading, Target
from tests.hub.fakes import FakeCluster

TARGETS = [Target("a", "n1", "main"), Target("b", "n2", "main", host_network=True)]


class FakeKubelets(FakeCluster):
    """Nodes that answer for themselves."""

    def __init__(self, allowed: bool = True) -> None:
        super().__init__()
        self.allowed = allowed
        self.reviews = 0
        self.summaries: dict[str, Any] = {}
        self.asked: list[str] = []

    def create(self, resource: Any, body: Any, *, dry_run: bool = False) -> Any:
        self.reviews += 1
        attributes = body["spec"]["resourceAttributes"]
        assert (attributes["verb"], attributes["resource"]) == ("get", "nodes")
        assert attributes["subresource"] == "proxy"
        return {"status": {"allowed": self.allowed}}

    def read(self, path: str, timeout: tuple[int, int] = (5, 30)) -> Any:
        self.asked.append(path)
        found = self.summaries[path.split("/")[4]]
        if isinstance(found, TrainHubError):
            raise found
        return {"pods": found}


def stats(name: str, namespace: str = "lab", **parts: Any) -> dict[str, Any]:
    time = {"time": "2030-01-01T00:00:00Z"}
    return {
        "podRef": {"name": name, "namespace": namespace, "uid": "u"},
        **{part.replace("_", "-"): {**time, **fields} for part, fields in parts.items()},
    }


def values(readings: Sequence[Reading]) -> dict[tuple[str, str], float]:
    return {(reading.pod, reading.metric): reading.value for reading in readings}


def test_nodes_tell_of_their_pods_in_one_answer_each() -> None:
    cluster = FakeKubelets()
    cluster.summaries = {
        "n1": [
            stats("a", cpu={"usageNanoCores": 5e8}, memory={"workingSetBytes": 7},
                  network={"rxBytes": 10, "txBytes": 20}, ephemeral_storage={"usedBytes": 3}),
            stats("a", namespace="other", cpu={"usageNanoCores": 9e9}),
        ],
        "n2": [stats("b", cpu={})],
    }  # fmt: skip
    source = NodeStats(Kubelets(cluster))
    answer = source.read(TARGETS)
    assert values(answer.readings) == {
        ("a", "cpu"): 0.5,
        ("a", "memory"): 7,
        ("a", "network_receive"): 10,
        ("a", "network_transmit"): 20,
        ("a", "disk"): 3,
    }
    counters = {reading.metric for reading in answer.readings if reading.counter}
    assert counters == {"network_receive", "network_transmit"}
    (missing,) = answer.missing
    assert "node's network" in missing.why
    assert missing.pods == frozenset("b")
    source.read(TARGETS)
    assert sorted(cluster.asked) == 2 * [
        "/api/v1/nodes/n1/proxy/stats/summary",
    ] + 2 * ["/api/v1/nodes/n2/proxy/stats/summary"]
    assert cluster.reviews == 1


def test_a_node_that_is_away_costs_its_own_pods_only() -> None:
    cluster = FakeKubelets()
    cluster.summaries = {
        "n1": ClusterUnavailable("dial tcp: timeout"),
        "n2": [stats("b", memory={"workingSetBytes": 7})],
    }
    answer = NodeStats(Kubelets(cluster)).read(TARGETS)
    assert values(answer.readings) == {("b", "memory"): 7}
    away = [missing for missing in answer.missing if "n1" in missing.why]
    assert [missing.pods for missing in away] == [frozenset("a")]
    assert away[0].concerns("cpu", ["a"])
    assert not away[0].concerns("cpu", ["b"])


def test_without_the_right_no_node_is_asked() -> None:
    cluster = FakeKubelets(allowed=False)
    (missing,) = NodeStats(Kubelets(cluster)).read(TARGETS).missing
    assert "nodes/proxy" in missing.why
    assert "prometheus_url" in missing.remedy
    assert cluster.asked == []


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (NotFound("the server could not find the requested resource"), "no metrics server"),
        (Forbidden("pods.metrics.k8s.io is forbidden"), "may not read"),
        (ClusterUnavailable("the server is currently unable"), "does not answer"),
    ],
)
def test_a_cluster_without_metrics_says_so(failure: TrainHubError, why: str) -> None:
    cluster = FakeCluster()
    cluster.refuse["list", "pods"] = failure
    (missing,) = PodMetrics(cluster).read(TARGETS).missing
    assert why in missing.why
    assert missing.concerns("memory", ["a"])


def test_containers_of_a_pod_are_summed_up() -> None:
    cluster = FakeCluster()
    labels = {
        "app.kubernetes.io/managed-by": "jupyter-trainhub",
        "trainhub.jupyter.org/kind": "job",
    }
    for name in ("a", "not asked for"):
        cluster.put(
            POD_METRICS,
            {
                "metadata": {"name": name, "labels": labels},
                "timestamp": "2030-01-01T00:00:00Z",
                "containers": [
                    {"name": "main", "usage": {"cpu": "1500m", "memory": "1Mi"}},
                    {"name": "istio", "usage": {"cpu": "250000000n", "memory": "1Ki"}},
                ],
            },
        )
    readings = PodMetrics(cluster).read(TARGETS).readings
    assert values(readings) == {("a", "cpu"): 1.75, ("a", "memory"): 1024 * 1025}


def test_disk_is_counted_by_container_and_device() -> None:
    page = b"""# TYPE container_fs_reads_bytes_total counter
container_fs_reads_bytes_total{container="",device="/dev/sda",id="/kubepods/x",namespace="lab",pod="a"} 99
container_fs_reads_bytes_total{container="main",device="/dev/sda",id="/x",image="i",namespace="lab",pod="a"} 4096 1700000000123
container_fs_reads_bytes_total{container="main",device="/dev/sdb",id="/x",image="i",namespace="lab",pod="a"} 1e+03 1700000000000
container_fs_reads_bytes_total{container="main",device="/dev/sda",namespace="other",pod="a"} 7
container_fs_reads_total{container="main",namespace="lab",pod="a"} 7
container_fs_writes_bytes_total{container="main",namespace="lab",pod="b"} 5"""  # noqa: E501
    assert disk_totals(page.splitlines(), "lab") == {
        ("a", "disk_read"): (1700000000.123, 5096.0),
        ("b", "disk_write"): (0.0, 5.0),
    }


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("90, 1000\n30, 24\n", {"gpu": 60.0, "gpu_memory": 1024 * 2**20}),
        ("[N/A], 8\n", {"gpu_memory": 8 * 2**20}),
        ("", {}),
        ("NVIDIA-SMI has failed because it couldn't communicate", {}),
    ],
)
def test_gpus_as_nvidia_smi_prints_them(printed: str, expected: dict[str, float]) -> None:
    found = nvidia_smi.readings("a", 1.0, printed)
    assert {reading.metric: reading.value for reading in found} == expected


@pytest.fixture
def history() -> History:
    history = History()
    history.follow([Track("k", "a", "train", "train-1", 0)])
    return history


def points(history: History, since: float = 0.0) -> list[tuple[float, float]]:
    (track,) = history.tracks("train")
    return [point for one in history.series(track, since) for point in one["points"]]


def test_a_counter_becomes_a_rate_and_may_begin_anew(history: History) -> None:
    for at, total in ((10, 100), (20, 300), (20, 300), (30, 40), (40, 60)):
        history.add("k", Reading("a", "network_receive", at, total, counter=True))
    assert points(history) == [(20.0, 20.0), (40.0, 2.0)]
    assert points(history, since=20.0) == [(40.0, 2.0)]


def test_what_was_measured_before_is_put_in_front_once(history: History) -> None:
    history.add("k", Reading("a", "cpu", 30, 3))
    history.add("k", Reading("a", "cpu", 30, 4))
    history.restore("k", "cpu", [(10.0, 1.0), (20.0, 2.0), (30.0, 9.0)])
    assert points(history) == [(10.0, 1.0), (20.0, 2.0), (30.0, 3.0)]


def test_a_day_takes_bounded_memory_and_reaches_back_to_the_start(history: History) -> None:
    for at in range(3 * MOST_POINTS):
        history.add("k", Reading("a", "cpu", 15.0 * at, 1.0))
    found = points(history, since=-1.0)
    assert len(found) <= MOST_POINTS
    assert found[0][0] == 0.0
    assert [at for at, _ in found[-500:]] == [15.0 * at for at in range(5500, 6000)]
    gaps = [after[0] - before[0] for before, after in pairwise(found)]
    assert max(gaps) < 300
    assert {value for _, value in found} == {1.0}


def test_runs_of_one_name_are_told_apart(history: History) -> None:
    history.follow([Track("other", "b", "train", "train-2", 0)])
    assert [track.pod for track in history.tracks("train", "train-2")] == ["b"]
    assert len(history.tracks("train")) == 2
