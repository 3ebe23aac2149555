"""What an API server says to requests that are not quite as they should be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.api import APPLY, MERGE, Answer, Object
from tests.cluster.lab import Lab
from tests.conftest import eventually

_UNRECOGNIZED = "the object provided is unrecognized (must be of type ConfigMap): "
_JSON = f"{_UNRECOGNIZED}couldn't get version/kind; json parse error: "
_STRUCT = (
    r'struct { APIVersion string "json:\"apiVersion,omitempty\""; '
    r'Kind string "json:\"kind,omitempty\"" }'
)


def config_map(name: str = "a", **fields: Any) -> Object:
    """A ConfigMap with more fields than a name."""
    metadata = {"name": name, **fields.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **fields}


def told(answer: Answer) -> list[Any]:
    """The code, and what is said."""
    return [answer.code, answer.body["message"]]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/api/v1/namespaces/{}/configmaps/a", [405, "MethodNotAllowed"]),
        ("PUT", "/api/v1/namespaces/{}/configmaps", [405, "MethodNotAllowed"]),
        ("PATCH", "/api/v1/namespaces/{}/configmaps", [405, "MethodNotAllowed"]),
        ("POST", "/api/v1/configmaps", [405, "MethodNotAllowed"]),
        ("DELETE", "/api/v1/configmaps", [405, "MethodNotAllowed"]),
        ("DELETE", "/api/v1/namespaces/{}/pods/a/status", [405, "MethodNotAllowed"]),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
         [405, "MethodNotAllowed"]),
        ("GET", "/api/v1/configmaps/a", [404, "NotFound"]),
        ("GET", "/api/v1/namespaces/{}/nodes", [404, "NotFound"]),
        ("GET", "/api/v1/namespaces/{}/nonsense", [404, "NotFound"]),
        ("GET", "/api/v1/namespaces/{}/configmaps/a/status", [404, "NotFound"]),
        ("GET", "/api/v1/namespaces/{}/configmaps/", [200, None]),
        ("GET", "/api/v1/namespaces/{}/%63onfigmaps/kube-root-ca%2Ecrt", [200, None]),
    ],
)  # fmt: skip
def test_verbs_and_paths(lab: Lab, method: str, path: str, expected: list[Any]) -> None:
    lab.until("configmaps", "kube-root-ca.crt", lambda found: found["data"])
    answer = lab.api(method, path.format(lab.namespace), {} if method != "GET" else None)
    assert answer.refusal == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", f"{_JSON}unexpected end of JSON input (<empty>)"),
        ("hello", f"{_JSON}invalid character 'h' looking for beginning of value (68656c6c6f)"),
        ("{a", f"{_JSON}invalid character 'a' looking for beginning of object key string ({{a)"),
        ("[]", f"{_JSON}json: cannot unmarshal array into Go value of type {_STRUCT} (5b5d)"),
    ],
)
def test_a_body_that_is_no_object(lab: Lab, body: str, expected: str) -> None:
    assert told(lab.api("POST", lab.path("configmaps"), body)) == [400, expected]


def test_a_body_of_yaml(lab: Lab) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: '1'}\n"
    made = lab.api("POST", lab.path("configmaps"), text, content_type="application/yaml")
    assert (made.code, made.body["data"]) == (201, {"a": "1"})


def test_a_body_that_is_too_large(lab: Lab) -> None:
    body = config_map(data={"a": "x" * (3 << 20)})
    assert told(lab.api("POST", lab.path("configmaps"), body)) == [
        413, "Request entity too large: limit is 3145728",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"dryRun": "x"}, 'dryRun: Unsupported value: ["x"]: supported values: "All"'),
        ({"fieldManager": "x" * 129}, "fieldManager: Too long: may not be more than 128 bytes"),
        ({"fieldValidation": "x"}, 'fieldValidation: Unsupported value: "x": supported values: "", '
                                   '"Ignore", "Strict", "Warn"'),
    ],
)  # fmt: skip
def test_options_that_mean_nothing(lab: Lab, query: dict[str, str], expected: str) -> None:
    refused = told(lab.create("configmaps", config_map(), **query))
    assert refused == [422, f'CreateOptions.meta.k8s.io "" is invalid: {expected}']


def test_a_number_that_is_none(lab: Lab) -> None:
    refused = lab.api("GET", lab.path("configmaps"), watch="1", timeoutSeconds="x")
    assert refused.refusal == [400, "BadRequest"]


def test_a_type_that_nothing_is_answered_in(lab: Lab) -> None:
    refused = lab.api("GET", lab.path("configmaps"), accept="text/html")
    assert refused.refusal == [406, "NotAcceptable"]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"finalizers": ["a b"]}, "metadata.finalizers"),
        ({"labels": {"a b": ""}}, "metadata.labels"),
        ({"labels": {"a": "b c"}}, "metadata.labels"),
        ({"annotations": {"a/b/c": ""}}, "metadata.annotations"),
        ({"annotations": {"a": "x" * (256 << 10)}}, "metadata.annotations"),
        ({"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}]},
         "metadata.ownerReferences.uid"),
        ({"name": "", "generateName": "A"}, "metadata.generateName"),
    ],
)  # fmt: skip
def test_metadata_that_cannot_be(lab: Lab, metadata: Object, expected: str) -> None:
    refused = lab.create("configmaps", config_map(metadata=metadata))
    assert refused.refusal == [422, "Invalid"]
    assert refused.body["details"]["causes"][0]["field"] == expected


def test_a_long_prefix_is_cut_to_make_a_name(lab: Lab) -> None:
    made = lab.create("configmaps", config_map("", metadata={"generateName": "x" * 80}))
    assert len(made.body["metadata"]["name"]) == 63


def test_nothing_is_left_of_a_dry_run(lab: Lab, image: str) -> None:
    spec = {"schedulingGates": [{"name": "a/b"}], "containers": [{"name": "a", "image": image}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "dry"}, "spec": spec}
    lab.create("pods", pod)
    before = lab.get("pods", "dry")
    path, dry = lab.path("pods", "dry"), {"dryRun": "All"}
    target = {"apiVersion": "v1", "kind": "Binding", "target": {"kind": "Node", "name": "n"}}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "dry"}}
    failed = {"status": {"phase": "Failed"}}
    other = {**pod, "metadata": {"name": "other"}}
    answers = [
        lab.api("POST", f"{path}/eviction", eviction, **dry),
        lab.api("POST", f"{path}/eviction", {**eviction, "deleteOptions": {"dryRun": ["All"]}}),
        lab.api("PATCH", f"{path}/status", failed, content_type=MERGE, **dry),
        lab.api("DELETE", path, **dry),
        lab.api("DELETE", path, dry | {"dryRun": ["All"]}),
        lab.api("DELETE", lab.path("pods"), **dry),
        lab.api("PATCH", lab.path("pods", "other"), other, content_type=APPLY, fieldManager="a",
                **dry),
        lab.api("POST", f"{path}/binding", {**target, "metadata": {"name": "dry"}}, **dry),
    ]  # fmt: skip
    assert [a.code for a in answers] == [201, 201, 200, 200, 200, 200, 201, 201]
    assert lab.get("pods", "dry") == before
    assert lab.api("GET", lab.path("pods", "other")).code == 404


def test_a_name_that_is_taken_is_so_in_a_dry_run_too(lab: Lab) -> None:
    lab.create("configmaps", config_map("taken"))
    assert lab.create("configmaps", config_map("taken"), dryRun="All").code == 409


def test_an_object_that_goes_gets_no_new_finalizer(lab: Lab) -> None:
    lab.create("configmaps", config_map("going", metadata={"finalizers": ["a.b/c"]}))
    path = lab.path("configmaps", "going")
    assert lab.api("DELETE", path).body["metadata"]["deletionGracePeriodSeconds"] == 0

    def put(*finalizers: str) -> Answer:
        change = {"metadata": {"finalizers": finalizers}}
        return lab.api("PATCH", path, change, content_type=MERGE)

    assert put("a.b/c", "d.e/f").status["details"]["causes"] == [{
        "reason": "FieldValueForbidden",
        "message": "Forbidden: no new finalizers can be added if the object is being deleted, "
                   'found new finalizers []string{"d.e/f"}',
        "field": "metadata.finalizers",
    }]  # fmt: skip
    assert put().code == 200
    assert lab.api("GET", path).code == 404


def test_a_namespace_stays_until_others_have_done_with_it(lab: Lab) -> None:
    name = f"{lab.namespace}-kept"
    path = f"/api/v1/namespaces/{name}"
    made = lab.api("POST", "/api/v1/namespaces", {"metadata": {"name": name}}).body
    made["spec"]["finalizers"].append("a.b/c")
    assert lab.api("PUT", f"{path}/finalize", made).body["spec"] == made["spec"]
    lab.api("DELETE", path)
    eventually(lambda: lab.api("GET", path).body["spec"]["finalizers"] == ["a.b/c"])
    left = lab.api("GET", path).body
    assert lab.api("PUT", f"{path}/finalize", {**left, "spec": {}}).code == 200
    eventually(lambda: lab.api("GET", path).code == 404)


def test_what_is_immutable(lab: Lab) -> None:
    lab.create("configmaps", config_map("fixed", immutable=True, data={"a": "b"}))
    path, change = lab.path("configmaps", "fixed"), {"data": {"a": "c"}}
    assert lab.api("PATCH", path, change, content_type=MERGE).status["details"]["causes"] == [{
        "reason": "FieldValueForbidden",
        "message": "Forbidden: field is immutable when `immutable` is set",
        "field": "data",
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"requests": {"a.b/gpu": 1}},
         "resources.limits: Required value: Limit must be set for non overcommitable resources"),
        ({"requests": {"a.b/gpu": 1}, "limits": {"a.b/gpu": 2}},
         'resources.requests: Invalid value: "1": must be equal to a.b/gpu limit of 2'),
        ({"requests": {"cpu": 2}, "limits": {"cpu": 1}},
         'resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'),
        ({"requests": {"cpu": "-1"}},
         'resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0'),
    ],
)  # fmt: skip
def test_resources_that_cannot_be(lab: Lab, image: str, resources: Object, expected: str) -> None:
    spec = {"containers": [{"name": "a", "image": image, "resources": resources}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}
    refused = told(lab.create("pods", pod, dryRun="All"))
    assert refused == [422, f'Pod "p" is invalid: spec.containers[0].{expected}']


def test_people_read_lines(lab: Lab) -> None:
    assert lab.api("GET", "/readyz/ping").body == "ok"
    assert lab.api("GET", "/livez", verbose="").body.endswith("livez check passed\n")
    path, seen = lab.path("configmaps", "kube-root-ca.crt"), {}
    for pretty in ("true", "false"):
        response = lab.api._pool.request("GET", f"{lab.api.address}{path}?pretty={pretty}",
                                         headers=lab.api.headers)  # fmt: skip
        seen[pretty] = response.data.decode().count("\n")
    assert seen["true"] > 5 >= seen["false"]
