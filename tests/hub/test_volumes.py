"""Volumes of jobs on a fake cluster: which claims a job gets, and what may be done with them."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, Forbidden, InvalidField, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.volumes.naming import claim_and_path
from jupyter_trainhub.kube.resources import JOBS, PERSISTENT_VOLUME_CLAIMS, PODS
from jupyter_trainhub.manifests.claim_reader import READER, reader_name
from jupyter_trainhub.manifests.labels import KIND
from jupyter_trainhub.specs.job import JobSpec
from tests.hub.fakes import FakeCluster

CLAIM = "job-mnist-1a2b3c4d-model"


def job(nodes: int = 1, **volume: Any) -> JobSpec:
    framework = "single" if nodes == 1 else "pytorch"
    model = {"path": "/model", "size": "1Gi", **volume}
    return JobSpec.parse(
        {"name": "mnist", "command": ["true"], "nodes": nodes, "framework": framework}
        | {"model_volume": model, "checkpoint_volume": {"path": "/ckpt"}}
    )


@pytest.fixture
def made(hub: Hub, cluster: FakeCluster) -> str:
    """The model volume of a job of ada's, there and bound."""
    claim = hub.volumes.ensure(job(), "mnist-1a2b3c4d")["model"]
    found = cluster.objects["persistentvolumeclaims"][claim]
    found["status"] = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
    return claim


def put_pod(cluster: FakeCluster, claim: str, **labels: str) -> None:
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": claim}}
    spec = {"containers": [], "volumes": [volume]}
    cluster.put(PODS, {"metadata": {"name": "p", "labels": labels}, "spec": spec, "status": {}})


def test_a_job_gets_claims_and_may_ask_for_them_twice(hub: Hub, cluster: FakeCluster) -> None:
    claims = hub.volumes.ensure(job(), "mnist-1a2b3c4d")
    assert claims == hub.volumes.ensure(job(), "mnist-1a2b3c4d")
    assert cluster.names(PERSISTENT_VOLUME_CLAIMS) == sorted(claims.values())
    hub.volumes.discard("mnist-1a2b3c4d")
    assert cluster.names(PERSISTENT_VOLUME_CLAIMS) == []


def test_nothing_is_left_of_claims_that_were_refused(hub: Hub, cluster: FakeCluster) -> None:
    create = cluster.create
    made: list[Any] = []

    def second_fails(*arguments: Any, **named: Any) -> Any:
        if made:
            raise Forbidden("exceeded quota: requests.storage")
        made.append(create(*arguments, **named))
        return made[0]

    cluster.create = second_fails  # type: ignore[method-assign]
    with pytest.raises(Forbidden):
        hub.volumes.ensure(job(), "mnist-1a2b3c4d")
    assert cluster.names(PERSISTENT_VOLUME_CLAIMS) == []


def test_a_job_goes_on_with_an_earlier_volume(hub: Hub, made: str) -> None:
    assert hub.volumes.ensure(job(claim=made), "mnist-00000000")["model"] == made


@pytest.mark.parametrize(
    ("changes", "nodes", "told"),
    [
        ({"metadata": {"annotations": {"trainhub.jupyter.org/owner": "bob"}}}, 1, "belongs to bob"),
        ({"metadata": {"deletionTimestamp": "2026-11-22T10:00:00Z"}}, 1, "is being deleted"),
        ({"status": {"phase": "Lost"}}, 1, "has been lost"),
        ({}, 2, "one node at a time"),
        ({"metadata": {"labels": {KIND: "other"}}}, 1, "there is no volume"),
    ],
)
def test_a_job_gets_no_volume_that_it_cannot_use(
    hub: Hub, cluster: FakeCluster, made: str, changes: dict[str, Any], nodes: int, told: str
) -> None:
    hub.config.allowed_mounts = ["nfs"]
    cluster.patch(PERSISTENT_VOLUME_CLAIMS, made, changes)
    with pytest.raises(InvalidField, match=told) as error:
        hub.volumes.ensure(job(nodes=nodes, claim=made), "mnist-00000000")
    assert error.value.field == "model_volume.claim"


def test_where_claims_are_allowed_any_will_do(hub: Hub, cluster: FakeCluster, made: str) -> None:
    hub.config.allowed_mounts = ["claim"]
    other = {"labels": {KIND: None}, "annotations": None}
    cluster.patch(PERSISTENT_VOLUME_CLAIMS, made, {"metadata": other})
    assert hub.volumes.ensure(job(claim=made), "mnist-00000000")["model"] == made
    with pytest.raises(Forbidden, match="not made for a job"):
        hub.volumes.delete(made)


def test_a_volume_grows_only(hub: Hub, made: str) -> None:
    with pytest.raises(InvalidField, match="can grow only") as error:
        hub.volumes.resize(made, 1 << 20)
    assert error.value.field == "size"
    view = hub.volumes.resize(made, 2 << 30)
    assert (view["size"], view["message"]) == (2 << 30, "It grows to 2Gi.")


def test_a_volume_that_is_not_there_does_not_grow(
    hub: Hub, cluster: FakeCluster, made: str
) -> None:
    cluster.patch(PERSISTENT_VOLUME_CLAIMS, made, {"status": {"phase": "Pending"}})
    with pytest.raises(Conflict, match="cannot grow"):
        hub.volumes.resize(made, 2 << 30)


def test_a_storage_that_cannot_grow_says_so(hub: Hub, cluster: FakeCluster, made: str) -> None:
    cluster.refuse["patch", "persistentvolumeclaims"] = Forbidden(
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the "
        "pvc must support resize"
    )
    with pytest.raises(Conflict, match="cannot grow") as error:
        hub.volumes.resize(made, 2 << 30)
    assert error.value.reason == "NotResizable"


def test_a_volume_is_deleted_with_its_reader_but_not_while_it_is_used(
    hub: Hub, cluster: FakeCluster, made: str
) -> None:
    put_pod(cluster, made)
    with pytest.raises(Conflict, match="is used by p") as error:
        hub.volumes.delete(made)
    assert error.value.reason == "VolumeInUse"
    put_pod(cluster, made, **{KIND: READER})
    cluster.put(JOBS, {"metadata": {"name": reader_name(made)}})
    hub.volumes.delete(made)
    assert cluster.names(JOBS) == []
    with pytest.raises(NotFound):
        hub.volumes.get(made)


def test_classes_that_may_not_be_read_leave_the_question_open(
    hub: Hub, cluster: FakeCluster, made: str
) -> None:
    cluster.refuse["list", "storageclasses"] = Forbidden("no")
    assert [view["resizable"] for view in hub.volumes.list() if view["claim"] == made] == [None]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CLAIM, (CLAIM, "")),
        (f"{CLAIM}/a/b", (CLAIM, "a/b")),
        ("job/mnist:model", (CLAIM, "")),
        ("job/mnist:model/a/b", (CLAIM, "a/b")),
    ],
)
def test_a_volume_is_named_by_its_job(
    hub: Hub, made: str, text: str, found: tuple[str, str]
) -> None:
    assert claim_and_path(hub, text) == found


@pytest.mark.parametrize("text", ["job/mnist", "job/mnist:data"])
def test_a_name_that_is_none_says_what_would_be(hub: Hub, text: str) -> None:
    with pytest.raises(InvalidField, match="names no volume"):
        claim_and_path(hub, text)


def test_any_config_of_modes_fits_what_was_made_by_it(
    cluster: FakeCluster, config: TrainHubConfig, hub: Hub, made: str
) -> None:
    config.claim_access_modes = ["ReadWriteOnce"]
    assert hub.volumes.ensure(job(nodes=2, claim=made), "mnist-00000000")["model"] == made
