"""What is done with records, for one user."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import AlreadyExists, InvalidField, NotFound
from jupyter_trainhub.hub.hub import Hub
from tests.conftest import eventually
from tests.hub.fakes import FakeCluster
from tests.hub.runs.records import put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def config(root: Path) -> TrainHubConfig:
    return TrainHubConfig(run_folder=str(root))


def test_only_ones_own_runs_are_listed(hub: Hub, root: Path) -> None:
    put(root, "a-11111111")
    put(root, "b-22222222", created="2031-01-01T00:00:00Z")
    put(root, "c-33333333", owner="bob")
    (root / "d-44444444").mkdir()
    assert [view["run"] for view in hub.runs.list()] == ["b-22222222", "a-11111111"]
    assert [view["run"] for view in hub.runs.list("TRAIN b-")] == ["b-22222222"]
    with pytest.raises(NotFound):
        hub.runs.get("d-44444444")


def test_the_code_is_read_again(hub: Hub, root: Path) -> None:
    put(root, "a-11111111")
    code = hub.runs.code("a-11111111")
    assert list(code.files) == ["cells.json"]
    assert code.argv == ["python", "/trainhub/run_notebook.py"]
    put(root, "b-22222222", argv=None)
    with pytest.raises(NotFound, match="does not hold the code"):
        hub.runs.code("b-22222222")


def test_pins(hub: Hub, root: Path) -> None:
    put(root, "a-11111111")
    assert hub.runs.pin("a-11111111", True)["pinned"]
    assert not hub.runs.pin("a-11111111", False)["pinned"]
    put(root, "b-22222222", pinned=True)
    assert not hub.runs.pin("b-22222222", False)["pinned"]


def test_exports_stay_in_the_allowed_folders(hub: Hub, root: Path, tmp_path: Path) -> None:
    put(root, "a-11111111")
    shown = tmp_path / "shown"
    (shown / "there").mkdir(parents=True)
    export = hub.runs.export_within
    assert export("a-11111111", "new", [shown]) == shown / "new"
    assert export("a-11111111", "there", [shown]) == shown / "there/a-11111111"
    assert (shown / "new/logs/attempt-1/rank-0.log").read_bytes() == b"hello\n"
    for folder, refusal in (
        ("new/a", None), ("../out", InvalidField), ("/etc/x", InvalidField),
        ("there", AlreadyExists), ("no/where", NotFound),
    ):  # fmt: skip
        if refusal is None:
            export("a-11111111", folder, [shown])
            continue
        with pytest.raises(refusal) as refused:
            export("a-11111111", folder, [shown])
        assert refused.value.field == "folder"


def test_jobs_that_went_unseen_get_an_end(hub: Hub, cluster: FakeCluster, root: Path) -> None:
    here = f"{cluster.server} {cluster.namespace}"
    put(root, "a-11111111", phase="Running", finished=None, cluster=here)
    put(root, "b-22222222", phase="Running", cluster="another one")
    hub.runs.end_abandoned()
    eventually(lambda: hub.runs.get("a-11111111")["phase"] == "Stopped")
    assert "deleted" in hub.runs.get("a-11111111")["message"]
    assert hub.runs.get("b-22222222")["phase"] == "Running"
    hub.close()


def test_comparing_names_the_run_that_is_not_there(hub: Hub, root: Path) -> None:
    put(root, "a-11111111")
    with pytest.raises(NotFound) as refused:
        hub.runs.compare("a-11111111", "b-22222222")
    assert refused.value.field == "b"
