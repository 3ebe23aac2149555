from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from jupyter_trainhub.manifests.pod_status import pod_status
from tests.manifests.samples import PODS, WARNINGS

SMALL = {"cpu": 2.0, "memory": 24.0 * 1024**3}


@pytest.mark.parametrize(
    ("name", "phase", "reason", "words"),
    [
        (
            "unschedulable-cpu",
            "Pending",
            "Unschedulable",
            "needs 500 CPUs, no node has more than 2",
        ),
        ("unschedulable-gpu", "Pending", "Unschedulable", "needs 8 GPUs, no node has any"),
        ("unschedulable-selector", "Pending", "Unschedulable", "labels that it asks for"),
        ("claim-missing", "Pending", "Unschedulable", "no claim 'nope'"),
        ("claim-unbound", "Pending", "Unschedulable", "has no volume yet"),
        ("scheduling-gated", "Pending", "SchedulingGated", "waits for its turn"),
        ("image-missing", "Starting", "ErrImagePull", "not find the registry 'registry.invalid'"),
        ("config-missing", "Starting", "CreateContainerConfigError", "no ConfigMap 'nope'"),
        ("secret-volume-missing", "Starting", "FailedMount", "no secret 'nope'"),
        ("hostpath-missing", "Starting", "FailedMount", "no folder '/does/not/exist'"),
        ("command-missing", "Failed", "StartError", "no program '/no/such/program'"),
        ("crash-loop", "Failed", "CrashLoopBackOff", "exit code 1. It was started 4 times"),
        ("oom", "Failed", "OOMKilled", "more memory than its limit of 40Mi"),
        ("deadline", "Failed", "DeadlineExceeded", "longer than its time limit"),
        ("failed", "Failed", "Error", "exit code 3"),
        ("init-fails", "Failed", "Error", "exit code 1"),
    ],
)
def test_it_says_in_plain_words_why(name: str, phase: str, reason: str, words: str) -> None:
    status = pod_status(PODS[name], events=WARNINGS, largest=SMALL)
    assert (status.phase, status.reason) == (phase, reason)
    assert words in (status.message or "")


@pytest.mark.parametrize(
    ("name", "phase", "ready"),
    [
        ("running-ready", "Running", True),
        ("running-not-ready", "Running", False),
        ("liveness-fails", "Running", True),
        ("succeeded", "Succeeded", False),
    ],
)
def test_it_is_quiet_when_all_is_well(name: str, phase: str, ready: bool) -> None:
    status = pod_status(PODS[name], events=WARNINGS)
    assert (status.phase, status.ready) == (phase, ready)
    assert status.message is None


def test_without_knowing_the_nodes_it_repeats_the_scheduler() -> None:
    message = pod_status(PODS["unschedulable-cpu"]).message
    assert message == "It needs 500 CPUs; the only node has not that many free."


def ended(message: str, **terminated: Any) -> dict[str, Any]:
    pod = copy.deepcopy(PODS["message"])
    state = {"exitCode": 1, "reason": "Error", "message": message, **terminated}
    pod["status"]["containerStatuses"][0]["state"] = {"terminated": state}
    return pod


def test_a_crash_loop_before_the_program_is_no_waiting_for_ones_turn() -> None:
    pod = copy.deepcopy(PODS["init-fails"])
    container = pod["status"]["initContainerStatuses"][0]
    state = {"exitCode": 1, "reason": "Error", "message": "The folder cannot be made."}
    container |= {
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": state},
        "restartCount": 1,
    }
    pod["status"]["phase"] = "Pending"
    status = pod_status(pod)
    assert (status.phase, status.reason) == ("Failed", "CrashLoopBackOff")
    assert "The folder cannot be made. It was started 2 times." in (status.message or "")


def test_the_launchers_message_is_read_back() -> None:
    error = {"cell": 2, "lineno": 4, "etype": "ValueError", "message": "boom", "rank": 1}
    told = {"reason": "Exception", "message": "cell 3: ValueError: boom", "exit_code": 1}
    status = pod_status(ended(json.dumps({**told, "error": error})))
    assert (status.reason, status.message) == ("Exception", "Cell 3: ValueError: boom")
    assert status.error == error


@pytest.mark.parametrize("message", ['{"message": ', "[1]", '"text"', "Traceback\nKilled\n"])
def test_any_other_message_is_text(message: str) -> None:
    status = pod_status(ended(message, exitCode=9))
    assert "exit code 9" in (status.message or "")
    assert status.error is None


def test_a_killed_container_is_named_by_its_signal() -> None:
    assert "SIGKILL" in (pod_status(ended("", exitCode=137)).message or "")


def test_a_pod_that_is_deleted_is_stopping() -> None:
    pod = copy.deepcopy(PODS["running-ready"])
    pod["metadata"]["deletionTimestamp"] = "2026-11-22T02:30:00Z"
    status = pod_status(pod)
    assert (status.phase, status.ready) == ("Stopping", False)


def test_every_sample_has_a_phase_of_the_contract() -> None:
    phases = {"Pending", "Starting", "Running", "Succeeded", "Failed", "Stopping"}
    assert {pod_status(pod, events=WARNINGS).phase for pod in PODS.values()} <= phases


def test_the_storage_says_why_a_claim_has_no_volume() -> None:
    pod = copy.deepcopy(PODS["claim-unbound"])
    pod["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]

    def event(name: str) -> dict[str, Any]:
        subject = {"kind": "PersistentVolumeClaim", "name": name}
        message = "cannot make it: the disk is full"
        return {
            "metadata": {},
            "type": "Warning",
            "message": message,
            "involvedObject": subject,
        }

    why = pod_status(pod, events=[event("data")]).why
    assert why is not None
    assert why.message == "Its claim 'data' has no volume yet: the disk is full."
    assert pod_status(pod, events=[event("another")]).why == pod_status(pod).why
