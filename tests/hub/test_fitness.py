"""What becomes of the pod that looks into an image, as kubelets tell it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, Forbidden, InvalidField
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images import look
from jupyter_trainhub.kube.client import Object
from jupyter_trainhub.kube.resources import PODS, Resource
from tests.hub.fakes import FakeCluster

RUNC = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc "
    "create failed: unable to start container process: error during container init: exec: "
    '"/bin/sh": stat /bin/sh: no such file or directory'
)
CRUN = "container create failed: executable file `/bin/sh` not found: No such file or directory"


class Kubelet(FakeCluster):
    """Every pod that is made gets one status."""

    status: Object

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        return super().create(resource, {**body, "status": self.status}, dry_run=dry_run)


def ended(reason: str, message: str) -> Object:
    state = {"terminated": {"reason": reason, "message": message, "exitCode": 128,
                            "startedAt": "1970-01-01T00:00:00Z"}}  # fmt: skip
    return {"phase": "Failed", "containerStatuses": [{"name": "main", "state": state}]}


def waiting(reason: str, message: str) -> Object:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [{"name": "main", "state": state}]}


UNSCHEDULABLE: Object = {
    "phase": "Pending",
    "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
         "message": "0/1 nodes are available: 1 Insufficient cpu."}
    ],
}  # fmt: skip


def check(status: Object, **refuse: Any) -> Any:
    """The fitness of an image whose pod comes to ``status``; the pod must be gone after it."""
    cluster = Kubelet()
    cluster.status, cluster.refuse = status, dict(refuse.get("refuse", {}))
    hub = Hub(cluster, TrainHubConfig(), ClusterChoice(embedded=False), "ada")
    try:
        return hub.fitness.check(image="example.com/x:1")
    finally:
        assert cluster.names(PODS) == []


@pytest.mark.parametrize(
    "status",
    [ended("StartError", RUNC), waiting("CreateContainerError", CRUN)],
    ids=["containerd", "CRI-O"],
)
def test_an_image_without_a_shell(status: Object) -> None:
    found = check(status)
    assert found["items"][0]["state"] == "missing"
    assert found["ok"]["instance"] is False


def test_an_image_that_cannot_be_pulled() -> None:
    message = "rpc error: code = NotFound desc = example.com/x:1: not found"
    with pytest.raises(Conflict, match="There is no image") as refused:
        check(waiting("ErrImagePull", message))
    assert refused.value.reason == "ErrImagePull"
    assert refused.value.details["raw"] == message
    assert refused.value.remedy


def test_an_image_for_another_processor() -> None:
    with pytest.raises(Conflict, match="processor"):
        check(ended("StartError", 'exec /bin/sh: exec format error: "x"'))


def test_no_node_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "PATIENCE", 0.0)
    with pytest.raises(Conflict) as refused:
        check(UNSCHEDULABLE)
    assert refused.value.reason == "Unschedulable"


def test_what_the_cluster_refuses_is_passed_on() -> None:
    with pytest.raises(Forbidden, match="quota"):
        check({}, refuse={("create", "pods"): Forbidden("exceeded quota")})


def test_something_has_to_be_named() -> None:
    with pytest.raises(InvalidField):
        Hub(Kubelet(), TrainHubConfig(), ClusterChoice(embedded=False), "ada").fitness.check()
