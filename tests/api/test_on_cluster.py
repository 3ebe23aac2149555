"""The notebook's interface on a cluster that runs pods, in this process and in a real kernel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any
from urllib.request import urlopen

import pytest
from jupyter_client.manager import start_new_kernel

import jupyter_trainhub as th
from jupyter_trainhub.api import session
from jupyter_trainhub.errors import AlreadyExists, Conflict, JobFailed, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import NAMESPACES
from tests.conftest import eventually
from tests.server.boards import write_loss

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        "TRAINHUB_TEST_KUBECONFIG" in os.environ, reason="needs folders of this machine in pods"
    ),
]

SMALL: dict[str, Any] = {"cpus": 0.1, "memory": "256Mi"}


@pytest.fixture
def folder(kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder of a user whose configuration names a namespace of the test's own."""
    namespace = f"api-{uuid.uuid4().hex[:8]}"
    config = tmp_path / "config"
    config.mkdir()
    (config / "jupyter_trainhub_config.json").write_text(
        json.dumps({"TrainHubConfig": {"kubeconfig": str(kubeconfig), "namespace": namespace}})
    )
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(config))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.chdir(work)
    session.forget_hub()
    client = Hub.connect(session.config()).client
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    client.create(NAMESPACES, body)
    yield work
    client.delete(NAMESPACES, namespace)
    session.forget_hub()


def write_notebook(path: Path, *sources: str) -> None:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source,
         "outputs": [], "execution_count": None}
        for number, source in enumerate(sources)
    ]  # fmt: skip
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document))


def test_a_notebook_as_a_job(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_notebook(
        folder / "My train.ipynb",
        "steps = 2",
        "for step in range(1, steps + 1):\n    print(f'step {step}/{steps}')",
        "open('result.txt', 'w').write('done')",
    )
    job = th.submit("My train.ipynb", **SMALL)
    assert job.name == "My-train-1"
    job.follow()
    assert "[0] step 1/2\n[0] step 2/2\n" in capfd.readouterr().out
    assert job.wait(60).phase == "Succeeded"
    assert job.logs(0) == "step 1/2\nstep 2/2\n"
    assert (folder / "result.txt").read_text() == "done"
    assert [found.name for found in th.jobs] == ["My-train-1"]
    assert "My-train-1" in repr(th.jobs)
    assert "Succeeded" in job._repr_html_()
    job.delete()
    with pytest.raises(NotFound):
        th.jobs["My-train-1"]


def test_a_failed_job_names_the_cell(folder: Path) -> None:
    write_notebook(folder / "bad.ipynb", "x = 1", "y = 2\nraise ValueError('boom')")
    with pytest.raises(JobFailed) as caught:
        th.submit("bad.ipynb", wait=True, **SMALL)
    error = caught.value.details["error"]
    assert (error["cell"], error["lineno"], error["etype"]) == (1, 2, "ValueError")
    assert "boom" in caught.value.message
    (told,) = caught.value.__notes__
    assert 'File "bad.ipynb#cell-2-' in told
    failure = th.jobs[caught.value.details["name"]].failure
    assert failure.root is not None
    assert (failure.root["cell"], failure.root["line"]) == (1, "raise ValueError('boom')")
    assert "ValueError: boom" in failure._repr_html_()
    assert "failed first" not in repr(failure)
    assert "FAILED FIRST" in repr(failure)


def test_a_tensorboard_in_the_cluster_from_a_workstation(folder: Path) -> None:
    """Pods are reached through the API server only; a port of this machine leads there."""
    write_loss(folder / "runs" / "a")
    write_loss(folder / "runs" / "b")
    file = Path(os.environ["JUPYTER_CONFIG_DIR"], "jupyter_trainhub_config.json")
    config = json.loads(file.read_text())
    config["TrainHubConfig"]["instance_access"] = "api"
    file.write_text(json.dumps(config))
    board = th.tensorboard("runs", where="cluster", name="shared", memory="1Gi")
    assert board.scalars("loss", run="b")[:2] == [(0, 1.0), (1, 0.5)]
    assert board.tags() == {"a": ["loss"], "b": ["loss"]}
    with pytest.raises(NotFound, match="accuracy"):
        board.scalars("accuracy", run="a", timeout=0)
    with pytest.raises(Conflict, match="through the cluster only"):
        _ = board.url
    assert board._repr_html_().startswith("<b>TensorBoard</b>")
    assert th.tensorboards["shared"].id == board.id
    command = [sys.executable, "-m", "jupyter_trainhub.cli", "open", "tensorboard", "shared"]
    with subprocess.Popen([*command, "--no-browser"], stdout=subprocess.PIPE, text=True) as opened:
        assert opened.stdout is not None
        address = opened.stdout.readline().strip()
        try:
            assert address.startswith("http://127.0.0.1:")
            with urlopen(f"{address}data/runs", timeout=10) as answer:
                assert json.load(answer) == ["a", "b"]
            with urlopen(f"{address}index.js", timeout=20) as answer:
                assert len(answer.read()) > 10**6
        finally:
            opened.send_signal(signal.SIGINT)
    assert opened.returncode == 0
    board.delete()
    assert board.id not in [found.id for found in th.tensorboards()]


def test_the_cluster(folder: Path) -> None:
    assert th.cluster.status()["state"] == "ready"
    assert th.cluster.start()["namespace"] == session.hub().namespace
    assert len(th.cluster.nodes) >= 1


def test_an_instance_is_changed_and_restarted(folder: Path) -> None:
    # Without JupyterLab on its path the container waits, and ends at once when it is told.
    instance = th.instances.create("dev", env={"PATH": "/usr/bin:/bin"}, **SMALL)
    try:
        assert instance.check(cpus=1000)["verdict"] == "never"
        instance.edit(cpus=0.2)
        assert instance.view["spec"]["memory"] == "256Mi"
        seen = instance.view["uid"]
        instance.restart()
        assert instance.view["uid"] == seen
        eventually(lambda: instance.phase == "Running", 60)
        assert not instance.view["restart_needed"]
        assert "Scheduled" in {event["reason"] for event in instance.events()}
        # Somebody else changes it after we have looked.
        th.instances["dev"].edit(memory="200Mi")
        with pytest.raises(Conflict):
            instance.edit(cpus=0.3)
    finally:
        instance.delete()


def test_an_instance_is_saved_and_its_image_found(folder: Path) -> None:
    desk = th.instances.create("desk", **SMALL).wait_ready(progress=False)
    # No registry is configured: the cluster says that it hosts one.
    assert desk.measure()["image"].startswith("registry.trainhub.internal/")
    image = desk.save("desk:1", note="as it was", secrets="exclude", progress=False)
    assert image.view["instance"] == "desk"
    assert [found.name for found in th.images.list("as it was")] == [image.name]
    assert "as it was" in repr(th.images)
    assert image.changes()["deleted"] == []
    assert "Dockerfile" in image.recipe()
    with pytest.raises(AlreadyExists):
        desk.save("desk:1", secrets="exclude", progress=False)
    other = image.tag("2")
    assert other.name == image.name.replace(":1", ":2")
    image.delete()
    other.delete()
    assert not th.images.list("as it was")
    desk.delete()


def test_a_form_tells_what_would_happen_and_creates(folder: Path) -> None:
    form = th.instance_form()
    answer, fields = form.answer, form.form.fields
    form._repr_mimebundle_()
    eventually(lambda: "It starts now" in answer.value)
    fields["cpus"].value = 1000
    eventually(lambda: "It cannot start" in answer.value)
    for name, value in {**SMALL, "env": "PATH=/usr/bin:/bin", "name": "<b>"}.items():
        fields[name].value = value
    eventually(lambda: "&lt;b&gt;" in answer.value)
    assert "<b>" not in answer.value
    fields["name"].value = "formed"
    form.button.click()
    eventually(lambda: form.made is not None)
    assert [instance.name for instance in th.instances] == ["formed"]
    th.instances["formed"].delete()


def test_a_form_shows_what_would_run_and_submits_it(folder: Path) -> None:
    write_notebook(folder / "bad.ipynb", "x = (", "# nothing")
    write_notebook(folder / "good.ipynb", "print('one')", "print('two')")
    form = th.submit_form("bad.ipynb")
    form._repr_mimebundle_()
    eventually(lambda: "cell 1: " in form.answer.value)
    form.form.fields["notebook"].value = "good.ipynb"
    form.form.fields["cpus"].value = 0.1
    eventually(lambda: "2 of 2 run" in form.answer.value)
    form.button.click()
    eventually(lambda: form.made is not None)
    assert form.made is not None
    made = form.made
    eventually(lambda: not made.following, 60)
    assert (made.name, made.view["phase"]) == ("good-1", "Succeeded")
    assert made.tail == ["[0] one", "[0] two"]
    assert "[0] two</pre>" in made.html()


def test_a_job_is_followed_once_and_by_no_thread_that_stays(folder: Path) -> None:
    command = ["python", "-c", "import time; print('here', flush=True); time.sleep(60)"]
    job = th.submit(command=command, name="followed", **SMALL)

    def followers() -> list[str]:
        names = [thread.name for thread in threading.enumerate()]
        return [name for name in names if name == "trainhub-widget-followed"]

    view = th.job_view(job)
    assert not followers()
    data, _ = view._repr_mimebundle_()
    assert {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"} <= set(data)
    assert th.job_view("followed") is view
    th.job_view("followed")._repr_mimebundle_()
    assert len(followers()) == 1
    eventually(lambda: view.tail == ["[0] here"], 60)
    # The same by the kernel, for pages that reach no server.
    view._asked(view, {"ask": "stop"}, [])
    eventually(lambda: view.view["phase"] == "Stopped", 60)
    eventually(lambda: not followers())
    other = th.submit(command=command, name="closed", **SMALL)
    closed = th.job_view(other)
    closed._repr_mimebundle_()
    closed.close()
    eventually(lambda: "trainhub-widget-closed" not in {t.name for t in threading.enumerate()})
    assert other.phase != "Stopped"
    other.stop()


def test_a_kernel_shows_a_widget(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_notebook(folder / "this.ipynb", "print('epoch 1/1')")
    root = Path(th.__file__).resolve().parent.parent
    env = {
        **os.environ,
        "JPY_SESSION_NAME": str(folder / "this.ipynb"),
        "PYTHONPATH": str(root),
    }
    manager, client = start_new_kernel(env=env)
    try:
        client.execute(
            "import jupyter_trainhub as th; job = th.submit(cpus=0.1, memory='256Mi'); job.follow()"
        )
        *displayed, result = outputs(client)[1]
        widget = "application/vnd.jupyter.widget-view+json"
        assert all(widget in data for data in displayed)
        # What stays in a notebook that nobody looks at.
        assert "Succeeded" in displayed[-1]["text/html"]
        assert displayed[-1]["text/plain"].endswith("[0] epoch 1/1")
        # The value of the cell does not show all of it once more.
        assert result["text/html"] == "<code>&lt;Job this-1 Succeeded&gt;</code>"
        client.execute("job")
        (again,) = outputs(client)[1]
        assert "[0] epoch 1/1</pre>" in again["text/html"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def outputs(client: Any) -> tuple[str, list[dict[str, Any]]]:
    """What a cell wrote and displayed until it was done; an error of the cell fails the test."""
    stdout, displayed = "", []
    while True:
        try:
            message = client.get_iopub_msg(timeout=120)
        except Empty:
            pytest.fail(f"the cell does not end; it wrote {stdout!r}")
        content = message["content"]
        if message["msg_type"] == "error":
            pytest.fail("\n".join(content["traceback"]))
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            stdout += content["text"]
        if message["msg_type"] in (
            "display_data",
            "execute_result",
            "update_display_data",
        ):
            displayed.append(content["data"])
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            return stdout, displayed
