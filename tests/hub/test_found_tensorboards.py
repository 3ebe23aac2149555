"""TensorBoards that somebody else has started, with real ones and with what others may plant."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.tensorboards.found import FoundTensorBoards, processes
from jupyter_trainhub.hub.tensorboards.found.command_line import (
    log_folders,
    option,
    tensorboard_arguments,
)
from tests.conftest import eventually

NOBODY = 65534


@pytest.mark.parametrize(
    ("argv", "arguments"),
    [
        (["/env/bin/python3", "/env/bin/tensorboard", "--logdir", "a"], ["--logdir", "a"]),
        (["tensorboard", "--logdir=a"], ["--logdir=a"]),
        (["python3.13t", "-X", "dev", "-m", "tensorboard.main", "--port", "1"], ["--port", "1"]),
        (["python", "-m", "tensorboard.data"], None),
        (["python", "serve_tensorboard.py", "--logdir", "a"], None),
        (["/env/bin/python", "train.py", "tensorboard"], None),
        (["bash", "-c", "tensorboard --logdir a"], None),
        (["/env/tensorboard_data_server/bin/server", "--logdir=a"], None),
        (["vim", "tensorboard"], None),
        ([], None),
    ],
)
def test_which_command_lines_run_tensorboard(argv: list[str], arguments: list[str] | None) -> None:
    assert tensorboard_arguments(argv) == arguments


@pytest.mark.parametrize(
    ("arguments", "folders"),
    [
        (["--logdir", "runs"], [("", "/data/runs")]),
        (["--logdir=a b", "--logdir=../é"], [("", "/é")]),
        (["--logdir_spec", "a:runs/a,/b:c,s3://x/y"],
         [("a", "/data/runs/a"), ("", "/b:c"), ("", "s3://x/y")]),
        (["--logdir", "gs://bucket/x"], [("", "gs://bucket/x")]),
        (["--db", "x"], []),
    ],
)  # fmt: skip
def test_which_folders_it_shows(arguments: list[str], folders: list[tuple[str, str]]) -> None:
    assert log_folders(arguments, "/data") == folders


def test_the_last_value_of_an_option_counts() -> None:
    assert option(["--port", "1", "--port=2", "--path_prefix"], "port") == "2"
    assert option(["--path_prefix"], "path_prefix") == ""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """TensorBoard's own program, as ``%tensorboard`` starts it, with a temporary folder of ours."""
    folder = tmp_path_factory.mktemp("found")
    (folder / "my runs").mkdir()
    (folder / "tmp").mkdir()
    argv = [sys.executable, "-m", "tensorboard.main", "--logdir", "my runs", "--port", "0",
            "--path_prefix", "/behind/it/"]  # fmt: skip
    process = subprocess.Popen(
        argv, cwd=folder, env={**os.environ, "TMPDIR": str(folder / "tmp")},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    entry = folder / "tmp" / ".tensorboard-info" / f"pid-{process.pid}.info"
    try:
        eventually(entry.exists)
        yield SimpleNamespace(process=process, folder=folder, entry=entry)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(autouse=True)
def _temporary(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "started" in request.fixturenames:
        started = request.getfixturevalue("started")
        monkeypatch.setattr(tempfile, "tempdir", str(started.folder / "tmp"))


def view_of(boards: FoundTensorBoards, pid: int) -> Any:
    return next((view for view in boards.list() if view["id"].startswith(f"found-{pid}-")), None)


def test_one_is_found_with_its_folder_and_answers(started: SimpleNamespace) -> None:
    boards = FoundTensorBoards()
    view = view_of(boards, started.process.pid)
    assert view["where"] == "found"
    assert view["folders"] == [str(started.folder / "my runs")]
    assert (view["name"], view["phase"]) == ("my runs", "Running")
    assert view["message"].startswith("Started by ")
    assert view["memory"]["used"] > 10**6
    assert view["version"]
    host, port, prefix = boards.endpoint(view["id"])[:3]
    assert prefix == "/behind/it"
    assert boards.by_port(port)["id"] == view["id"]
    connection = HTTPConnection(host, port, timeout=10)
    connection.request("GET", f"{prefix}/data/environment")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize("owner", ["nobody", "a link"])
def test_an_entry_that_somebody_has_planted_leads_nowhere(
    started: SimpleNamespace, owner: str
) -> None:
    """The folder of TensorBoard's entries is everybody's: one may point to the planter's port."""
    told = json.loads(started.entry.read_text())
    kept = started.entry.with_suffix(".kept")
    started.entry.rename(kept)
    planted = json.dumps({**told, "port": 9, "path_prefix": "/planted"})
    try:
        if owner == "nobody":
            if os.geteuid() != 0:
                pytest.skip("only root can give a file away")
            started.entry.write_text(planted)
            os.chown(started.entry, NOBODY, NOBODY)
        else:
            (started.folder / "elsewhere").write_text(planted)
            started.entry.symlink_to(started.folder / "elsewhere")
        boards = FoundTensorBoards()
        view = view_of(boards, started.process.pid)
        # Its command line and its sockets tell the same without the entry.
        assert boards.endpoint(view["id"]).port == told["port"]
        assert boards.endpoint(view["id"]).prefix == "/behind/it"
    finally:
        started.entry.unlink()
        kept.rename(started.entry)


@pytest.mark.parametrize("content", ["", "no JSON", "[]", '{"pid": 1}', '{"port": "x"}'])
def test_an_entry_that_cannot_be_read_is_left_out(started: SimpleNamespace, content: str) -> None:
    told = started.entry.read_text()
    try:
        started.entry.write_text(content.replace('"pid": 1', f'"pid": {started.process.pid}'))
        assert view_of(FoundTensorBoards(), started.process.pid)["phase"] == "Running"
    finally:
        started.entry.write_text(told)


def test_an_entry_of_a_process_that_is_something_else_or_gone_is_stale(
    started: SimpleNamespace,
) -> None:
    """An entry outlives its process, and the number may be another program's by now."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    told = json.loads(started.entry.read_text())
    # The second calls itself so, and listens nowhere.
    for argv in (["sleep", "30"], ["tensorboard", "30"]):
        other = subprocess.Popen(argv, executable="/bin/sleep")
        try:
            for pid in (other.pid, gone.pid):
                entry = started.entry.with_name(f"pid-{pid}.info")
                entry.write_text(json.dumps({**told, "pid": pid}))
                assert view_of(FoundTensorBoards(), pid) is None
                entry.unlink()
        finally:
            other.kill()
            other.wait()


def test_the_process_of_somebody_else_is_none(tmp_path: Path) -> None:
    """One that was this user's and became another's keeps files of this user's in /proc."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    script = tmp_path / "tensorboard"
    script.write_text(
        "import os, socket, sys\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "os.setuid(int(sys.argv[1]))\n"
        "print(1, flush=True)\n"
        "sys.stdin.read()\n"
    )
    found = {}
    for user in (os.geteuid(), NOBODY):
        argv = [sys.executable, str(script), str(user)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.read(1)
            found[user] = view_of(FoundTensorBoards(), other.pid)
    assert found[os.geteuid()] is not None
    assert found[NOBODY] is None


def test_a_number_that_is_another_process_by_now_is_no_tensorboard(
    started: SimpleNamespace,
) -> None:
    boards = FoundTensorBoards()
    id_ = view_of(boards, started.process.pid)["id"]
    with pytest.raises(NotFound):
        boards.endpoint(f"{id_}1")
    with pytest.raises(NotFound):
        boards.stop(f"found-{os.getpid()}-1")
    processes.terminate(started.process.pid, "1")
    time.sleep(0.2)
    assert started.process.poll() is None


def test_a_list_of_many_processes_takes_no_time(started: SimpleNamespace) -> None:
    many = [subprocess.Popen(["sleep", "60"]) for _ in range(150)]
    try:
        times = []
        for _ in range(5):
            begun = time.thread_time()
            assert view_of(FoundTensorBoards(), started.process.pid) is not None
            times.append(time.thread_time() - begun)
        # Of the processor, for the machine may be busy; ten times what it takes.
        assert min(times) < 0.05
    finally:
        for process in many:
            process.kill()
        for process in many:
            process.wait()


def test_stopping_one_ends_it_and_forgets_it(started: SimpleNamespace) -> None:
    boards = FoundTensorBoards()
    id_ = view_of(boards, started.process.pid)["id"]
    boards.stop(id_)
    assert started.process.wait(10) in (0, -signal.SIGTERM)
    assert view_of(boards, started.process.pid) is None
    with pytest.raises(NotFound):
        boards.endpoint(id_)
