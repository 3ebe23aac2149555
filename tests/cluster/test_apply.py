"""Server-side apply and managedFields, as any Kubernetes 1.36 does them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.api import APPLY, JSON, MERGE, Answer, Api
from tests.cluster.lab import Lab
from tests.conftest import Kubectl

pytestmark = pytest.mark.cluster

Object = dict[str, Any]
Apply = Callable[..., Answer]


@pytest.fixture
def path(lab: Lab) -> str:
    """Where the test's own ConfigMap is."""
    return lab.path("configmaps", f"c-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def apply(api: Api, path: str) -> Apply:
    """Applies data to the test's ConfigMap."""

    def apply(manager: str, data: Object | None, **query: Any) -> Answer:
        name = path.rpartition("/")[2]
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
        if data is not None:
            config["data"] = data
        return api("PATCH", path, config, content_type=APPLY, fieldManager=manager, **query)

    return apply


def owners(obj: Object) -> dict[str, Object]:
    """Fields by manager."""
    return {entry["manager"]: entry["fieldsV1"] for entry in obj["metadata"]["managedFields"]}


def test_what_is_absent_is_created_and_what_changes_nothing_is_not_written(apply: Apply) -> None:
    created = apply("one", {"a": "1"})
    again = apply("one", {"a": "1"})
    assert (created.code, again.code) == (201, 200)
    assert again.body == created.body
    (entry,) = created.body["metadata"]["managedFields"]
    time = entry.pop("time")
    assert time == created.body["metadata"]["creationTimestamp"]
    assert entry == {"manager": "one", "operation": "Apply", "apiVersion": "v1",
                     "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:a": {}}}}  # fmt: skip


def test_what_its_manager_no_longer_names_goes_unless_another_owns_it(apply: Apply) -> None:
    apply("one", {"a": "1", "b": "2", "c": "3"})
    apply("two", {"b": "2", "d": "4"})
    left = apply("one", {"a": "1"}).body
    assert left["data"] == {"a": "1", "b": "2", "d": "4"}
    assert owners(left) == {"one": {"f:data": {"f:a": {}}},
                            "two": {"f:data": {"f:b": {}, "f:d": {}}}}  # fmt: skip
    assert apply("two", None).body["data"] == {"a": "1"}


def test_a_field_of_another_manager_conflicts_until_it_is_taken_by_force(apply: Apply) -> None:
    apply("one", {"k": "1", "l": "1", "m": "1"})
    refused = apply("two", {"k": "2"})
    assert refused.code == 409
    assert refused.body["reason"] == "Conflict"
    assert refused.body["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.k'
    assert refused.body["details"] == {
        "causes": [
            {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.k"}
        ]
    }
    two = apply("two", {"k": "2", "l": "2"}).body
    assert two["message"] == (
        'Apply failed with 2 conflicts: conflicts with "one":\n- .data.k\n- .data.l'
    )
    taken = apply("two", {"k": "2"}, force="true").body
    assert taken["data"] == {"k": "2", "l": "1", "m": "1"}
    assert owners(taken) == {"one": {"f:data": {"f:l": {}, "f:m": {}}},
                             "two": {"f:data": {"f:k": {}}}}  # fmt: skip


def test_who_patches_owns_what_it_changes(api: Api, path: str, apply: Apply) -> None:
    apply("one", {"a": "1", "b": "2"})
    patched = api("PATCH", path, {"data": {"a": "9", "b": None}}, content_type=MERGE).body
    assert owners(patched) == {"tests": {"f:data": {"f:a": {}}}}
    refused = apply("one", {"a": "1", "b": "2"}).body
    assert refused["message"] == (
        'Apply failed with 1 conflict: conflict with "tests" using v1: .data.a'
    )


def test_managed_fields_are_reset_by_an_empty_list(api: Api, path: str, apply: Apply) -> None:
    apply("one", {"a": "1"})
    reset = [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]
    assert "managedFields" not in api("PATCH", path, reset, content_type=JSON).body["metadata"]
    after = apply("two", {"b": "2"}).body
    assert owners(after) == {"before-first-apply": {"f:data": {".": {}, "f:a": {}}},
                             "two": {"f:data": {"f:b": {}}}}  # fmt: skip


def test_a_dry_run_changes_nothing(api: Api, path: str, apply: Apply) -> None:
    assert apply("one", {"a": "1"}, dryRun="All").code == 201
    assert api("GET", path).code == 404


@pytest.mark.parametrize(
    ("query", "body", "code", "message"),
    [
        ({}, "{}", 422, 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: '
                        "is required for apply patch"),
        ({"fieldManager": "m"}, "{apiVersion: v1, kind: Secret}", 400,
         "invalid object type: /v1, Kind=Secret"),
        ({"fieldManager": "m"}, "{apiVersion: v1, kind: ConfigMap, metadata: {managedFields: []}}",
         400, "metadata.managedFields must be nil"),
        ({"fieldManager": "m"}, "{apiVersion: v1, kind: ConfigMap}", 400,
         "the name of the object (NAME based on URL) was undeterminable: name must be provided"),
        ({"fieldManager": "m"}, "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}", 400,
         "the name of the object (x) does not match the name on the URL (NAME)"),
        ({"fieldManager": "m"}, "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, dta: {}}",
         500, "failed to create typed patch object (/x; /v1, Kind=ConfigMap): .dta: field not "
              "declared in schema"),
        ({"fieldManager": "m"}, "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, "
                                "data: {a: 1}}",
         500, "failed to create typed patch object (/x; /v1, Kind=ConfigMap): .data.a: expected "
              "string, got &value.valueUnstructured{Value:1}"),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_is_refused(
    api: Api, path: str, query: Object, body: str, code: int, message: str
) -> None:
    refused = api("PATCH", path, body, content_type=APPLY, **query)
    assert refused.code == code
    assert refused.body["message"] == message.replace("NAME", path.rpartition("/")[2])


def test_lists_are_merged_by_their_keys(api: Api, lab: Lab) -> None:
    name, path = "s", lab.path("services", "s")

    def service(manager: str, *ports: Object, **query: str) -> Object:
        config = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                  "spec": {"clusterIP": "None", "ports": [*ports]}}  # fmt: skip
        applied = api("PATCH", path, config, content_type=APPLY, fieldManager=manager, **query)
        body: Object = applied.body
        return body

    service("one", {"name": "a", "port": 80}, {"name": "b", "port": 81})
    merged = service("two", {"name": "c", "port": 82}, {"name": "b", "port": 81})
    assert [port["name"] for port in merged["spec"]["ports"]] == ["a", "c", "b"]
    key = 'k:{"port":82,"protocol":"TCP"}'
    assert owners(merged)["two"]["f:spec"]["f:ports"][key] == {
        ".": {}, "f:name": {}, "f:port": {}
    }  # fmt: skip
    refused = service("one", {"name": "z", "port": 82})
    assert refused["message"] == (
        'Apply failed with 1 conflict: conflict with "two": '
        '.spec.ports[port=82,protocol="TCP"].name'
    )
    left = service("two", {"name": "c", "port": 82})
    assert [port["port"] for port in left["spec"]["ports"]] == [80, 82, 81]
    left = service("one", {"name": "a", "port": 80})
    assert [port["port"] for port in left["spec"]["ports"]] == [80, 82]


def test_status_is_applied_apart_from_the_rest(api: Api, lab: Lab) -> None:
    path = lab.path("resourcequotas", "q")
    config = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
              "spec": {"hard": {"secrets": "100"}}, "status": {"used": {"pods": "7"}}}  # fmt: skip
    made = api("PATCH", path, config, content_type=APPLY, fieldManager="m").body
    assert made["status"].get("used", {}).get("pods") is None
    assert owners(made) == {"m": {"f:spec": {"f:hard": {"f:secrets": {}}}}}
    applied = api("PATCH", f"{path}/status", {**config, "spec": None}, content_type=APPLY,
                  fieldManager="s", force="true").body  # fmt: skip
    own = [e for e in applied["metadata"]["managedFields"] if e["manager"] == "s"]
    assert [(e["subresource"], e["fieldsV1"]) for e in own] == [
        ("status", {"f:status": {"f:used": {"f:pods": {}}}})
    ]


def test_kubectl_goes_over_from_applying_on_its_own_side(kubectl: Kubectl) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"},
              "data": {"a": "1", "b": "2"}}  # fmt: skip
    kubectl.apply(config)
    applied = kubectl.get("configmap", "c", "--show-managed-fields")
    (entry,) = applied["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("kubectl-client-side-apply", "Update")
    assert entry["fieldsV1"]["f:data"] == {".": {}, "f:a": {}, "f:b": {}}

    config["data"] = {"a": "3"}
    arguments = ("apply", "--server-side", "-f", "-")
    diff = kubectl.run("diff", "--server-side", "-f", "-", stdin=json.dumps(config))
    assert diff.returncode == 1
    assert '-  a: "1"' in diff.stdout
    kubectl(*arguments, "--dry-run=server", stdin=json.dumps(config))
    assert kubectl.get("configmap", "c")["data"] == {"a": "1", "b": "2"}
    kubectl(*arguments, stdin=json.dumps(config))
    after = kubectl.get("configmap", "c", "--show-managed-fields")
    assert after["data"] == {"a": "3"}
    assert owners(after)["kubectl"] == {"f:data": {"f:a": {}}}
    last = "kubectl.kubernetes.io/last-applied-configuration"
    assert json.loads(after["metadata"]["annotations"][last])["data"] == {"a": "3"}


def test_scaling_has_an_entry_of_its_own(kubectl: Kubectl) -> None:
    container = {"name": "main", "image": "none.invalid/none"}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}
    kubectl.apply({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s"},
                   "spec": {"serviceName": "s", "replicas": 0, "template": template,
                            "selector": {"matchLabels": {"a": "b"}}}})  # fmt: skip
    kubectl("scale", "statefulset/s", "--replicas=1")
    entries = kubectl.get("statefulset", "s", "--show-managed-fields")["metadata"]["managedFields"]
    (scaled,) = [entry for entry in entries if entry.get("subresource") == "scale"]
    assert (scaled["manager"], scaled["fieldsV1"]) == ("kubectl", {"f:spec": {"f:replicas": {}}})
    applied = next(e for e in entries if e["manager"] == "kubectl-client-side-apply")
    # What Go's types hold by value is there before anyone sets it; what they point to is not.
    assert "." not in applied["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"]
    assert "f:replicas" not in applied["fieldsV1"]["f:spec"]


def test_what_the_cluster_writes_leaves_the_entries(situations: Lab) -> None:
    pod = situations.until("pods", "ok", lambda pod: pod["status"]["phase"] == "Succeeded")
    fields = owners(pod)["tests"]["f:spec"]
    # Defaults are the creator's, what admission and the scheduler set is not.
    assert "f:restartPolicy" in fields
    assert not {"f:nodeName", "f:tolerations", "f:serviceAccountName"} & fields.keys()
