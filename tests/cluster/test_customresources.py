"""Custom resources: what a definition brings, and how their objects are judged."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.api import MERGE, STRATEGIC, Answer, Api, Object
from tests.conftest import Kubectl, eventually

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

_SPEC: Object = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "replicas": {"type": "integer", "format": "int32"},
        "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "code": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 4},
        "when": {"type": "string", "format": "date-time"},
        "port": {"x-kubernetes-int-or-string": True},
        "note": {"type": "string", "nullable": True},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "parts": {
            "type": "array",
            "maxItems": 3,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"type": "string", "default": "plain"},
                },
            },
        },
        "choice": {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
        },
    },
    "x-kubernetes-validations": [
        {
            "rule": "!has(self.code) || self.size > 1",
            "message": "a code needs a size above one",
        },
        {
            "rule": "has(oldSelf.code) == has(self.code)",
            "message": "code is there from the start or never",
        },
    ],
}
_SCHEMA: Object = {
    "type": "object",
    "properties": {
        "spec": _SPEC,
        "status": {
            "type": "object",
            "properties": {
                "replicas": {"type": "integer"},
                "conditions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"type": {"type": "string"}, "status": {"type": "string"}},
                    },
                },
            },
        },
    },
}


def definition(group: str, /, **spec: Any) -> Object:
    """A definition of ``widgets`` in two versions."""
    version: Object = {
        "served": True,
        "schema": {"openAPIV3Schema": _SCHEMA},
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
            },
        },
        "selectableFields": [{"jsonPath": ".spec.color"}],
        "additionalPrinterColumns": [
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
            {
                "name": "Ready",
                "type": "string",
                "jsonPath": '.status.conditions[?(@.type=="Ready")].status',
            },
            {"name": "Color", "type": "string", "jsonPath": ".spec.color", "priority": 1},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
    }
    old = {**version, "name": "v1beta1", "storage": False, "deprecated": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {
                "plural": "widgets",
                "kind": "Widget",
                "shortNames": ["wg"],
                "categories": ["gadgets"],
            },
            "versions": [{**version, "name": "v1", "storage": True}, old],
            **spec,
        },
    }


@dataclass
class Widgets:
    """Widgets of one group, in the namespace of one test."""

    api: Api
    group: str
    namespace: str

    def path(self, name: str = "", version: str = "v1") -> str:
        """Where they are, or one of them."""
        root = f"/apis/{self.group}/{version}/namespaces/{self.namespace}/widgets"
        return f"{root}/{name}" if name else root

    def body(self, name: str, **spec: Any) -> Object:
        """A widget."""
        return {"apiVersion": f"{self.group}/v1", "kind": "Widget", "metadata": {"name": name},
                "spec": spec}  # fmt: skip

    def create(self, name: str, **spec: Any) -> Answer:
        """Make one."""
        return self.api("POST", self.path(), self.body(name, **spec))

    def merge(self, name: str, patch: Object) -> Answer:
        """Patch one, or its status (``a/status``)."""
        return self.api("PATCH", self.path(name), patch, content_type=MERGE)

    def get(self, name: str) -> Object:
        """Read one."""
        found: Object = self.api("GET", self.path(name)).body
        return found


def define(api: Api, group: str) -> None:
    """Bring the definition, and wait until its kind is served."""
    made = api("POST", _DEFINITIONS, definition(group))
    assert made.code == 201, made.body
    eventually(lambda: api("GET", f"/apis/{group}/v1/widgets").code == 200)


@pytest.fixture(scope="module")
def group(api: Api) -> Iterator[str]:
    """A group of this run's own, whose widgets are served."""
    name = f"t{uuid.uuid4().hex[:8]}.example.org"
    define(api, name)
    yield name
    api("DELETE", f"{_DEFINITIONS}/widgets.{name}")


@pytest.fixture
def widgets(api: Api, group: str, kubectl: Kubectl) -> Widgets:
    """Widgets can be made."""
    return Widgets(api, group, kubectl.namespace)


def test_a_definition_says_what_it_serves(api: Api, group: str) -> None:
    status = api("GET", f"{_DEFINITIONS}/widgets.{group}").body["status"]
    assert {c["type"]: (c["status"], c["reason"]) for c in status["conditions"]} == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    assert status["acceptedNames"] == {
        "plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList",
        "shortNames": ["wg"], "categories": ["gadgets"],
    }  # fmt: skip
    assert status["storedVersions"] == ["v1"]


def test_discovery_lists_the_kind_with_its_subresources(
    api: Api, group: str, kubectl: Kubectl
) -> None:
    versions = api("GET", f"/apis/{group}").body["versions"]
    assert [v["version"] for v in versions] == ["v1", "v1beta1"]
    found = api("GET", f"/apis/{group}/v1").body["resources"]
    assert {r["name"] for r in found} == {"widgets", "widgets/status", "widgets/scale"}
    table = kubectl("api-resources", f"--api-group={group}", "--no-headers")
    assert table.split() == ["widgets", "wg", f"{group}/v1", "true", "Widget"]


def test_defaults_are_filled_in_and_unknown_fields_dropped(widgets: Widgets) -> None:
    made = widgets.create(
        "a", size=1, nope=1, free={"any": [1]}, note=None, parts=[{"name": "x"}]
    ).body
    assert made["spec"] == {
        "size": 1, "color": "red", "free": {"any": [1]}, "note": None,
        "parts": [{"name": "x", "kind": "plain"}],
    }  # fmt: skip
    assert made["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("spec", "field", "said"),
    [
        ({}, "spec.size", "Required value"),
        ({"size": "1"}, "spec.size",
         'Invalid value: "string": spec.size in body must be of type integer: "string"'),
        ({"size": 0}, "spec.size",
         "Invalid value: 0: spec.size in body should be greater than or equal to 1"),
        ({"size": 10}, "spec.size",
         "Invalid value: 10: spec.size in body should be less than or equal to 9"),
        ({"size": 1, "color": "pink"}, "spec.color",
         'Unsupported value: "pink": supported values: "red", "blue"'),
        ({"size": 2, "code": "A"}, "spec.code",
         "Invalid value: \"A\": spec.code in body should match '^[a-z]+$'"),
        ({"size": 2, "code": "abcde"}, "spec.code", "Too long: may not be more than 4 bytes"),
        ({"size": 1, "when": "soon"}, "spec.when",
         'Invalid value: "soon": spec.when in body must be of type date-time: "soon"'),
        ({"size": 1, "port": True}, "spec.port",
         'Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"'),
        ({"size": 1, "labels": {"a": 1}}, "spec.labels.a",
         'Invalid value: "integer": spec.labels.a in body must be of type string: "integer"'),
        ({"size": 1, "parts": [{"name": "x"}, {"name": "x"}]}, "spec.parts[1]",
         'Duplicate value: {"name":"x"}'),
        ({"size": 1, "parts": [{}]}, "spec.parts[0].name", "Required value"),
        ({"size": 1, "parts": [{"name": n} for n in "abcd"]}, "spec.parts",
         "Too many: 4: must have at most 3 items"),
        ({"size": 1, "choice": {"a": "1", "b": "2"}}, "<nil>",
         'Invalid value: "": "spec.choice" must validate one and only one schema (oneOf). Found 2 '
         "valid alternatives"),
        ({"size": 1, "code": "a"}, "spec", "Invalid value: a code needs a size above one"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_wrong_object_is_refused_in_words(
    widgets: Widgets, spec: Object, field: str, said: str
) -> None:
    refused = widgets.create("bad", **spec)
    assert refused.refusal == [422, "Invalid"]
    kind = f"Widget.{widgets.group}"
    assert refused.body["message"].startswith(f'{kind} "bad" is invalid: ')
    cause = refused.body["details"]["causes"][0]
    assert (cause["field"], cause["message"]) == (field, said)


def test_rules_wait_until_the_object_is_well_formed(widgets: Widgets) -> None:
    causes = widgets.create("bad", code="a").body["details"]["causes"]
    assert [c["field"] for c in causes] == ["spec.size", "<nil>"]
    assert causes[1]["message"] == (
        "Invalid value: null: some validation rules were not checked because the object was "
        "invalid; correct the existing errors to complete validation"
    )


def test_transition_rules_look_at_what_was(widgets: Widgets) -> None:
    widgets.create("a", size=2)
    refused = widgets.merge("a", {"spec": {"code": "x"}})
    assert refused.body["details"]["causes"] == [
        {"reason": "FieldValueInvalid", "field": "spec",
         "message": "Invalid value: code is there from the start or never"}
    ]  # fmt: skip
    assert widgets.merge("a", {"spec": {"size": 3}}).code == 200


def test_a_strict_client_is_told_of_unknown_fields(widgets: Widgets) -> None:
    body = widgets.body("a", size=1, nope=1)
    refused = widgets.api("POST", widgets.path(), body, fieldValidation="Strict")
    assert refused.code == 400
    assert refused.body["message"].endswith('strict decoding error: unknown field "spec.nope"')


def test_a_strategic_merge_patch_is_not_for_custom_resources(widgets: Widgets) -> None:
    widgets.create("a", size=1)
    refused = widgets.api("PATCH", widgets.path("a"), {}, content_type=STRATEGIC)
    assert refused.refusal == [415, "UnsupportedMediaType"]


def test_status_and_spec_are_written_apart(widgets: Widgets) -> None:
    made = widgets.create("a", size=1).body
    assert "status" not in widgets.merge("a", {"status": {"replicas": 3}}).body
    changed = widgets.merge("a/status", {"status": {"replicas": 3}, "spec": {"size": 5}}).body
    assert changed["status"] == {"replicas": 3}
    assert changed["spec"] == made["spec"]
    assert changed["metadata"]["generation"] == 1
    assert widgets.merge("a", {"spec": {"size": 5}}).body["metadata"]["generation"] == 2
    refused = widgets.merge("a/status", {"status": {"replicas": "x"}})
    assert refused.body["details"]["causes"][0]["field"] == "status.replicas"


def test_scale_reads_and_sets_the_replicas_of_its_paths(widgets: Widgets) -> None:
    widgets.create("a", size=1, replicas=2)
    changed = widgets.merge("a/scale", {"spec": {"replicas": 4}}).body
    assert (changed["kind"], changed["spec"], changed["status"]) == (
        "Scale", {"replicas": 4}, {"replicas": 0},
    )  # fmt: skip
    assert widgets.get("a")["spec"]["replicas"] == 4


def test_kubectl_prints_the_columns_of_the_definition(widgets: Widgets, kubectl: Kubectl) -> None:
    widgets.create("a", size=7)
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    widgets.merge("a/status", ready)
    lines = kubectl("get", f"widgets.{widgets.group}", "-o", "wide").splitlines()
    assert lines[0].split() == ["NAME", "SIZE", "READY", "COLOR", "AGE"]
    assert lines[1].split()[:4] == ["a", "7", "True", "red"]


def test_fields_that_are_selectable_select(widgets: Widgets) -> None:
    widgets.create("a", size=1)
    widgets.create("b", size=1, color="blue")
    found = widgets.api("GET", widgets.path(), fieldSelector="spec.color=blue").body["items"]
    assert [o["metadata"]["name"] for o in found] == ["b"]
    refused = widgets.api("GET", widgets.path(), fieldSelector="spec.size=1")
    assert refused.refusal == [400, "BadRequest"]


def test_every_version_shows_the_same_object(widgets: Widgets, kubectl: Kubectl) -> None:
    widgets.create("a", size=1)
    group = widgets.group
    old = widgets.api("GET", widgets.path("a", "v1beta1")).body
    assert old == {**widgets.get("a"), "apiVersion": f"{group}/v1beta1"}
    done = kubectl.run("get", f"widgets.v1beta1.{group}", "a")
    assert f"{group}/v1beta1 Widget is deprecated; use {group}/v1 Widget" in done.stderr


def test_an_update_says_of_which_state(widgets: Widgets) -> None:
    widgets.create("a", size=1)
    refused = widgets.api("PUT", widgets.path("a"), widgets.body("a", size=2))
    assert refused.body["details"]["causes"][0] == {
        "reason": "FieldValueInvalid", "field": "metadata.resourceVersion",
        "message": "Invalid value: 0: must be specified for an update",
    }  # fmt: skip


def test_server_side_apply_merges_lists_by_their_keys(widgets: Widgets, kubectl: Kubectl) -> None:
    for manager, name in (("one", "x"), ("two", "y")):
        body = json.dumps(widgets.body("a", size=1, parts=[{"name": name}]))
        kubectl("apply", "--server-side", f"--field-manager={manager}", "-f", "-", stdin=body)
    assert [p["name"] for p in widgets.get("a")["spec"]["parts"]] == ["x", "y"]


def test_what_a_custom_resource_owns_goes_with_it(widgets: Widgets) -> None:
    owner = widgets.create("a", size=1).body
    reference = {"apiVersion": owner["apiVersion"], "kind": "Widget", "name": "a",
                 "uid": owner["metadata"]["uid"]}  # fmt: skip
    path = f"/api/v1/namespaces/{widgets.namespace}/configmaps"
    widgets.api("POST", path, {"metadata": {"name": "owned", "ownerReferences": [reference]}})
    widgets.api("DELETE", widgets.path("a"))
    eventually(lambda: widgets.api("GET", f"{path}/owned").code == 404)


def test_deleting_a_definition_deletes_its_objects(api: Api, kubectl: Kubectl) -> None:
    group = f"t{uuid.uuid4().hex[:8]}.example.org"
    widgets = Widgets(api, group, kubectl.namespace)
    define(api, group)
    widgets.create("a", size=1)
    widgets.merge("a", {"metadata": {"finalizers": ["example.org/hold"]}})
    api("DELETE", f"{_DEFINITIONS}/widgets.{group}")
    eventually(lambda: "deletionTimestamp" in widgets.get("a")["metadata"])
    assert widgets.create("b", size=1).refusal == [405, "MethodNotAllowed"]
    widgets.merge("a", {"metadata": {"finalizers": None}})
    eventually(lambda: api("GET", f"{_DEFINITIONS}/widgets.{group}").code == 404)
    eventually(lambda: api("GET", widgets.path()).code == 404)
    define(api, group)
    assert api("GET", widgets.path()).body["items"] == []
    api("DELETE", f"{_DEFINITIONS}/widgets.{group}")


def _versions(**changes: Any) -> Object:
    version = {"name": "v1", "served": True, "storage": True,
               "schema": {"openAPIV3Schema": _SCHEMA}}  # fmt: skip
    return {"versions": [{**version, **changes}]}


def _schema(**schema: Any) -> Object:
    return _versions(schema={"openAPIV3Schema": schema})


_FIELD = "spec.validation.openAPIV3Schema"


@pytest.mark.parametrize(
    ("spec", "field", "said"),
    [
        ({"group": "other.example.org"}, "metadata.name",
         'must be spec.names.plural+"."+spec.group'),
        ({"scope": "Galaxy"}, "spec.scope",
         'Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"'),
        (_versions(storage=False), "spec.versions",
         "must have exactly one version marked as storage version"),
        (_versions(schema={}), "spec.versions[0].schema.openAPIV3Schema", "Required value"),
        (_schema(description="?"), f"{_FIELD}.type",
         "Required value: must not be empty at the root"),
        (_schema(type="object", properties={"a": {"description": "?"}}),
         f"{_FIELD}.properties[a].type",
         "Required value: must not be empty for specified object fields"),
        (_schema(type="object", properties={"a": {"type": "array"}}),
         f"{_FIELD}.properties[a].items", "Required value: must be specified"),
        (_versions(additionalPrinterColumns=[{"name": "A", "type": "color", "jsonPath": ".a"}]),
         "spec.additionalPrinterColumns[0].type",
         'Invalid value: "color": must be one of boolean,date,integer,number,string'),
        ({"names": {"plural": "widgets", "kind": "Wid_get"}}, "spec.names.kind",
         'Invalid value: "Wid_get": may have mixed case, but should otherwise match: '),
    ],
    ids=["name", "scope", "storage", "schema", "root", "field", "items", "column", "kind"],
)  # fmt: skip
def test_a_wrong_definition_is_refused_in_words(
    api: Api, spec: Object, field: str, said: str
) -> None:
    refused = api("POST", _DEFINITIONS, definition("x.example.org", **spec))
    assert refused.refusal == [422, "Invalid"]
    causes = {c["field"]: c["message"] for c in refused.body["details"]["causes"]}
    assert said in causes[field]


def test_a_definition_keeps_its_scope_and_kind(api: Api, group: str) -> None:
    path = f"{_DEFINITIONS}/widgets.{group}"
    refused = api("PATCH", path, {"spec": {"scope": "Cluster"}}, content_type=MERGE)
    assert refused.body["details"]["causes"][0] == {
        "reason": "FieldValueInvalid", "field": "spec.scope",
        "message": 'Invalid value: "Cluster": field is immutable',
    }  # fmt: skip


def test_names_are_taken_once_in_a_group(api: Api, group: str) -> None:
    other = definition(group, names={"plural": "gizmos", "kind": "Gizmo", "shortNames": ["wg"]})
    other["metadata"]["name"] = name = f"gizmos.{group}"
    api("POST", _DEFINITIONS, other)

    def conditions() -> Object:
        status = api("GET", f"{_DEFINITIONS}/{name}").body["status"]
        return {c["type"]: c for c in status["conditions"] or ()}

    found = eventually(lambda: conditions() if "NamesAccepted" in conditions() else None)
    assert (found["NamesAccepted"]["reason"], found["NamesAccepted"]["message"]) == (
        "ShortNamesConflict", '"wg" is already in use',
    )  # fmt: skip
    assert found["Established"]["status"] == "False"
    assert api("GET", f"/apis/{group}/v1/gizmos").code == 404
    api("DELETE", f"{_DEFINITIONS}/{name}")
