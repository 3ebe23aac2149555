"""An instance's life on a cluster that runs pods, with its quotas, policies and controllers."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, Forbidden, InvalidField
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import PODS, SECRETS, SERVICES, STATEFUL_SETS
from jupyter_trainhub.specs.instance import InstanceSpec
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

# On this path there is no JupyterLab, so that the container waits and ends at once when it is told.
PATH = {"PATH": "/usr/bin:/bin"}
SMALL: dict[str, Any] = {"name": "lab", "cpus": 0.1, "memory": "128Mi", "env": PATH}


def hub_of(user: str, kubectl: Kubectl, kubeconfig: Path, image: str) -> Hub:
    return Hub.connect(
        TrainHubConfig(
            kubeconfig=str(kubeconfig),
            namespace=kubectl.namespace,
            default_image=image,
            user=user,
            allow_host_network=True,
        )
    )


@pytest.fixture
def hub(kubectl: Kubectl, kubeconfig: Path, image: str) -> Hub:
    """A hub in a namespace of the test's own."""
    return hub_of("ada", kubectl, kubeconfig, image)


def small(**fields: Any) -> InstanceSpec:
    return InstanceSpec.parse({**SMALL, **fields})


def running_pod(hub: Hub, after: Any = None) -> Any:
    """The pod, once its container runs; with ``after`` the one that took the place of that."""

    def look() -> Any:
        pods = [
            pod
            for pod in hub.client.list(PODS)
            if pod["status"].get("phase") == "Running"
            and not pod["metadata"].get("deletionTimestamp")
            and (after is None or pod["metadata"]["uid"] != after["metadata"]["uid"])
        ]
        return pods[0] if pods else None

    return eventually(look, 60)


def object_named(kind: str, name: str, **fields: Any) -> Any:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **fields}


@pytest.fixture
def quota(kubectl: Kubectl) -> str:
    """A quota of half a core, which its controller has counted."""
    hard = {"requests.cpu": "500m", "pods": "1"}
    kubectl.apply(object_named("ResourceQuota", "team", spec={"hard": hard}))
    eventually(lambda: kubectl.get("resourcequota", "team").get("status", {}).get("used"))
    return "team"


def test_a_quota_is_told_before_and_counts_without_the_pod_that_is_changed(
    hub: Hub, quota: str
) -> None:
    too_much = hub.instances.check({**SMALL, "cpus": 1})
    assert too_much["verdict"] == "never"
    assert too_much["refusal"]["field"] == "cpus"
    assert "The quota team allows 0.5 CPUs" in too_much["message"]
    with pytest.raises((Forbidden, InvalidField)) as refused:
        hub.instances.create(small(cpus=1))
    assert refused.value.field == "cpus"
    assert not list(hub.client.list(STATEFUL_SETS))

    hub.instances.create(small(cpus=0.3))
    running_pod(hub)
    second = eventually(
        lambda: (
            found
            if (found := hub.instances.check({**SMALL, "name": "two", "cpus": 0.3}))["verdict"]
            == "later"
            else None
        )
    )
    left = {share["resource"]: share["left"] for share in second["quota"]}
    assert left == {"requests.cpu": 0.2, "pods": 0}
    change = hub.instances.check({**SMALL, "cpus": 0.4}, edit=True)
    assert (change["verdict"], change["refusal"]) == ("now", None)


def test_a_limit_of_the_namespace_is_told(hub: Hub, kubectl: Kubectl) -> None:
    limits = [{"type": "Container", "max": {"memory": "64Mi"}}]
    kubectl.apply(object_named("LimitRange", "small", spec={"limits": limits}))
    found = eventually(lambda: hub.instances.check(SMALL)["refusal"])
    assert found["field"] == "memory"
    assert "64Mi" in found["message"]
    with pytest.raises(Forbidden):
        hub.instances.create(small())
    assert not list(hub.client.list(STATEFUL_SETS))


def test_pod_security_is_told(hub: Hub, kubectl: Kubectl) -> None:
    kubectl("label", "ns", kubectl.namespace, "pod-security.kubernetes.io/enforce=baseline")
    container = {"name": "c", "image": "i"}
    probe = object_named("Pod", "p", spec={"hostPID": True, "containers": [container]})
    if (
        kubectl.run("create", "--dry-run=server", "-f", "-", stdin=json.dumps(probe)).returncode
        == 0
    ):
        pytest.skip("this cluster does not enforce Pod Security")
    found = hub.instances.check({**SMALL, "host_network": True})
    assert (found["verdict"], found["refusal"]["field"]) == ("never", "host_network")
    assert "baseline" in found["message"]


def test_a_change_counts_after_the_restart(hub: Hub) -> None:
    hub.instances.create(small())
    first = running_pod(hub)
    assert hub.instances.pod("lab") == first["metadata"]["name"]
    view = hub.instances.update("lab", small(cpus=0.2, env={**PATH, "A": "b"}))
    assert (view["restart_needed"], view["cpus"]) == (True, 0.2)
    assert running_pod(hub)["metadata"]["uid"] == first["metadata"]["uid"]
    hub.instances.restart("lab")
    second = running_pod(hub, after=first)
    (container,) = second["spec"]["containers"]
    assert container["resources"]["requests"]["cpu"] == "200m"
    assert {"name": "A", "value": "b"} in container["env"]
    assert hub.instances.get("lab")["restart_needed"] is False


def test_a_change_that_restarts_is_in_the_new_pod(hub: Hub) -> None:
    hub.instances.create(small())
    first = running_pod(hub)
    hub.instances.update("lab", small(cpus=0.2), restart=True)
    second = running_pod(hub, after=first)
    assert second["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "200m"


def test_of_two_editors_the_second_is_told(
    hub: Hub, kubectl: Kubectl, kubeconfig: Path, image: str
) -> None:
    hub.instances.create(small())
    version = hub.instances.get("lab")["version"]
    bob = hub_of("bob", kubectl, kubeconfig, image)
    errors: list[Conflict] = []

    def edit(editor: Hub, cpus: float) -> None:
        try:
            editor.instances.update("lab", small(cpus=cpus), version=version)
        except Conflict as error:
            errors.append(error)

    threads = [threading.Thread(target=edit, args=(hub, 0.2)),
               threading.Thread(target=edit, args=(bob, 0.3))]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (late,) = errors
    assert late.details["by"] in ("ada", "bob")
    view = hub.instances.get("lab")
    assert view["cpus"] == view["spec"]["cpus"] == (0.2 if late.details["by"] == "ada" else 0.3)
    assert view["owner"] == "ada"


def test_it_starts_again_while_its_old_pod_still_ends(hub: Hub) -> None:
    hub.instances.create(small())
    first = running_pod(hub)
    hub.instances.stop("lab")
    hub.instances.start("lab")
    second = running_pod(hub, after=first)
    assert second["metadata"]["name"] == first["metadata"]["name"]


def test_deleted_while_it_starts_and_made_again_at_once(hub: Hub) -> None:
    first = hub.instances.create(small())
    hub.instances.delete("lab")
    second = hub.instances.create(small())
    assert first["uid"] != second["uid"]
    running_pod(hub)
    owners = eventually(lambda: _owners(hub) == {second["uid"]} and _owners(hub))
    assert owners == {second["uid"]}
    hub.instances.delete("lab")
    kinds = (STATEFUL_SETS, SECRETS, SERVICES, PODS)
    eventually(lambda: not any(list(hub.client.list(kind)) for kind in kinds), 60)


def _owners(hub: Hub) -> set[str]:
    return {
        owner["uid"]
        for kind in (SECRETS, SERVICES)
        for found in hub.client.list(kind)
        for owner in found["metadata"].get("ownerReferences", [])
    }
