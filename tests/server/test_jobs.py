"""The routes of jobs besides submitting, reading and their logs."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.server.calls import Refused
from tests.server.fakes import FakeHub, FakeTrainHub

Call = Callable[..., Awaitable[Any]]

SPEC = {"name": "run", "command": ["python", "train.py"]}


async def test_jobs_are_searched(api: Call, hub: FakeHub) -> None:
    hub.jobs.add("vision-1")
    hub.jobs.add("text-1")
    found = (await api("GET", "jobs", params={"search": "vis"}))["items"]
    assert [item["name"] for item in found] == ["vision-1"]


async def test_a_submission_says_whose_it_is(api: Call, hub: FakeHub) -> None:
    await api("POST", "jobs", body={"spec": SPEC})
    told = hub.jobs.submissions["run"]
    assert told is not None
    # Nobody has logged in; the name that Jupyter makes up for that tells nothing.
    assert (told.user, told.submitted_by) == ("ada", "ada")


async def test_a_job_is_made_of_what_a_run_was_made_of(api: Call, hub: FakeHub) -> None:
    # The notebook need not be there any more.
    spec = {"name": "again", "notebook": "gone.ipynb"}
    view = await api("POST", "jobs", body={"spec": spec, "code_of": "run-0a1b2c3d"})
    assert view["code_of"] == "run-0a1b2c3d"
    told = hub.jobs.submissions["again"]
    assert told is not None
    assert told.from_run == "run-0a1b2c3d"


async def test_a_job_is_stopped_pinned_submitted_again_and_deleted(api: Call, hub: FakeHub) -> None:
    hub.jobs.add("run", spec=SPEC)
    assert (await api("PATCH", "jobs", "run", body={"state": "stopped"}))["phase"] == "Stopping"
    for pinned in (True, False):
        view = await api("PATCH", "jobs", "run", body={"pinned": pinned})
        assert view["pinned"] is pinned
    assert (await api("POST", "jobs", "run", "resubmit", body={}))["name"] == "run-1"
    assert (await api("POST", "jobs", "run", "resubmit", body={"name": "b"}))["name"] == "b"
    await api("DELETE", "jobs", "run")
    await api("DELETE", "jobs", "b", params={"volumes": "true"})
    assert hub.jobs.deleted_volumes == ["b"]
    assert [item["name"] for item in (await api("GET", "jobs"))["items"]] == ["run-1"]


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PATCH", ["jobs", "run"], {"pinned": "yes"}, "pinned"),
        ("PATCH", ["jobs", "run"], {"pinned": True, "state": "stopped"}, "pinned"),
        ("PATCH", ["jobs", "run"], {"nodes": 2}, "nodes"),
        ("PATCH", ["jobs", "run"], {}, "state"),
        ("POST", ["jobs", "run", "resubmit"], {"name": 1}, "name"),
        ("POST", ["jobs"], {"spec": SPEC, "code_of": ["x"]}, "code_of"),
    ],
)
async def test_what_is_wrong_is_named(
    api: Call, hub: FakeHub, method: str, path: list[str], body: Any, field: str
) -> None:
    hub.jobs.add("run", spec=SPEC)
    with pytest.raises(Refused) as refused:
        await api(method, *path, body=body)
    assert refused.value.status == 422
    assert refused.value.body["details"]["field"] == field


async def test_the_server_starts_failed_jobs_again_while_it_runs(
    api: Call, hub: FakeHub, extension: FakeTrainHub
) -> None:
    await api("GET", "jobs")
    (live,) = extension.fake.lives
    live.on_change("job", "run", "changed", {"kind": "job", "name": "run", "due": time.time()})
    assert hub.jobs.stepped.get(timeout=10) == "run"
