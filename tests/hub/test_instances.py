from __future__ import annotations

import base64
from typing import Any

import pytest

from jupyter_trainhub.errors import AlreadyExists, Conflict, Forbidden, InvalidField, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import PODS, SECRETS, SERVICES, STATEFUL_SETS
from jupyter_trainhub.specs.instance import InstanceSpec
from tests.hub.fakes import FakeCluster


def spec(**fields: Any) -> InstanceSpec:
    return InstanceSpec.parse({"name": "lab", **fields})


def give_pod(cluster: FakeCluster, phase: str = "Running") -> None:
    """What the StatefulSet's controller and a node would do."""
    workload = cluster.get(STATEFUL_SETS, "dev-lab")
    metadata = {"name": "dev-lab-0", "labels": workload["spec"]["template"]["metadata"]["labels"]}
    state = {"name": "main", "state": {"running": {}}}
    ready = {"type": "Ready", "status": "True"}
    status = {
        "phase": phase,
        "podIP": "127.1.2.3",
        "conditions": [ready],
        "containerStatuses": [state],
    }
    cluster.put(PODS, {"metadata": metadata, "spec": {"nodeName": "n1"}, "status": status})


def test_an_instance_starts_once_its_token_is_there(hub: Hub, cluster: FakeCluster) -> None:
    view = hub.instances.create(spec())
    assert (view["phase"], view["owner"], view["image"]) == ("Pending", "ada", "host")
    assert list(cluster.writes()) == [
        ("create", "statefulsets"),
        ("create", "secrets"),
        ("create", "services"),
        ("patch", "statefulsets"),
    ]
    assert cluster.get(STATEFUL_SETS, "dev-lab")["spec"]["replicas"] == 1


@pytest.mark.parametrize("act", [("create", "secrets"), ("create", "services")])
def test_nothing_is_left_of_one_that_could_not_be_made(
    act: tuple[str, str], hub: Hub, cluster: FakeCluster
) -> None:
    cluster.refuse[act] = Forbidden("no")
    with pytest.raises(Forbidden):
        hub.instances.create(spec())
    for resource in (STATEFUL_SETS, SECRETS, SERVICES):
        assert cluster.names(resource) == []


def test_bad_input(hub: Hub) -> None:
    hub.instances.create(spec())
    with pytest.raises(AlreadyExists) as taken:
        hub.instances.create(spec())
    assert taken.value.field == "name"
    with pytest.raises(InvalidField) as large:
        hub.instances.create(spec(name="other", memory="1Ti"))
    assert large.value.field == "memory"


def test_stopped_and_started_again(hub: Hub, cluster: FakeCluster) -> None:
    hub.instances.create(spec())
    give_pod(cluster)
    assert hub.instances.get("lab")["phase"] == "Running"
    assert hub.instances.stop("lab")["phase"] == "Stopping"
    del cluster.objects["pods"]["dev-lab-0"]
    assert hub.instances.get("lab")["phase"] == "Stopped"
    assert hub.instances.start("lab")["phase"] == "Pending"
    annotations = cluster.get(STATEFUL_SETS, "dev-lab")["metadata"]["annotations"]
    assert "trainhub.jupyter.org/stopped-by" not in annotations


def test_the_endpoint_is_the_pods_with_the_secrets_token(hub: Hub, cluster: FakeCluster) -> None:
    hub.instances.create(spec())
    with pytest.raises(Conflict):
        hub.instances.endpoint("lab")
    give_pod(cluster)
    # An API server turns stringData into data.
    token = cluster.get(SECRETS, "dev-lab")["stringData"]["token"]
    cluster.objects["secrets"]["dev-lab"]["data"] = {
        "token": base64.b64encode(token.encode()).decode()
    }
    endpoint = hub.instances.endpoint("lab")
    assert (endpoint.host, endpoint.port) == ("127.1.2.3", 8888)
    assert endpoint.prefix == "/trainhub/instances/lab/lab"
    assert endpoint.token == token
    assert token not in repr(endpoint)


def test_deleting(hub: Hub, cluster: FakeCluster) -> None:
    hub.instances.create(spec())
    hub.instances.delete("lab")
    assert cluster.names(SECRETS) == []
    with pytest.raises(NotFound):
        hub.instances.get("lab")


def test_the_list_is_by_name(hub: Hub) -> None:
    for name in ("b", "a"):
        hub.instances.create(spec(name=name))
    assert [view["name"] for view in hub.instances.list()] == ["a", "b"]
