"""What happened to a job, when and why."""

from __future__ import annotations

import copy
import random
from typing import Any

from jupyter_trainhub.manifests.frameworks.pytorch import PyTorch
from jupyter_trainhub.manifests.frameworks.single import Single
from jupyter_trainhub.manifests.job_status import job_view
from jupyter_trainhub.manifests.labels import (
    RELEASED_AT,
    STARTED_AT,
    STOPPED_AT,
    STOPPED_BY,
    Object,
)
from tests.manifests.jobs import owner_of, pod_of
from tests.manifests.samples import JOBS, PODS, pods_of

RELEASED = {RELEASED_AT: "2026-11-22T02:00:01Z"}


def story(view: Object) -> list[tuple[str, str, str, int]]:
    return [(e["at"][11:19], e["phase"], e["reason"], e["attempt"]) for e in view["history"]]


def unscheduled(pod: Object, at: str, message: str) -> Object:
    return {
        "type": "Warning",
        "reason": "FailedScheduling",
        "message": message,
        "metadata": {"creationTimestamp": at},
        "involvedObject": {"uid": pod["metadata"]["uid"]},
    }


def test_a_job_that_waited_ran_and_failed() -> None:
    job, pods = JOBS["indexed-one-fails"], pods_of("indexed-one-fails")
    assert story(job_view(job, pods)) == [
        ("02:23:37", "Suspended", "Created", 1),
        ("02:23:39", "Running", "Started", 1),
        ("02:23:42", "Stopping", "Error", 1),
        ("02:24:14", "Failed", "Error", 1),
    ]
    assert job_view(job, pods)["history"][1]["message"] == "1 of 3 nodes are known to have run."


def test_the_attempts_follow_one_another() -> None:
    first = owner_of(Single(), ("FailureTarget", "X"), ("Failed", "X"), restarts=1)
    first["metadata"]["annotations"] |= RELEASED
    second = owner_of(Single(), ("Complete", "CompletionsReached"), attempt=2, restarts=1)
    second["metadata"]["creationTimestamp"] = "2026-11-22T02:30:10Z"
    second["status"]["conditions"][0]["lastTransitionTime"] = "2026-11-22T02:40:00Z"
    pods = [pod_of(PODS["failed"], attempt=1)]
    view = job_view(second, pods, earlier=[first])
    assert [entry for entry in story(view) if entry[1] != "Starting"] == [
        ("02:00:00", "Suspended", "Created", 1),
        ("02:00:01", "Pending", "Released", 1),
        ("02:23:28", "Running", "Started", 1),
        ("02:30:00", "Stopping", "Error", 1),
        ("02:30:00", "Failed", "Error", 1),
        ("02:30:10", "Suspended", "Restarted", 2),
        ("02:40:00", "Succeeded", "Completed", 2),
    ]
    assert view["history"][0]["message"] == "Submitted by ada@example.org."
    assert "Attempt 1 of 2 failed" in view["history"][-3]["message"]


def test_each_reason_to_wait_is_told_once_and_from_when() -> None:
    pod = pod_of(PODS["running-ready"])
    message = "0/4 nodes are available: 4 Insufficient cpu."
    events = [
        unscheduled(pod, "2026-11-22T02:05:00Z", message),
        unscheduled(pod, "2026-11-22T02:01:00Z", message),
        unscheduled(pod, "2026-11-22T02:03:00Z", "0/4 nodes are available: 4 Too many pods."),
    ]
    view = job_view(owner_of(Single()), [pod], events=events)
    waits = [entry for entry in view["history"] if entry["reason"] == "Unschedulable"]
    assert [entry["at"][11:16] for entry in waits] == ["02:01", "02:03"]
    assert "CPUs" in waits[0]["message"]
    phases = [entry["phase"] for entry in view["history"]]
    assert phases[-2:] == ["Starting", "Running"]


def test_a_rank_that_waits_is_told_without_events() -> None:
    pods = [pod_of(PODS["running-ready"], 0), pod_of(PODS["unschedulable-gpu"], 1)]
    view = job_view(owner_of(PyTorch(), nodes=2), pods)
    assert view["history"][-1]["reason"] == "Unschedulable"
    assert not any(entry["phase"] == "Running" for entry in view["history"])


def test_who_stopped_it_is_told() -> None:
    owner = owner_of(Single())
    owner["metadata"]["annotations"] |= {STOPPED_BY: "eve", STOPPED_AT: "2026-11-22T02:20:00Z"}
    entries = job_view(owner, [])["history"]
    assert [entry["phase"] for entry in entries[-2:]] == ["Stopping", "Stopped"]
    assert entries[-1]["message"] == "Stopped by eve."


def test_a_stop_does_not_take_away_that_it_ran() -> None:
    owner = owner_of(Single())
    owner["metadata"]["annotations"] |= {
        STOPPED_AT: "2026-11-22T02:20:00Z",
        STARTED_AT: "2026-11-22T02:10:00Z",
    }
    view = job_view(owner, [])
    assert view["started"] == "2026-11-22T02:10:00Z"
    assert [entry["phase"] for entry in view["history"][-3:]] == ["Running", "Stopping", "Stopped"]


def test_the_same_objects_give_the_same_history_in_any_order() -> None:
    pods: list[Any] = [pod_of(PODS["running-ready"], index) for index in range(4)]
    events = [
        unscheduled(pod, f"2026-11-22T02:0{index}:00Z", f"0/{index} nodes are available.")
        for index, pod in enumerate(pods)
    ]
    owner = owner_of(PyTorch(), ("Failed", "X"), nodes=4)
    expected = job_view(owner, pods, events=events)["history"]
    for seed in range(5):
        mixed, shuffled = copy.deepcopy(pods), list(events)
        random.Random(seed).shuffle(mixed)
        random.Random(seed).shuffle(shuffled)
        assert job_view(owner, mixed, events=shuffled)["history"] == expected
    assert expected == sorted(expected, key=lambda entry: entry["at"])
