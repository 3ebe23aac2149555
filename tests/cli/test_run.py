"""``trainhub`` and records of runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_trainhub.cli import commands
from jupyter_trainhub.cli.main import main
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from tests.hub.fakes import FakeCluster
from tests.hub.runs.records import put

Output = pytest.CaptureFixture[str]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the records are that every command finds."""
    folder = tmp_path / "runs"
    config = TrainHubConfig(run_folder=str(folder))
    hub = Hub(FakeCluster(), config, ClusterChoice(embedded=True), "ada")
    monkeypatch.setattr(commands, "connect", lambda options: hub)
    put(folder, "a-11111111", git={"commit": "c0ffee", "branch": "main", "dirty": True})
    put(folder, "b-22222222", spec={"name": "b", "parameters": {"lr": 2}})
    return folder


def test_runs_are_listed_and_described(root: Path, capsys: Output) -> None:
    assert main(["get", "runs", "--search", "c0ffee"]) == 0
    out = capsys.readouterr().out
    assert "a-11111111" in out
    assert "b-22222222" not in out
    assert main(["get", "run", "a-11111111"]) == 0
    out = capsys.readouterr().out
    assert "with changes that are not committed" in out


def test_runs_are_compared(root: Path, capsys: Output) -> None:
    assert main(["compare", "runs", "a-11111111", "b-22222222"]) == 0
    assert "parameters.lr   1 -> 2" in capsys.readouterr().out
    assert main(["compare", "runs", "a-11111111", "b-22222222", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["packages"] == []


def test_a_run_is_exported_and_deleted(root: Path, tmp_path: Path, capsys: Output) -> None:
    assert main(["export", "run", "a-11111111", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'a-11111111'}\n"
    assert (tmp_path / "a-11111111/run.json").exists()
    assert main(["export", "run", "a-11111111", str(tmp_path)]) == 1
    assert main(["delete", "run", "a-11111111"]) == 0
    assert not (root / "a-11111111").exists()
