"""Patches do to objects what Kubernetes' do."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.embedded.apimachinery import patch, schema
from jupyter_trainhub.embedded.apimachinery.status import ApiError


def test_a_merge_patch_replaces_lists_and_removes_with_null() -> None:
    target = {"a": [1, 2], "b": {"c": 1, "d": 2}}
    assert patch.merge(target, {"a": [3], "b": {"c": None}}) == {"a": [3], "b": {"d": 2}}
    assert target == {"a": [1, 2], "b": {"c": 1, "d": 2}}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/list/0", "value": 0}, {"list": [0, 1, 2], "a/b": 1}),
        ({"op": "add", "path": "/list/-", "value": 3}, {"list": [1, 2, 3], "a/b": 1}),
        ({"op": "replace", "path": "/a~1b", "value": 2}, {"list": [1, 2], "a/b": 2}),
        ({"op": "remove", "path": "/list/1"}, {"list": [1], "a/b": 1}),
        ({"op": "move", "from": "/a~1b", "path": "/c"}, {"list": [1, 2], "c": 1}),
        ({"op": "copy", "from": "/list/0", "path": "/c"}, {"list": [1, 2], "a/b": 1, "c": 1}),
        ({"op": "test", "path": "/list/0", "value": 1}, {"list": [1, 2], "a/b": 1}),
    ],
)
def test_a_json_patch(operation: dict[str, Any], expected: dict[str, Any]) -> None:
    assert patch.json_patch({"list": [1, 2], "a/b": 1}, [operation]) == expected


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/none"},
        {"op": "replace", "path": "/none", "value": 1},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "add", "path": "/list/9", "value": 1},
        {"op": "turn", "path": "/a"},
    ],
)
def test_a_json_patch_that_cannot_be_applied_is_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        patch.json_patch({"a": 1, "list": []}, [operation])
    assert caught.value.code == 422


def pod(spec: dict[str, Any], change: dict[str, Any]) -> Any:
    """What a patch makes of a pod's spec."""
    type = schema.of_kind("v1", "Pod")
    return patch.apply(patch.STRATEGIC, type, {"spec": spec}, {"spec": change})["spec"]


@pytest.mark.parametrize(
    ("given", "names"),
    [(["b", "c"], ["a", "b", "c"]), (["c"], ["c", "a", "b"]), (["b", "a"], ["b", "a"])],
)
def test_a_strategic_patch_merges_lists_by_their_key(given: list[str], names: list[str]) -> None:
    live = [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]
    change = [{"name": name, "image": "z"} for name in given]
    containers = pod({"containers": live}, {"containers": change})["containers"]
    assert [c["name"] for c in containers] == names
    assert {c["name"] for c in containers if c["image"] == "z"} == set(given)


def test_a_strategic_patch_obeys_its_directives() -> None:
    live = {
        "containers": [{"name": "a", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "nodeSelector": {"a": "1", "b": "2"},
        "tolerations": [{"key": "a"}],
    }
    change = {
        "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
        "containers": [
            {"name": "c"},
            {"name": "a", "env": [{"name": "X", "$patch": "delete"}]},
            {"name": "b", "$patch": "delete"},
        ],
        "volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/"}}],
        "nodeSelector": {"$patch": "replace", "c": "3"},
        "tolerations": [{"key": "b"}],
    }
    assert pod(live, change) == {
        "containers": [{"name": "c"}, {"name": "a", "env": []}],
        "volumes": [{"name": "v", "hostPath": {"path": "/"}}],
        "nodeSelector": {"c": "3"},
        "tolerations": [{"key": "b"}],
    }


def test_a_list_of_values_is_merged_as_a_set() -> None:
    type = schema.of_kind("v1", "ConfigMap")
    live = {"metadata": {"finalizers": ["a/a", "b/b"]}}
    change = {"metadata": {"finalizers": ["c/c"], "$deleteFromPrimitiveList/finalizers": ["a/a"]}}
    assert patch.apply(patch.STRATEGIC, type, live, change)["metadata"]["finalizers"] == [
        "c/c",
        "b/b",
    ]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"containers": [{"image": "x"}]}, 500,
         "map: map[image:x] does not contain declared merge key: name"),
        ({"$patch": "turn"}, 500, "unknown patch type: turn in map: map[$patch:turn]"),
        ({"$retainKeys": [], "hostPID": True}, 400, "invalid patch format of retainKeys"),
        ({"$setElementOrder/containers": {}}, 400, "invalid patch format of setElementOrder list"),
    ],
)  # fmt: skip
def test_a_strategic_patch_that_cannot_be_applied_is_refused(
    change: dict[str, Any], code: int, message: str
) -> None:
    with pytest.raises(ApiError) as caught:
        pod({"containers": [{"name": "a"}]}, change)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_ports_merge_by_what_they_are_ports_of() -> None:
    type = schema.of_kind("v1", "Service")
    service = {"spec": {"ports": [{"port": 80, "name": "web"}]}}
    change = {"spec": {"ports": [{"port": 80, "targetPort": 8080}]}}
    ports = patch.apply(patch.STRATEGIC, type, service, change)["spec"]["ports"]
    assert ports == [{"port": 80, "name": "web", "targetPort": 8080}]
