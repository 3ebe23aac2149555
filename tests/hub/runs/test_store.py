"""Records on disk: private, whole, safe from links, from two servers at once, from full disks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, InvalidField, NotFound
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


@pytest.mark.parametrize("name", ["code/x.py", "logs/attempt-1/rank-0.log", "metrics.jsonl"])
def test_nothing_is_written_behind_a_link(store: RunStore, tmp_path: Path, name: str) -> None:
    folder = recorded(store)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/metrics.jsonl").write_text("mine")
    first = folder.path / name.partition("/")[0]
    first.symlink_to(tmp_path / "home" / ("metrics.jsonl" if "/" not in name else ""))
    writing = folder.append if "/" not in name else folder.write
    with pytest.raises(OSError, match=r"(symbolic links|directory)"):
        writing(name, b"x")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["metrics.jsonl"]
    assert (tmp_path / "home/metrics.jsonl").read_text() == "mine"


def test_what_is_no_file_of_the_records_own_is_not_added_to(
    store: RunStore, tmp_path: Path
) -> None:
    folder = recorded(store)
    os.mkfifo(folder.path / "pipe")
    (tmp_path / "mine").write_text("mine")
    os.link(tmp_path / "mine", folder.path / "link")
    for name in ("pipe", "link", "../mine", ""):
        with pytest.raises(OSError):  # noqa: PT011 - each says something else
            folder.append(name, b"x")
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_folder_that_a_program_has_filled_up(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_trainhub.hub.runs.folder.MOST_FILES", 50)
    folder = recorded(store)
    for number in range(200):
        (folder.path / f"junk-{number}").touch()
    assert 0 < len(folder.files()) <= 50
    at = os.open(folder.path, os.O_DIRECTORY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=at)
        inner = os.open("d", os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)
    folder.clean(0.0)
    assert folder.files()
    store.delete(folder)
    assert not folder.path.exists()
    subprocess.run(["rm", "-rf", *folder.path.parent.glob(".gone-*")], check=True)


def test_records_are_deleted_by_each_user_of_a_storage(
    store: RunStore, storage: Path, tmp_path: Path
) -> None:
    root = recorded(store).path.parent
    # Somebody else was there before, and knows what is to be deleted.
    (root / f".gone-{NAME}").symlink_to(tmp_path)
    (root / ".deleted").mkdir(mode=0o000)
    store.delete(store.get(NAME))
    assert store.is_deleted(NAME)
    assert not store.is_deleted("other-12345678")
    assert tmp_path.exists()


def test_a_storage_whose_folder_leads_elsewhere_is_not_used(
    store: RunStore, storage: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (storage / ".trainhub").symlink_to(tmp_path / "elsewhere")
    assert recorded(store).path == tmp_path / "own" / NAME


def test_an_export_hides_secrets(store: RunStore, tmp_path: Path) -> None:
    folder = recorded(store)
    folder.write_json(RUN, {"run": NAME, "spec": {"env": {"HF_TOKEN": "geheim", "LR": "1"}}})
    made = RunFolder(export(folder, None, tmp_path / "out"))
    assert made.read_json(RUN)["spec"]["env"] == {"HF_TOKEN": "***", "LR": "1"}


def test_an_export_that_has_no_room_is_not_begun(store: RunStore, tmp_path: Path) -> None:
    folder = recorded(store)
    with (folder.path / "hole").open("wb") as file:
        file.truncate(1 << 42)
    with pytest.raises(InvalidField, match="No space left"):
        export(folder, None, tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


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
