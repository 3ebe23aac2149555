"""What the API server refuses about Jobs.

Wordings and limits: kubernetes/pkg/apis/batch/validation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...apimachinery.status import Cause, duplicate, invalid, required, too_many, unsupported
from ..store import Object
from .core import pod_spec

_COUNTS = (
    "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
    "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes",
)  # fmt: skip
_MOST = 100_000
_ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"]
_IMMUTABLE = "field is immutable"
_FIXED = (
    "selector", "template", "completionMode", "podFailurePolicy", "backoffLimitPerIndex",
    "managedBy", "successPolicy",
)  # fmt: skip
# What queueing may change of a Job that does not run: where its pods may go.
_SCHEDULING = ("nodeSelector", "tolerations", "schedulingGates")
_PATH = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[-A-Za-z0-9_.~!$&'()*+,;=:@%/]+")


def job(obj: Object) -> Iterator[Cause]:
    """What is wrong with a Job."""
    spec = obj["spec"]
    yield from _spec(spec)
    yield from pod_spec(spec["template"]["spec"], "spec.template.spec")
    yield from _restart_policy(spec)


def _spec(spec: Object) -> Iterator[Cause]:
    for name in _COUNTS:
        if (spec.get(name) or 0) < 0:
            yield invalid(f"spec.{name}", spec[name], "must be greater than or equal to 0")
    per_index, most_failed = spec.get("backoffLimitPerIndex"), spec.get("maxFailedIndexes")
    if most_failed is not None and per_index is None:
        yield required("spec.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    if "managedBy" in spec and not _PATH.fullmatch(spec["managedBy"]):
        detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
        yield invalid("spec.managedBy", spec["managedBy"], detail)
    mode, completions = spec["completionMode"], spec.get("completions")
    indexed = mode == "Indexed"
    if mode not in ("NonIndexed", "Indexed"):
        yield unsupported("spec.completionMode", mode, ["NonIndexed", "Indexed"])
    elif indexed and completions is None:
        yield required("spec.completions", "when completion mode is Indexed")
    if indexed and spec["parallelism"] > _MOST:
        detail = f"must be less than or equal to {_MOST} when completion mode is Indexed"
        yield invalid("spec.parallelism", spec["parallelism"], detail)
    if indexed and completions is not None and (most_failed or 0) > completions:
        detail = "must be less than or equal to completions"
        yield invalid("spec.maxFailedIndexes", most_failed, detail)
    if not indexed:
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(name) is not None:
                yield invalid(f"spec.{name}", spec[name], "requires indexed completion mode")
    if spec.get("podFailurePolicy"):
        yield from _pod_failure_policy(spec)
    if spec.get("successPolicy") and not indexed:
        detail = "requires indexed completion mode"
        yield invalid("spec.successPolicy", spec["successPolicy"], detail)
    elif spec.get("successPolicy") and completions is not None:
        yield from _success_policy(spec["successPolicy"].get("rules") or [], completions)
    policies = ["Failed"] if spec.get("podFailurePolicy") else ["Failed", "TerminatingOrFailed"]
    if spec["podReplacementPolicy"] not in policies:
        yield unsupported("spec.podReplacementPolicy", spec["podReplacementPolicy"], policies)


def _restart_policy(spec: Object) -> Iterator[Cause]:
    path, policy = "spec.template.spec.restartPolicy", spec["template"]["spec"]["restartPolicy"]
    if policy == "Always":
        yield required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield unsupported(path, policy, ["OnFailure", "Never"])
    elif spec.get("podFailurePolicy") and policy != "Never":
        yield invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')


def _choice(path: str, value: str | None, options: list[str]) -> Iterator[Cause]:
    if not value:
        yield required(path, "valid values: [" + " ".join(f'"{o}"' for o in options) + "]")
    elif value not in options:
        yield unsupported(path, value, options)


def _too_many(path: str, items: list[Any], most: int) -> Iterator[Cause]:
    if len(items) > most:
        yield too_many(path, len(items), most)


def _pod_failure_policy(spec: Object) -> Iterator[Cause]:
    rules, pod = spec["podFailurePolicy"].get("rules") or [], spec["template"]["spec"]
    yield from _too_many("spec.podFailurePolicy.rules", rules, 20)
    containers = [*(pod.get("containers") or []), *(pod.get("initContainers") or [])]
    for i, rule in enumerate(rules):
        path = f"spec.podFailurePolicy.rules[{i}]"
        action = rule.get("action")
        if action == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
            yield invalid(f"{path}.action", action, "requires the backoffLimitPerIndex to be set")
        else:
            yield from _choice(f"{path}.action", action, _ACTIONS)
        codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions") or []
        if codes is not None:
            names = {c.get("name") for c in containers}
            yield from _exit_codes(codes, f"{path}.onExitCodes", names)
        yield from _too_many(f"{path}.onPodConditions", conditions, 20)
        for j, pattern in enumerate(conditions):
            status = f"{path}.onPodConditions[{j}].status"
            yield from _choice(status, pattern.get("status"), ["False", "True", "Unknown"])
        both = "specifying both OnExitCodes and OnPodConditions is not supported"
        neither = "specifying one of OnExitCodes and OnPodConditions is required"
        if (codes is not None) == bool(conditions):
            yield Cause(
                "FieldValueInvalid", f"Invalid value: {both if conditions else neither}", path
            )


def _exit_codes(codes: Object, path: str, containers: set[Any]) -> Iterator[Cause]:
    operator, values = codes.get("operator"), codes.get("values") or []
    yield from _choice(f"{path}.operator", operator, ["In", "NotIn"])
    name = codes.get("containerName")
    if name is not None and name not in containers:
        detail = "must be one of the container or initContainer names in the pod template"
        yield invalid(f"{path}.containerName", name, detail)
    if not values:
        yield invalid(f"{path}.values", codes.get("values"), "at least one value is required")
    yield from _too_many(f"{path}.values", values, 255)
    for j, value in enumerate(values):
        if operator == "In" and value == 0:
            yield invalid(f"{path}.values[{j}]", value, "must not be 0 for the In operator")
        if value in values[:j]:
            yield duplicate(f"{path}.values[{j}]", value)
    if values != sorted(values):
        yield invalid(f"{path}.values", values, "must be ordered")


def _success_policy(rules: list[Object], completions: int) -> Iterator[Cause]:
    path = "spec.successPolicy.rules"
    if not rules:
        detail = "at least one rules must be specified when the successPolicy is specified"
        yield required(path, detail)
    yield from _too_many(path, rules, 20)
    for i, rule in enumerate(rules):
        indexes, count = rule.get("succeededIndexes"), rule.get("succeededCount")
        where, named = f"{path}[{i}]", 0
        if indexes is None and count is None:
            detail = "at least one of succeededCount or succeededIndexes must be specified"
            yield required(where, detail)
        if indexes is not None:
            try:
                named = _count_indexes(indexes, completions)
            except ValueError as error:
                detail = f"error parsing succeededIndexes: {error}"
                yield invalid(f"{where}.succeededIndexes", indexes, detail)
        if count is not None:
            field = f"{where}.succeededCount"
            if count < 0:
                yield invalid(field, count, "must be greater than or equal to 0")
            for most, of in (
                (completions, "specified completions"),
                (named, "indexes in the specified succeededIndexes field"),
            ):
                if count > most and (indexes is not None or of.endswith("completions")):
                    detail = f"must be less than or equal to {most} (the number of {of})"
                    yield invalid(field, count, detail)


def _count_indexes(text: str, completions: int) -> int:
    """How many indexes a text like ``0-2,5`` names; ValueError says what is wrong with it."""
    count, previous = 0, -1
    for part in text.split(",") if text else []:
        bounds = part.split("-")
        if len(bounds) > 2:
            raise ValueError(
                f'the fragment "{part}" violates the requirement that an index interval can have '
                "at most two parts separated by '-'"
            )
        for bound in bounds:
            if not bound.isdigit():
                raise ValueError(f'cannot convert string to integer for index: "{bound}"')
            if int(bound) >= completions:
                raise ValueError(f'too large index: "{bound}"')
            if int(bound) <= previous:
                raise ValueError(f"non-increasing order, previous: {previous}, current: {bound}")
            previous = int(bound)
        count += int(bounds[-1]) - int(bounds[0]) + 1
    return count


def job_update(old: Object, new: Object) -> Iterator[Cause]:
    """What may not change in a Job.

    Completions may where they change with parallelism (an elastic Indexed Job); where its pods go
    may while the Job is suspended and none of them runs.
    """
    before, after = old["spec"], new["spec"]
    completions = after.get("completions")
    if before.get("completions") != completions:
        if after["completionMode"] != "Indexed":
            yield invalid("spec.completions", completions, _IMMUTABLE)
        elif completions is not None and completions != after["parallelism"]:
            detail = "can only be modified in tandem with spec.parallelism"
            yield invalid("spec.completions", completions, detail)
    for name in _FIXED:
        allowed = before.get(name)
        if name == "template" and _stands_still(old):
            allowed = _with_scheduling(allowed, after.get(name))
        if allowed != after.get(name):
            yield invalid(f"spec.{name}", after.get(name), _IMMUTABLE)


def _stands_still(job: Object) -> bool:
    status = job.get("status") or {}
    suspended = any(
        c["type"] == "Suspended" and c["status"] == "True" for c in status.get("conditions") or []
    )
    started = "startTime" in status
    return bool(job["spec"]["suspend"]) and (suspended or not started) and not status.get("active")


def _with_scheduling(old: Any, new: Any) -> Object:
    """A template as it was, but with what the new one says of where and how large its pods are."""

    def fixed(part: Object, *changeable: str) -> Object:
        return {k: v for k, v in part.items() if k not in changeable}

    def chosen(part: Object, *changeable: str) -> Object:
        return {k: v for k, v in part.items() if k in changeable}

    before, after = old["spec"], new["spec"]
    spec = {**fixed(before, *_SCHEDULING, "affinity"), **chosen(after, *_SCHEDULING)}
    affinity = fixed(before.get("affinity") or {}, "nodeAffinity")
    affinity |= chosen(after.get("affinity") or {}, "nodeAffinity")
    if affinity or "affinity" in after:
        spec["affinity"] = affinity
    for field in ("containers", "initContainers"):
        sizes = {c["name"]: chosen(c, "resources") for c in after.get(field) or []}
        if field in before:
            spec[field] = [
                {**fixed(c, "resources"), **sizes.get(c["name"], {})} for c in before[field]
            ]
    labelled = ("labels", "annotations")
    metadata = {
        **fixed(old.get("metadata") or {}, *labelled),
        **chosen(new.get("metadata") or {}, *labelled),
    }
    return {**fixed(new, "metadata", "spec"), "metadata": metadata, "spec": spec}
