"""The view of a job: phases, and why it is in them, on every kind of owner."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_trainhub.manifests.frameworks.framework import Framework
from jupyter_trainhub.manifests.frameworks.mpijob import MpiJob
from jupyter_trainhub.manifests.frameworks.pytorch import PyTorch
from jupyter_trainhub.manifests.frameworks.pytorchjob import PyTorchJob
from jupyter_trainhub.manifests.frameworks.single import Single
from jupyter_trainhub.manifests.frameworks.trainjob import TrainJob
from jupyter_trainhub.manifests.job_status import job_view, over
from jupyter_trainhub.manifests.labels import (
    PINNED,
    RELEASED_AT,
    RESTART,
    STOPPED_AT,
    STOPPED_BY,
    Object,
)
from tests.manifests.jobs import as_job, owner_of, pod_of
from tests.manifests.samples import JOBS, PODS, pods_of

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("name", "phase", "words"),
    [
        ("complete", "Succeeded", None),
        ("deadline", "Stopped", "ended at its time limit."),
        ("failed", "Failed", "It ended with exit code 2."),
        ("indexed-one-fails", "Failed", "Rank 0 ended with exit code 7."),
        ("running", "Running", None),
        ("suspended", "Suspended", "has not been asked to start it"),
    ],
)
def test_the_phase_of_a_job(name: str, phase: str, words: str | None) -> None:
    view = job_view(JOBS[name], pods_of(name))
    assert view["phase"] == phase
    assert words in view["message"] if words else view["message"] is None


def test_the_view_of_a_job_has_the_fields_of_the_contract() -> None:
    job = as_job(
        JOBS["indexed-one-fails"],
        checkpoint_volume={"path": "/c", "size": "5Gi"},
        model_volume={"path": "/m", "size": "1Gi", "claim": "kept"},
    )
    job["metadata"]["annotations"] |= {PINNED: "true", "trainhub.jupyter.org/run": "Run_1-0a1b2c3d"}
    view = job_view(job, pods_of("indexed-one-fails"))
    fields = (
        "kind name phase reason message remedy details framework backend nodes category project "
        "priority description virtual_cluster skus ssh estimated_time time_limit pinned run "
        "from_run attempt attempts restart created started finished owner spec uid volumes history "
        "pods earlier error progress log_folders log_runs"
    )
    assert set(view) == set(fields.split())
    assert view["started"] == "2026-11-22T02:23:39Z"
    assert view["finished"] == "2026-11-22T02:24:14Z"
    assert (view["pinned"], view["backend"]) == (True, "plain")
    assert view["volumes"] == [
        {
            "role": "checkpoint",
            "path": "/c",
            "claim": "job--run-01-0a1b2c3d-checkpoint",
            "size": 5 * 1024**3,
        },
        {"role": "model", "path": "/m", "claim": "kept", "size": 1024**3},
    ]
    pod = pods_of("indexed-one-fails")[0]
    assert view["pods"] == [
        {
            "name": "indexed-one-fails-0-sw4jd",
            "rank": 0,
            "role": "node",
            "attempt": 1,
            "phase": "Failed",
            "reason": "Error",
            "message": "It ended with exit code 7.",
            "node": "node1",
            "address": pod["status"]["podIP"],
            "restarts": 0,
            "exit_code": 7,
            "started": "2026-11-22T02:23:39Z",
            "finished": "2026-11-22T02:23:39Z",
            "image_digest": None,
            "previous": False,
        }
    ]


def stopped(pods: list[Object]) -> Object:
    job = copy.deepcopy(JOBS["suspended"])
    job["metadata"]["annotations"] = {STOPPED_BY: "ada", STOPPED_AT: "2026-11-22T03:00:00Z"}
    return job_view(job, pods)


def test_a_job_is_stopped_once_its_pods_have_gone() -> None:
    assert stopped(pods_of("running"))["phase"] == "Stopping"
    view = stopped([])
    assert (view["phase"], view["message"]) == ("Stopped", "Stopped by ada.")
    assert view["finished"] == "2026-11-22T03:00:00Z"


def test_a_stopped_job_has_not_failed_because_its_pods_ended_badly() -> None:
    job = as_job(JOBS["failed"], restarts=3)
    job["metadata"]["annotations"] |= {STOPPED_BY: "ada", STOPPED_AT: "2026-11-22T03:00:00Z"}
    view = job_view(job, pods_of("failed"))
    assert (view["phase"], view["reason"], view["restart"]) == ("Stopped", "Stopped", None)


def test_a_job_whose_last_ranks_are_being_ended_is_stopping() -> None:
    job = copy.deepcopy(JOBS["indexed-one-fails"])
    conditions = job["status"]["conditions"]
    job["status"]["conditions"] = [c for c in conditions if c["type"] == "FailureTarget"]
    view = job_view(job, pods_of("indexed-one-fails"))
    assert view["phase"] == "Stopping"
    assert view["finished"] is None


@pytest.mark.parametrize(
    ("framework", "condition", "phase"),
    [
        (PyTorchJob(), ("Created", "PyTorchJobCreated"), "Running"),
        (PyTorchJob(), ("Running", "PyTorchJobRunning"), "Running"),
        (PyTorchJob(), ("Succeeded", "PyTorchJobSucceeded"), "Succeeded"),
        (PyTorchJob(), ("Failed", "PyTorchJobFailed"), "Failed"),
        (MpiJob(), ("Succeeded", "MPIJobSucceeded"), "Succeeded"),
        (MpiJob(), ("Failed", "MPIJobEvicted"), "Failed"),
        (TrainJob(), ("Complete", "JobsCompleted"), "Succeeded"),
        (TrainJob(), ("Failed", "FailedJobs"), "Failed"),
        (TrainJob(), ("Failed", "DeadlineExceeded"), "Stopped"),
        (PyTorch(), ("Complete", "CompletionsReached"), "Succeeded"),
        (PyTorch(), ("Failed", "BackoffLimitExceeded"), "Failed"),
    ],
    ids=lambda given: given[1] if isinstance(given, tuple) else None,
)
def test_the_same_words_for_every_kind(
    framework: Framework, condition: tuple[str, str], phase: str
) -> None:
    view = job_view(owner_of(framework, condition), [pod_of(PODS["running-ready"])])
    assert (view["phase"], view["backend"]) == (phase, framework.backend)
    ended = phase != "Running"
    assert view["finished"] == ("2026-11-22T02:30:00Z" if ended else None)
    assert over(view) == ended


def test_suspension_is_read_where_each_kind_has_it() -> None:
    for framework in (Single(), PyTorchJob(), MpiJob(), TrainJob()):
        owner = owner_of(framework)
        owner["spec"] |= framework.suspension(suspended=True)
        assert job_view(owner, [])["phase"] == "Suspended"


def test_ranks_and_roles_are_those_of_the_framework() -> None:
    def replica(kind: str, index: int) -> Object:
        prefix = "training.kubeflow.org/replica"
        labels = {f"{prefix}-type": kind, f"{prefix}-index": str(index)}
        return pod_of(PODS["running-ready"], name=f"x-{kind}-{index}", labels=labels)

    pods = [replica("worker", 1), replica("worker", 0), replica("master", 0)]
    view = job_view(owner_of(PyTorchJob(), nodes=3), pods)
    assert [(pod["rank"], pod["role"]) for pod in view["pods"]] == [
        (0, "master"),
        (1, "worker"),
        (2, "worker"),
    ]
    assert (view["phase"], view["nodes"]) == ("Running", 3)


def terminated(index: int, **state: Any) -> Object:
    """The job's pod of that index, failed; ``state`` is its container's."""
    pod = pod_of(PODS["failed"], index)
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    ended |= {"reason": "Error", "message": "", **state}
    return pod


def disrupted(index: int, reason: str, phase: str = "Failed") -> Object:
    pod = pod_of(PODS["running-ready"] if phase == "Running" else PODS["failed"], index)
    pod["spec"]["nodeName"] = "gpu-7"
    pod["status"]["conditions"] = [
        {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "..."}
    ]
    if phase == "Running":
        pod["metadata"]["deletionTimestamp"] = "2026-11-22T02:25:00Z"
    return pod


LOST_PEER = (
    '{"message": "RuntimeError: Connection closed by peer", "error": {"message": "closed by peer"}}'
)
IN_CELL = '{"reason": "Error", "message": "cell 3: KeyError", "error": {"cell": 2}}'


@pytest.mark.parametrize(
    ("pods", "reason", "words"),
    [
        # Others fail because they lose the one: it has to be named, whenever they ended.
        (
            [terminated(0, exitCode=1, message=LOST_PEER), terminated(1, exitCode=137)],
            "Error",
            "Rank 1 was ended by SIGKILL (exit code 137).",
        ),
        (
            [terminated(0, exitCode=1, message=IN_CELL), terminated(1, exitCode=1)],
            "Error",
            "Rank 0: Cell 3: KeyError",
        ),
        (
            [terminated(0, exitCode=143), terminated(1, exitCode=1, message=IN_CELL)],
            "Error",
            "Rank 1: Cell 3: KeyError",
        ),
        (
            [
                terminated(0, exitCode=1, message=LOST_PEER),
                terminated(1, exitCode=137, reason="OOMKilled"),
            ],
            "OOMKilled",
            "Rank 1 used more memory than its limit",
        ),
        (
            [terminated(0, exitCode=1), disrupted(1, "DeletionByTaintManager")],
            "NodeLost",
            "Rank 1: Its node gpu-7 was lost",
        ),
        (
            [terminated(0, exitCode=1), disrupted(1, "DeletionByPodGC", "Running")],
            "NodeLost",
            "gpu-7 was lost: the cluster no longer has it",
        ),
        ([disrupted(1, "PreemptionByScheduler")], "Preempted", "higher priority"),
        ([disrupted(1, "EvictionByEvictionAPI")], "Evicted", "moved off its node gpu-7"),
        ([], "PodLost", "One of its pods was deleted, or its node was lost."),
    ],
)
def test_the_rank_that_is_to_blame_explains_the_failure(
    pods: list[Object], reason: str, words: str
) -> None:
    owner = owner_of(PyTorch(), ("Failed", "BackoffLimitExceeded"), nodes=2)
    view = job_view(owner, pods)
    assert (view["phase"], view["reason"]) == ("Failed", reason)
    assert words in view["message"]


@pytest.mark.parametrize(
    ("name", "reason", "message", "words"),
    [
        (
            "job--run-01-1-abcde",
            "TaintManagerEviction",
            "Marking for deletion Pod x",
            "The node of rank 1 was lost, or closed.",
        ),
        (
            "job--run-01-0-abcde",
            "Preempted",
            "Preempted by pod y on node gpu-7",
            "Something of higher priority took the place of rank 0.",
        ),
        ("job--run-01-1-abcde", "TaintManagerEviction", "Cancelling deletion of Pod x", None),
        ("job--run-01-12-1-abcde", "TaintManagerEviction", "Marking for deletion Pod x", None),
    ],
)
def test_events_tell_of_pods_that_are_gone(
    name: str, reason: str, message: str, words: str | None
) -> None:
    event = {
        "type": "Normal",
        "reason": reason,
        "message": message,
        "metadata": {"creationTimestamp": "2026-11-22T02:25:00Z"},
        "involvedObject": {"name": name},
    }
    owner = owner_of(PyTorch(), ("Failed", "BackoffLimitExceeded"), nodes=2)
    for pods in ([], [terminated(0, exitCode=1, message=LOST_PEER)]):
        view = job_view(owner, pods, events=[event])
        assert (view["message"] == words) == (words is not None)
    earlier_event = {**event, "metadata": {"creationTimestamp": "2026-11-22T01:00:00Z"}}
    assert job_view(owner, [], events=[earlier_event])["reason"] == "PodLost"


def test_the_error_of_the_cell_is_in_the_view() -> None:
    owner = owner_of(PyTorch(), ("Failed", "BackoffLimitExceeded"), nodes=2)
    pods = [terminated(0, exitCode=1), terminated(1, exitCode=1, message=IN_CELL)]
    error = {"cell": 2, "node": "node1", "pod": "job--run-01-1-1"}
    assert job_view(owner, pods)["error"] == error


@pytest.mark.parametrize("framework", [Single(), PyTorchJob()], ids=["plain", "pytorchjob"])
def test_the_time_limit_is_no_failure(framework: Framework) -> None:
    owner = owner_of(framework, ("Failed", "X"), time_limit=5400, restarts=3)
    limit = terminated(0, exitCode=124, message='{"reason": "TimeLimit", "message": "x"}')
    view = job_view(owner, [limit])
    assert (view["phase"], view["reason"]) == ("Stopped", "TimeLimit")
    assert view["message"] == "It was ended at its time limit of 1 h 30 min."
    assert view["restart"] is None


def test_a_node_that_never_comes_back_does_not_hold_up_the_end() -> None:
    owner = owner_of(PyTorch(), ("FailureTarget", "BackoffLimitExceeded"), nodes=2, restarts=1)
    gone = disrupted(1, "DeletionByTaintManager", "Running")
    assert job_view(owner, [pod_of(PODS["running-ready"]), gone])["phase"] == "Stopping"
    view = job_view(owner, [terminated(0, exitCode=143), gone])
    assert (view["phase"], view["restart"]) == ("Failed", "waiting")
    assert view["finished"] == "2026-11-22T02:30:00Z"


@pytest.mark.parametrize(
    ("attempt", "annotations", "restart"),
    [(1, {}, "waiting"), (2, {}, "waiting"), (3, {}, None), (1, {RESTART: "off"}, "off")],
)
def test_a_job_that_is_to_start_again_is_not_over(
    attempt: int, annotations: dict[str, str], restart: str | None
) -> None:
    owner = owner_of(Single(), ("Failed", "BackoffLimitExceeded"), attempt=attempt, restarts=2)
    owner["metadata"]["annotations"] |= annotations
    view = job_view(owner, [pod_of(PODS["failed"], attempt=attempt)])
    assert (view["phase"], view["restart"], view["attempts"]) == ("Failed", restart, 3)
    assert over(view) == (restart != "waiting")
    told = f"Attempt {attempt} of 3 failed: It ended with exit code 3. The job is started again."
    assert (view["message"] == told) == (restart == "waiting")


def test_earlier_attempts_keep_their_pods() -> None:
    first = owner_of(Single(), ("Failed", "BackoffLimitExceeded"), restarts=1)
    second = owner_of(Single(), attempt=2, restarts=1)
    pods = [pod_of(PODS["failed"], attempt=1), pod_of(PODS["running-ready"], attempt=2)]
    view = job_view(second, pods, earlier=[first])
    assert (view["phase"], view["attempt"], view["attempts"]) == ("Running", 2, 2)
    assert [pod["attempt"] for pod in view["pods"]] == [2]
    (before,) = view["earlier"]
    assert (before["attempt"], before["phase"], before["pods"][0]["exit_code"]) == (1, "Failed", 3)
    assert before["message"].startswith("Attempt 1 of 2 failed: It ended with exit code 3.")
    assert view["message"] is None


def test_a_job_waits_for_its_last_rank() -> None:
    owner = owner_of(PyTorch(), nodes=2, gpus=4)
    pods = [pod_of(PODS["running-ready"], 0), pod_of(PODS["unschedulable-cpu"], 1)]
    begun = datetime(2026, 11, 22, 2, 23, 29, tzinfo=timezone.utc)
    view = job_view(owner, pods, now=begun)
    assert view["phase"] == "Pending"
    assert "1 of 2 nodes run" in view["message"]
    late = job_view(owner, pods, now=begun.replace(minute=26))
    assert (late["phase"], late["reason"]) == ("Pending", "HalfStarted")
    assert late["message"].startswith(
        "1 of 2 nodes run and hold 4 GPUs, but can do nothing without rank 1: It needs "
    )
    assert "stop it" in late["remedy"]


def test_a_node_that_does_not_answer_is_told_while_the_job_runs() -> None:
    pod = pod_of(PODS["running-not-ready"])
    event = {
        "type": "Warning",
        "reason": "NodeNotReady",
        "message": "Node is not ready",
        "metadata": {"creationTimestamp": "2026-11-22T02:25:00Z"},
        "involvedObject": {"uid": pod["metadata"]["uid"]},
    }
    view = job_view(owner_of(Single()), [pod], events=[event])
    assert (view["phase"], view["reason"]) == ("Running", "NodeNotReady")


def test_the_digest_of_the_image_is_found_as_runtimes_write_it() -> None:
    pod = pod_of(PODS["running-ready"])
    for written in (DIGEST, f"docker.io/library/x@{DIGEST}", f"docker-pullable://x@{DIGEST}"):
        pod["status"]["containerStatuses"][0]["imageID"] = written
        view = job_view(owner_of(Single()), [pod])
        assert view["pods"][0]["image_digest"] == DIGEST


def refusal(uid: str, message: str) -> Object:
    return {
        "type": "Warning",
        "reason": "FailedCreate",
        "message": message,
        "metadata": {"creationTimestamp": "2026-11-22T02:00:00Z"},
        "involvedObject": {"uid": uid},
    }


def test_a_quota_that_keeps_the_pods_out_is_told() -> None:
    job = JOBS["running"]
    event = refusal(
        job["metadata"]["uid"],
        'Error creating: pods "x" is forbidden: exceeded quota: team, requested: '
        "requests.cpu=4, used: requests.cpu=7, limited: requests.cpu=8",
    )
    view = job_view(job, [], events=[event])
    assert (view["phase"], view["reason"]) == ("Pending", "QuotaExceeded")
    assert "team allows requests.cpu=8" in view["message"]
    assert job_view(job, [], events=[refusal("other", "x")])["reason"] == "Creating"


@pytest.mark.parametrize(
    ("seconds", "status", "reason"),
    [(10, {}, "Creating"), (70, {}, "NoOperator"), (70, {"conditions": []}, "Creating")],
)
def test_a_job_that_no_operator_takes_up_says_so(seconds: int, status: Object, reason: str) -> None:
    owner = owner_of(PyTorchJob(), nodes=2)
    owner["metadata"]["annotations"][RELEASED_AT] = "2026-11-22T02:23:29Z"
    owner["status"] = status
    released = datetime(2026, 11, 22, 2, 23, 29, tzinfo=timezone.utc)
    view = job_view(owner, [], now=released + timedelta(seconds=seconds))
    assert (view["phase"], view["reason"]) == ("Pending", reason)
    assert ("PyTorchJob" in view["message"]) == (reason == "NoOperator")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"exitCode": 137, "reason": "OOMKilled"}, "It used more memory than its limit"),
        ({"exitCode": 137, "reason": "Error"}, "It was ended by SIGKILL (exit code 137)"),
    ],
)
def test_the_cell_that_ran_is_known_where_nobody_could_tell_its_error(
    state: Object, words: str
) -> None:
    owner = owner_of(PyTorch(), ("Failed", "BackoffLimitExceeded"))
    place = json.dumps({"cell": 6, "cell_id": "a1"})
    view = job_view(owner, [terminated(0, **state, message=place)])
    assert view["message"].startswith(words)
    assert "while cell 7 ran" in view["message"]
    assert (view["error"]["cell"], view["error"]["cell_id"]) == (6, "a1")


def test_secrets_in_the_words_of_a_program_do_not_leave() -> None:
    said = "login https://ada:pw@hub.example with HF_TOKEN=abcd1234 failed"
    message = json.dumps({"message": said, "error": {"etype": "ValueError", "message": said}})
    view = job_view(
        owner_of(PyTorch(), ("Failed", "BackoffLimitExceeded")),
        [terminated(0, exitCode=1, message=message)],
    )
    assert "https://***@hub.example with HF_TOKEN=***" in view["message"]
    assert "abcd1234" not in json.dumps(view)
