from __future__ import annotations

import copy
from typing import Any

import pytest

from jupyter_trainhub.manifests.progress import STEPS, progress
from tests.manifests.samples import PODS


def pod(name: str, **status: Any) -> dict[str, Any]:
    found = copy.deepcopy(PODS[name])
    found["status"] = {**found["status"], **status}
    return found


def states(steps: list[dict[str, Any]]) -> dict[str, str]:
    return {step["step"]: step["state"] for step in steps}


@pytest.mark.parametrize(
    ("name", "phase", "reached", "then"),
    [
        ("unschedulable-cpu", "Pending", "created", "current"),
        ("image-missing", "Starting", "scheduled", "current"),
        ("running-not-ready", "Starting", "started", "current"),
        ("running-ready", "Running", "answering", None),
        ("command-missing", "Failed", "scheduled", "failed"),
    ],
)
def test_it_tells_how_far_it_is(name: str, phase: str, reached: str, then: str | None) -> None:
    steps = progress(PODS[name], phase)
    done = STEPS.index(reached) + 1
    assert [step["step"] for step in steps] == list(STEPS)
    assert [step["state"] for step in steps[:done]] == ["done"] * done
    assert [step["state"] for step in steps[done:]] == (
        [then] + ["waiting"] * (len(STEPS) - done - 1) if then else []
    )


def test_before_there_is_a_pod_it_is_being_created() -> None:
    assert states(progress(None, "Pending"))["created"] == "current"
    assert states(progress(None, "Pending"))["scheduled"] == "waiting"


@pytest.mark.parametrize("phase", ["Stopped", "Stopping"])
def test_what_is_stopped_goes_nowhere(phase: str) -> None:
    assert progress(PODS["running-ready"], phase) == []


def test_each_step_has_its_time() -> None:
    found = pod(
        "running-ready",
        conditions=[
            {
                "type": "PodScheduled",
                "status": "True",
                "lastTransitionTime": "2026-11-22T02:00:05Z",
            },
            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-22T02:01:00Z"},
        ],
        containerStatuses=[
            {"name": "main", "state": {"running": {"startedAt": "2026-11-22T02:00:50Z"}}}
        ],
    )
    found["metadata"]["creationTimestamp"] = "2026-11-22T02:00:00Z"
    image = {
        "reason": "Pulled",
        "metadata": {},
        "lastTimestamp": "2026-11-22T02:00:47Z",
        "involvedObject": {"uid": found["metadata"]["uid"]},
    }
    steps = {step["step"]: step["seconds"] for step in progress(found, "Running", [image])}
    assert steps == {
        "created": None,
        "scheduled": 5.0,
        "pulled": 42.0,
        "started": 3.0,
        "answering": 10.0,
    }


def test_a_current_step_tells_since_when() -> None:
    found = pod("image-missing")
    scheduled = next(
        condition["lastTransitionTime"]
        for condition in found["status"]["conditions"]
        if condition["type"] == "PodScheduled"
    )
    current = next(step for step in progress(found, "Starting") if step["state"] == "current")
    assert (current["step"], current["at"]) == ("pulled", scheduled)
