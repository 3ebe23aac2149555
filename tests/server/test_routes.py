"""The REST interface on a fake cluster: shapes, errors, authentication."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_trainhub.errors import ClusterUnavailable
from tests.server.calls import Refused
from tests.server.fakes import FakeHub, FakeTrainHub

Call = Callable[..., Awaitable[Any]]


@pytest.fixture
def notebook(jp_root_dir: Path) -> Path:
    """A notebook in a folder that the file browser shows."""
    folder = jp_root_dir / "work"
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell("rate = 1"), nbformat.v4.new_code_cell("print(rate)")]
    path = folder / "train.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


async def wait_until_ready(api: Call) -> Any:
    status = await api("GET", "status")
    while status["cluster"]["state"] == "starting":
        status = await api("GET", "status")
    return status


async def test_status_connects_in_the_background_where_that_starts_nothing(
    api: Call, extension: FakeTrainHub
) -> None:
    first = await api("GET", "status")
    assert first["version"]
    assert first["cluster"]["state"] == "starting"
    status = await wait_until_ready(api)
    assert status["cluster"]["state"] == "ready"
    assert status["user"] == "ada"
    assert extension.fake.connected == 1


async def test_reading_starts_no_embedded_cluster_and_says_what_would(
    api: Call, extension: FakeTrainHub
) -> None:
    extension.fake.must_start = True
    assert (await api("GET", "status"))["cluster"]["state"] == "unavailable"
    with pytest.raises(Refused) as refused:
        await api("GET", "instances")
    assert refused.value.status == 503
    assert refused.value.body["reason"] == "ClusterNotStarted"
    assert "Start" in refused.value.body["details"]["remedy"]
    assert extension.fake.connected == 0

    await api("POST", "cluster")
    assert (await wait_until_ready(api))["cluster"]["state"] == "ready"


async def test_creating_starts_the_embedded_cluster(api: Call, extension: FakeTrainHub) -> None:
    extension.fake.must_start = True
    created = await api("POST", "instances", body={"name": "dev"})
    assert created["name"] == "dev"
    assert extension.fake.connected == 1


async def test_a_failed_connection_is_told_by_status(api: Call, extension: FakeTrainHub) -> None:
    extension.fake.failure = ClusterUnavailable("no route", remedy="Check the network.")
    status = await wait_until_ready(api)
    assert status["cluster"]["state"] == "unavailable"
    assert status["cluster"]["message"] == "no route. Check the network."


async def test_a_cluster_that_went_away_is_connected_to_anew(
    api: Call, extension: FakeTrainHub, hub: FakeHub
) -> None:
    await api("GET", "instances")
    hub.instances.failure = ClusterUnavailable("connection refused")
    with pytest.raises(Refused) as refused:
        await api("GET", "instances")
    assert refused.value.status == 503
    hub.instances.failure = None
    await api("GET", "instances")
    assert extension.fake.connected == 2
    assert [live.running for live in extension.fake.lives] == [False, True]


async def test_instances_are_created_listed_stopped_started_and_deleted(api: Call) -> None:
    await api("POST", "instances", body={"name": "dev", "cpus": 2})
    assert [item["name"] for item in (await api("GET", "instances"))["items"]] == ["dev"]
    assert (await api("GET", "instances", "dev"))["spec"]["cpus"] == 2
    stopped = await api("PATCH", "instances", "dev", body={"state": "stopped"})
    assert stopped["phase"] == "Stopped"
    started = await api("PATCH", "instances", "dev", body={"state": "running"})
    assert started["phase"] == "Starting"
    assert await api("DELETE", "instances", "dev") is None
    assert (await api("GET", "instances"))["items"] == []


async def test_an_error_names_every_field_at_fault(api: Call) -> None:
    with pytest.raises(Refused) as refused:
        await api("POST", "instances", body={"name": "a b", "gpus": -1})
    assert refused.value.status == 422
    assert refused.value.body["reason"] == "Invalid"
    causes = refused.value.body["details"]["causes"]
    assert {cause["field"] for cause in causes} == {"name", "gpus"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", ["instances"], "{", 422, "body"),
        ("POST", ["instances"], "[]", 422, "body"),
        ("PATCH", ["instances", "dev"], {"state": "on"}, 422, "state"),
        ("PATCH", ["instances", "dev"], {"cpus": 4}, 422, "cpus"),
        ("GET", ["instances", "none"], None, 404, "name"),
        ("DELETE", ["jobs", "none"], None, 404, "name"),
        ("POST", ["jobs"], {}, 422, "spec"),
        ("POST", ["jobs"], {"spec": {"name": "x"}}, 422, "notebook"),
        ("POST", ["tensorboards"], {"folders": []}, 422, "folders"),
        ("POST", ["tensorboards"], {"folders": [1]}, 422, "folders.0"),
        ("GET", ["tensorboards", "none"], None, 404, "id"),
    ],
)
async def test_bad_requests_name_the_field(
    api: Call, method: str, path: list[str], body: Any, status: int, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await api(method, *path, body=body)
    assert refused.value.status == status
    assert refused.value.body["details"]["field"] == field
    assert refused.value.body["message"]


async def test_a_taken_name_is_a_conflict(api: Call) -> None:
    await api("POST", "instances", body={"name": "dev"})
    with pytest.raises(Refused) as refused:
        await api("POST", "instances", body={"name": "dev"})
    assert refused.value.status == 409
    assert refused.value.body["reason"] == "AlreadyExists"


async def test_a_defect_is_told_without_its_details(
    api: Call, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("secret-of-the-server")

    monkeypatch.setattr(hub.nodes, "list", broken)
    with pytest.raises(Refused) as refused:
        await api("GET", "cluster")
    assert refused.value.status == 500
    assert refused.value.body["reason"] == "InternalError"
    assert "secret-of-the-server" not in json.dumps(refused.value.body)


async def test_cluster_and_schemas(api: Call) -> None:
    assert (await api("GET", "cluster"))["nodes"][0]["name"] == "node-1"
    schemas = await api("GET", "schemas")
    assert "cpus" in schemas["instance"]["properties"]
    assert "nodes" in schemas["job"]["properties"]


async def test_a_notebook_is_submitted_with_its_folder(
    api: Call, hub: FakeHub, notebook: Path
) -> None:
    spec = {"name": "run-1", "notebook": "work/train.ipynb", "parameters": {"rate": 2}}
    job = await api("POST", "jobs", body={"spec": spec})
    assert job["name"] == "run-1"
    folder = str(notebook.parent)
    assert job["spec"]["mounts"][0]["host_path"] == folder
    assert job["spec"]["working_dir"] == folder
    assert b"rate = 2" in hub.jobs.bundles["run-1"].files["cells.json"]


async def test_a_mount_and_a_working_folder_of_ones_own_are_kept(api: Call, notebook: Path) -> None:
    folder = str(notebook.parent)
    mounts = [{"path": folder, "host_path": folder, "read_only": True}]
    spec = {"name": "x", "notebook": "work/train.ipynb", "mounts": mounts, "working_dir": "/tmp"}
    job = await api("POST", "jobs", body={"spec": spec})
    assert [mount["read_only"] for mount in job["spec"]["mounts"]] == [True]
    assert job["spec"]["working_dir"] == "/tmp"


async def test_a_preview_shows_what_would_run_and_submits_nothing(
    api: Call, hub: FakeHub, notebook: Path
) -> None:
    spec = {"name": "x", "notebook": "work/train.ipynb"}
    preview = await api("POST", "jobs", "preview", body={"spec": spec})
    assert [cell["source"] for cell in preview["cells"]] == ["rate = 1", "print(rate)"]
    assert preview["errors"] == []
    assert hub.jobs.views == {}


async def test_a_command_is_judged_without_being_submitted(api: Call, hub: FakeHub) -> None:
    await api("GET", "jobs")
    spec = {"name": "x", "command": ["true"]}
    preview = await api("POST", "jobs", "preview", body={"spec": spec})
    assert preview["language"] == "command"
    assert preview["max_bytes"] > 0
    found = {key: value for key, value in preview.items() if key not in ("language", "max_bytes")}
    assert not any(found.values())
    assert {"cells", "files", "setup", "imports", "warnings", "errors"} <= set(found)
    with pytest.raises(Refused) as refused:
        await api("POST", "jobs", "preview", body={"spec": {**spec, "project": "none"}})
    assert refused.value.body["details"]["field"] == "project"
    assert hub.jobs.views == {}


async def test_a_notebook_that_cannot_run_starts_no_cluster(
    api: Call, extension: FakeTrainHub, jp_root_dir: Path
) -> None:
    extension.fake.must_start = True
    (jp_root_dir / "bad.ipynb").write_text("{}")
    with pytest.raises(Refused) as refused:
        await api("POST", "jobs", body={"spec": {"name": "x", "notebook": "bad.ipynb"}})
    assert refused.value.status == 422
    assert refused.value.body["details"]["field"] == "notebook"
    assert extension.fake.connected == 0


@pytest.mark.parametrize(
    ("path", "status"), [("../train.ipynb", 422), ("work/none.ipynb", 404), ("a\0.ipynb", 422)]
)
async def test_a_notebook_outside_the_file_browser_is_refused(
    api: Call, notebook: Path, path: str, status: int
) -> None:
    with pytest.raises(Refused) as refused:
        await api("POST", "jobs", body={"spec": {"name": "x", "notebook": path}})
    assert refused.value.status == status
    assert refused.value.body["details"]["field"] == "notebook"
    assert refused.value.body["details"]["remedy"]


async def test_jobs_are_stopped_and_deleted_and_tell_their_events(api: Call, hub: FakeHub) -> None:
    hub.jobs.add("run")
    assert (await api("PATCH", "jobs", "run", body={"state": "stopped"}))["phase"] == "Stopping"
    assert (await api("GET", "jobs", "run", "events"))["items"][0]["object"] == "Job/run"
    await api("DELETE", "jobs", "run")
    assert (await api("GET", "jobs"))["items"] == []


async def test_a_job_may_be_called_preview(api: Call, hub: FakeHub) -> None:
    hub.jobs.add("preview")
    assert (await api("GET", "jobs", "preview"))["name"] == "preview"


async def test_a_log_folder_outside_the_roots_is_refused_and_the_roots_are_named(
    api: Call, jp_root_dir: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (jp_root_dir / "link").symlink_to(outside)
    for folder in (str(outside), "link", "../outside"):
        with pytest.raises(Refused) as refused:
            await api("POST", "tensorboards", body={"folders": [folder]})
        assert refused.value.status == 422
        assert refused.value.body["details"]["field"] == "folders"
    with pytest.raises(Refused) as refused:
        await api("POST", "tensorboards", body={"folders": [str(outside)]})
    assert str(jp_root_dir) in refused.value.body["details"]["remedy"]


async def test_a_missing_log_folder_is_not_found(api: Call) -> None:
    with pytest.raises(Refused) as refused:
        await api("POST", "tensorboards", body={"folders": ["none"]})
    assert refused.value.status == 404
    assert refused.value.body["details"]["remedy"]
