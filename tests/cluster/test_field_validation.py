"""What clients write is read strictly, with warnings or loosely, as on any Kubernetes 1.36."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.api import JSON, MERGE, STRATEGIC, Api
from tests.cluster.lab import Lab, config_map
from tests.conftest import Kubectl

pytestmark = pytest.mark.cluster

UNKNOWN = (
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown '
    'field "metadata.nmae", unknown field "dta"'
)


@pytest.fixture(scope="module")
def kept(lab: Lab) -> Lab:
    """The lab with a ConfigMap to patch."""
    lab.create("configmaps", config_map("kept", data={"k": "v"}))
    return lab


def test_unknown_fields_are_refused_when_asked_for(lab: Lab) -> None:
    body = {**config_map("strict"), "dta": {}, "metadata": {"name": "strict", "nmae": "a"}}
    refused = lab.create("configmaps", body, fieldValidation="Strict")
    assert refused.status == {"code": 400, "kind": "Status", "status": "Failure",
                              "reason": "BadRequest", "message": UNKNOWN}  # fmt: skip
    assert lab.create("configmaps", body, fieldValidation="Ignore").code == 201


def test_fields_that_stand_twice_are_refused_when_asked_for(lab: Lab) -> None:
    body = '{"metadata":{"name":"twice"},"data":{"k":"1","k":"2"},"data":{"k":"3"}}'
    refused = lab.create("configmaps", body, fieldValidation="Strict")
    assert refused.code == 400
    assert 'duplicate field "data"' in refused.body["message"]
    assert lab.create("configmaps", body, fieldValidation="Ignore").body["data"] == {"k": "3"}


def test_kubectl_shows_the_warnings(kubectl: Kubectl) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "warned"}, "dta": {}}
    done = kubectl.run("create", "--validate=warn", "-f", "-", stdin=json.dumps(body))
    assert done.returncode == 0
    assert 'Warning: unknown field "dta"' in done.stderr
    done = kubectl.run("create", "-f", "-", stdin=json.dumps(body))
    assert done.returncode == 1
    assert 'strict decoding error: unknown field "dta"' in done.stderr


def test_there_are_three_ways_to_validate(lab: Lab) -> None:
    refused = lab.create("configmaps", config_map("fourth"), fieldValidation="Loose")
    assert refused.refusal == [422, "Invalid"]
    assert refused.body["message"] == (
        'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Loose": '
        'supported values: "", "Ignore", "Strict", "Warn"'
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "x"}},
         'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to '
         "(core.ConfigMap): unknown conversion"),
        ({"kind": "Nothing", "apiVersion": "v1", "metadata": {"name": "x"}},
         'Nothing in version "v1" cannot be handled as a ConfigMap: no kind "Nothing" is '
         'registered for version "v1" in scheme'),
        ({"metadata": {"name": "x"}, "data": {"k": 5}},
         'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal '
         "number into Go struct field ConfigMap.data of type string"),
        ("[1]", "the object provided is unrecognized (must be of type ConfigMap): couldn't get "
         "version/kind; json parse error: "),
    ],
)  # fmt: skip
def test_what_is_no_such_object_is_refused(lab: Lab, body: Any, message: str) -> None:
    refused = lab.create("configmaps", body)
    assert refused.refusal == [400, "BadRequest"]
    assert refused.body["message"].startswith(message)


@pytest.mark.parametrize(
    ("content_type", "change", "value", "error"),
    [
        (STRATEGIC, {"data": {"b": 1}}, '"map[data:map[b:1]]"', "cannot convert int64 to string"),
        (STRATEGIC, {"data": []}, '"map[data:[]]"', "cannot restore map from slice"),
        (STRATEGIC, {"dta": True}, '"map[dta:true]"',
         'strict decoding error: unknown field "dta"'),
        (MERGE, {"dta": {}}, "", 'strict decoding error: unknown field "dta"'),
        (JSON, [{"op": "add", "path": "/data/b", "value": 1}], "",
         "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"),
    ],
)  # fmt: skip
def test_a_patch_must_leave_such_an_object(
    api: Api, kept: Lab, content_type: str, change: Any, value: str, error: str
) -> None:
    path = kept.path("configmaps", "kept")
    refused = api("PATCH", path, change, content_type=content_type, fieldValidation="Strict")
    assert refused.refusal == [422, "Invalid"]
    assert refused.body["message"].startswith(f' "" is invalid: patch: Invalid value: {value}')
    assert refused.body["message"].endswith(f": {error}")
    assert [c["field"] for c in refused.body["details"]["causes"]] == ["patch"]


@pytest.mark.parametrize(
    ("content_type", "change", "code"),
    [
        (JSON, {"op": "remove"}, 400),
        (JSON, [{"op": "remove", "path": "/data/none"}], 422),
        (JSON, [{"op": "test", "path": "/data/k", "value": "w"}], 422),
        (JSON, [{"op": "turn", "path": "/data/k"}], 422),
        (MERGE, "{", 400),
        (MERGE, [], 400),
        (STRATEGIC, {"metadata": {"$retainKeys": ["name"], "labels": {}}}, 400),
        (STRATEGIC, {"metadata": {"ownerReferences": [{"name": "a"}]}}, 500),
        ("application/json", {}, 415),
    ],
)  # fmt: skip
def test_a_patch_that_is_none_is_refused(
    kept: Lab, content_type: str, change: Any, code: int
) -> None:
    # The first reference makes a list for the patch to merge with.
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "none", "uid": "0-0"}
    kept.patch(
        "configmaps", "kept", {"metadata": {"ownerReferences": [owner], "finalizers": ["a/a"]}}
    )
    assert kept.patch("configmaps", "kept", change, content_type).code == code
    kept.patch("configmaps", "kept", {"metadata": {"ownerReferences": None, "finalizers": None}})


def test_any_group_versions_options_delete(lab: Lab) -> None:
    lab.create("configmaps", config_map("gone"))
    options = {"kind": "DeleteOptions", "apiVersion": "batch/v1", "propagationPolicy": "Background"}
    assert lab.api("DELETE", lab.path("configmaps", "gone"), options).code == 200


def test_quantities_are_kept_in_their_canonical_form(lab: Lab) -> None:
    hard = {"cpu": "1000m", "memory": "1024Mi", "pods": 10, "requests.cpu": "0.5"}
    made = lab.create("resourcequotas", {"metadata": {"name": "q"}, "spec": {"hard": hard}})
    canonical = {"cpu": "1", "memory": "1Gi", "pods": "10", "requests.cpu": "500m"}
    assert made.body["spec"]["hard"] == canonical
    lab.delete("resourcequotas", "q")
