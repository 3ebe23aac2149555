"""What is told of a job, from whatever source knows it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.hub.metrics.history import History
from jupyter_trainhub.hub.metrics.manager import Metrics
from jupyter_trainhub.hub.metrics.prometheus import Prometheus, query
from jupyter_trainhub.hub.metrics.sampler import Sampler
from jupyter_trainhub.hub.metrics.source import Answer, Missing, Reading, Source, Target
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests import usage
from jupyter_trainhub.manifests.usage import Metric
from tests.hub.fakes import FakeCluster
from tests.hub.prometheus_server import FakePrometheus

RUN = "train-0badcafe"


def pod(name: str, job: str = "train", owner: str = "ada") -> dict[str, Any]:
    domain = "trainhub.jupyter.org"
    return {
        "metadata": {
            "name": name,
            "labels": {
                "app.kubernetes.io/managed-by": "jupyter-trainhub",
                f"{domain}/kind": "job",
                f"{domain}/name": job,
                f"{domain}/owner": owner,
                f"{domain}/run": RUN,
            },
        },
        "spec": {
            "nodeName": "n1",
            "containers": [{"name": "main", "resources": {"limits": {"memory": "1Gi"}}}],
        },
        "status": {"phase": "Running", "startTime": "2030-01-01T00:00:00Z"},
    }


def view(phase: str = "Running", **fields: Any) -> dict[str, Any]:
    pods = [{"name": "p0", "rank": 0}, {"name": "p1", "rank": 1}]
    times = {"started": "2030-01-01T00:00:00Z", "finished": None}
    return {"name": "train", "run": RUN, "phase": phase, "pods": pods, **times, **fields}


class FakeSource(Source):
    """Measures what it is told to."""

    name: ClassVar[str] = "fake"
    metrics: ClassVar[frozenset[Metric]] = frozenset(("cpu", "gpu"))

    def __init__(self) -> None:
        self.asked: list[set[str]] = []

    def read(self, targets: Sequence[Target]) -> Answer:
        self.asked.append({target.pod for target in targets})
        at = float(len(self.asked))
        missing = Missing(("gpu",), "there is no GPU", "Ask for one.")
        return Answer([Reading(t.pod, "cpu", at, at) for t in targets], [missing])


class CostlySource(FakeSource):
    """The same, costly."""

    name: ClassVar[str] = "costly"
    metrics: ClassVar[frozenset[Metric]] = frozenset(("cpu", "gpu_memory"))
    costly: ClassVar[bool] = True


def sampler(cluster: FakeCluster, *sources: Source) -> tuple[Sampler, History]:
    history = History()
    made = Sampler(cluster, sources, history, interval=60, gpu_resources=["gpu"], user="ada")
    return made, history


def test_the_users_jobs_are_measured_and_those_that_are_looked_at(cluster: FakeCluster) -> None:
    for name, job, owner in (("p0", "train", "ada"), ("q", "big", "bob"), ("r", "old", "bob")):
        cluster.put(PODS, pod(name, job, owner))
    source = FakeSource()
    measuring, history = sampler(cluster, source)
    measuring.sweep()
    assert source.asked == [{"p0"}]
    try:
        measuring.look("big")
        measuring.look("big")
    finally:
        measuring.stop()
    assert source.asked == [{"p0"}, {"p0", "q"}]
    (track,) = history.tracks("big")
    assert history.series(track)[0]["points"] == [(2.0, 2.0)]
    assert (measuring.useful, measuring.missing[0].why) == (["fake"], "there is no GPU")


def test_what_the_first_source_knows_the_next_is_not_heard_on(cluster: FakeCluster) -> None:
    cluster.put(PODS, pod("p0"))
    first, second = FakeSource(), CostlySource()
    measuring, history = sampler(cluster, first, second)
    for _ in range(5):
        measuring.sweep()
    # The second might still know another metric. It is costly, and nobody looks.
    assert (len(first.asked), len(second.asked)) == (5, 2)
    (track,) = history.tracks("train")
    assert len(history.series(track)[0]["points"]) == 5
    assert measuring.useful == ["fake"]


@pytest.fixture
def prometheus() -> Iterator[FakePrometheus]:
    def answer(asked: str) -> list[tuple[dict[str, str], Any]]:
        if "container_cpu" in asked:
            return [({"pod": "p0"}, [[100, "0.5"], [115, "NaN"]]), ({"pod": "strange"}, [])]
        if "DCGM_FI_DEV_GPU_UTIL" in asked:
            return [({"pod": "dcgm-exporter", "exported_pod": "p1"}, [[100, "97"]])]
        return []

    fake = FakePrometheus(answer)
    yield fake
    fake.close()


@pytest.fixture
def config(prometheus: FakePrometheus, tmp_path: Path) -> TrainHubConfig:
    (tmp_path / "token").write_text("hush\n")
    return TrainHubConfig(
        prometheus_url=prometheus.url + "/", prometheus_token_file=str(tmp_path / "token")
    )


def test_prometheus_tells_what_was_since_the_start(
    prometheus: FakePrometheus, config: TrainHubConfig
) -> None:
    known, missing = Prometheus(config).ranges("lab", {"p0", "p1"}, 100, 20_100, {"p1"})
    assert missing == []
    assert known == {("p0", "cpu"): [(100.0, 0.5)], ("p1", "gpu"): [(100.0, 97.0)]}
    assert prometheus.tokens == {"Bearer hush"}
    assert {asked["step"] for asked in prometheus.asked} == {"20"}
    network = [asked["query"] for asked in prometheus.asked if "network" in asked["query"]]
    assert len(network) == 2
    assert not any("p1" in asked for asked in network)


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        ((400, b'{"status": "error", "error": "parse error"}'), "parse error"),
        ((502, b"<html>Bad Gateway</html>"), "its answer (502) is not Prometheus'"),
        ((200, b"[]"), "is not Prometheus'"),
    ],
)
def test_a_prometheus_that_fails_is_left_alone_for_a_while(
    prometheus: FakePrometheus, config: TrainHubConfig, failure: tuple[int, bytes], why: str
) -> None:
    prometheus.failure = failure
    asking = Prometheus(config)
    for _ in range(2):
        known, (missing,) = asking.ranges("lab", {"p0"}, 100, 200)
        assert known == {}
        assert why in missing.why
        assert "hush" not in missing.why
    assert len(prometheus.asked) <= len(usage.METRICS)


def test_names_are_quoted_in_a_query() -> None:
    asked = query("memory", 'a"b\\', {"x.y", "job-1"}, 15)
    assert r'namespace="a\"b\\"' in asked
    assert r'pod=~"job\\-1|x\\.y"' in asked
    assert "[600s]" in query("cpu", "lab", {"x"}, 600)


def metrics(
    cluster: FakeCluster, config: TrainHubConfig, job: dict[str, Any], record: str = ""
) -> Metrics:
    def find(name: str) -> dict[str, Any]:
        if name != job["name"]:
            raise NotFound("there is no such job")
        return job

    return Metrics(cluster, config, "ada", find, lambda run: record.splitlines())


def test_a_job_that_is_gone_is_told_from_its_record(cluster: FakeCluster) -> None:
    seen = [
        usage.series("p0", 0, "cpu", [(10.0, 1.0), (20.0, 3.0)]),
        usage.series("p1", 1, "memory", [(10.0, 5.0)]),
    ]
    job = view("Succeeded", finished="2030-01-01T00:10:00Z")
    asked = metrics(cluster, TrainHubConfig(), job, usage.record_lines(seen))
    found = asked.of("train")
    assert [(one["metric"], one["rank"], one["points"]) for one in found["series"]] == [
        ("cpu", 0, [(10.0, 1.0), (20.0, 3.0)]),
        ("memory", 1, [(10.0, 5.0)]),
    ]
    assert found["missing"] == []
    (one,) = asked.of("train", "1970-01-01T00:00:15Z", "p0")["series"]
    assert one["points"] == [(20.0, 3.0)]
    assert asked.samples("train", RUN, 15.0)[0]["points"] == [(20.0, 3.0)]
    with pytest.raises(InvalidField):
        asked.of("train", "yesterday")
    with pytest.raises(NotFound):
        asked.of("other")


def test_a_running_job_says_what_is_missing_and_why(cluster: FakeCluster) -> None:
    cluster.put(PODS, pod("p0"))
    cluster.refuse["list", "pods"] = NotFound("no such resource")
    asked = metrics(cluster, TrainHubConfig(), view("Pending", pods=[]))
    assert asked.of("train")["missing"] == []
    asked.stop()


def test_prometheus_goes_before_what_was_sampled(
    cluster: FakeCluster, config: TrainHubConfig
) -> None:
    record = usage.record_lines([usage.series("p0", 0, "cpu", [(90.0, 9.0)])])
    ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    job = view("Failed", started="1970-01-01T00:01:00Z", finished=ended)
    found = metrics(cluster, config, job, record).of("train")
    assert found["sources"] == ["Prometheus"]
    told = {(one["metric"], one["rank"]): one["points"] for one in found["series"]}
    assert told == {("cpu", 0): [(100.0, 0.5)], ("gpu", 1): [(100.0, 97.0)]}
