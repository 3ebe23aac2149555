"""Structural schemas: what the tests against a whole cluster do not reach."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.embedded.apiserver import cel, structural

Object = dict[str, Any]


def said(schema: Object, value: Any) -> list[str]:
    return [str(cause) for cause in structural.validate(schema, value, "x")]


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        ({"type": "string"}, None,
         'x: Invalid value: "null": x in body must be of type string: "null"'),
        ({"type": "integer", "format": "int32"}, 1 << 31,
         '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in x'),
        ({"type": "integer", "format": "int32"}, True,
         'x: Invalid value: "": x in body must be of type int32: ""'),
        ({"type": "number", "exclusiveMinimum": True, "minimum": 0}, 0,
         "x: Invalid value: 0: x in body should be greater than 0"),
        ({"type": "number", "multipleOf": 0.5}, 0.7,
         "x: Invalid value: 0.7: x in body should be a multiple of 0.5"),
        ({"type": "array", "minItems": 1}, [],
         "x: Invalid value: 0: x in body should have at least 1 items"),
        ({"type": "array", "x-kubernetes-list-type": "set"}, ["a", "a"],
         'x[1]: Duplicate value: "a"'),
        ({"type": "object", "maxProperties": 1}, {"a": 1, "b": 2},
         "x: Too many: 2: must have at most 1 item"),
        ({"not": {"enum": ["a"]}}, "a",
         '<nil>: Invalid value: "": "x" must not validate the schema (not)'),
        ({"type": "string", "format": "ipv4"}, "1.2.3",
         'x: Invalid value: "1.2.3": x in body must be of type ipv4: "1.2.3"'),
        ({"type": "string", "pattern": "^a$"}, "a\n",
         "x: Invalid value: \"a\n\": x in body should match '^a$'"),
        ({"type": "object", "x-kubernetes-embedded-resource": True}, {"kind": "A"},
         "x.apiVersion: Required value"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(schema: Object, value: Any, text: str) -> None:
    assert said(schema, value) == [text]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 1.0),
        ({"type": "number"}, 1),
        ({"type": "string", "nullable": True}, None),
        ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
         "5%"),
        ({"type": "string", "format": "date-time"}, "2026-01-02T03:04:05.6Z"),
        ({"type": "string", "format": "of-my-own"}, "anything"),
        ({"type": "string", "format": "duration"}, "1h30m"),
    ],
)  # fmt: skip
def test_what_fits_is_taken(schema: Object, value: Any) -> None:
    assert said(schema, value) == []


def test_anyof_tells_why_the_nearest_alternative_fails() -> None:
    schema = {"anyOf": [{"required": ["a", "b"]}, {"required": ["c"]}]}
    assert said(schema, {}) == [
        '<nil>: Invalid value: "": "x" must validate at least one schema (anyOf)',
        "x.c: Required value",
    ]


def test_what_has_not_changed_is_not_judged_again() -> None:
    schema = {"properties": {"a": {"maxLength": 1}, "b": {"maxLength": 1}}}
    old = {"a": "long", "b": "x"}
    found = structural.validate(schema, {"a": "long", "b": "yy"}, old=old)
    assert [cause.field for cause in found] == ["b"]


def test_defaults_reach_what_defaults_made() -> None:
    schema = {
        "properties": {
            "a": {"default": {}, "properties": {"b": {"default": 1}}},
            "gone": {"type": "string"},
            "null": {"type": "string", "nullable": True},
        }
    }
    value = {"gone": None, "null": None}
    structural.apply_defaults(schema, value)
    assert value == {"a": {"b": 1}, "null": None}


def rule(text: str, **more: Any) -> Object:
    return {"x-kubernetes-validations": [{"rule": text, **more}]}


@pytest.mark.parametrize(
    ("schema", "value", "old", "text"),
    [
        (rule("self.a > 1"), {}, structural.ABSENT,
         ['x: Invalid value: "object": no such key: a evaluating rule: self.a > 1']),
        (rule("self > 1"), 1, structural.ABSENT, ["x: Invalid value: 1: failed rule: self > 1"]),
        (rule("self == oldSelf"), 1, structural.ABSENT, []),
        (rule("self == oldSelf", message="fixed"), 1, 2, ["x: Invalid value: 1: fixed"]),
        (rule("self.b", message="no", reason="FieldValueForbidden", fieldPath=".b"),
         {"b": False}, structural.ABSENT, ["x.b: Forbidden: no"]),
        (rule("self > 5", messageExpression="'not ' + string(self)"), 3, structural.ABSENT,
         ["x: Invalid value: 3: not 3"]),
        (rule("!oldSelf.hasValue() || oldSelf.value() < self", optionalOldSelf=True), 1, 3,
         ["x: Invalid value: 1: failed rule: !oldSelf.hasValue() || oldSelf.value() < self"]),
        (rule("self.__namespace__ == 'a' && self.x__dash__y == 1"),
         {"namespace": "a", "x-y": 1}, structural.ABSENT, []),
        (rule("quantity(self).isGreaterThan(quantity('1'))"), "2", structural.ABSENT, []),
    ],
)  # fmt: skip
def test_rules(schema: Object, value: Any, old: Any, text: list[str]) -> None:
    assert [str(cause) for cause in cel.validate(schema, value, "x", old)] == text


def test_a_rule_that_cannot_be_compiled_is_told_of() -> None:
    schema = {"properties": {"a": rule("quantity(self) == self")}}
    assert cel.uncompiled(schema) == [
        "openAPIV3Schema.properties[a]: quantity(self) == self: undeclared reference to "
        "'quantity' (in container '')"
    ]
