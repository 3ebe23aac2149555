"""Where the scheduler of this one machine differs from one of many."""

from __future__ import annotations

from tests.conftest import Kubectl


def test_a_request_for_disk_is_not_held_against_the_node(kubectl: Kubectl, image: str) -> None:
    resources = {"requests": {"ephemeral-storage": "1Gi"}}
    container = {"name": "main", "image": image, "command": ["true"], "resources": resources}
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
                   "spec": {"containers": [container], "restartPolicy": "Never"}})  # fmt: skip
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/p", "--timeout=30s")
