"""What examples/rbac.yaml grants is enough, and a user without the optional part is not stuck."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Forbidden
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube import exec as kube_exec
from jupyter_trainhub.kube.resources import NODES
from jupyter_trainhub.specs.instance import InstanceSpec
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

ROLES = Path(__file__).resolve().parents[2] / "examples" / "rbac.yaml"


@pytest.fixture
def user(kubectl: Kubectl, image: str, tmp_path: Path) -> Hub:
    """A hub of a user who has the Role, and not the ClusterRole."""
    role: dict[str, Any] = next(iter(yaml.safe_load_all(ROLES.read_text())))
    account = {"kind": "ServiceAccount", "name": "ada", "namespace": kubectl.namespace}
    kubectl.apply(
        role,
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "ada"}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "ada"},
            "subjects": [account],
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": role["metadata"]["name"],
            },
        },
    )
    document = yaml.safe_load(kubectl.kubeconfig.read_text())
    token = kubectl("create", "token", "ada").strip()
    document["users"] = [{"name": "ada", "user": {"token": token}}]
    document["contexts"][0]["context"]["user"] = "ada"
    document["current-context"] = document["contexts"][0]["name"]
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(document))
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig), namespace=kubectl.namespace, default_image=image, user="ada"
    )
    return Hub.connect(config)


def test_a_user_with_the_role_can_do_everything(user: Hub) -> None:
    with pytest.raises(Forbidden):
        list(user.client.list(NODES))
    spec = {"name": "desk", "cpus": 0.1, "memory": "512Mi"}
    answer = user.instances.check(spec)
    assert answer["verdict"] == "unknown"
    assert answer["message"]
    assert answer["refusal"] is None

    user.instances.create(InstanceSpec.parse(spec))
    user.instances.wait_ready("desk", 120)
    pod = user.instances.pod("desk")
    done = asyncio.run(kube_exec.run(user.client, pod, ["/bin/sh", "-c", "echo $((6 * 7))"]))
    assert done.stdout == b"42\n"
    assert [view["name"] for view in user.instances.list()] == ["desk"]
    assert user.instances.events("desk")

    user.instances.update("desk", InstanceSpec.parse(InstanceSpec.parse({**spec, "cpus": 0.2})))
    user.instances.restart("desk")
    eventually(lambda: not user.instances.get("desk")["restart_needed"], 60)
    user.instances.stop("desk")
    eventually(lambda: user.instances.get("desk")["phase"] == "Stopped", 60)
    user.instances.delete("desk")
    eventually(lambda: not user.instances.list())
