from __future__ import annotations

import copy
import json
import threading
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
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs import keeping
from jupyter_trainhub.kube.client import Object
from jupyter_trainhub.kube.resources import (
    CONFIG_MAPS,
    EVENTS,
    JOBS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
    Resource,
)
from jupyter_trainhub.specs.job import JobSpec
from tests.hub.fakes import FakeCluster


def spec(**fields: Any) -> JobSpec:
    return JobSpec.parse({"name": "train", "command": ["python", "train.py"], **fields})


@dataclass
class Bundle:
    files: dict[str, bytes] = field(default_factory=lambda: {"cells.json": b'{"cells": []}'})
    argv: list[str] = field(default_factory=lambda: ["python", "/trainhub/run_notebook.py"])


def test_a_job_is_released_once_everything_is_there(hub: Hub, cluster: FakeCluster) -> None:
    view = hub.jobs.create(spec())
    assert (view["name"], view["phase"], view["owner"]) == ("train", "Pending", "ada")
    made = list(cluster.writes())
    assert (made[0], made[-1]) == (("create", "jobs"), ("patch", "jobs"))
    assert {("create", "services"), ("create", "configmaps")} == set(made[1:-1])
    job = cluster.get(JOBS, "job-train")
    assert job["spec"]["suspend"] is False
    for resource, name in (
        (SERVICES, "job-train"),
        (CONFIG_MAPS, "job-train-code"),
        (CONFIG_MAPS, "job-train-run"),
    ):
        (owner,) = cluster.get(resource, name)["metadata"]["ownerReferences"]
        assert owner["uid"] == job["metadata"]["uid"]
    assert "def main" in cluster.get(CONFIG_MAPS, "job-train-code")["data"]["launch.py"]


def test_a_notebook_brings_its_files(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec(command=None, notebook="a.ipynb"), Bundle())
    assert {"launch.py", "cells.json"} <= set(cluster.get(CONFIG_MAPS, "job-train-code")["data"])
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


def test_a_name_whose_last_job_is_still_being_cleared_away_is_free(
    hub: Hub, cluster: FakeCluster
) -> None:
    hub.jobs.create(spec())
    # As where the garbage collector takes its time: the Job is gone, what it owned is not.
    del cluster.objects["jobs"]["job-train"]
    hub.jobs.create(spec(command=["true"]))
    (owner,) = cluster.get(SERVICES, "job-train")["metadata"]["ownerReferences"]
    assert owner["uid"] == cluster.get(JOBS, "job-train")["metadata"]["uid"]


def test_volumes_are_claimed_first_and_given_back_if_it_fails(
    hub: Hub, cluster: FakeCluster
) -> None:
    volume = {"path": "/checkpoints", "size": "1Gi"}
    cluster.refuse["create", "services"] = Forbidden("no")
    with pytest.raises(Forbidden):
        hub.jobs.create(spec(checkpoint_volume=volume))
    assert cluster.names(PERSISTENT_VOLUME_CLAIMS) == []
    del cluster.refuse["create", "services"]
    view = hub.jobs.create(spec(checkpoint_volume=volume))
    (shown,) = view["volumes"]
    assert cluster.names(PERSISTENT_VOLUME_CLAIMS) == [shown["claim"]]
    hub.jobs.delete("train")
    assert cluster.names(PERSISTENT_VOLUME_CLAIMS) == [shown["claim"]]


def test_volumes_go_with_the_job_when_asked(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec(model_volume={"path": "/model", "size": "1Gi"}))
    hub.jobs.delete("train", volumes=True)
    assert cluster.names(PERSISTENT_VOLUME_CLAIMS) == []


def test_stopping_keeps_everything_and_says_who(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec(restarts=3))
    view = hub.jobs.stop("train")
    assert (view["phase"], view["message"]) == ("Stopped", "Stopped by ada.")
    assert view["restart"] == "off"
    assert cluster.get(JOBS, "job-train")["spec"]["suspend"] is True
    assert hub.jobs.stop("train")["finished"] == view["finished"]


def test_who_stops_it_first_has_stopped_it(
    hub: Hub, cluster: FakeCluster, config: TrainHubConfig
) -> None:
    hub.jobs.create(spec())
    other = Hub(cluster, config, ClusterChoice(embedded=True), "bob")
    changed = cluster.patch
    raced: list[Object] = []

    def patch(resource: Resource, name: str, body: Object, **how: Any) -> Object:
        if not raced:
            raced.append(body)
            other.jobs.stop("train")
        return changed(resource, name, body, **how)

    cluster.patch = patch  # type: ignore[method-assign]
    assert hub.jobs.stop("train")["message"] == "Stopped by bob."


@pytest.mark.parametrize("ends_when", ["before", "meanwhile"])
def test_a_job_that_has_ended_cannot_be_stopped(
    hub: Hub, cluster: FakeCluster, ends_when: str
) -> None:
    hub.jobs.create(spec())

    def end() -> None:
        done = {"conditions": [{"type": "Complete", "status": "True"}]}
        cluster.put(JOBS, {**cluster.objects["jobs"]["job-train"], "status": done})

    if ends_when == "before":
        end()
    else:
        hub.runs.before_delete = lambda view: end()  # type: ignore[method-assign]
    with pytest.raises(Conflict) as caught:
        hub.jobs.stop("train")
    assert caught.value.reason == "JobEnded"
    assert "trainhub.jupyter.org/stopped-by" not in str(cluster.get(JOBS, "job-train"))


def test_a_job_stopped_before_it_was_released_stays_stopped(hub: Hub, cluster: FakeCluster) -> None:
    create = cluster.create

    def stop_then_create(resource: Resource, body: Object, **how: Any) -> Object:
        if resource == SERVICES:
            hub.jobs.stop("train")
        return create(resource, body, **how)

    cluster.create = stop_then_create  # type: ignore[method-assign]
    assert hub.jobs.create(spec())["phase"] == "Stopped"
    assert cluster.get(JOBS, "job-train")["spec"]["suspend"] is True


@pytest.mark.parametrize("trouble", ["told", "raised", "silent"])
def test_a_record_that_cannot_be_written_does_not_hinder(
    trouble: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = hub.jobs.create(spec())
    answered = threading.Event()

    def keep(view: Object) -> None:
        if trouble == "raised":
            raise OSError("its disk is full")
        if trouble == "silent":
            answered.wait(20)

    monkeypatch.setattr(keeping, "GRACE", 0.1)
    monkeypatch.setattr(hub.runs, "before_delete", keep)
    if trouble == "told":
        monkeypatch.setattr(hub.runs, "problem", {view["run"]: "its disk is full"}.get)
    view = hub.jobs.stop("train")
    answered.set()
    assert view["phase"] == "Stopped"
    assert ("within 0.1 seconds" if trouble == "silent" else "disk is full") in view["warning"]


def test_deleting_takes_everything_along(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec())
    hub.jobs.delete("train")
    assert [cluster.names(resource) for resource in (JOBS, SERVICES, CONFIG_MAPS)] == [[], [], []]


def test_the_list_is_searched_and_begins_with_what_is_pinned(
    hub: Hub, cluster: FakeCluster
) -> None:
    hub.jobs.create(spec(name="a", project="Vision", priority=5))
    hub.jobs.create(spec(name="b", category="debug", description="LR sweep", image="site/torch:2"))
    hub.jobs.create(spec(name="c", project="vision", priority=9))
    assert hub.jobs.pin("a", True)["pinned"] is True
    for text, names in {
        "": ["a", "c", "b"],
        "VISION": ["a", "c"],
        "vision priority:9": ["c"],
        "debug sweep": ["b"],
        "torch:2": ["b"],
        "pending ada": ["a", "c", "b"],
        "nowhere": [],
    }.items():
        assert [view["name"] for view in hub.jobs.list(text)] == names, text
    assert hub.jobs.pin("a", False)["pinned"] is False
    assert [view["name"] for view in hub.jobs.list()] == ["c", "b", "a"]


def test_a_list_asks_as_much_for_many_jobs_as_for_one(hub: Hub, cluster: FakeCluster) -> None:
    def reads() -> int:
        before = len(cluster.acts)
        hub.jobs.list()
        return len(cluster.acts) - before

    hub.jobs.create(spec(name="a"))
    one = reads()
    for number in range(20):
        hub.jobs.create(spec(name=f"b{number}"))
    assert reads() == one


def test_a_notebook_is_submitted_again_as_it_was(hub: Hub, cluster: FakeCluster) -> None:
    first = hub.jobs.create(spec(command=None, notebook="a.ipynb"), Bundle())
    again = hub.jobs.resubmit("train")
    assert (again["name"], again["from_run"]) == ("train-1", first["run"])
    assert again["run"] not in (None, first["run"])
    data = cluster.get(CONFIG_MAPS, "job-train--1-code")["data"]
    assert data["cells.json"] == cluster.get(CONFIG_MAPS, "job-train-code")["data"]["cells.json"]
    assert hub.jobs.resubmit("train-1")["name"] == "train-2"
    with pytest.raises(AlreadyExists):
        hub.jobs.resubmit("train", "train-1")


def test_a_clone_has_every_field_but_those_that_change(hub: Hub, cluster: FakeCluster) -> None:
    fields = {"cpus": 0.5, "env": {"A": "b"}, "priority": 3, "description": "x", "restarts": 2}
    hub.jobs.create(spec(**fields))
    view = hub.jobs.clone("train", "copy", {"cpus": 2, "priority": None})
    expected = {**hub.jobs.get("train")["spec"], "name": "copy", "cpus": 2}
    del expected["priority"]
    assert view["spec"] == expected
    with pytest.raises(InvalidField) as caught:
        hub.jobs.clone("train", "other", {"cpu": 2})
    assert caught.value.field == "cpu"


def test_a_clone_may_change_the_parameters(hub: Hub, cluster: FakeCluster) -> None:
    cells = [{"id": "injected-parameters", "source": "rate = 1\n"}, {"id": "a", "source": "rate"}]
    code = Bundle({"cells.json": json.dumps({"cells": cells}).encode()})
    hub.jobs.create(spec(command=None, notebook="a.ipynb", parameters={"rate": 1}), code)
    hub.jobs.clone("train", "b", {"parameters": {"rate": 2}})
    written = json.loads(cluster.get(CONFIG_MAPS, "job-b-code")["data"]["cells.json"])
    assert [cell["source"] for cell in written["cells"]] == ["rate = 2\n", "rate"]
    hub.jobs.create(spec(name="c", command=None, notebook="a.ipynb"), Bundle())
    with pytest.raises(InvalidField) as caught:
        hub.jobs.clone("c", None, {"parameters": {"rate": 2}})
    assert caught.value.field == "parameters"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"framework": "horovod"}, "there is no framework 'horovod'"),
        ({"framework": "pytorch"}, "the cluster does not serve pytorchjobs"),
    ],
)
def test_a_framework_that_the_cluster_cannot_run(
    fields: dict[str, Any], says: str, hub: Hub, cluster: FakeCluster, config: TrainHubConfig
) -> None:
    config.framework_backends = {"pytorch": ["pytorchjob"]}
    with pytest.raises(InvalidField) as caught:
        hub.jobs.create(spec(**fields))
    assert caught.value.field == "framework"
    assert says in caught.value.message
    assert caught.value.remedy
    assert not list(cluster.writes())


def test_an_operators_own_jobs_are_no_jobs_of_ours(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec())
    inner = copy.deepcopy(cluster.get(JOBS, "job-train"))
    owner = {"kind": "JobSet", "uid": "x", "controller": True}
    inner["metadata"] |= {"name": "job-train-node-0", "ownerReferences": [owner]}
    cluster.put(JOBS, inner)
    assert len(hub.jobs.owners.of("train").owners) == 1


def test_events_are_those_of_the_job_and_what_is_made_of_it(hub: Hub, cluster: FakeCluster) -> None:
    hub.jobs.create(spec(name="x", model_volume={"path": "/m", "size": "1Gi"}))
    claim = hub.jobs.get("x")["volumes"][0]["claim"]
    uid = cluster.get(JOBS, "job-x")["metadata"]["uid"]
    mine = [("Job", "job-x", uid), ("Pod", "job-x-0-abcde", "1"), ("Pod", "job-x-worker-3", "1"),
            ("Job", "job-x-node-0", "1"), ("PersistentVolumeClaim", claim, "1"),
            ("Pod", "job-x-node-0-0-abcde", "1")]  # fmt: skip
    # Of the jobs "x_1" and "x_1-y", of an earlier job "x", of another claim.
    others = [("Pod", "job-x-01-0-abcde", "1"), ("Pod", "job-x-01--y-0-abcde", "1"),
              ("PersistentVolumeClaim", "data", "1"), ("Service", "job-x", "1")]  # fmt: skip
    for number, (kind, name, about) in enumerate([*mine, *others, ("Pod", "job-x-0-old00", "0")]):
        time = "2026-11-22T01:00:00Z" if about == "0" else "2026-11-22T03:00:00Z"
        cluster.put(
            EVENTS,
            {
                "metadata": {"name": f"e{number}"},
                "involvedObject": {"kind": kind, "name": name, "uid": about},
                "lastTimestamp": time,
            },
        )
    found = [event["object"] for event in hub.jobs.events("x")]
    assert sorted(found) == sorted(f"{kind}/{name}" for kind, name, _ in mine)


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
