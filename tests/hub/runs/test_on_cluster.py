"""Records of jobs that run, on a cluster."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.live import LiveState
from jupyter_trainhub.hub.notebooks import plan_file
from jupyter_trainhub.hub.runs.origin import origin
from jupyter_trainhub.hub.waiting import wait_gone
from jupyter_trainhub.kube.resources import NAMESPACES
from jupyter_trainhub.notebook.bundle import bundle
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

SMALL = {"cpus": 0.1, "memory": "256Mi"}
LAST_WORDS = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print('last words', flush=True), sys.exit(3)))
print('up', flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def hub(kubeconfig: Path, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub in a namespace of these tests' own, which keeps records as a Jupyter server does."""
    namespace = f"runs-{uuid.uuid4().hex[:8]}"
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig), namespace=namespace, default_image=image, user="ada",
        run_folder=str(tmp_path_factory.mktemp("runs") / "runs"),
    )  # fmt: skip
    made = Hub.connect(config)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    made.client.create(NAMESPACES, body)

    def changed(kind: str, name: str, action: str, view: dict[str, Any] | None) -> None:
        if view is None:
            made.runs.note_deleted(name)
        else:
            made.runs.note(view)

    live = LiveState(made, changed, kind="job")
    live.start()
    yield made
    live.stop()
    made.close()
    made.client.delete(NAMESPACES, namespace)


def recorded(hub: Hub, run: str) -> dict[str, Any]:
    """The view of a run once its record has an end."""

    def ended() -> dict[str, Any] | None:
        with contextlib.suppress(NotFound):
            view = hub.runs.get(run)
            return view if view["complete"] or view["missing"] else None
        return None

    found: dict[str, Any] = eventually(ended)
    return found


def job(hub: Hub, name: str, program: str, **fields: Any) -> dict[str, Any]:
    command = ["python", "-c", program]
    spec = JobSpec.parse({"name": name, "command": command, **SMALL, **fields})
    return hub.jobs.create(spec)


def read(hub: Hub, run: str, path: str) -> bytes:
    with hub.runs.open(run, path) as file:
        return file.read()


def notebook(folder: Path) -> Path:
    """A notebook in a repository, changed since its commit."""
    cells = ["import os", "print('seen by', os.environ['TRAINHUB_RUN'])"]
    document = {
        "cells": [
            {"cell_type": "code", "id": f"c{index}", "source": source, "metadata": {},
             "outputs": [], "execution_count": None}
            for index, source in enumerate(cells)
        ],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    file = folder / "train.ipynb"
    file.write_text(json.dumps(document))
    for command in (
        ["init", "-q"], ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "1"],
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / "other.txt").write_text("x")
    file.write_text(json.dumps(document, indent=1))
    return file


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_everything_of_a_run_outlives_its_job(hub: Hub, kubeconfig: Path, tmp_path: Path) -> None:
    file = notebook(tmp_path)
    spec = JobSpec.parse({"name": "train", "notebook": "train.ipynb", **SMALL})
    made = hub.jobs.create(
        spec,
        bundle(plan_file(spec, file, [])),
        submission=origin(tmp_path, user="ada", submitted_by="ada@lab", notebook="train.ipynb"),
    )
    run = made["run"]
    assert hub.jobs.wait("train", 60)["phase"] == "Succeeded"
    view = recorded(hub, run)
    assert (view["complete"], view["missing"], view["phase"]) == (True, [], "Succeeded")
    kubectl = Kubectl(kubeconfig, hub.namespace)
    pod = view["pods"][0]["name"]
    assert read(hub, run, "logs/attempt-1/rank-0.log").decode() == kubectl("logs", pod)
    status = kubectl.get("pod", pod)["status"]["containerStatuses"][0]
    assert status["imageID"].endswith(view["image_digest"])

    hub.jobs.delete("train")
    wait_gone(hub, "job", "train", timeout=30)
    view = hub.runs.get(run)
    assert (view["user"], view["owner"]) == ("ada@lab", "ada")
    assert view["spec"]["notebook"] == "train.ipynb"
    assert view["git"]["dirty"]
    assert b'+ "cells"' in read(hub, run, "changes.diff")
    assert b"# Not tracked by git: other.txt" in read(hub, run, "changes.diff")
    assert b"TRAINHUB_RUN" in read(hub, run, "code/cells.json")
    assert b"kind: Job" in read(hub, run, "applied.yaml")
    assert b"status:" in read(hub, run, "live.yaml")
    assert {"Scheduled", "Started"} <= {
        event["reason"] for event in json.loads(read(hub, run, "events.json"))
    }
    assert json.loads(read(hub, run, "history.json"))[-1]["phase"] == "Succeeded"
    assert json.loads(read(hub, run, "environment.json"))["python"]
    hub.runs.open(run, "packages.txt").close()
    seen = f"seen by {run}\n".encode()
    assert b"[0] " + seen in b"".join(hub.runs.log(run, records=False))
    assert [found["run"] for found in hub.runs.list("train.ipynb ada")] == [run]

    again = hub.runs.submit(run)
    assert (again["name"], again["from_run"]) == ("train-1", run)
    assert hub.jobs.wait("train-1", 60)["phase"] == "Succeeded"
    view = recorded(hub, again["run"])
    assert view["git"] == hub.runs.get(run)["git"]
    assert f"seen by {again['run']}\n".encode() in b"".join(hub.runs.log(again["run"]))
    found = hub.runs.compare(run, again["run"])
    assert (found["code"], found["packages"]) == ([], [])
    assert [entry["field"] for entry in found["spec"] if entry["differs"]] == ["name"]

    hub.runs.pin(run, True)
    hub.runs.delete(again["run"])
    with pytest.raises(NotFound):
        hub.runs.get(again["run"])
    # Its job is still there, and told of anew when a server starts.
    hub.runs.note(hub.jobs.get("train-1"))
    hub.runs.record(hub.jobs.get("train-1"))
    assert [view["run"] for view in hub.runs.list()] == [run]
    assert hub.runs.get(run)["pinned"]


@pytest.mark.parametrize("act", ["stop", "delete"])
def test_the_last_lines_are_kept(hub: Hub, act: str) -> None:
    made = job(hub, act, LAST_WORDS)
    with contextlib.closing(hub.jobs.logs(act, follow=True)) as log:
        eventually(lambda: b"up" in next(log))
    with pytest.raises(Conflict, match="has not ended"):
        hub.runs.delete(made["run"])
    if act == "stop":
        hub.jobs.stop(act)
        assert hub.jobs.wait(act, 60)["phase"] == "Stopped"
    else:
        hub.jobs.delete(act)
    view = recorded(hub, made["run"])
    assert (view["phase"], view["missing"]) == ("Stopped", [])
    assert b"last words" in b"".join(hub.runs.log(made["run"], 0))


def test_each_attempt_has_its_log(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_trainhub.hub.jobs.restarts.FIRST_PAUSE", 0.1)
    program = "import os; n = os.environ['TRAINHUB_ATTEMPT']; print('try', n); exit(n == '1')"
    made = job(hub, "again", program, restarts=1)
    assert hub.jobs.wait("again", 60)["phase"] == "Succeeded"
    view = recorded(hub, made["run"])
    assert (view["complete"], view["attempt"]) == (True, 2)
    assert [(log["attempt"], log["rank"]) for log in view["logs"]] == [(1, 0), (2, 0)]
    assert b"try 1" in b"".join(hub.runs.log(made["run"], 0, 1))


def test_a_disk_that_is_full_harms_no_job(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(hub.config, "run_folder", str(tmp_path / "file"))
    made = job(hub, "unrecorded", "print('hello')")
    assert hub.jobs.wait("unrecorded", 60)["phase"] == "Succeeded"
    problem = eventually(lambda: hub.runs.problem(made["run"]))
    assert problem.startswith("The record cannot be written: ")
    view = hub.runs.get(made["run"])
    assert (view["problem"], view["complete"]) == (problem, False)
