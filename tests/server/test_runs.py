"""``runs``: the routes of records."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.calls import Fetch, Refused, call, refusal
from tests.server.fakes import FakeHub, FakeTrainHub


async def test_runs_are_listed_and_read(hub: FakeHub, jp_fetch: Fetch) -> None:
    assert [run["run"] for run in (await call(jp_fetch, "GET", "runs"))["items"]] == ["x-1"]
    assert (await call(jp_fetch, "GET", "runs", "x-1"))["kind"] == "run"
    files = await call(jp_fetch, "GET", "runs", "x-1", "files")
    assert [file["path"] for file in files["items"]] == ["run.json"]
    with pytest.raises(Refused) as refused:
        await call(jp_fetch, "GET", "runs", "other")
    assert refused.value.status == 404


async def test_runs_are_searched(hub: FakeHub, jp_fetch: Fetch) -> None:
    response = await jp_fetch("trainhub", "api", "runs", params={"search": "nothing"})
    assert response.body == b'{"items": []}'


async def test_a_run_is_pinned_and_deleted(hub: FakeHub, jp_fetch: Fetch) -> None:
    assert (await call(jp_fetch, "PATCH", "runs", "x-1", body={"pinned": True}))["pinned"]
    with pytest.raises(Refused) as refused:
        await call(jp_fetch, "PATCH", "runs", "x-1", body={"pinned": "yes"})
    assert refused.value.body["details"]["field"] == "pinned"
    await call(jp_fetch, "DELETE", "runs", "x-1")
    assert hub.runs.views == {}


async def test_two_runs_are_compared(hub: FakeHub, jp_fetch: Fetch) -> None:
    params = {"a": "x-1", "b": "x-1"}
    response = await jp_fetch("trainhub", "api", "runs", "compare", params=params)
    assert b'"b": {"kind": "run"' in response.body


async def test_a_run_is_submitted_again(hub: FakeHub, jp_fetch: Fetch) -> None:
    assert (await call(jp_fetch, "POST", "runs", "x-1", "submit"))["name"] == "x-2"
    again = await call(jp_fetch, "POST", "runs", "x-1", "submit", body={"name": "y"})
    assert again["name"] == "y"


async def test_a_run_is_exported(hub: FakeHub, jp_fetch: Fetch, jp_root_dir: Path) -> None:
    path = (await call(jp_fetch, "POST", "runs", "x-1", "export", body={"folder": "kept"}))["path"]
    assert path == str(jp_root_dir / "kept/x-1")
    assert hub.runs.exports == [("kept", [jp_root_dir])]
    with pytest.raises(Refused) as refused:
        await call(jp_fetch, "POST", "runs", "x-1", "export")
    assert refused.value.body["details"]["field"] == "folder"


async def test_a_file_is_text_whatever_it_is(hub: FakeHub, jp_fetch: Fetch) -> None:
    params = {"path": "code/täst.html", "download": "true"}
    response = await jp_fetch("trainhub", "api", "runs", "x-1", "file", params=params)
    assert len(response.body) == 1_000_008
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''t%C3%A4st.html"
    missing = await refusal(
        jp_fetch("trainhub", "api", "runs", "x-1", "file", params={"path": "../x"})
    )
    assert missing.code == 404


async def test_a_log_is_read_and_closed(hub: FakeHub, jp_fetch: Fetch) -> None:
    params = {"rank": "1", "attempt": "2", "tail": "3"}
    response = await jp_fetch("trainhub", "api", "runs", "x-1", "log", params=params)
    assert response.body == (b"{'rank': 1, 'attempt': 2, 'tail': 3, 'records': False}\nlast\n")
    assert hub.runs.logs[0].closed


async def test_changes_of_jobs_are_recorded(
    hub: FakeHub, extension: FakeTrainHub, jp_fetch: Fetch
) -> None:
    await call(jp_fetch, "GET", "runs")
    tell = extension.fake.lives[-1].on_change
    tell("job", "x", "changed", {"name": "x", "phase": "Running"})
    tell("instance", "dev", "changed", {"name": "dev", "phase": "Running"})
    tell("job", "x", "deleted", None)
    assert hub.runs.noted == [("x", "Running"), ("x", None)]
