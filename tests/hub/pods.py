"""An instance of the tests' own, which runs any program."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_trainhub.manifests.labels import labels
from tests.conftest import Kubectl, eventually

Run = Callable[..., None]


def runner(kubectl: Kubectl, image: str) -> Run:
    """Runs a program as the instance ``x``, and returns once it runs."""

    def start(*command: str, **env: str) -> None:
        its_labels = labels("instance", "x", "ada")
        address = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
        container = {
            "name": "main", "image": image, "command": list(command),
            "env": [address, *({"name": key, "value": text} for key, text in env.items())],
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
            "volumeMounts": [{"name": "trainhub", "mountPath": "/trainhub"}],
        }  # fmt: skip
        kubectl.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "dev-x"},
             "stringData": {"token": "right"}},
            {"apiVersion": "apps/v1", "kind": "StatefulSet",
             "metadata": {"name": "dev-x", "labels": its_labels},
             "spec": {"serviceName": "dev-x", "selector": {"matchLabels": its_labels},
                      "template": {"metadata": {"labels": its_labels}, "spec": {
                          "terminationGracePeriodSeconds": 0, "containers": [container],
                          "volumes": [{"name": "trainhub", "secret": {"secretName": "dev-x"}}],
                      }}}},
        )  # fmt: skip
        eventually(lambda: running(kubectl), 60)

    return start


def running(kubectl: Kubectl) -> bool:
    pods = kubectl.get("pods")["items"]
    return [pod["status"]["phase"] for pod in pods] == ["Running"]


def replicas(kubectl: Kubectl) -> int:
    count: int = kubectl.get("statefulset", "dev-x")["spec"]["replicas"]
    return count
