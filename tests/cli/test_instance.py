"""The command on instances: checked, changed, restarted, and asked before something is lost."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from jupyter_trainhub.cli import commands
from jupyter_trainhub.cli.main import main
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.instances.losses import Act, losses
from jupyter_trainhub.kube.resources import PODS, STATEFUL_SETS
from tests.hub.fakes import FakeCluster

Output = pytest.CaptureFixture[str]
FOLDERS = [
    {"path": "/mnt/user", "kept": "kept"},
    {"path": "/mnt/share", "kept": "kept"},
    {"path": "/dev/shm", "kept": "memory"},
]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """The cluster that every command finds, with the instance ``a``, which runs."""
    fake = FakeCluster()
    hub = Hub(fake, TrainHubConfig(), ClusterChoice(embedded=True), "ada")
    monkeypatch.setattr(commands, "connect", lambda options: hub)
    assert main(["create", "instance", "--name", "a", "--env", "OLD=1"]) == 0
    metadata = fake.get(STATEFUL_SETS, "dev-a")["spec"]["template"]["metadata"]
    ready = {"type": "Ready", "status": "True"}
    main_status = {"name": "main", "ready": True, "started": True, "state": {"running": {}}}
    status = {"phase": "Running", "conditions": [ready], "containerStatuses": [main_status]}
    fake.put(
        PODS,
        {"metadata": {"name": "dev-a-0", **metadata}, "spec": {"nodeName": "n1"}, "status": status},
    )
    return fake


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def spec(cluster: FakeCluster) -> Any:
    annotations = cluster.get(STATEFUL_SETS, "dev-a")["metadata"]["annotations"]
    return json.loads(annotations["trainhub.jupyter.org/spec"])


def test_a_dry_run_makes_nothing(cluster: FakeCluster, capsys: Output) -> None:
    before = cluster.names(STATEFUL_SETS)
    assert main(["create", "instance", "--name", "b", "--cpus", "2", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(maxsplit=1) == ["VERDICT", "It starts now"]
    assert any(line.startswith("LARGEST NOW") and "on n1" in line for line in lines)
    assert cluster.names(STATEFUL_SETS) == before


@pytest.mark.parametrize(
    ("options", "code", "verdict"),
    [
        (["--name", "b"], 0, "now"),
        (["--name", "b", "--memory", "1Ti"], 1, "never"),
        (["--name", "b", "--gpus", "-1"], 2, "never"),
    ],
)
def test_a_dry_run_for_programs(
    cluster: FakeCluster, capsys: Output, options: list[str], code: int, verdict: str
) -> None:
    capsys.readouterr()
    assert main(["create", "instance", *options, "--dry-run", "-o", "json"]) == code
    assert json.loads(capsys.readouterr().out)["verdict"] == verdict


def test_an_edit_keeps_what_is_not_named(cluster: FakeCluster, capsys: Output) -> None:
    assert main(["edit", "instance", "a", "--cpus", "2", "--env", "NEW=2"]) == 0
    assert "trainhub restart instance a" in capsys.readouterr().out
    changed = spec(cluster)
    assert (changed["cpus"], changed["memory"]) == (2, "2Gi")
    assert changed["env"] == {"OLD": "1", "NEW": "2"}
    assert cluster.names(PODS) == ["dev-a-0"]
    assert main(["get", "instance", "a"]) == 0
    assert "older spec" in capsys.readouterr().out
    assert main(["edit", "instance", "a", "--cpus", "1", "--restart"]) == 0
    assert cluster.names(PODS) == []


@pytest.mark.parametrize(
    ("argv", "code", "field"),
    [
        ("edit instance a", 2, "edit"),
        ("edit instance a --cpus 64", 2, "cpus"),
        ("edit instance none --cpus 1", 1, "name"),
        ("restart instance none", 1, "name"),
    ],
)
def test_what_cannot_be_changed(
    cluster: FakeCluster, capsys: Output, argv: str, code: int, field: str
) -> None:
    assert main(argv.split()) == code
    assert capsys.readouterr().err.startswith(f"error: {field}: ")


@pytest.mark.parametrize("act", ["restart", "stop", "delete"])
@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("\n", False), ("", False)])
def test_at_a_terminal_it_is_asked_first(
    cluster: FakeCluster, capsys: Output, monkeypatch: pytest.MonkeyPatch,
    act: str, answer: str, goes_on: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    cluster.acts.clear()
    assert main([act, "instance", "a"]) == (0 if goes_on else 1)
    assert "gone unless saved as an image" in capsys.readouterr().err
    assert bool(list(cluster.writes())) == goes_on


@pytest.mark.parametrize("act", ["restart", "stop", "delete"])
@pytest.mark.parametrize("stdin", [Terminal(""), io.StringIO("")])
def test_no_question_with_yes_or_without_a_terminal(
    cluster: FakeCluster, capsys: Output, monkeypatch: pytest.MonkeyPatch, act: str, stdin: Any
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    yes = ["--yes"] if stdin.isatty() else []
    assert main([act, "instance", "a", *yes]) == 0
    assert "Go on?" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("act", "phase", "says"),
    [
        ("stop", "Running", "Files outside /mnt/user and /mnt/share are gone unless"),
        ("restart", "Failed", "Restarting a ends its programs."),
        ("delete", "Running", "What is in /mnt/user and /mnt/share stays."),
        ("delete", "Stopped", "Deleting a removes it. What is in /mnt/user"),
        ("stop", "Pending", None),
        ("stop", "Stopped", None),
        ("restart", "Starting", None),
    ],
)
def test_what_is_lost(act: Act, phase: str, says: str | None) -> None:
    lost = losses({"name": "a", "phase": phase, "folders": FOLDERS}, act)
    assert (lost is None) == (says is None)
    assert (says or "") in (lost or "")


def test_events(cluster: FakeCluster, capsys: Output) -> None:
    capsys.readouterr()
    assert main(["events", "instance", "a", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"items": []}
