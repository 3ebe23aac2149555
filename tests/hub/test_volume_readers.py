"""In which pod a volume is read, and how one is made where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.volumes import readers as module
from jupyter_trainhub.hub.volumes.readers import Readers, VolumeRoot
from jupyter_trainhub.kube.resources import EVENTS, JOBS, PODS
from jupyter_trainhub.manifests.claim_reader import reader_name
from jupyter_trainhub.manifests.claims import IMAGE
from jupyter_trainhub.manifests.labels import JOB_NAME
from tests.hub.fakes import FakeCluster

CLAIM: dict[str, Any] = {
    "metadata": {"name": "c", "annotations": {IMAGE: "torch:2"}},
    "spec": {"accessModes": ["ReadWriteOnce"]},
    "status": {"phase": "Bound"},
}
RUNNING = {"phase": "Running", "containerStatuses": [{"name": "main", "state": {"running": {}}}]}
NO_PYTHON = {
    "phase": "Failed",
    "containerStatuses": [
        {
            "name": "main",
            "image": "",
            "state": {
                "terminated": {"reason": "StartError", "exitCode": 128, "message": "python3"}
            },
        }
    ],
}


class Kubelet(FakeCluster):
    """Runs the pod of a Job at once, where its image has Python and its user is allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.without_python: set[str] = set()
        self.restricted = False
        self.images: list[str] = []

    def create(self, resource: Any, body: Any, *, dry_run: bool = False) -> Any:
        made = super().create(resource, body)
        if resource is not JOBS:
            return made
        spec = body["spec"]["template"]["spec"]
        image = spec["containers"][0]["image"]
        self.images.append(image)
        if self.restricted and not spec["securityContext"].get("runAsNonRoot"):
            message = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"'
            self.put(EVENTS, {"metadata": {"name": "e"}, "message": message})
        else:
            status = NO_PYTHON if image in self.without_python else RUNNING
            name = body["metadata"]["name"]
            labels = {**body["metadata"]["labels"], JOB_NAME: name}
            metadata = {"name": f"{name}-x", "labels": labels}
            self.put(PODS, {"metadata": metadata, "spec": spec, "status": status})
        return made

    def delete(self, resource: Any, name: str, *, uid: str | None = None) -> None:
        super().delete(resource, name, uid=uid)
        self.objects["pods"] = {
            key: pod for key, pod in self.objects.get("pods", {}).items() if name not in key
        }
        self.objects["events"] = {}


@pytest.fixture
def cluster() -> Kubelet:
    return Kubelet()


@pytest.fixture
def readers(hub: Hub, cluster: Kubelet, monkeypatch: pytest.MonkeyPatch) -> Readers:
    monkeypatch.setattr(module, "_LOOK_EVERY", 0.0)
    return Readers(cluster, hub.config, hub.nodes, "ada")


def put_pod(cluster: Kubelet, name: str, *, sub_path: str = "", **fields: Any) -> None:
    mount = {"name": "v", "mountPath": "/mnt/model", **({"subPath": sub_path} if sub_path else {})}
    spec = {
        "nodeName": "n1",
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}],
        "containers": [{"name": "main", "volumeMounts": [mount]}],
    }
    cluster.put(PODS, {"metadata": {"name": name}, "spec": spec, "status": RUNNING, **fields})


def test_a_pod_that_mounts_it_is_asked_first(readers: Readers, cluster: Kubelet) -> None:
    put_pod(cluster, "p")
    assert readers.root(CLAIM) == VolumeRoot("p", "main", "/mnt/model")
    assert cluster.names(JOBS) == []


@pytest.mark.parametrize("fields", [{"sub_path": "a"}, {"status": {"phase": "Pending"}}])
def test_a_pod_that_cannot_show_all_of_it_is_not_asked(
    readers: Readers, cluster: Kubelet, fields: dict[str, Any]
) -> None:
    put_pod(cluster, "p", **fields)
    assert readers.root(CLAIM).path == "/volume"
    # Only this node can have the volume now.
    (job,) = cluster.objects["jobs"].values()
    assert "n1" in str(job["spec"]["template"]["spec"]["affinity"])


def test_where_there_is_none_one_is_made_and_found_again(
    readers: Readers, cluster: Kubelet
) -> None:
    first = readers.root(CLAIM)
    assert readers.root(CLAIM) == first
    assert cluster.images == ["torch:2"]
    readers.delete("c")
    assert cluster.names(JOBS) == cluster.names(PODS) == []


def test_another_image_is_tried_where_the_first_has_no_python(
    readers: Readers, hub: Hub, cluster: Kubelet
) -> None:
    hub.config.setup_image = "busybox"
    cluster.without_python = {"busybox"}
    assert readers.root(CLAIM).pod == f"{reader_name('c')}-x"
    assert cluster.images == ["busybox", "torch:2"]
    readers.delete("c")
    cluster.without_python.add("torch:2")
    with pytest.raises(Conflict, match="the pod that reads the volume does not run") as error:
        readers.root(CLAIM)
    assert error.value.reason == "NoReader"
    assert cluster.names(JOBS) == []


def test_root_is_not_insisted_on(readers: Readers, cluster: Kubelet) -> None:
    cluster.restricted = True
    readers.root(CLAIM)
    (job,) = cluster.objects["jobs"].values()
    assert job["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] is True


def test_a_job_that_has_ended_makes_way(readers: Readers, cluster: Kubelet) -> None:
    ended = {"conditions": [{"type": "Failed", "status": "True"}]}
    cluster.put(JOBS, {"metadata": {"name": reader_name("c")}, "status": ended})
    assert readers.root(CLAIM).path == "/volume"


def test_a_volume_that_is_not_there_is_not_made_by_looking(
    readers: Readers, cluster: Kubelet
) -> None:
    with pytest.raises(Conflict, match="holds no files"):
        readers.root({**CLAIM, "status": {"phase": "Pending"}})
    assert cluster.images == []
