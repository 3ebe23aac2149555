"""Selectors select what Kubernetes' do."""

from __future__ import annotations

import pytest

from jupyter_trainhub.embedded.apimachinery import selectors
from jupyter_trainhub.embedded.apimachinery.resources import CONFIGMAPS, EVENTS, PODS, Resource
from jupyter_trainhub.embedded.apimachinery.status import ApiError

LABELS = {"app": "web", "tier": "front", "example.com/track": "stable"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("app=web", True),
        ("app == web , tier=front", True),
        ("app!=web", False),
        ("other!=web", True),
        ("app in (web, api)", True),
        ("app notin (web)", False),
        ("other notin (web)", True),
        ("app,!other", True),
        ("!app", False),
        ("example.com/track=stable", True),
        ("app=", False),
    ],
)
def test_label_selectors(text: str, expected: bool) -> None:
    assert selectors.parse_labels(text)(LABELS) is expected


@pytest.mark.parametrize("text", ["a b c", "app in web", "app=a=b", ",", "=a"])
def test_a_text_that_is_no_selector_is_a_bad_request(text: str) -> None:
    with pytest.raises(ApiError) as caught:
        selectors.parse_labels(text)
    assert caught.value.code == 400


def test_a_selector_object() -> None:
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["front", "back"]},
            {"key": "gone", "operator": "DoesNotExist"},
        ],
    }
    assert selectors.matches_selector(selector, LABELS)
    assert not selectors.matches_selector(selector, {**LABELS, "gone": ""})
    assert selectors.matches_selector({}, LABELS)
    assert not selectors.matches_selector(None, LABELS)


@pytest.mark.parametrize(("operator", "expected"), [("Gt", False), ("Lt", False)])
def test_gt_and_lt_are_strict(operator: str, expected: bool) -> None:
    expression = {"key": "n", "operator": operator, "values": ["5"]}
    assert selectors.matches_expression(expression, {"n": "5"}) is expected


def test_field_selectors() -> None:
    pod = {
        "metadata": {"name": "a", "namespace": "n"},
        "spec": {"nodeName": "one"},
        "status": {"phase": "Running"},
    }
    match = selectors.parse_fields(PODS, "spec.nodeName=one,status.phase!=Pending")
    assert match(pod)
    assert not selectors.parse_fields(PODS, "metadata.name=b")(pod)
    event = {"involvedObject": {"name": "a"}, "metadata": {}}
    assert selectors.parse_fields(EVENTS, "involvedObject.name=a")(event)


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (PODS, r"^field label not supported: a\.b$"),
        (CONFIGMAPS, r'^"a\.b" is not a known field selector: only "metadata.name", "metadata.n'),
    ],
)
def test_a_field_that_a_kind_is_not_selected_by_is_named(resource: Resource, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        selectors.parse_fields(resource, "a.b=v")
