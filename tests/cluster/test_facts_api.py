"""Discovery, authentication, nodes and namespaces, as Kubernetes 1.36.2 was seen to answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.api import Api
from tests.cluster.conftest import MakeLab
from tests.cluster.lab import Lab
from tests.conftest import eventually

pytestmark = pytest.mark.cluster

Real = dict[str, Any]


def resources(api: Api, path: str) -> dict[str, Any]:
    return {resource["name"]: resource for resource in api("GET", path).body["resources"]}


def test_the_version_is_told(api: Api, real: Real) -> None:
    answer = api("GET", "/version")
    found = sorted({"major", "minor", "gitVersion"} & answer.body.keys())
    assert [answer.code, found] == real["discovery: /version has"]


def test_the_core_group_has_one_version(api: Api, real: Real) -> None:
    answer = api("GET", "/api")
    found = [answer.code, answer.body["kind"], answer.body["versions"]]
    assert found == real["discovery: /api"]


def test_the_groups_are_listed(api: Api, real: Real) -> None:
    answer = api("GET", "/apis")
    groups = {group["name"] for group in answer.body["groups"]}
    found = [answer.code, answer.body["kind"], sorted(groups & {"apps", "batch", "events.k8s.io"})]
    assert found == real["discovery: /apis has"]


def test_pods_have_all_verbs(api: Api, real: Real) -> None:
    pods = resources(api, "/api/v1")["pods"]
    found = [pods["kind"], pods["namespaced"], pods["shortNames"], sorted(pods["verbs"])]
    assert found == real["discovery: /api/v1 pods"]


def test_pods_have_subresources(api: Api, real: Real) -> None:
    expected = real["discovery: /api/v1 subresources"]
    assert set(expected) <= resources(api, "/api/v1").keys()


def test_jobs_are_namespaced(api: Api, real: Real) -> None:
    jobs = resources(api, "/apis/batch/v1")["jobs"]
    found = [200, [[jobs["kind"], jobs["namespaced"]]]]
    assert found == real["discovery: /apis/batch/v1 jobs"]


def test_an_unknown_group_is_not_found(api: Api, real: Real) -> None:
    code = api("GET", "/apis/nope.example.org/v1").code
    assert code == real["discovery: unknown group"]


def test_it_is_healthy(api: Api, real: Real) -> None:
    answer = api("GET", "/healthz")
    assert [answer.code, answer.body] == real["discovery: /healthz"]


def test_it_is_ready(api: Api, real: Real) -> None:
    answer = api("GET", "/readyz")
    assert [answer.code, answer.body] == real["discovery: /readyz"]


def test_a_wrong_token_is_unauthorized(kubeconfig: Path, real: Real) -> None:
    stranger = Api(kubeconfig, token="wrong")
    answer = stranger("GET", "/api/v1/namespaces/default/pods")
    assert answer.status == real["auth: wrong token"]


def test_a_node_tells_what_it_has_and_is(api: Api, real: Real) -> None:
    node = api("GET", "/api/v1/nodes").body["items"][0]
    resources, conditions, labels = real["cluster: a node"]
    assert set(resources) <= node["status"]["allocatable"].keys()
    ready = [c["status"] for c in node["status"]["conditions"] if c["type"] == "Ready"]
    assert ready == conditions
    assert set(labels) <= node["metadata"]["labels"].keys()


def test_the_pods_of_a_node_can_be_listed(situations: Lab, real: Real) -> None:
    pod = situations.until("pods", "ok", lambda pod: pod["spec"]["nodeName"])
    selector = f"spec.nodeName={pod['spec']['nodeName']}"
    answer = situations.api("GET", "/api/v1/pods", fieldSelector=selector, limit=1)
    assert [answer.code, len(answer.body["items"])] == real["cluster: pods of a node"]


def test_the_administrator_may_create_pods(api: Api, real: Real) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    asked = {"namespace": "default", "verb": "create", "resource": "pods"}
    answer = api("POST", path, {"apiVersion": "authorization.k8s.io/v1",
                                "kind": "SelfSubjectAccessReview",
                                "spec": {"resourceAttributes": asked}})  # fmt: skip
    assert [answer.code, answer.body["status"]["allowed"]] == real["cluster: may I create pods"]


def test_a_namespace_is_made_and_goes(api: Api, make_lab: MakeLab, real: Real) -> None:
    lab = make_lab()
    made, path = lab.made, f"/api/v1/namespaces/{lab.namespace}"
    labels = {k: v.replace(lab.namespace, "NS") for k, v in made.body["metadata"]["labels"].items()}
    found = [made.code, made.body["kind"], made.body["status"]["phase"], labels]
    assert found == real["objects: create namespace"]
    deleted = api("DELETE", path)
    assert [deleted.code, deleted.body["kind"]] == real["cluster: delete namespace"]
    code = eventually(lambda: api("GET", path).code == 404 and 404, 60)
    assert code == real["cluster: namespace gone"]
