"""Patches do to objects what Kubernetes' do."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.embedded.apimachinery import patch
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


def test_a_strategic_patch_merges_lists_by_their_key() -> None:
    target = {"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}}
    change = {"spec": {"containers": [{"name": "b", "image": "z"}, {"name": "c", "image": "n"}]}}
    containers = patch.strategic(target, change)["spec"]["containers"]
    assert [(c["name"], c["image"]) for c in containers] == [("a", "x"), ("b", "z"), ("c", "n")]


def test_a_strategic_patch_obeys_its_directives() -> None:
    target = {
        "spec": {
            "containers": [{"name": "a", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}],
            "volumes": [{"name": "v", "emptyDir": {}}],
        }
    }
    change = {
        "spec": {
            "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
            "containers": [
                {"name": "c"},
                {"name": "a", "env": [{"name": "X", "$patch": "delete"}]},
                {"name": "b", "$patch": "delete"},
            ],
            "volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {}}],
        }
    }
    assert patch.strategic(target, change)["spec"] == {
        "containers": [{"name": "c"}, {"name": "a", "env": []}],
        "volumes": [{"name": "v", "hostPath": {}}],
    }


def test_ports_merge_by_what_they_are_ports_of() -> None:
    service = {"spec": {"ports": [{"port": 80, "name": "web"}]}}
    patched = patch.strategic(service, {"spec": {"ports": [{"port": 80, "targetPort": 8080}]}})
    assert patched["spec"]["ports"] == [{"port": 80, "name": "web", "targetPort": 8080}]
