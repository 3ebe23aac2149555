"""What the command does with jobs once they are there, and what it says of them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.cli import commands
from jupyter_trainhub.cli.main import main
from jupyter_trainhub.cli.parser import make_parser
from jupyter_trainhub.cli.spec import job_fields
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import CONFIG_MAPS, JOBS, PERSISTENT_VOLUME_CLAIMS
from jupyter_trainhub.manifests.frameworks import code
from jupyter_trainhub.specs.job import JobSpec
from tests.hub.fakes import FakeCluster

Output = pytest.CaptureFixture[str]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeCluster:
    """The cluster that every command finds."""
    fake = FakeCluster()
    config = TrainHubConfig(run_folder=str(tmp_path / "runs"))
    hub = Hub(fake, config, ClusterChoice(embedded=True), "ada")
    monkeypatch.setattr(commands, "connect", lambda options: hub)
    return fake


def create(name: str, *options: str) -> None:
    assert main(["create", "job", "--name", name, *options, "--", "python", "train.py"]) == 0


def view(capsys: Output, name: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["get", "job", name, "-o", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_every_field_of_a_job_has_an_option() -> None:
    options = {
        "--category": "debug", "--project": "p", "--priority": "9", "--framework": "pytorch",
        "--nodes": "2", "--processes-per-node": "3", "--virtual-cluster": "a800", "--skus": "2",
        "--time-limit": "60", "--estimated-time": "30", "--peer-timeout": "5", "--restarts": "1",
        "--description": "d", "--checkpoint-volume": "path=/c,size=1Gi",
        "--model-volume": "path=/m,claim=old", "--image": "i", "--cpus": "1", "--memory": "1Gi",
        "--gpus": "1", "--gpu-model": "P100", "--shared-memory": "1Gi", "--working-dir": "/w",
        "--env": "A=b", "--mount": "path=/x,claim=c", "--storage": "home", "--parameter": "a=1",
        "--include": "*.yaml",
    }  # fmt: skip
    flags = ["--ssh", "--no-ib-network", "--host-network", "--always-pull", "--setup"]
    argv = [*(word for pair in options.items() for word in pair), *flags]
    fields = job_fields(make_parser().parse_args(["create", "job", "--name", "x", *argv]))
    assert fields.keys() | {"command", "notebook", "args"} == JobSpec.model_fields.keys()
    spec = JobSpec.parse({**fields, "notebook": "a.ipynb"})
    assert (spec.priority, spec.ib_network, spec.restarts) == (9, False, 1)
    assert spec.checkpoint_volume is not None
    assert (spec.checkpoint_volume.path, spec.checkpoint_volume.size) == ("/c", 1 << 30)
    assert spec.model_volume is not None
    assert spec.model_volume.claim == "old"


def test_a_script_gets_its_arguments_and_what_it_imports(
    cluster: FakeCluster, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text("import model")
    (tmp_path / "model.py").write_text("")
    arguments = ["--no-storages", "--", "--epochs", "3"]
    assert main(["create", "job", str(tmp_path / "train.py"), *arguments]) == 0
    (pod,) = [job["spec"]["template"]["spec"] for job in cluster.list(JOBS)]
    (container,) = pod["containers"]
    assert container["command"][-4:] == ["python", "$TRAINHUB_FILES/train.py", "--epochs", "3"]
    env = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert env["TRAINHUB_WORKING_DIR"] == "$TRAINHUB_FILES"
    first, *_ = cluster.list(CONFIG_MAPS, label_selector="trainhub.jupyter.org/name=train-1")
    assert set(code.read(first).files) >= {"files/train.py", "files/model.py"}


def test_several_are_stopped_and_deleted_at_once(cluster: FakeCluster, capsys: Output) -> None:
    for name in ("a", "b"):
        create(name, "--model-volume", "path=/m,size=1Gi")
    capsys.readouterr()
    assert main(["stop", "job", "a", "none", "b"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "job a is stopping\njob b is stopping\n"
    assert captured.err.startswith("error: name: there is no job 'none'")
    assert main(["delete", "job", "a", "b", "--volumes"]) == 0
    assert cluster.names(JOBS) == cluster.names(PERSISTENT_VOLUME_CLAIMS) == []


def test_only_jobs_have_volumes(cluster: FakeCluster, capsys: Output) -> None:
    assert main(["delete", "instance", "a", "--volumes"]) == 2
    assert capsys.readouterr().err.startswith("error: volumes: ")


def test_a_clone_with_changes(cluster: FakeCluster, capsys: Output) -> None:
    create("a", "--project", "p", "--restarts", "2")
    changes = ["--set", "cpus=0.5", "--set", "project=other", "--set", 'env={"A": "1"}']
    assert main(["clone", "job", "a", "--name", "b", *changes]) == 0
    assert capsys.readouterr().out.endswith("job b created\n")
    spec = view(capsys, "b")["spec"]
    assert (spec["cpus"], spec["project"], spec["env"]) == (0.5, "other", {"A": "1"})
    assert (spec["restarts"], spec["command"]) == (2, ["python", "train.py"])
    assert main(["clone", "job", "a", "--set", "cpus"]) == 2
    assert main(["resubmit", "job", "a"]) == 0
    assert view(capsys, "a-1")["from_run"] == view(capsys, "a")["run"]


def test_pinned_jobs_come_first(cluster: FakeCluster, capsys: Output) -> None:
    for name in ("a", "b"):
        create(name, "--project", f"project-{name}")
    assert main(["pin", "job", "a"]) == 0
    assert capsys.readouterr().out.endswith("job a pinned\n")
    assert main(["get", "jobs"]) == 0
    _, first, second = capsys.readouterr().out.splitlines()
    assert (first.split()[0], second.split()[0]) == ("a", "b")
    assert main(["unpin", "job", "a"]) == 0
    assert view(capsys, "a")["pinned"] is False
    assert main(["get", "jobs", "--search", "PROJECT-b"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["NAME", "b"]


def test_failed_jobs_are_started_again_and_tell_how_it_went(
    cluster: FakeCluster, capsys: Output
) -> None:
    create("a", "--restarts", "1", "--checkpoint-volume", "path=/c,size=1Gi")
    hour = datetime.now(timezone.utc) - timedelta(hours=1)
    failed = {"type": "Failed", "status": "True", "lastTransitionTime": hour.isoformat()}
    cluster.objects["jobs"]["job-a"]["status"] = {"conditions": [failed]}
    capsys.readouterr()
    assert main(["restart-jobs"]) == 0
    assert capsys.readouterr().out == "a: attempt 2 of 2\n"
    assert main(["restart-jobs"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["get", "job", "a"]) == 0
    table, _, told = capsys.readouterr().out.partition("\n\n")
    assert "Pending (2/2)" in table
    lines = [line.split(maxsplit=1) for line in told.splitlines()]
    assert ["ATTEMPT", "2 of 2"] in lines
    assert any(name == "CHECKPOINT" and text.startswith("/c on ") for name, text in lines)
    assert any(text.startswith("Failed, attempt 1: ") for _, text in lines)
