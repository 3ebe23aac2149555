"""Records that pods, or other users of the storage, have written over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.runs.descriptions import describe_comparison, describe_run
from jupyter_trainhub.hub.runs.folder import RUN, RunFolder
from jupyter_trainhub.hub.runs.run_json import record_of
from jupyter_trainhub.hub.tables import runs_table
from jupyter_trainhub.manifests import usage
from tests.hub.fakes import FakeCluster

GOOD = {
    "run": "x-1", "job": "x", "owner": "ada", "user": "ada@lab", "phase": "Succeeded",
    "created": "2030-01-01T00:00:00Z", "finished": "2030-01-01T00:01:00Z", "attempt": 1,
    "attempts": 1, "nodes": 1, "spec": {"name": "x", "command": ["true"]}, "argv": ["true"],
    "pods": [{"name": "x-0", "rank": 0, "attempt": 1, "started": None}], "complete": True,
    "git": {"commit": "1a", "branch": None, "dirty": True, "remote": None}, "missing": [],
    "metrics_summary": {"cpu": {"unit": "cores", "max": 2.0, "mean": 1.5}},
    "volumes": [{"role": "model", "claim": "c", "path": "/m", "size": 5}],
}  # fmt: skip
VALUES: list[Any] = [None, 5, -1, "x", "../..", "\x1b[31m", [], [5], [{}], {}, {"a": []}, True]


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    config = TrainHubConfig(run_folder=str(tmp_path / "runs"))
    return Hub(FakeCluster(), config, ClusterChoice(embedded=True), "ada")


def put(tmp_path: Path, name: str, text: str) -> RunFolder:
    (tmp_path / "runs" / name).mkdir(parents=True)
    folder = RunFolder(tmp_path / "runs" / name)
    folder.write(RUN, text.encode())
    return folder


def test_a_record_comes_back_as_it_was() -> None:
    found = record_of(json.loads(json.dumps(GOOD)), "x-1")
    assert found is not None
    assert {name: found[name] for name in found if name != "pods"} == {
        name: value for name, value in GOOD.items() if name != "pods"
    }
    assert found["pods"] == [{"name": "x-0", "rank": 0, "attempt": 1}]


def test_no_record_breaks_the_list_of_the_others(hub: Hub, tmp_path: Path) -> None:
    put(tmp_path, "good-12345678", json.dumps(GOOD))
    forged = [
        json.dumps({**GOOD, field: value}) for field in GOOD for value in VALUES if field != "owner"
    ]
    forged += ["", "null", "[]", "[" * 100_000, '{"job": NaN}', "{}", '{"owner": "ada"}', "\xff"]
    for number, text in enumerate(forged):
        put(tmp_path, f"forged-{number}", text)
    views = hub.runs.list()
    assert "good-12345678" in [view["run"] for view in views]
    for view in views:
        # Not what it calls itself.
        assert view["run"].startswith(("good", "forged"))
        json.dumps(view, allow_nan=False)
        full = hub.runs.get(view["run"])
        describe_run(full)
    assert runs_table(views).text()
    hub.runs.list("some words")
    hub.runs.end_abandoned()
    found = hub.runs.compare("good-12345678", "forged-5")
    describe_comparison(found)


def test_events_and_measurements_of_others(tmp_path: Path) -> None:
    lines = [
        b'{"at": 1e999, "pod": "x", "rank": 0, "values": {"cpu": 1}}',
        b'{"at": 1, "pod": "x", "rank": 1e999, "values": {"cpu": 1}}',
        b'{"at": 1, "pod": "x", "rank": 0, "values": {"cpu": "nan"}}',
        b'{"at": 1, "pod": "x", "rank": 0, "values": [5]}',
        b"[" * 100_000,
        b'{"at": 1, "pod": "x", "rank": 0, "values": {"cpu": 2}}',
    ]
    assert [one["points"] for one in usage.recorded(lines)] == [[(1.0, 2.0)]]
