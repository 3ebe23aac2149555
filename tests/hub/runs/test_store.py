"""Records on disk: private, whole, safe from links, from two servers at once, from full disks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, NotFound
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.runs.export import export
from jupyter_trainhub.hub.runs.folder import RUN, RunFolder
from jupyter_trainhub.hub.runs.store import RunStore
from tests.hub.fakes import FakeCluster

NAME = "x-12345678"


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    folder.mkdir(mode=0o775)
    return folder


@pytest.fixture
def store(tmp_path: Path, storage: Path) -> RunStore:
    offered = {"name": "home", "path": "/mnt/home", "claim": "home", "default": True}
    config = TrainHubConfig(
        run_folder=str(tmp_path / "own"), storages=[{**offered, "local_path": str(storage)}]
    )
    return RunStore(config, Hub(FakeCluster(), config, ClusterChoice(embedded=True), "ada").storage)


def recorded(store: RunStore, run: str = NAME) -> RunFolder:
    folder = store.make(run)
    folder.write_json(RUN, {"run": run})
    return folder


def test_records_lie_on_the_storage(store: RunStore, storage: Path) -> None:
    folder = recorded(store)
    assert folder.path == storage / ".trainhub/runs" / NAME
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert store.get(NAME).read_json(RUN) == {"run": NAME}
    assert [found.run for found in store.folders()] == [NAME]


def test_without_the_storage_they_lie_beside_jupyter(
    store: RunStore, storage: Path, tmp_path: Path
) -> None:
    storage.rmdir()
    assert recorded(store).path == tmp_path / "own" / NAME
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700


def test_a_storage_that_cannot_be_written(store: RunStore, storage: Path, tmp_path: Path) -> None:
    (storage / ".trainhub").write_text("in the way")
    assert recorded(store).path == tmp_path / "own" / NAME


@pytest.mark.parametrize("run", ["../x", "..", "", ".hidden", "a/b", "x\0"])
def test_names_stay_names(store: RunStore, run: str) -> None:
    with pytest.raises(NotFound):
        store.get(run)
    with pytest.raises(OSError, match="name of a run"):
        store.make(run)


def test_deleted_records_do_not_come_back(store: RunStore) -> None:
    store.delete(recorded(store))
    assert store.find(NAME) is None
    assert list(store.folders()) == []
    assert store.is_deleted(NAME)


def test_one_process_at_a_time(store: RunStore) -> None:
    folder = recorded(store)
    program = (
        "import sys; from pathlib import Path\n"
        "from jupyter_trainhub.hub.runs.folder import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])).locked() as free:\n"
        "    print(free, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(folder.path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with folder.locked() as free:
            assert not free
        other.communicate("")
    with folder.locked() as free:
        assert free


def test_a_record_in_use_is_not_deleted(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = recorded(store)
    monkeypatch.setattr("jupyter_trainhub.hub.runs.store._PATIENCE", 0.0)
    with folder.locked(), pytest.raises(Conflict):
        store.delete(RunFolder(folder.path))


def test_files_are_replaced_whole_or_not_at_all(store: RunStore) -> None:
    folder = recorded(store)
    folder.write("live.yaml", b"one")
    with pytest.raises(OSError, match="descriptor"), folder.replacing("live.yaml"):
        os.write(-1, b"two")
    assert folder.read("live.yaml") == b"one"
    assert [name for name, _, _ in folder.files()] == ["live.yaml", RUN]


def test_links_are_not_followed(store: RunStore, tmp_path: Path) -> None:
    folder = recorded(store)
    (tmp_path / "secret").write_text("secret")
    (folder.path / "link").symlink_to(tmp_path / "secret")
    (folder.path / "folder").symlink_to(tmp_path)
    os.mkfifo(folder.path / "pipe")
    for name in ("link", "folder/secret", "pipe", "../own", "/etc/passwd", "", "a\0b"):
        with pytest.raises(NotFound):
            folder.open(name)
    assert [name for name, _, _ in folder.files()] == [RUN]
    (folder.path / "live.yaml").symlink_to(tmp_path / "secret")
    folder.write("live.yaml", b"x")
    assert (tmp_path / "secret").read_text() == "secret"


def test_export_is_a_copy(store: RunStore, tmp_path: Path) -> None:
    folder = recorded(store)
    folder.write("logs/attempt-1/rank-0.log", b"hello")
    beside = RunFolder(tmp_path / "beside")
    beside.make()
    beside.write("attempt-1/node-0.log", b"of the pod")
    made = export(folder, beside, tmp_path / "out")
    assert (made / "logs/attempt-1/rank-0.log").read_bytes() == b"hello"
    assert (made / "attempt-1/node-0.log").read_bytes() == b"of the pod"
    assert not (made / ".lock").exists()
