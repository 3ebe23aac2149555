"""Objects are read as Go's decoder and Kubernetes' own types read them."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.embedded.apimachinery import schema
from jupyter_trainhub.embedded.apimachinery.decoding import Mismatch
from jupyter_trainhub.embedded.apimachinery.schema import Type


def read(api_version: str, kind: str, body: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    found = schema.of_kind(api_version, kind)
    assert found is not None
    return schema.decode(found, body, "Strict")


def test_fields_know_how_they_are_merged_and_encoded() -> None:
    pod = schema.of_kind("v1", "Pod")
    assert pod is not None
    assert pod.name == "io.k8s.api.core.v1.Pod"
    containers = pod.fields["spec"].type.fields["containers"]
    assert (containers.number, containers.required, containers.merge_key) == (2, True, "name")
    assert (containers.list_type, containers.list_keys) == ("map", ("name",))
    assert containers.type.items is not None
    ports = containers.type.items.fields["ports"]
    assert ports.list_keys == ("containerPort", "protocol")
    assert ports.type.items is not None
    assert ports.type.items.fields["protocol"].default == "TCP"


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"spec": {"containers": [{"nmae": "a"}], "foo": 1}, "bar": 2},
         ['unknown field "spec.containers[0].nmae"', 'unknown field "spec.foo"',
          'unknown field "bar"']),
        ({"metadata": {"Name": "case matters"}}, ['unknown field "metadata.Name"']),
        ({"metadata": {"labels": {"any": "key"}}}, []),
    ],
)  # fmt: skip
def test_unknown_fields_are_dropped_and_told(given: dict[str, Any], errors: list[str]) -> None:
    decoded, found = read("v1", "Pod", given)
    assert found == errors
    assert read("v1", "Pod", decoded) == (decoded, [])


@pytest.mark.parametrize(
    ("kind", "given", "text"),
    [
        ("Pod", {"spec": {"containers": {}}},
         "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type "
         "[]v1.Container"),
        ("Pod", {"spec": {"containers": [{"env": [{"value": 1}]}]}},
         "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of "
         "type string"),
        ("Pod", {"spec": {"priority": 1 << 31}},
         "json: cannot unmarshal number 2147483648 into Go struct field PodSpec.spec.priority of "
         "type int32"),
        ("Pod", {"spec": {"restartPolicy": True}},
         "json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type "
         "v1.RestartPolicy"),
        ("Pod", {"spec": {"containers": [{"resources": {"limits": {"cpu": "many"}}}]}},
         "quantities must match the regular expression "
         "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
        ("ConfigMap", {"data": {"k": 5}},
         "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"),
        ("Secret", {"data": {"k": "not base64"}}, "illegal base64 data at input byte 3"),
        ("Pod", {"metadata": {"deletionTimestamp": "soon"}},
         'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"'),
    ],
)  # fmt: skip
def test_a_wrong_type_is_refused_in_gos_words(kind: str, given: dict[str, Any], text: str) -> None:
    with pytest.raises(Mismatch) as caught:
        read("v1", kind, given)
    assert str(caught.value) == text


def test_values_are_kept_as_go_would_write_them() -> None:
    given = {
        "metadata": {"creationTimestamp": None, "deletionTimestamp": "2026-01-02T03:04:05+01:00"},
        "spec": {
            "hostNetwork": False,
            "enableServiceLinks": False,
            "nodeName": "",
            "containers": [
                {
                    "name": "a",
                    "env": [{"name": "B", "value": None}],
                    "resources": {
                        "limits": {"cpu": 0.5, "memory": "1024Mi", "ephemeral-storage": 1}
                    },
                }
            ],
        },
    }
    decoded, errors = read("v1", "Pod", given)
    assert errors == []
    assert decoded == {
        "metadata": {"deletionTimestamp": "2026-01-02T02:04:05Z"},
        "spec": {
            "enableServiceLinks": False,
            "containers": [
                {
                    "name": "a",
                    "env": [{"name": "B"}],
                    "resources": {
                        "limits": {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "1"}
                    },
                }
            ],
        },
        "status": {},
    }


def custom(**properties: Any) -> Type:
    body = {"type": "object", "properties": properties}
    return schema.from_openapi({"type": "object", "properties": {"spec": body}})


def test_a_custom_resource_keeps_what_its_schema_knows() -> None:
    type = custom(
        free={"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        port={"x-kubernetes-int-or-string": True},
        labels={"type": "object", "additionalProperties": {"type": "string"}},
        items={"type": "array", "items": {"type": "object", "properties": {"a": {}}}},
    )
    known = {"free": {"x": 1}, "port": "http", "labels": {"x": "y"}, "items": [{"a": 1}, {}]}
    given = {"metadata": {"name": "n"}, "spec": {**known, "b": 1, "items": [{"a": 1}, {"b": 2}]}}
    decoded, errors = schema.decode(type, given, "Warn")
    assert decoded == {"metadata": {"name": "n"}, "spec": known}
    assert sorted(errors) == ['unknown field "spec.b"', 'unknown field "spec.items[1].b"']


def test_a_custom_resources_wrong_types_are_left_to_its_schemas_validation() -> None:
    type = custom(n={"type": "integer"}, items={"type": "array", "items": {"type": "string"}})
    given = {"metadata": {}, "spec": {"n": "x", "items": {"a": 1}}}
    assert schema.decode(type, given, "Strict") == (given, [])


def test_kinds_are_registered_and_removed() -> None:
    assert schema.of_kind("example.com/v1", "Thing") is None
    schema.register("example.com/v1", "Thing", made := Type("object"))
    assert schema.of_kind("example.com/v1", "Thing") is made
    schema.register("example.com/v1", "Thing", None)
    assert schema.of_kind("example.com/v1", "Thing") is None
