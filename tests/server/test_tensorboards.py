"""TensorBoards: real processes on real event files."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_trainhub.errors import Conflict, InvalidField, NotFound
from jupyter_trainhub.hub.tensorboards import TensorBoardMissing, TensorBoards, process
from jupyter_trainhub.hub.tensorboards.view import link_names
from tests.server.boards import read_record, write_loss


@pytest.fixture
def config() -> SimpleNamespace:
    """What an administrator sets."""
    return SimpleNamespace(tensorboard_python="", tensorboard_idle_seconds=60)


@pytest.fixture
def boards(tmp_path: Path, config: SimpleNamespace) -> Iterator[TensorBoards]:
    """A registry of its own, empty again afterwards."""
    made = TensorBoards(config, root=tmp_path / "registry")
    yield made
    for view in made.list():
        made.stop(view["id"])


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A log folder with a run."""
    folder = tmp_path / "logs"
    write_loss(folder / "run")
    return folder


def test_one_process_for_a_set_of_folders_whoever_asks(
    boards: TensorBoards, config: SimpleNamespace, tmp_path: Path, logs: Path
) -> None:
    (tmp_path / "link").symlink_to(logs)
    others = [TensorBoards(config, root=tmp_path / "registry") for _ in range(4)]
    views: list[Any] = []
    threads = [
        threading.Thread(target=lambda other=other: views.append(other.ensure([tmp_path / "link"])))
        for other in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = boards.ensure([logs])
    assert {view["id"] for view in views} == {first["id"]}
    assert len({read_record(other, first["id"]).pid for other in others}) == 1
    assert first["folders"] == [str(logs)]
    assert first["name"] == "logs"
    assert first["url"] == f"trainhub/tensorboards/{first['id']}/"


def test_it_starts_runs_and_stops(boards: TensorBoards, logs: Path) -> None:
    view = boards.ensure([logs])
    assert view["phase"] in ("Starting", "Running")
    view = boards.wait(view["id"], 60)
    assert (view["phase"], view["message"]) == ("Running", "")
    host, port, prefix = boards.endpoint(view["id"])
    assert host == "127.0.0.1"
    assert port > 0
    assert len(prefix) == 33
    record = read_record(boards, view["id"])
    boards.stop(view["id"])
    assert not process.is_running(record.pid, record.birth)
    with pytest.raises(NotFound):
        boards.get(view["id"])


def test_its_files_are_for_nobody_else(boards: TensorBoards, tmp_path: Path, logs: Path) -> None:
    view = boards.ensure([logs])
    for folder in (tmp_path / "registry", tmp_path / "registry" / view["id"]):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_one_that_was_killed_is_stopped_and_can_be_revived(
    boards: TensorBoards, logs: Path
) -> None:
    view = boards.wait(boards.ensure([logs])["id"])
    record = read_record(boards, view["id"])
    process.end(record.pid, record.birth, grace=5)
    assert boards.get(view["id"])["phase"] == "Stopped"
    with pytest.raises(Conflict) as stopped:
        boards.endpoint(view["id"])
    assert stopped.value.reason == "TensorBoardStopped"
    assert boards.revive(view["id"])["id"] == view["id"]
    assert boards.wait(view["id"])["phase"] == "Running"
    assert read_record(boards, view["id"]).pid != record.pid


def test_a_pid_that_belongs_to_another_process_now_is_not_ended(boards: TensorBoards) -> None:
    assert process.birth(os.getpid())
    assert not process.is_running(os.getpid(), "another birth")
    process.end(os.getpid(), "another birth", grace=1)


def test_one_that_fails_says_what_it_said(
    boards: TensorBoards, logs: Path, tmp_path: Path, config: SimpleNamespace
) -> None:
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\ncase $1 in -c) echo 2.21.0;; *) echo no luck >&2; exit 3;; esac\n"
    )
    python.chmod(0o700)
    config.tensorboard_python = str(python)
    broken = TensorBoards(config, root=tmp_path / "registry")
    view = broken.wait(broken.ensure([logs])["id"])
    assert (view["phase"], view["message"]) == ("Failed", "no luck")


@pytest.mark.parametrize("version", ["", "2.20.0"])
def test_a_python_without_tensorboard_is_told_with_the_command_that_helps(
    tmp_path: Path, logs: Path, config: SimpleNamespace, version: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{f'echo {version}' if version else 'exit 1'}\n")
    python.chmod(0o700)
    config.tensorboard_python = str(python)
    with pytest.raises(TensorBoardMissing) as missing:
        TensorBoards(config, root=tmp_path / "registry").ensure([logs])
    assert f"{python} -m pip install 'tensorboard>=2.21'" in str(missing.value)


def test_folders_must_exist_but_may_be_empty(boards: TensorBoards, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        boards.ensure([tmp_path / "none"])
    with pytest.raises(InvalidField):
        boards.ensure([])
    (tmp_path / "empty").mkdir()
    assert boards.wait(boards.ensure([tmp_path / "empty"])["id"])["phase"] == "Running"


def test_several_folders_are_linked_side_by_side(boards: TensorBoards, tmp_path: Path) -> None:
    folders = [tmp_path / "a" / "logs", tmp_path / "b" / "logs"]
    for folder in folders:
        folder.mkdir(parents=True)
    view = boards.ensure(folders)
    links = tmp_path / "registry" / view["id"] / "logdir"
    assert {link.name: link.resolve() for link in links.iterdir()} == {
        "a-logs": folders[0],
        "b-logs": folders[1],
    }
    boards.stop(view["id"])
    assert all(folder.is_dir() for folder in folders)


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["/x/runs"], ["runs"]),
        (["/a/runs", "/b/runs", "/c"], ["a-runs", "b-runs", "c"]),
        (["/"], ["root"]),
        (["/a/b-c", "/a-b/c", "/x/c"], ["b-c", "a-b-c", "x-c"]),
        (["/runs", "/a/runs"], ["runs", "a-runs"]),
    ],
)
def test_link_names_are_short_and_different(folders: list[str], names: list[str]) -> None:
    assert link_names(folders) == names
