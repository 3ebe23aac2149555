"""Service accounts: their tokens, and what pods get of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.access import AUTHENTICATION, account, ask, binding, by_token, role, token
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"

# What kubernetes.config.load_incluster_config does, with the standard library alone.
LIST_PODS = f"""
import json, os, ssl, urllib.request
token = open("{MOUNT}/token").read()
namespace = open("{MOUNT}/namespace").read()
host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
url = f"https://{{host}}:{{port}}/api/v1/namespaces/{{namespace}}/pods"
request = urllib.request.Request(url, headers={{"Authorization": "Bearer " + token}})
context = ssl.create_default_context(cafile="{MOUNT}/ca.crt")
with urllib.request.urlopen(request, context=context) as answer:
    print([pod["metadata"]["name"] for pod in json.load(answer)["items"]])
"""


def pod(name: str, image: str, *command: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                 "containers": [{"name": "main", "image": image, "command": list(command)}],
                 **spec},
    }  # fmt: skip


def mounts(made: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = made["spec"]["containers"][0].get("volumeMounts", [])
    return found


def test_a_program_in_a_pod_talks_to_its_cluster(kubectl: Kubectl, image: str) -> None:
    kubectl.apply(
        account("robot"),
        role("reader", ("list", "pods")),
        binding("reader", "reader", "ServiceAccount robot"),
        pod("inside", image, "python3", "-c", LIST_PODS, serviceAccountName="robot"),
    )
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/inside", "--timeout=60s")
    assert kubectl("logs", "inside") == "['inside']\n"


def test_a_pod_gets_a_token_unless_it_or_its_account_declines(kubectl: Kubectl, image: str) -> None:
    kubectl.apply(account("silent", automountServiceAccountToken=False))
    unscheduled = {"schedulingGates": [{"name": "example.com/stay"}]}
    kubectl.apply(
        pod("default", image, "true", **unscheduled),
        pod("declines", image, "true", automountServiceAccountToken=False, **unscheduled),
        pod("silent", image, "true", serviceAccountName="silent", **unscheduled),
    )
    assert mounts(kubectl.get("pod", "declines")) == mounts(kubectl.get("pod", "silent")) == []
    made = kubectl.get("pod", "default")
    (mount,), (volume,) = mounts(made), made["spec"]["volumes"]
    assert mount == {"name": volume["name"], "mountPath": MOUNT, "readOnly": True}
    assert volume["name"].startswith("kube-api-access-")
    assert volume["projected"] == {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt",
                           "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [
                {"path": "namespace",
                 "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ],
    }  # fmt: skip


def test_a_pod_of_an_account_that_is_missing_is_refused(kubectl: Kubectl, image: str) -> None:
    body = pod("lost", image, "true", serviceAccountName="nobody")
    done = kubectl.run("create", "-f", "-", stdin=json.dumps(body))
    assert (
        f'pods "lost" is forbidden: error looking up service account {kubectl.namespace}/nobody: '
        'serviceaccount "nobody" not found'
    ) in done.stderr


def test_a_token_is_worth_nothing_without_its_account(kubectl: Kubectl, tmp_path: Path) -> None:
    kubectl.apply(account("robot"))
    robot = by_token(kubectl, token(kubectl, "robot"), tmp_path)
    assert robot.run("get", "--raw", "/version").returncode == 0
    kubectl("delete", "serviceaccount", "robot")
    eventually(lambda: "Unauthorized" in robot.run("get", "--raw", "/api").stderr)


def test_a_token_is_reviewed(kubectl: Kubectl, image: str) -> None:
    stay = {"schedulingGates": [{"name": "example.com/stay"}]}
    kubectl.apply(account("robot"), pod("held", image, "true", serviceAccountName="robot", **stay))
    path = f"{AUTHENTICATION}/tokenreviews"
    bound = token(kubectl, "robot",
                  boundObjectRef={"apiVersion": "v1", "kind": "Pod", "name": "held"})  # fmt: skip
    status = ask(kubectl, path, "TokenReview", token=bound)
    assert status["authenticated"] is True
    assert status["user"]["username"] == f"system:serviceaccount:{kubectl.namespace}:robot"
    assert status["user"]["extra"]["authentication.kubernetes.io/pod-name"] == ["held"]
    assert not ask(kubectl, path, "TokenReview", token=bound, audiences=["other"]).get(
        "authenticated"
    )
    kubectl("delete", "pod", "held")
    eventually(lambda: not ask(kubectl, path, "TokenReview", token=bound).get("authenticated"))


def test_every_namespace_has_the_servers_certificate(kubectl: Kubectl) -> None:
    def certificate() -> str:
        done = kubectl.run("get", "configmap", "kube-root-ca.crt", "-o", "jsonpath={.data}")
        return done.stdout

    eventually(lambda: "BEGIN CERTIFICATE" in certificate())
    kubectl("delete", "configmap", "kube-root-ca.crt")
    eventually(lambda: "BEGIN CERTIFICATE" in certificate())
