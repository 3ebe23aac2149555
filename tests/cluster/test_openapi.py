"""kubectl finds out what kinds are made of, and sends objects in protobuf."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.api import Api
from tests.conftest import Kubectl

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("pod.spec.containers", "FIELD: containers <[]Container>"),
        ("pod.spec.containers.image", "FIELD: image <string>"),
        ("pod.spec.restartPolicy", "ENUM:\n    Always\n    Never\n    OnFailure"),
        ("pod.spec.containers.resources.limits", "FIELD: limits <map[string]Quantity>"),
        ("job.spec.podFailurePolicy", "  rules\t<[]PodFailurePolicyRule> -required-"),
        ("configmap.metadata", "  ownerReferences\t<[]OwnerReference>"),
    ],
)
def test_kubectl_explains(kubectl: Kubectl, what: str, told: str) -> None:
    assert told in kubectl("explain", what)


def test_an_unknown_field_has_no_explanation(kubectl: Kubectl) -> None:
    done = kubectl.run("explain", "pod.spec.nothing")
    assert 'error: field "nothing" does not exist' in done.stderr


def document(api: Api, root: str) -> dict[str, Any]:
    index = api("GET", "/openapi/v3").body["paths"]
    path, _, tag = index[root]["serverRelativeURL"].partition("?hash=")
    found: dict[str, Any] = api("GET", path, hash=tag).body
    return found


def test_documents_say_how_lists_merge(api: Api) -> None:
    schemas = document(api, "api/v1")["components"]["schemas"]
    containers = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert {key: value for key, value in containers.items() if key.startswith("x-")} == {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "x-kubernetes-patch-merge-key": "name",
        "x-kubernetes-patch-strategy": "merge",
    }
    assert schemas["io.k8s.api.core.v1.Pod"]["x-kubernetes-group-version-kind"] == [
        {"group": "", "kind": "Pod", "version": "v1"}
    ]


def test_documents_say_what_writing_takes(api: Api) -> None:
    paths = document(api, "apis/batch/v1")["paths"]
    patch = paths["/apis/batch/v1/namespaces/{namespace}/jobs/{name}"]["patch"]
    options = {parameter["name"] for parameter in patch["parameters"]}
    assert {"dryRun", "fieldManager", "fieldValidation"} <= options
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        ("configmap c --from-literal=a=b", {"data": {"a": "b"}}),
        ("secret generic s --from-literal=a=b", {"data": {"a": "Yg=="}, "type": "Opaque"}),
        ("quota q --hard=cpu=1500m,pods=2", {"spec": {"hard": {"cpu": "1500m", "pods": "2"}}}),
        ("serviceaccount a", {}),
        ("role r --verb=get --resource=pods",
         {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}),
        ("priorityclass p --value=-5 --preemption-policy=Never --dry-run=server",
         {"value": -5, "preemptionPolicy": "Never"}),
    ],
)  # fmt: skip
def test_kubectl_creates(kubectl: Kubectl, arguments: str, made: dict[str, Any]) -> None:
    kind, *more = arguments.split()
    name = more[1] if more[0] == "generic" else more[0]
    created = kubectl("create", kind, *more)
    assert f"/{name} created" in created
    if "--dry-run=server" not in more:
        found = kubectl.get(kind, name)
        assert {key: found[key] for key in made} == made


def test_kubectl_creates_a_job_and_a_service(kubectl: Kubectl, image: str) -> None:
    kubectl("create", "job", "j", f"--image={image}", "--", "sh", "-c", "echo ran")
    kubectl("wait", "--for=condition=complete", "job/j", "--timeout=60s")
    assert kubectl("logs", "job/j") == "ran\n"
    kubectl("create", "service", "clusterip", "s", "--tcp=80:8080")
    (port,) = kubectl.get("service", "s")["spec"]["ports"]
    assert port == {"name": "80-8080", "port": 80, "protocol": "TCP", "targetPort": 8080}


def test_kubectl_asks_what_its_user_may(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"
    assert "Username" in kubectl("auth", "whoami")
