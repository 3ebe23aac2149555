from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.cli import commands
from jupyter_trainhub.cli.main import main
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import ClusterUnavailable
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import JOBS
from tests.hub.fakes import FakeCluster

Output = pytest.CaptureFixture[str]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """The cluster that every command finds."""
    fake = FakeCluster()
    hub = Hub(fake, TrainHubConfig(), ClusterChoice(embedded=True), "ada")
    monkeypatch.setattr(commands, "connect", lambda options: hub)
    return fake


def run(*argv: str) -> int:
    """The exit code; argparse leaves by SystemExit."""
    try:
        return main(argv)
    except SystemExit as end:
        return int(end.code or 0)


def job_spec(cluster: FakeCluster, name: str) -> Any:
    annotations = cluster.get(JOBS, f"job-{name}")["metadata"]["annotations"]
    return json.loads(annotations["trainhub.jupyter.org/spec"])


def test_a_command_becomes_a_job(cluster: FakeCluster, capsys: Output) -> None:
    program = ["python", "train.py", "--epochs", "3", "-o", "x"]
    options = ["--name", "a", "--nodes", "2", "--cpus", "500m", "--memory", "1Gi"]
    options += ["--env", "A=b=c", "--time-limit", "60"]
    mount = ["--mount", "path=/mnt/x,claim=data,read_only=true", "--mount", "path=/n,nfs=nas:/v"]
    assert run("create", "job", *options, *mount, "--", *program) == 0
    assert capsys.readouterr().out == "job a created\n"
    spec = job_spec(cluster, "a")
    assert spec["command"] == program
    assert (spec["framework"], spec["nodes"], spec["cpus"]) == ("pytorch", 2, 0.5)
    assert (spec["env"], spec["time_limit"]) == ({"A": "b=c"}, 60)
    assert spec["mounts"] == [
        {"path": "/mnt/x", "claim": "data", "read_only": True},
        {"path": "/n", "nfs": {"server": "nas", "path": "/v"}, "read_only": False},
    ]


def test_names_are_made_up_and_stay_free(cluster: FakeCluster, capsys: Output) -> None:
    for _ in range(2):
        assert run("create", "job", "--", "/usr/bin/my_tool.sh") == 0
    assert capsys.readouterr().out == "job my_tool-1 created\njob my_tool-2 created\n"


def test_a_notebook_becomes_a_job(cluster: FakeCluster, tmp_path: Path, capsys: Output) -> None:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "print(1)", "outputs": []}
    notebook = tmp_path / "My train.ipynb"
    notebook.write_text(
        json.dumps({"cells": [{**cell, "execution_count": None}], "metadata": {},
                    "nbformat": 4, "nbformat_minor": 5})
    )  # fmt: skip
    assert run("create", "job", "--notebook", str(notebook), "-o", "json") == 0
    view = json.loads(capsys.readouterr().out)
    assert (view["name"], view["kind"]) == ("My-train-1", "job")


@pytest.mark.parametrize(
    ("argv", "field"),
    [
        ("create job --cpus 1000 -- x", "cpus"),
        ("create job --memory lots -- x", "memory"),
        ("create job --name -- x", ""),
        ("create job --name a_ -- x", "name"),
        ("create job", "notebook"),
        ("create job --env A -- x", "env"),
        ("create job --parameter a=b --notebook x.ipynb", "parameter"),
        ("create job --framework single --nodes 2 -- x", "framework"),
        ("create instance --name a-b", "name"),
        ("create instance --name a --gpus 1", "gpus"),
        ("get pods", ""),
        ("get nodes nowhere", "name"),
        ("get jobs -- x", ""),
        ("cluster start extra", "image"),
        ("cluster status --name x", "name"),
        ("cluster images --user ada", "user"),
        ("", ""),
    ],
)
def test_bad_input_is_told_and_ends_with_2(
    argv: str, field: str, cluster: FakeCluster, capsys: Output
) -> None:
    assert run(*argv.split()) == 2
    captured = capsys.readouterr()
    if field:
        assert captured.err.startswith(f"error: {field}: ")
    assert not list(cluster.writes())


@pytest.mark.parametrize(
    "argv", ["get jobs none", "logs none", "stop job none", "delete instance none"]
)
def test_other_failures_end_with_1(argv: str, cluster: FakeCluster, capsys: Output) -> None:
    assert run(*argv.split()) == 1
    assert capsys.readouterr().err.startswith("error: name: there is no ")


def test_every_field_at_fault_is_told(cluster: FakeCluster, capsys: Output) -> None:
    assert run("create", "job", "--nodes", "0", "--memory", "2", "--", "x") == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["memory", "nodes"]


def test_tables_are_aligned(cluster: FakeCluster, capsys: Output) -> None:
    run("create", "instance", "--name", "a", "--memory", "512Mi")
    run("create", "instance", "--name", "longer_name", "--cpus", "2")
    capsys.readouterr()
    assert run("get", "instances") == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["NAME", "PHASE", "CPUS", "MEMORY"]
    assert heading.index("PHASE") == first.index("Pending") == second.index("Pending")
    assert "512Mi" in first


def test_json_is_for_programs(cluster: FakeCluster, capsys: Output) -> None:
    run("create", "job", "--name", "a", "--", "x")
    capsys.readouterr()
    assert run("get", "jobs", "-o", "json") == 0
    assert [item["name"] for item in json.loads(capsys.readouterr().out)["items"]] == ["a"]
    assert run("get", "job", "a", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["name"] == "a"


def test_an_empty_list_says_so_beside_the_output(cluster: FakeCluster, capsys: Output) -> None:
    assert run("get", "jobs") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "There are no jobs.\n"


def test_stop_start_delete(cluster: FakeCluster, capsys: Output) -> None:
    run("create", "job", "--name", "a", "--", "x")
    run("create", "instance", "--name", "b")
    assert run("stop", "job", "a") == 0
    assert run("stop", "instance", "b") == 0
    assert run("start", "instance", "b") == 0
    assert run("delete", "job", "a") == 0
    assert run("delete", "instance", "b") == 0
    assert cluster.names(JOBS) == []


def test_options_name_the_cluster(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    seen: list[TrainHubConfig] = []

    def unavailable(config: TrainHubConfig) -> Hub:
        seen.append(config)
        raise ClusterUnavailable("the cluster does not answer", remedy="Start it.")

    monkeypatch.setattr(Hub, "connect", unavailable)
    assert run("get", "jobs", "-n", "lab", "--context", "c", "--kubeconfig", "/k") == 1
    (config,) = seen
    assert (config.namespace, config.context, config.kubeconfig) == ("lab", "c", "/k")
    assert capsys.readouterr().err == "error: the cluster does not answer. Start it.\n"


def test_the_version(capsys: Output) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.strip()
