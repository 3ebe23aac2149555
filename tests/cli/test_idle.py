from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_trainhub.cli import commands
from jupyter_trainhub.cli.idle import seconds
from jupyter_trainhub.cli.main import main
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.idle.activity import Activity
from jupyter_trainhub.kube.resources import PODS, STATEFUL_SETS
from jupyter_trainhub.manifests.activity import Signal
from jupyter_trainhub.manifests.labels import labels
from tests.hub.fakes import FakeCluster

Output = pytest.CaptureFixture[str]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """A cluster with the instance ``x``, in which nothing goes on."""
    fake = FakeCluster()
    metadata: dict[str, Any] = {"labels": labels("instance", "x", "ada"), "namespace": "lab"}
    spec = {"containers": [{"name": "main", "image": "host"}]}
    fake.put(STATEFUL_SETS, {"apiVersion": "apps/v1", "kind": "StatefulSet",
                             "metadata": {"name": "dev-x", "generation": 2, **metadata},
                             "spec": {"replicas": 1, "template": {"spec": spec}}})  # fmt: skip
    running = {"name": "main", "ready": True,
               "state": {"running": {"startedAt": "2026-11-20T00:00:00Z"}}}  # fmt: skip
    fake.put(PODS, {"metadata": {"name": "dev-x-0", **metadata}, "spec": {},
                    "status": {"phase": "Running", "containerStatuses": [running]}})  # fmt: skip
    at_rest = [Signal("cpu", "idle", None, "0 % CPU"), Signal("kernels", "none")]
    monkeypatch.setattr(Activity, "signals", lambda *_: at_rest)
    return fake


@pytest.fixture
def policy(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> TrainHubConfig:
    """What the commands are configured with."""
    config = TrainHubConfig(idle_timeout=1, idle_warning=1, idle_extension_limit=7200)
    monkeypatch.setattr(
        commands, "connect",
        lambda options: Hub(cluster, config, ClusterChoice(embedded=True), "ada"),
    )  # fmt: skip
    return config


def test_it_is_warned_of_shown_kept(policy: TrainHubConfig, capsys: Output) -> None:
    assert main(["stop-idle"]) == 0
    assert capsys.readouterr().out.startswith("x: warned: Nothing has run in it since ")
    assert main(["idle"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["NAME", "OWNER", "GPUS", "STATE"]
    assert lines[1].split()[:4] == ["x", "ada", "0", "idle"]
    assert main(["keep", "instance", "x", "--for", "2h"]) == 0
    assert capsys.readouterr().out.startswith("instance x is kept until 2")
    assert main(["idle", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["idle"]["extended_until"]
    assert main(["get", "instance", "x"]) == 0
    assert "cpu         idle    " in capsys.readouterr().out


def test_all_namespaces_and_only_in_thought(
    policy: TrainHubConfig, cluster: FakeCluster, capsys: Output
) -> None:
    assert main(["stop-idle", "--dry-run", "-A"]) == 0
    assert capsys.readouterr().out.startswith("lab/x: warned: ")
    assert not list(cluster.writes())


def test_a_time_too_long(policy: TrainHubConfig, capsys: Output) -> None:
    assert main(["keep", "instance", "x", "--for", "3h"]) == 2
    assert "seconds: an instance can be kept for 7200 seconds at most" in capsys.readouterr().err


def test_without_a_policy_there_is_nothing_to_do(policy: TrainHubConfig, capsys: Output) -> None:
    policy.idle_timeout = 0
    assert main(["stop-idle"]) == 2
    assert "idle_timeout: no time is set" in capsys.readouterr().err
    assert main(["idle"]) == 0
    assert "There are no instances" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400)]
)
def test_times(text: str, value: int) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "h", "-2h", "1.5h", "2 weeks", "٣h", "9" * 12])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidField):
        seconds(text)
