"""TensorBoards of this machine: who shares one, how they end, and what is said then."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_trainhub.errors import Conflict, InvalidField, NotFound
from jupyter_trainhub.hub.tensorboards import TensorBoardMissing, state
from jupyter_trainhub.hub.tensorboards.folders import LogFolder, parse
from jupyter_trainhub.hub.tensorboards.local import LocalTensorBoards, Options, process
from jupyter_trainhub.hub.tensorboards.local.record import Record
from jupyter_trainhub.hub.tensorboards.local.registry import RegistryUnwritable
from jupyter_trainhub.hub.tensorboards.view import TensorBoardView
from tests.server.boards import write_loss

# Says that it listens, as the program does, without the second that TensorBoard takes to start.
STAND_IN = """
import json, os, sys, time
file = sys.argv[sys.argv.index("--state-file") + 1]
with open(file + ".new", "w") as state:
    json.dump({"pid": os.getpid(), "port": 1, "events": True, "version": "2.21.0"}, state)
os.replace(file + ".new", file)
time.sleep(60)
"""


@pytest.fixture
def config(tmp_path: Path) -> SimpleNamespace:
    """What an administrator sets; TensorBoard is a stand-in."""
    python = tmp_path / "python"
    (tmp_path / "stand_in.py").write_text(STAND_IN)
    python.write_text(
        "#!/bin/sh\n"
        "case $1 in -c) echo 2.21.0; exit;; esac\n"
        f'exec {sys.executable} -S -E {tmp_path}/stand_in.py "$@"\n'
    )
    python.chmod(0o700)
    return SimpleNamespace(
        tensorboard_python=str(python),
        tensorboard_idle_seconds=60,
        tensorboard_reload_interval=5,
        tensorboard_memory="4Gi",
        tensorboard_most=3,
    )


@pytest.fixture
def boards(tmp_path: Path, config: SimpleNamespace) -> Iterator[LocalTensorBoards]:
    """A registry of its own, empty again afterwards."""
    made = LocalTensorBoards(config, tmp_path / "registry")
    yield made
    for view in made.list():
        made.delete(view["id"])


@pytest.fixture
def logs(tmp_path: Path) -> LogFolder:
    """A log folder, empty as yet."""
    (tmp_path / "logs").mkdir()
    return LogFolder("", str(tmp_path / "logs"))


def folders(root: Path, *names: str) -> list[LogFolder]:
    """Folders, made."""
    for name in names:
        (root / name).mkdir(parents=True)
    return [LogFolder("", str(root / name)) for name in names]


def opened(boards: LocalTensorBoards, *chosen: LogFolder, **options: Any) -> TensorBoardView:
    """The TensorBoard of these folders, once it runs."""
    view = boards.wait(boards.ensure(chosen, Options(**options))["id"], 20)
    assert view["phase"] == "Running", view
    return view


def record_of(boards: LocalTensorBoards, id_: str) -> Record:
    """What is kept of one."""
    record = boards._registry.read(id_)
    assert record is not None
    return record


def test_one_process_for_a_set_of_folders_whoever_asks(
    boards: LocalTensorBoards, config: SimpleNamespace, tmp_path: Path, logs: LogFolder
) -> None:
    (tmp_path / "link").symlink_to(logs.path)
    others = [LocalTensorBoards(config, tmp_path / "registry") for _ in range(4)]
    link = LogFolder("", str(tmp_path / "link"))
    views: list[Any] = []
    threads = [
        threading.Thread(target=lambda other=other: views.append(other.ensure([link])))
        for other in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = boards.ensure([logs])
    assert {view["id"] for view in views} == {first["id"]}
    assert len({record_of(other, first["id"]).pid for other in others}) == 1
    assert first["folders"] == [logs.path]
    assert first["name"] == "logs"
    assert first["url"] == f"trainhub/tensorboards/{first['id']}/"


def test_options_make_another_one_and_any_will_do_without(
    boards: LocalTensorBoards, logs: LogFolder
) -> None:
    quick = opened(boards, logs, reload_interval=1, memory=2 << 30)
    assert (quick["reload_interval"], quick["idle_seconds"]) == (1, 60)
    assert quick["memory"]["limit"] == 2 << 30
    assert opened(boards, logs)["id"] == quick["id"]
    assert opened(boards, logs, name="mine") == {**quick, "name": "mine"}
    other = opened(boards, logs, reload_interval=2)
    assert other["id"] != quick["id"]
    boards.delete(quick["id"])
    boards.delete(other["id"])
    # What the site has set anyway is no option.
    plain = opened(boards, logs)
    assert opened(boards, logs, reload_interval=5, idle_seconds=60)["id"] == plain["id"]


def test_it_stops_starts_again_and_is_forgotten(boards: LocalTensorBoards, logs: LogFolder) -> None:
    view = opened(boards, logs, name="mine")
    endpoint = boards.endpoint(view["id"])
    assert (endpoint.host, endpoint.port, len(endpoint.prefix)) == ("127.0.0.1", 1, 33)
    record = record_of(boards, view["id"])
    stopped = boards.stop(view["id"])
    assert (stopped["phase"], stopped["message"]) == ("Stopped", "TensorBoard was stopped.")
    assert not process.is_running(record.pid, record.birth)
    assert boards.list() == [stopped]
    with pytest.raises(Conflict) as conflict:
        boards.endpoint(view["id"])
    assert conflict.value.reason == "TensorBoardStopped"
    boards.start(view["id"])
    again = boards.wait(view["id"], 20)
    assert (again["phase"], again["name"]) == ("Running", "mine")
    assert boards.endpoint(view["id"]).prefix != endpoint.prefix
    boards.delete(view["id"])
    assert boards.list() == []
    with pytest.raises(NotFound):
        boards.get(view["id"])
    with pytest.raises(NotFound):
        boards.get("../../etc")


def test_a_folder_that_became_a_link_is_not_shown_again(
    boards: LocalTensorBoards, tmp_path: Path
) -> None:
    folder = tmp_path / "replaced"
    folder.mkdir()
    view = opened(boards, LogFolder("", str(folder)))
    boards.stop(view["id"])
    folder.rmdir()
    folder.symlink_to("/etc")
    for act in (boards.start, boards.update):
        with pytest.raises(Conflict, match="its folder is a link now") as refused:
            act(view["id"])
        assert refused.value.field == "folders"
    assert boards.get(view["id"])["phase"] == "Stopped"


def test_one_can_be_stopped_on_a_full_disk(
    boards: LocalTensorBoards, logs: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = opened(boards, logs)
    monkeypatch.setattr(Path, "replace", full)
    assert boards.stop(view["id"])["phase"] == "Stopped"
    monkeypatch.undo()
    assert boards.get(view["id"])["phase"] == "Stopped"


def test_runs_are_added_to_one_that_is_open(
    boards: LocalTensorBoards, tmp_path: Path, logs: LogFolder
) -> None:
    view = opened(boards, logs, reload_interval=1)
    (more,) = folders(tmp_path, "more")
    both = boards.update(view["id"], [logs, LogFolder("new", more.path)])
    assert both["folders"] == [logs.path, f"new:{more.path}"]
    assert (both["name"], both["reload_interval"]) == ("logs, new", 1)
    assert [each["id"] for each in boards.list()] == [both["id"]]
    slower = boards.update(both["id"], options=Options(reload_interval=9))
    assert (slower["reload_interval"], slower["folders"]) == (9, both["folders"])
    # Another one of the same folders is left alone.
    plain = opened(boards, *map(parse, both["folders"]))
    assert plain["id"] == slower["id"]
    boards.stop(slower["id"])
    plain = opened(boards, *map(parse, both["folders"]))
    boards.start(slower["id"])
    assert boards.update(plain["id"], options=Options(name="mine"))["id"] == plain["id"]
    assert len(boards.list()) == 2


def test_the_one_not_used_for_longest_makes_room(
    boards: LocalTensorBoards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = folders(tmp_path, "a", "b", "c", "d")
    views = [opened(boards, folder) for folder in chosen[:3]]
    prefixes = [boards.endpoint(view["id"]).prefix for view in views]
    seconds = dict(zip(prefixes, (5.0, 90.0, 7.0), strict=True))
    empty = state.parse_state({"pid": 1})
    assert empty is not None
    monkeypatch.setattr(
        state, "ask", lambda endpoint, timeout: empty._replace(idle=seconds[endpoint.prefix])
    )
    opened(boards, chosen[3])
    phases = {view["name"]: view["phase"] for view in boards.list()}
    assert phases == {"a": "Running", "b": "Stopped", "c": "Running", "d": "Running"}
    assert "to make room" in boards.get(views[1]["id"])["message"]


def test_its_files_are_for_nobody_else(
    boards: LocalTensorBoards, tmp_path: Path, logs: LogFolder
) -> None:
    view = opened(boards, logs)
    for folder in (tmp_path / "registry", tmp_path / "registry" / view["id"]):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    prefix = boards.endpoint(view["id"]).prefix
    pid = record_of(boards, view["id"]).pid
    assert prefix not in Path(f"/proc/{pid}/cmdline").read_text()


def test_one_that_was_killed_is_stopped(boards: LocalTensorBoards, logs: LogFolder) -> None:
    view = opened(boards, logs)
    record = record_of(boards, view["id"])
    process.end(record.pid, record.birth, grace=5)
    ended = boards.get(view["id"])
    assert (ended["phase"], ended["remedy"]) == ("Stopped", "Start it again.")
    assert "from outside" in ended["message"]
    assert boards.ensure([logs])["id"] == view["id"]


def test_a_pid_that_belongs_to_another_process_now_is_not_ended() -> None:
    assert process.birth(os.getpid())
    assert not process.is_running(os.getpid(), "another birth")
    process.end(os.getpid(), "another birth", grace=1)


def test_records_of_other_versions_are_survived(
    boards: LocalTensorBoards, tmp_path: Path, logs: LogFolder
) -> None:
    view = opened(boards, logs)
    folder = tmp_path / "registry" / view["id"]
    record = json.loads((folder / "record.json").read_text())
    # As the first version wrote them, and with what a later one may add.
    old = {name: record[name] for name in ("id", "folders", "prefix", "pid", "birth", "started")}
    (folder / "record.json").write_text(json.dumps({**old, "later": 1}))
    os.rename(folder / "state.json", folder / "ready.json")
    assert boards.get(view["id"])["phase"] == "Running"
    assert boards.ensure([logs])["id"] == view["id"]
    broken = tmp_path / "registry" / ("0" * 16)
    broken.mkdir()
    for content in ("", "[]", '{"id": 3}', '{"id": "x", "folders": 4}'):
        (broken / "record.json").write_text(content)
        assert [each["id"] for each in boards.list()] == [view["id"]]
    (folder / "record.json").write_text(json.dumps(record))


def test_a_registry_that_cannot_be_written_is_told_in_words(
    config: SimpleNamespace, tmp_path: Path, logs: LogFolder
) -> None:
    (tmp_path / "file").touch()
    boards = LocalTensorBoards(config, tmp_path / "file" / "registry")
    assert boards.list() == []
    with pytest.raises(RegistryUnwritable) as unwritable:
        boards.ensure([logs])
    assert "cannot be written (Not a directory)" in unwritable.value.message
    assert "JUPYTER_RUNTIME_DIR" in (unwritable.value.remedy or "")


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_no_process_behind(
    boards: LocalTensorBoards, logs: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[int, str]] = []
    start = process.start

    def noted(*arguments: Any, **named: Any) -> tuple[int, str]:
        started.append(start(*arguments, **named))
        return started[-1]

    monkeypatch.setattr(process, "start", noted)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RegistryUnwritable, match="No space left on device"):
        boards.ensure([logs])
    assert not process.is_running(*started[0])


def test_a_slow_start_is_waited_for_and_its_failure_told(
    boards: LocalTensorBoards, logs: LogFolder, tmp_path: Path
) -> None:
    """A slow disk makes a start longer than proxies wait; then nobody says why it failed."""
    (tmp_path / "stand_in.py").write_text(
        "import time\nprint('slow disk', flush=True)\ntime.sleep(0.4)\nimport no_such_module"
    )
    view = boards.wait(boards.ensure([logs])["id"], 0.3)
    assert (view["phase"], view["message"]) == ("Starting", "TensorBoard is starting.")
    with pytest.raises(Conflict) as conflict:
        boards.endpoint(view["id"])
    assert conflict.value.reason == "TensorBoardStarting"
    view = boards.wait(view["id"], 20)
    assert boards.log(view["id"]).startswith("slow disk")
    assert view["phase"] == "Failed"
    assert "ModuleNotFoundError: No module named 'no_such_module'" in view["message"]
    assert view["remedy"]
    assert "Traceback" in boards.log(view["id"])


@pytest.mark.parametrize("version", ["", "2.20.0"])
def test_a_python_without_tensorboard_is_told_with_the_command_that_helps(
    boards: LocalTensorBoards,
    tmp_path: Path,
    logs: LogFolder,
    config: SimpleNamespace,
    version: str,
) -> None:
    python = tmp_path / "other" / "python"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\n{f'echo {version}' if version else 'exit 1'}\n")
    python.chmod(0o700)
    config.tensorboard_python = str(python)
    with pytest.raises(TensorBoardMissing) as missing:
        boards.ensure([logs])
    assert f"{python} -m pip install 'tensorboard>=2.21'" in str(missing.value)


def test_the_python_of_the_command_is_used_where_this_one_has_none(
    boards: LocalTensorBoards,
    tmp_path: Path,
    logs: LogFolder,
    config: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TensorBoard lives in another environment than Jupyter, which the extensions before missed."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "tensorboard"
    command.write_text(f"#!{config.tensorboard_python}\n")
    command.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    config.tensorboard_python = ""

    def none(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", none)
    assert opened(boards, logs)["version"] == "2.21.0"


def test_folders_must_exist_and_have_names_of_their_own(
    boards: LocalTensorBoards, tmp_path: Path, logs: LogFolder
) -> None:
    with pytest.raises(NotFound):
        boards.ensure([LogFolder("", str(tmp_path / "none"))])
    with pytest.raises(InvalidField):
        boards.ensure([])
    (other,) = folders(tmp_path, "other")
    with pytest.raises(InvalidField, match="two folders have the name 'a'"):
        boards.ensure([logs._replace(name="a"), other._replace(name="a")])


def test_a_real_one_shows_its_folders_side_by_side(
    boards: LocalTensorBoards, config: SimpleNamespace, tmp_path: Path
) -> None:
    config.tensorboard_python = ""
    for name in ("a b/-ü%", "c/ü%"):
        write_loss(tmp_path / name)
    chosen = [LogFolder("", str(tmp_path / "a b/-ü%")), LogFolder("new", str(tmp_path / "c/ü%"))]
    view = boards.wait(boards.ensure(chosen)["id"], 60)
    assert (view["phase"], view["name"], view["notes"]) == ("Running", "-ü%, new", [])
    links = tmp_path / "registry" / view["id"] / "logdir"
    assert {link.name: str(link.resolve()) for link in links.iterdir()} == {
        "-ü%": chosen[0].path,
        "new": chosen[1].path,
    }
    deadline = time.monotonic() + 20
    while boards.get(view["id"])["waiting"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    endpoint = boards.endpoint(view["id"])
    said = state.ask(endpoint)
    assert said is not None
    assert (said.loader, said.events) == ("fast", True)
    assert endpoint.prefix not in boards.log(view["id"])
    boards.delete(view["id"])
    assert state.ask(endpoint) is None
    assert all(Path(folder.path).is_dir() for folder in chosen)


def test_a_later_start_keeps_what_was_asked() -> None:
    assert Options(idle_seconds=3, name="a").later(Options(name="b")) == replace(
        Options(idle_seconds=3), name="b"
    )
