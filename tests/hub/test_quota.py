"""Quotas against what one more pod needs."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.hub.capacity.quota import INSTANCE_OBJECTS, bounds, needs, shares

GIB = 1024**3
GPU = "nvidia.com/gpu"


def pod(**fields: Any) -> Any:
    bounded = {"memory": "2Gi", GPU: "1"}
    resources = {"requests": {"cpu": "500m", **bounded}, "limits": bounded}
    return {"containers": [{"resources": resources}], **fields}


def quota(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> Any:
    return {
        "metadata": {"name": "team"},
        "spec": {"hard": hard, **spec},
        "status": {"hard": hard, "used": used or {}},
    }


@pytest.mark.parametrize(
    ("resource", "hard", "used", "needed", "left", "fits"),
    [
        ("requests.cpu", "2", "1500m", 0.5, 0.5, True),
        ("requests.cpu", "2", "1600m", 0.5, 0.4, False),
        ("cpu", "2", "0", 0.5, 2, True),
        ("requests.memory", "4Gi", "3Gi", 2 * GIB, GIB, False),
        ("memory", "4Gi", "2Gi", 2 * GIB, 2 * GIB, True),
        ("limits.memory", "4Gi", "2Gi", 2 * GIB, 2 * GIB, True),
        (f"requests.{GPU}", "1", "1", 1, 0, False),
        ("pods", "3", "3", 1, 0, False),
        ("count/pods", "3", "5", 1, 0, False),
        ("count/statefulsets.apps", "3", "2", 1, 1, True),
        ("services", "1", "1", 1, 0, False),
        ("count/secrets", "5", "1", 1, 4, True),
    ],
)
def test_what_is_left_and_needed(
    resource: str, hard: str, used: str, needed: float, left: float, fits: bool
) -> None:
    found = shares(
        [quota({resource: hard}, {resource: used})], pod(), needs(pod(), INSTANCE_OBJECTS)
    )
    (view,) = [share.view() for share in found]
    assert (view["name"], view["resource"]) == ("team", resource)
    assert (view["needed"], view["left"], view["fits"]) == (needed, left, fits)


@pytest.mark.parametrize("resource", ["limits.cpu", "persistentvolumeclaims", "count/jobs.batch"])
def test_what_is_not_needed_is_not_told(resource: str) -> None:
    assert shares([quota({resource: "1"})], pod(), needs(pod(), INSTANCE_OBJECTS)) == []


@pytest.mark.parametrize(
    ("spec", "fields", "covered"),
    [
        ({"scopes": ["BestEffort"]}, {}, False),
        ({"scopes": ["NotBestEffort"]}, {}, True),
        ({"scopes": ["Terminating"]}, {}, False),
        ({"scopes": ["NotTerminating", "NotBestEffort"]}, {}, True),
        ({"scopes": ["Terminating"]}, {"activeDeadlineSeconds": 5}, True),
        ({"scopes": ["SomethingNew"]}, {}, False),
        *(
            (
                {"scopeSelector": {"matchExpressions": [
                    {"scopeName": "PriorityClass", "operator": operator, "values": ["high"]}
                ]}},
                {"priorityClassName": name} if name else {},
                covered,
            )
            for operator, name, covered in [
                ("In", "high", True), ("In", "low", False), ("In", "", False),
                ("NotIn", "low", True), ("Exists", "", False), ("Exists", "low", True),
                ("DoesNotExist", "", True),
            ]
        ),
    ],
)  # fmt: skip
def test_a_quota_may_be_of_some_pods_only(spec: Any, fields: Any, covered: bool) -> None:
    found = shares([quota({"pods": "1"}, **spec)], pod(**fields), needs(pod()))
    assert bool(found) == covered


def test_a_pod_that_takes_anothers_place_needs_only_the_rest() -> None:
    used = {"requests.cpu": "500m", "pods": "1"}
    found = shares(
        [quota({"requests.cpu": "500m", "pods": "1"}, used)], pod(), needs(pod()), needs(pod())
    )
    assert [share.fits for share in found] == [True, True]


def test_the_sentence() -> None:
    (share,) = shares([quota({"requests.cpu": "1"}, {"requests.cpu": "1"})], pod(), needs(pod()))
    assert share.sentence() == "The quota team allows 1 CPU: 1 CPU in use, 0.5 CPUs more needed."


def test_the_most_that_one_pod_may_have() -> None:
    found = shares([quota({"requests.cpu": "4"}, {"requests.cpu": "1"})], pod(), needs(pod()))
    limits = [
        {"type": "Container", "max": {"cpu": "8", "memory": "1Gi"}},
        {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}},
    ]
    assert bounds(found, [{"spec": {"limits": limits}}]) == {"cpu": 3, "memory": GIB}
