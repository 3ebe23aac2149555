"""Whole jobs started again after a failure, on a fake cluster."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import ClusterRefused, Forbidden
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs.restart_clock import RestartClock
from jupyter_trainhub.hub.jobs.restarts import due
from jupyter_trainhub.kube.client import Object
from jupyter_trainhub.kube.resources import CONFIG_MAPS, JOBS, PODS, SERVICES, Resource
from jupyter_trainhub.manifests.labels import (
    ADMISSION,
    ATTEMPT,
    CODE_ARGV,
    PORT,
    RELEASED_AT,
    RESTART,
    SPEC,
)
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import eventually
from tests.hub.fakes import FakeCluster


def ago(seconds: float) -> str:
    moment = datetime.now(timezone.utc) - timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def create(hub: Hub, **fields: Any) -> Object:
    data = {"name": "train", "command": ["python", "train.py"], "restarts": 2, **fields}
    return hub.jobs.create(JobSpec.parse(data))


def fail(cluster: FakeCluster, name: str, seconds: float = 3600, **pod: Any) -> None:
    """The Job ``name`` has failed so long ago; ``pod`` is how its only pod has ended."""
    condition = {
        "type": "Failed",
        "status": "True",
        "reason": "BackoffLimitExceeded",
        "lastTransitionTime": ago(seconds),
    }
    job = cluster.objects["jobs"][name]
    cluster.put(JOBS, {**job, "status": {"conditions": [condition]}})
    template = job["spec"]["template"]
    ended = {"exitCode": 1, "finishedAt": ago(seconds), **pod}
    cluster.put(
        PODS,
        {
            "metadata": {"name": f"{name}-0-abcde", **template["metadata"]},
            "spec": template["spec"],
            "status": {
                "phase": "Failed",
                "containerStatuses": [{"name": "main", "state": {"terminated": ended}}],
            },
        },
    )


def test_another_attempt_is_the_same_but_for_its_name(hub: Hub, cluster: FakeCluster) -> None:
    first = create(hub, env={"A": "$HOME"}, memory="2Gi")
    hub.jobs.pin("train", True)
    fail(cluster, "job-train")
    assert hub.jobs.get("train")["restart"] == "waiting"
    (outcome,) = hub.jobs.restarts.sweep()
    assert (outcome.name, outcome.message, outcome.failure) == ("train", "attempt 2 of 3", None)
    view = hub.jobs.get("train")
    assert (view["attempt"], view["attempts"], view["phase"]) == (2, 3, "Pending")
    assert (view["run"], view["pinned"], view["owner"]) == (first["run"], True, "ada")
    assert [old["attempt"] for old in view["earlier"]] == [1]
    assert cluster.names(JOBS) == ["job-train", "job-train-12"]
    assert "job-train-12" in cluster.names(SERVICES)

    old, new = (cluster.get(JOBS, name) for name in ("job-train", "job-train-12"))
    expected = str(old["spec"]["template"]["spec"])
    for change in (
        ("job-train", "job-train-12"),
        ("'TRAINHUB_ATTEMPT', 'value': '1'", "'TRAINHUB_ATTEMPT', 'value': '2'"),
        (old["metadata"]["annotations"][PORT], new["metadata"]["annotations"][PORT]),
    ):
        expected = expected.replace(*change)
    assert str(new["spec"]["template"]["spec"]) == expected
    assert not list(hub.jobs.restarts.sweep())


@pytest.mark.parametrize("text", ["", "{}", '{"image": "x", "site": 5}', "[" * 100_000])
@pytest.mark.parametrize("name", [ADMISSION, SPEC, CODE_ARGV])
def test_a_job_that_was_changed_by_hand_holds_up_no_other(
    hub: Hub, cluster: FakeCluster, name: str, text: str
) -> None:
    for job in ("forged", "train"):
        create(hub, name=job)
        fail(cluster, f"job-{job}")
    kind, changed = (CONFIG_MAPS, "job-forged-code") if name == CODE_ARGV else (JOBS, "job-forged")
    item = cluster.get(kind, changed)
    item["metadata"]["annotations"] |= {name: text, RESTART: "on"}
    cluster.put(kind, item)
    outcomes = {outcome.name: outcome for outcome in hub.jobs.restarts.sweep()}
    assert outcomes["train"].failure is None
    if "forged" in outcomes:
        failure = outcomes["forged"].failure
        assert failure is not None
        assert failure.remedy
    assert "job-forged-12" not in cluster.names(JOBS)


def test_a_second_attempt_without_a_first_is_cleared_away(hub: Hub, cluster: FakeCluster) -> None:
    create(hub)
    job = cluster.get(JOBS, "job-train")
    job["metadata"]["labels"][ATTEMPT] = "2"
    job["metadata"]["creationTimestamp"] = ago(3600)
    del job["metadata"]["annotations"][RELEASED_AT]
    job["spec"]["suspend"] = True
    cluster.put(JOBS, job)
    assert hub.jobs.restarts.step("train") is None
    assert cluster.names(JOBS) == []


def test_who_starts_it_again_need_not_be_its_user(
    cluster: FakeCluster, config: TrainHubConfig
) -> None:
    config.storages = [
        {"name": "home", "path": "/mnt/{username}", "claim": "home", "default": True},
    ]
    create(Hub(cluster, config, ClusterChoice(embedded=True), "ada"))
    fail(cluster, "job-train")
    service = TrainHubConfig(user="cron", run_folder=config.run_folder)
    (outcome,) = Hub(cluster, service, ClusterChoice(embedded=True), "cron").jobs.restarts.sweep()
    assert outcome.failure is None
    job = cluster.get(JOBS, "job-train-12")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert "/mnt/ada" in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert job["metadata"]["annotations"]["trainhub.jupyter.org/owner"] == "ada"


@pytest.mark.parametrize(
    ("attempt", "pause"), [(1, 10.0), (2, 20.0), (4, 80.0), (6, 300.0), (20, 300.0)]
)
def test_the_pause_grows(attempt: int, pause: float) -> None:
    view = {
        "restart": "waiting",
        "attempt": attempt,
        "finished": "1970-01-01T00:00:00Z",
        "phase": "Failed",
    }
    assert due(view) == pause


def test_it_is_not_started_again_too_early(hub: Hub, cluster: FakeCluster) -> None:
    create(hub)
    fail(cluster, "job-train", seconds=5)
    assert not list(hub.jobs.restarts.sweep())
    assert hub.jobs.restarts.step("train") is None
    assert hub.jobs.restarts.step("none") is None
    assert cluster.names(JOBS) == ["job-train"]


def test_it_ends_after_the_last_attempt(hub: Hub, cluster: FakeCluster) -> None:
    create(hub, restarts=1)
    for name in ("job-train", "job-train-12"):
        fail(cluster, name)
        list(hub.jobs.restarts.sweep())
    view = hub.jobs.get("train")
    assert (view["phase"], view["attempt"], view["restart"]) == ("Failed", 2, None)
    assert cluster.names(JOBS) == ["job-train", "job-train-12"]


def test_a_time_limit_is_no_failure(hub: Hub, cluster: FakeCluster) -> None:
    create(hub, time_limit=60)
    message = '{"reason": "TimeLimit", "message": "It ran for its time limit of 60 s."}'
    fail(cluster, "job-train", exitCode=143, message=message)
    assert hub.jobs.get("train")["restart"] != "waiting"
    assert not list(hub.jobs.restarts.sweep())


def test_a_job_that_waits_for_its_restart_can_be_stopped(hub: Hub, cluster: FakeCluster) -> None:
    create(hub)
    fail(cluster, "job-train")
    view = hub.jobs.stop("train")
    assert (view["phase"], view["restart"], view["message"]) == (
        "Stopped",
        "off",
        "Stopped by ada.",
    )
    assert not list(hub.jobs.restarts.sweep())


@pytest.mark.parametrize("act", ["stop", "delete"])
def test_who_stops_or_deletes_it_meanwhile_wins(act: str, hub: Hub, cluster: FakeCluster) -> None:
    create(hub)
    fail(cluster, "job-train")
    made = cluster.create

    def end_then_create(resource: Resource, body: Object, **how: Any) -> Object:
        if resource == JOBS:
            getattr(hub.jobs, act)("train")
        return made(resource, body, **how)

    cluster.create = end_then_create  # type: ignore[method-assign]
    assert not list(hub.jobs.restarts.sweep())
    assert cluster.names(JOBS) == (["job-train"] if act == "stop" else [])


def test_a_stop_after_the_attempt_was_made_stops_that(hub: Hub, cluster: FakeCluster) -> None:
    create(hub)
    fail(cluster, "job-train")
    patch = cluster.patch
    steps: list[str | None] = []

    def patch_after_another_attempt(
        resource: Resource, name: str, body: Object, **how: Any
    ) -> Object:
        if not steps:
            steps.append("")
            steps.append(hub.jobs.restarts.step("train"))
        return patch(resource, name, body, **how)

    cluster.patch = patch_after_another_attempt  # type: ignore[method-assign]
    view = hub.jobs.stop("train")
    assert steps[-1] == "attempt 2 of 3"
    assert (view["attempt"], view["phase"]) == (2, "Stopped")
    assert cluster.get(JOBS, "job-train-12")["spec"]["suspend"] is True


def test_of_two_only_one_makes_it(hub: Hub, cluster: FakeCluster, config: TrainHubConfig) -> None:
    create(hub)
    fail(cluster, "job-train")
    # What another one makes at this moment is young, and nobody's leftover.
    cluster.created = now()
    hubs = [hub, *(Hub(cluster, config, ClusterChoice(embedded=True), "ada") for _ in range(3))]
    barrier = threading.Barrier(len(hubs))
    made: list[str | None] = []

    def step(one: Hub) -> None:
        barrier.wait()
        made.append(one.jobs.restarts.step("train"))

    threads = [threading.Thread(target=step, args=(one,)) for one in hubs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(filter(None, made)) == ["attempt 2 of 3"]
    assert cluster.names(JOBS) == ["job-train", "job-train-12"]
    assert cluster.get(JOBS, "job-train-12")["spec"]["suspend"] is False


@pytest.mark.parametrize("at", ["services", "configmaps"])
def test_what_a_crash_left_is_made_anew(at: str, hub: Hub, cluster: FakeCluster) -> None:
    create(hub)
    fail(cluster, "job-train")
    delete = cluster.delete
    cluster.refuse["create", at] = ClusterRefused("killed")
    cluster.delete = lambda *gone, **how: None  # type: ignore[method-assign]
    (outcome,) = hub.jobs.restarts.sweep()
    assert outcome.failure is not None
    cluster.delete = delete  # type: ignore[method-assign]
    del cluster.refuse["create", at]
    left = cluster.objects["jobs"]["job-train-12"]
    assert left["spec"]["suspend"] is True
    left["metadata"]["creationTimestamp"] = ago(10)
    assert not list(hub.jobs.restarts.sweep()), "somebody may be at it"
    left["metadata"]["creationTimestamp"] = ago(3600)
    assert [outcome.message for outcome in hub.jobs.restarts.sweep()] == ["attempt 2 of 3"]
    assert hub.jobs.get("train")["phase"] == "Pending"
    assert "job-train-12-code" in cluster.names(CONFIG_MAPS)


def test_a_failure_is_told_and_leaves_nothing(hub: Hub, cluster: FakeCluster) -> None:
    create(hub)
    fail(cluster, "job-train")
    cluster.refuse["create", "services"] = Forbidden("no")
    (outcome,) = hub.jobs.restarts.sweep()
    assert isinstance(outcome.failure, Forbidden)
    assert cluster.names(JOBS) == ["job-train"]
    del cluster.refuse["create", "services"]
    assert len(list(hub.jobs.restarts.sweep())) == 1


def test_the_clock_calls_each_job_in_its_time() -> None:
    stepped: list[str] = []
    fails = ["b"]

    def step(name: str) -> None:
        stepped.append(name)
        if name in fails:
            fails.remove(name)
            raise Forbidden("no")

    soon = time.time() + 0.2
    with RestartClock(lambda view: view["due"], step) as clock:
        clock.note({"name": "late", "due": soon + 3600})
        clock.note({"name": "a", "due": soon})
        clock.note({"name": "gone", "due": soon})
        clock.note({"name": "gone", "due": None})
        clock.note({"name": "b", "due": 0.0})
        eventually(lambda: stepped == ["b", "a"], 10)
        assert time.time() >= soon
