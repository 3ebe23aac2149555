from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
)
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import CONFIG_MAPS, JOBS, NODES, SERVICES
from jupyter_trainhub.specs.job import JobSpec
from tests.hub.fakes import FakeCluster


def spec(**fields: Any) -> JobSpec:
    return JobSpec.parse({"name": "train", "command": ["python", "train.py"], **fields})


@dataclass
class Bundle:
    files: dict[str, bytes] = field(default_factory=lambda: {"cells.json": b"[]"})
    argv: list[str] = field(default_factory=lambda: ["python", "/trainhub/run_notebook.py"])


def test_a_job_is_released_once_everything_is_there(hub: Hub, cluster: FakeCluster) -> None:
    view = hub.jobs.create(spec())
    assert (view["name"], view["phase"], view["owner"]) == ("train", "Pending", "ada")
    assert list(cluster.writes()) == [
        ("create", "jobs"),
        ("create", "services"),
        ("create", "configmaps"),
        ("patch", "jobs"),
    ]
    job = cluster.get(JOBS, "job-train")
    assert job["spec"]["suspend"] is False
    for resource, name in ((SERVICES, "job-train"), (CONFIG_MAPS, "job-train-code")):
        (owner,) = cluster.get(resource, name)["metadata"]["ownerReferences"]
        assert owner["uid"] == job["metadata"]["uid"]
    assert "def main" in cluster.get(CONFIG_MAPS, "job-train-code")["data"]["launch.py"]


def test_a_notebook_brings_its_files(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec(command=None, notebook="a.ipynb"), Bundle())
    assert set(cluster.get(CONFIG_MAPS, "job-train-code")["data"]) == {"launch.py", "cells.json"}
    container = cluster.get(JOBS, "job-train")["spec"]["template"]["spec"]["containers"][0]
    assert container["command"][-2:] == ["python", "/trainhub/run_notebook.py"]
    with pytest.raises(InvalidField) as caught:
        hub.jobs.create(spec(command=None, notebook="a.ipynb"))
    assert caught.value.field == "notebook"


@pytest.mark.parametrize(
    "act", [("create", "services"), ("create", "configmaps"), ("patch", "jobs")]
)
def test_nothing_is_left_of_a_job_that_could_not_be_made(
    act: tuple[str, str], hub: Hub, cluster: FakeCluster
) -> None:
    cluster.refuse[act] = Forbidden("no", remedy="Ask.")
    with pytest.raises(Forbidden):
        hub.jobs.create(spec())
    assert [cluster.names(resource) for resource in (JOBS, SERVICES, CONFIG_MAPS)] == [[], [], []]


def test_a_taken_name_is_the_fields_fault(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec())
    with pytest.raises(AlreadyExists) as caught:
        hub.jobs.create(spec())
    assert caught.value.field == "name"
    assert cluster.names(JOBS) == ["job-train"]


def test_what_can_never_run_is_refused_before_anything_is_made(
    hub: Hub, cluster: FakeCluster
) -> None:
    with pytest.raises(InvalidField) as caught:
        hub.jobs.create(spec(cpus=1000))
    assert caught.value.field == "cpus"
    assert "largest node has 4 CPUs" in caught.value.message
    assert not list(cluster.writes())


def test_without_the_right_to_see_nodes_the_cluster_decides(
    hub: Hub, cluster: FakeCluster, config: TrainHubConfig
) -> None:
    config.default_image = "site/torch:1"
    cluster.refuse["list", "nodes"] = Forbidden("no")
    assert hub.jobs.create(spec(cpus=1000))["name"] == "train"


def test_the_image_is_the_sites_or_the_nodes_own(
    hub: Hub, cluster: FakeCluster, config: TrainHubConfig
) -> None:
    def image(name: str) -> object:
        hub.jobs.create(spec(name=name))
        job = cluster.get(JOBS, f"job-{name}")
        return job["spec"]["template"]["spec"]["containers"][0]["image"]

    assert image("a") == "host"
    config.default_image = "site/torch:1"
    assert image("b") == "site/torch:1"
    config.default_image = ""
    cluster.objects[NODES.plural]["n1"]["status"]["images"] = []
    with pytest.raises(InvalidField) as caught:
        image("c")
    assert caught.value.field == "image"


def test_the_site_may_set_defaults(cluster: FakeCluster, config: TrainHubConfig) -> None:
    config.job_defaults = {"memory": "3Gi", "cpus": 2}
    config.storages = [
        {"name": "home", "path": "/mnt/{username}", "claim": "home", "default": True},
        {"name": "data", "path": "/mnt/data", "claim": "data"},
    ]
    hub = Hub(cluster, config, None, "ada")  # type: ignore[arg-type]
    asked = hub.jobs.create(spec(cpus=1))["spec"]
    assert (asked["memory"], asked["cpus"]) == ("3Gi", 1)
    assert asked["storages"] == ["home"]
    container = cluster.get(JOBS, "job-train")["spec"]["template"]["spec"]["containers"][0]
    assert "/mnt/ada" in [mount["mountPath"] for mount in container["volumeMounts"]]


def test_jobs_at_once_have_ports_of_their_own(hub: Hub, cluster: FakeCluster) -> None:
    ports = set()
    for name in ("a", "b", "c"):
        hub.jobs.create(spec(name=name))
        job = cluster.get(JOBS, f"job-{name}")
        ports.add(job["metadata"]["annotations"]["trainhub.jupyter.org/port"])
    assert len(ports) == 3


def test_stopping_keeps_the_record_and_says_who(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec())
    view = hub.jobs.stop("train")
    assert (view["phase"], view["message"]) == ("Stopped", "Stopped by ada.")
    assert cluster.get(JOBS, "job-train")["spec"]["suspend"] is True
    assert hub.jobs.stop("train")["finished"] == view["finished"]


def test_a_job_that_has_ended_cannot_be_stopped(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec())
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    cluster.objects["jobs"]["job-train"]["status"] = done
    with pytest.raises(Conflict):
        hub.jobs.stop("train")


def test_deleting_takes_everything_along(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec())
    hub.jobs.delete("train")
    assert [cluster.names(resource) for resource in (JOBS, SERVICES, CONFIG_MAPS)] == [[], [], []]


def test_a_job_that_is_not_there(hub: Hub) -> None:
    for act in (hub.jobs.get, hub.jobs.stop, hub.jobs.delete, hub.jobs.logs, hub.jobs.events):
        with pytest.raises(NotFound) as caught:
            act("none")
        assert caught.value.field == "name"


def test_a_rank_that_is_not_there(hub: Hub) -> None:
    hub.jobs.create(spec())
    with pytest.raises(InvalidField) as caught:
        hub.jobs.logs("train", 1)
    assert caught.value.field == "rank"
