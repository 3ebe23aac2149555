"""TensorBoards in the cluster, by objects alone: who gets which, and what becomes of them."""

from __future__ import annotations

import base64
import copy
import json
import threading
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import AlreadyExists, Conflict, NotFound
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.tensorboards import TensorBoards
from jupyter_trainhub.kube.resources import JOBS, PERSISTENT_VOLUME_CLAIMS, PODS, SECRETS
from jupyter_trainhub.manifests.labels import CONTROLLER_UID
from jupyter_trainhub.manifests.tensorboard import secret_of
from jupyter_trainhub.manifests.tensorboard_admission import admission_of
from tests.hub.fakes import FakeCluster
from tests.manifests.samples import PODS as SAMPLE_PODS

STORAGES = [
    {"name": "nas", "path": "/mnt/nas", "nfs": {"server": "nas", "path": "/"}},
    {"name": "disk", "path": "/mnt/disk", "claim": "disk"},
    {"name": "other", "path": "/mnt/other", "claim": "other"},
]


def not_here(path: str) -> Any:
    raise NotFound(f"there is no folder {path!r}", field="folders", remedy="Create it.")


def boards(cluster: FakeCluster, user: str = "ada") -> TensorBoards:
    config = TrainHubConfig(storages=STORAGES, default_image="host", pull_secrets=["registry"])
    hub = Hub(cluster, config, ClusterChoice(embedded=False), user)
    return TensorBoards(config, lambda: hub)


def only_job(cluster: FakeCluster) -> dict[str, Any]:
    (name,) = cluster.names(JOBS)
    return cluster.get(JOBS, name)


def complete(cluster: FakeCluster) -> None:
    """The pod of the only one has ended for want of use."""
    job = only_job(cluster)
    job["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
    cluster.put(JOBS, job)


def test_the_same_folders_are_the_same_tensorboard_for_everybody(cluster: FakeCluster) -> None:
    ada = boards(cluster).open({"folders": ["/mnt/nas/runs"]}, not_here)
    bob = boards(cluster, "bob").open({"folders": ["/mnt/nas/./runs"]}, not_here)
    assert (ada["id"], ada["owner"]) == (bob["id"], "ada")
    assert not only_job(cluster)["spec"]["suspend"]
    assert len(cluster.names(SECRETS)) == 1
    for different in ({"folders": ["/mnt/nas/x"]}, {"folders": ["/mnt/nas/runs"], "memory": "1Gi"}):
        assert boards(cluster).open(different, not_here)["id"] != ada["id"]


def test_a_name_belongs_to_its_folders(cluster: FakeCluster) -> None:
    spec = {"name": "team", "folders": ["a:/mnt/nas/a", "/mnt/nas/b"]}
    made = boards(cluster).open(spec, not_here)
    assert (made["id"], made["folders"]) == ("cluster-tb-team", spec["folders"])
    assert boards(cluster, "bob").open(spec, not_here)["owner"] == "ada"
    with pytest.raises(AlreadyExists, match="of a:/mnt/nas/a, /mnt/nas/b"):
        boards(cluster).open({"name": "team", "folders": ["/mnt/nas/c"]}, not_here)


def test_one_that_was_stopped_goes_on_and_one_that_ended_is_made_anew(cluster: FakeCluster) -> None:
    mine = boards(cluster)
    id_ = mine.open({"folders": ["/mnt/nas/runs"]}, not_here)["id"]
    assert mine.stop(id_)["message"] == "Stopped by ada."
    uid = only_job(cluster)["metadata"]["uid"]
    assert boards(cluster, "bob").start(id_)["phase"] == "Starting"
    assert only_job(cluster)["metadata"]["uid"] == uid
    complete(cluster)
    assert mine.get(id_)["phase"] == "Stopped"
    again = mine.open({"folders": ["/mnt/nas/runs"]}, not_here)
    assert (again["id"], again["phase"]) == (id_, "Starting")
    assert only_job(cluster)["metadata"]["uid"] != uid
    mine.delete(id_)
    assert [view for view in mine.list() if view["where"] == "cluster"] == []
    with pytest.raises(NotFound):
        mine.start(id_)


def test_of_several_who_start_it_one_does(cluster: FakeCluster) -> None:
    mine = boards(cluster)
    id_ = mine.open({"folders": ["/mnt/nas/runs"]}, not_here)["id"]
    complete(cluster)
    started: list[str] = []
    threads = [
        threading.Thread(target=lambda: started.append(boards(cluster).start(id_)["phase"]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert started == ["Starting"] * 4
    assert only_job(cluster)["spec"]["suspend"] is False


def test_options_folders_and_name_can_be_changed(cluster: FakeCluster) -> None:
    mine = boards(cluster)
    id_ = mine.open({"folders": ["/mnt/nas/runs"], "image": "tb:1"}, not_here)["id"]
    assert mine.update(id_, {"idle_seconds": 60, "memory": "1Gi"}, not_here)["id"] == id_
    added = {"folders": ["/mnt/nas/runs", "/mnt/nas/more"], "name": "both"}
    view = mine.update(id_, added, not_here)
    assert (view["id"], view["idle_seconds"]) == ("cluster-tb-both", 60)
    admission = admission_of(only_job(cluster))
    assert admission is not None
    assert (admission.image, admission.memory, admission.pull_secrets) == (
        "tb:1", 1 << 30, ("registry",),
    )  # fmt: skip
    assert admission.folders == (("runs", "/mnt/nas/runs"), ("more", "/mnt/nas/more"))


def test_those_of_a_job_are_found_by_their_objects(cluster: FakeCluster) -> None:
    planted(cluster, spec={"job": "train"})
    boards(cluster).open({"folders": ["/mnt/nas/b"]}, not_here)
    config = TrainHubConfig(storages=STORAGES)
    hub = Hub(cluster, config, ClusterChoice(embedded=False), "ada")
    (found,) = hub.cluster_tensorboards.of_job("train")
    assert (found["id"], found["phase"]) == ("cluster-tb-team", "Running")


def use(cluster: FakeCluster, claim: str, node: str) -> None:
    """A pod on ``node`` that has the volume, which one node alone can have."""
    modes = {"accessModes": ["ReadWriteOnce"]}
    cluster.put(PERSISTENT_VOLUME_CLAIMS, {"metadata": {"name": claim}, "spec": modes})
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": claim}}
    pod = {"metadata": {"name": f"of-{claim}"}, "spec": {"nodeName": node, "volumes": [volume]}}
    cluster.put(PODS, pod)


def test_it_goes_where_the_only_node_is_that_has_its_volume(cluster: FakeCluster) -> None:
    use(cluster, "disk", "gpu-1")
    use(cluster, "other", "gpu-2")
    mine = boards(cluster)
    id_ = mine.open({"folders": ["/mnt/disk/runs"]}, not_here)["id"]
    pod = only_job(cluster)["spec"]["template"]["spec"]
    assert "gpu-1" in str(pod["affinity"])
    assert pod["tolerations"]
    # Once the volume has gone elsewhere it is not held to that node.
    mine.stop(id_)
    use(cluster, "disk", "gpu-3")
    mine.start(id_)
    assert "gpu-3" in str(only_job(cluster)["spec"]["template"]["spec"]["affinity"])
    with pytest.raises(Conflict, match="'disk' on gpu-3 and 'other' on gpu-2"):
        mine.open({"folders": ["/mnt/disk/runs", "/mnt/other/runs"]}, not_here)


def test_a_cluster_that_is_away_hinders_nobody(cluster: FakeCluster) -> None:
    mine = boards(cluster)
    assert mine.listing().problem is None
    cluster.refuse["list", "jobs"] = Conflict("the cluster is away", remedy="Wait.")
    assert mine.listing().problem == "the cluster is away. Wait."


def planted(cluster: FakeCluster, **annotations: Any) -> dict[str, Any]:
    """A Job that somebody has made to look like a TensorBoard's, with a pod that runs."""
    boards(cluster).open({"name": "team", "folders": ["/mnt/nas/a"]}, not_here)
    job = only_job(cluster)
    for name, value in annotations.items():
        job["metadata"]["annotations"][f"trainhub.jupyter.org/{name}"] = json.dumps(value)
    cluster.put(JOBS, job)
    pod = copy.deepcopy(SAMPLE_PODS["running-ready"])
    pod["metadata"]["labels"] = {
        "trainhub.jupyter.org/kind": "tensorboard",
        CONTROLLER_UID: job["metadata"]["uid"],
    }
    cluster.put(PODS, pod)
    return job


ADMISSION: dict[str, Any] = {
    "folders": [], "image": "x", "memory": None, "idle_seconds": 1, "reload_interval": 1,
    "pull_secrets": [], "group": None,
}  # fmt: skip


@pytest.mark.parametrize("annotations", [
    {"spec": {"folders": 5, "job": ["a"]}},
    {"spec": {"folders": [{}]}, "admission": {**ADMISSION, "cpus": 1, "mounts": [{}]}},
    {"admission": {**ADMISSION, "cpus": 10**400, "mounts": []}},
])  # fmt: skip
def test_what_somebody_planted_is_in_nobodys_way(
    cluster: FakeCluster, annotations: dict[str, Any]
) -> None:
    job = planted(cluster, **annotations)
    job["spec"]["template"]["spec"]["containers"][0]["env"] = []
    cluster.put(JOBS, job)
    mine = boards(cluster)
    mine.open({"folders": ["/mnt/nas/b"]}, not_here)
    views = [view for view in mine.list() if view["where"] == "cluster"]
    assert len(views) == 2
    assert {type(view["job"]) for view in views} <= {str, type(None)}


@pytest.mark.parametrize("prefix", ["/../../../secrets/x", "", "/" + "0" * 32 + "/../x", None])
def test_a_planted_prefix_leads_nowhere_else_in_the_api_server(
    cluster: FakeCluster, prefix: str | None
) -> None:
    """It follows the path of the API server's proxy, where our credential opens everything."""
    job = planted(cluster)
    encoded = base64.b64encode((prefix or "").encode()).decode()
    data = {} if prefix is None else {"prefix": encoded}
    cluster.put(SECRETS, {"metadata": {"name": secret_of(job)}, "data": data})
    with pytest.raises(Conflict, match="none of TrainHub's"):
        boards(cluster).endpoint("cluster-tb-team")
