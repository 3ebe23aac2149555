from __future__ import annotations

import copy
from typing import Any

import pytest

from jupyter_trainhub.manifests.instance_status import instance_view
from jupyter_trainhub.manifests.job_status import job_view
from jupyter_trainhub.manifests.labels import STOPPED_AT, STOPPED_BY
from tests.manifests.samples import JOBS, PODS, STATEFUL_SETS, pods_of

Object = dict[str, Any]


@pytest.mark.parametrize(
    ("name", "phase", "words"),
    [
        ("complete", "Succeeded", None),
        ("deadline", "Failed", "longer than its time limit"),
        ("failed", "Failed", "It ended with exit code 2."),
        ("indexed-one-fails", "Failed", "Rank 0 ended with exit code 7."),
        ("running", "Running", None),
        ("suspended", "Suspended", "waits to be released"),
    ],
)
def test_the_phase_of_a_job(name: str, phase: str, words: str | None) -> None:
    view = job_view(JOBS[name], pods_of(name))
    assert view["phase"] == phase
    assert words in view["message"] if words else view["message"] is None


def test_the_view_of_a_job_has_the_fields_of_the_contract() -> None:
    view = job_view(JOBS["indexed-one-fails"], pods_of("indexed-one-fails"))
    fields = "kind name phase reason message framework nodes created started finished owner spec "
    assert set(view) == {*fields.split(), "remedy", "details", "uid", "pods", "error"}
    assert view["started"] == "2026-11-22T02:23:39Z"
    assert view["finished"] == "2026-11-22T02:24:14Z"
    assert view["pods"] == [
        {
            "name": "indexed-one-fails-0-sw4jd",
            "rank": 0,
            "phase": "Failed",
            "reason": "Error",
            "message": "It ended with exit code 7.",
            "node": "node1",
            "exit_code": 7,
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
    job = copy.deepcopy(JOBS["failed"])
    job["metadata"]["annotations"] = {STOPPED_BY: "ada", STOPPED_AT: "2026-11-22T03:00:00Z"}
    view = job_view(job, pods_of("failed"))
    assert (view["phase"], view["reason"]) == ("Stopped", "Stopped")


def test_a_job_whose_last_ranks_are_being_ended_is_stopping() -> None:
    job = copy.deepcopy(JOBS["indexed-one-fails"])
    conditions = job["status"]["conditions"]
    job["status"]["conditions"] = [c for c in conditions if c["type"] == "FailureTarget"]
    view = job_view(job, pods_of("indexed-one-fails"))
    assert view["phase"] == "Stopping"
    assert view["finished"] is None


def test_a_job_waits_for_its_last_rank() -> None:
    job = copy.deepcopy(JOBS["running"])
    waiting = copy.deepcopy(PODS["unschedulable-cpu"])
    waiting["metadata"]["annotations"] = {"batch.kubernetes.io/job-completion-index": "1"}
    job["spec"]["completions"] = 2
    view = job_view(job, [pods_of("running")[0], waiting])
    assert view["phase"] == "Pending"
    assert "1 of 2 nodes run" in view["message"]


def test_the_rank_that_knows_the_cell_explains_the_failure() -> None:
    first, last = (copy.deepcopy(PODS["message"]) for _ in range(2))
    last["metadata"]["annotations"] = {"batch.kubernetes.io/job-completion-index": "1"}
    last["metadata"]["name"] = "last"
    last["status"]["containerStatuses"][0]["state"]["terminated"] = {
        "exitCode": 1,
        "finishedAt": "2026-11-22T02:59:59Z",
        "message": '{"reason": "Exception", "message": "cell 3: KeyError", "error": {"cell": 2}}',
    }
    job = copy.deepcopy(JOBS["failed"])
    job["spec"]["completions"] = 2
    view = job_view(job, [first, last])
    assert view["message"] == "Rank 1: cell 3: KeyError"
    assert view["error"] == {"cell": 2}


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
