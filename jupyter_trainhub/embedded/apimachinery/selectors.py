"""Label selectors and field selectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .resources import Resource
from .status import bad_request

Match = Callable[[Mapping[str, Any]], bool]

_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
_REQUIREMENT = re.compile(
    rf"\s*(?:!\s*(?P<absent>{_KEY})"
    rf"|(?P<key>{_KEY})(?:\s+(?P<word>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|\s*(?P<sign>==|=|!=|>|<)\s*(?P<value>{_VALUE}))?)\s*"
)
_OPERATORS = {"in": "In", "notin": "NotIn", "=": "In", "==": "In", "!=": "NotIn", ">": "Gt",
              "<": "Lt"}  # fmt: skip


def parse_labels(text: str) -> Callable[[Mapping[str, str]], bool]:
    """A predicate over an object's labels.

    Raises:
        ApiError: 400, the text is no label selector.
    """
    expressions: list[Mapping[str, Any]] = []
    position = 0
    while position < len(text):
        match = _REQUIREMENT.match(text, position)
        if match is None or (match.end() < len(text) and text[match.end()] != ","):
            raise bad_request(f'unable to parse requirement: found "{text}"')
        expressions.append(_expression(match))
        position = match.end() + 1
    return lambda labels: all(matches_expression(e, labels) for e in expressions)


def _expression(match: re.Match[str]) -> Mapping[str, Any]:
    if match["absent"]:
        return {"key": match["absent"], "operator": "DoesNotExist"}
    operator = _OPERATORS.get(match["word"] or match["sign"], "Exists")
    values = match["values"].split(",") if match["word"] else [match["value"] or ""]
    return {"key": match["key"], "operator": operator, "values": [v.strip() for v in values]}


def matches_selector(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a ``LabelSelector`` object (matchLabels, matchExpressions) selects these labels.

    None selects nothing; an empty one selects everything.
    """
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(
        matches_expression(expression, labels)
        for expression in selector.get("matchExpressions") or []
    )


def matches_expression(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """One ``{key, operator, values}`` of a label selector or a node selector term."""
    key, operator = expression["key"], expression["operator"]
    values = expression.get("values") or []
    value = labels.get(key)
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    if operator in ("Gt", "Lt") and value is not None and value.lstrip("-").isdigit():
        bound = int(values[0])
        return int(value) > bound if operator == "Gt" else int(value) < bound
    return False


def matches_node_selector(selector: Mapping[str, Any], node: Mapping[str, Any]) -> bool:
    """Whether one of the terms of a ``NodeSelector`` chooses a node; an empty term chooses none."""
    labels = node["metadata"].get("labels") or {}
    fields = {"metadata.name": node["metadata"]["name"]}
    for term in selector.get("nodeSelectorTerms") or []:
        wanted = [(e, labels) for e in term.get("matchExpressions") or []]
        wanted += [(e, fields) for e in term.get("matchFields") or []]
        if wanted and all(matches_expression(e, among) for e, among in wanted):
            return True
    return False


# By the qualified names of resources; custom ones name their own.
_FIELDS: dict[str, set[str]] = {
    "pods": {
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
    },
    "events": {
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
        "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
        "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
    },
    "events.events.k8s.io": {
        "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid",
        "regarding.apiVersion", "regarding.resourceVersion", "regarding.fieldPath", "reason",
        "reportingController", "type",
    },
    "nodes": {"spec.unschedulable"},
    "namespaces": {"status.phase"},
    "secrets": {"type"},
    "jobs.batch": {"status.successful"},
    "services": {"spec.clusterIP", "spec.type"},
}  # fmt: skip


def parse_fields(resource: Resource, text: str) -> Match:
    """A predicate over objects from a field selector (``metadata.name=a,status.phase!=Running``).

    Raises:
        ApiError: 400, the kind cannot be selected by that field.
    """
    tests: list[tuple[str, bool, str]] = []
    for term in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"([-\w.]+)\s*(==|=|!=)\s*(.*)", term)
        if match is None:
            raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
        field, operator, value = match.groups()
        allowed = {"metadata.name", *resource.selectable} | _FIELDS.get(resource.qualified, set())
        if resource.namespaced:
            allowed.add("metadata.namespace")
        if field not in allowed:
            # Kinds with fields of their own, as custom ones may have, have words of their own.
            if resource.qualified in _FIELDS or type(resource) is not Resource:
                raise bad_request(f"field label not supported: {field}")
            known = '"metadata.name", "metadata.namespace"'
            raise bad_request(f'"{field}" is not a known field selector: only {known}')
        tests.append((field, operator != "!=", value))
    return lambda obj: all((_field(obj, f) == value) == wanted for f, wanted, value in tests)


def _field(obj: Mapping[str, Any], path: str) -> str:
    value: Any = obj
    if path == "source":
        value = (obj.get("source") or {}).get("component") or obj.get("reportingComponent")
    else:
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
