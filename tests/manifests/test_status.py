from __future__ import annotations

import copy
from typing import Any

import pytest

from jupyter_trainhub.manifests.instance_status import instance_view
from tests.manifests.samples import PODS, STATEFUL_SETS

Object = dict[str, Any]


def test_the_view_of_an_instance() -> None:
    view = instance_view(STATEFUL_SETS["dev"], [PODS["dev-0"]])
    fields = "kind name phase reason message remedy details ready image cpus memory gpus created "
    assert {*fields.split(), "owner", "node", "url", "spec", "uid", "progress"} <= set(view)
    assert (view["phase"], view["ready"], view["node"]) == ("Running", True, "node1")
    assert view["url"] == "trainhub/instances/dev/lab/lab"


@pytest.mark.parametrize(
    ("pod", "phase"),
    [
        ("running-not-ready", "Starting"),
        ("image-missing", "Starting"),
        ("unschedulable-cpu", "Pending"),
        ("crash-loop", "Failed"),
        ("succeeded", "Starting"),
    ],
)
def test_the_phase_of_an_instance(pod: str, phase: str) -> None:
    view = instance_view(STATEFUL_SETS["dev"], [PODS[pod]])
    assert view["phase"] == phase
    assert view["message"]
    assert not view["ready"]


def test_the_end_of_an_old_pod_is_no_failure() -> None:
    failed = copy.deepcopy(PODS["crash-loop"])
    failed["metadata"]["deletionTimestamp"] = "2026-11-22T02:00:00Z"
    failed["status"]["phase"] = "Failed"
    view = instance_view(STATEFUL_SETS["dev"], [failed])
    assert (view["phase"], view["reason"]) == ("Starting", "Restarting")


def scaled_to_zero(generation: int) -> Object:
    stateful_set = copy.deepcopy(STATEFUL_SETS["stopped"])
    stateful_set["metadata"]["generation"] = generation
    return stateful_set


def test_an_instance_without_replicas_is_stopped_or_about_to_be_made() -> None:
    assert instance_view(scaled_to_zero(2), [])["phase"] == "Stopped"
    assert instance_view(scaled_to_zero(2), [PODS["dev-0"]])["phase"] == "Stopping"
    assert instance_view(scaled_to_zero(1), [])["phase"] == "Pending"
