"""Merging and comparing objects by their types. Cases: structured-merge-diff's own tests."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.embedded.apimachinery import fieldpath, schema, typed
from jupyter_trainhub.embedded.apimachinery.schema import Field

TYPE = schema.from_openapi(
    {
        "type": "object",
        "properties": {
            "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "list": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "value": {"type": "integer"}},
                },
            },
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "atomic": {"type": "array", "items": {"type": "string"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
)
ROOT = Field(TYPE)


@pytest.mark.parametrize(
    ("live", "config", "merged"),
    [
        ("a b c", "b", "a b c"),
        ("a b c", "c b", "a c b"),
        ("a b c d", "d", "a b c d"),
        ("a b", "c d", "a b c d"),
        ("1 2 3 4", "8 4 2 5 1", "3 8 4 2 5 1"),
        ("", "a b", "a b"),
    ],
)
def test_lists_are_merged_in_the_order_of_the_configuration(
    live: str, config: str, merged: str
) -> None:
    found = typed.merge(ROOT, {"set": live.split()}, {"set": config.split()})
    assert found["set"] == merged.split()
    named = [{"name": name} for name in live.split()]
    found = typed.merge(ROOT, {"list": named}, {"list": [{"name": n} for n in config.split()]})
    assert [item["name"] for item in found["list"]] == merged.split()


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({"set": ["a"]}, {"f:set": {'v:"a"': {}}}),
        ({"atomic": ["a"]}, {"f:atomic": {}}),
        ({"map": {"a": "b"}}, {"f:map": {"f:a": {}}}),
        ({"map": {}}, {"f:map": {}}),
        ({"list": [{"name": "a", "value": 1}]},
         {"f:list": {'k:{"name":"a"}': {".": {}, "f:name": {}, "f:value": {}}}}),
        ({"free": {"a": {"b": [1]}}}, {"f:free": {"f:a": {".": {}, "f:b": {}}}}),
    ],
)  # fmt: skip
def test_whoever_applies_owns_the_leaves_and_the_items(value: Any, fields: Any) -> None:
    owned = typed.field_set(ROOT, value)
    assert fieldpath.encode(owned) == fields
    assert set(fieldpath.decode(fields)) == owned


@pytest.mark.parametrize(
    ("old", "new", "changed", "removed"),
    [
        ({"map": {"a": "1"}}, {"map": {"a": "2", "b": "1"}}, [".map.a", ".map.b"], []),
        ({}, {"map": {"a": "1"}}, [".map", ".map.a"], []),
        ({"map": {"a": "1"}}, {}, [], [".map", ".map.a"]),
        ({"set": ["a", "b"]}, {"set": ["b", "c"]}, ['.set[="c"]'], ['.set[="a"]']),
        ({"atomic": ["a"]}, {"atomic": ["b"]}, [".atomic"], []),
        ({"list": [{"name": "a", "value": 1}]}, {"list": [{"name": "a", "value": 2}]},
         ['.list[name="a"].value'], []),
        ({"map": None}, {"map": {}}, [".map"], []),
    ],
)  # fmt: skip
def test_what_changed_is_named(old: Any, new: Any, changed: Any, removed: Any) -> None:
    found = typed.compare(ROOT, old, new)
    assert [sorted(map(fieldpath.show, paths)) for paths in found] == [changed, removed]


def test_what_is_removed_leaves_the_rest() -> None:
    value = {"map": {"a": "1"}, "list": [{"name": "a", "value": 1}, {"name": "b"}], "set": ["x"]}
    doomed = fieldpath.decode(
        {"f:map": {"f:a": {}}, "f:set": {'v:"y"': {}},
         "f:list": {'k:{"name":"a"}': {"f:value": {}}, 'k:{"name":"b"}': {".": {}, "f:name": {}}}}
    )  # fmt: skip
    left = {"map": None, "list": [{"name": "a"}], "set": ["x"]}
    assert typed.remove(ROOT, value, list(doomed)) == left


@pytest.mark.parametrize(
    ("value", "faults"),
    [
        ({"set": ["a", "b"], "free": {"x": 1}}, []),
        ({"other": 1}, [".other: field not declared in schema"]),
        ({"set": ["a", "a"]}, ['.set: duplicate entries for key [="a"]']),
        ({"list": [{"name": "a", "value": "1"}]},
         ['.list[name="a"].value: expected numeric (int or float), got string']),
        ({"list": [{"value": 1}]},
         [".list: element 0: associative list with keys has an element that omits all key fields "
          '["name"] (and doesn\'t have default values for any key fields)']),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(value: Any, faults: list[str]) -> None:
    assert list(typed.faults(ROOT, value)) == faults
