"""A TensorBoard process: where it listens, what it shows, when it ends."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from jupyter_trainhub.inpod import serve_tensorboard
from jupyter_trainhub.inpod.launch.processes import descendants

T = TypeVar("T")


def eventually(probe: Callable[[], T], seconds: float = 40) -> T:
    """The first true value of ``probe``; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (value := probe()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return value


class Board:
    """A TensorBoard process on a log folder."""

    def __init__(self, folder: Path, logs: Path, *options: str) -> None:
        self._ready = folder / "ready.json"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.process = subprocess.Popen(
            [
                sys.executable,
                serve_tensorboard.__file__,
                f"--logdir={logs}",
                f"--ready-file={self._ready}",
                "--path-prefix=/secret",
                *options,
            ],
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)),
        )

    def ready(self) -> dict[str, Any]:
        """What the ready file says, once it is there."""
        assert eventually(lambda: self._ready.exists() or self.process.poll() is not None)
        ready: dict[str, Any] = json.loads(self._ready.read_text())
        return ready

    def get(self, path: str) -> Any:
        """The JSON that TensorBoard answers under its prefix."""
        url = f"http://127.0.0.1:{self.ready()['port']}{path}"
        with urllib.request.urlopen(url, timeout=20) as response:
            return json.load(response)

    def data_server(self) -> int:
        """Process id of TensorBoard's fast loader."""
        (child,) = descendants(self.process.pid)
        return child

    def errors(self) -> str:
        """Everything it wrote to stderr; waits for its end."""
        return self.process.communicate(timeout=40)[1]


StartBoard = Callable[..., Board]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartBoard]:
    """Starts TensorBoards that do not outlive the test."""
    boards: list[Board] = []

    def start_one(logs: Path, *options: str) -> Board:
        boards.append(Board(tmp_path, logs, *options))
        return boards[-1]

    yield start_one
    for board in boards:
        board.process.kill()
        board.process.communicate()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A log folder with a falling loss in the run ``first``."""
    folder = tmp_path / "logs"
    writer = EventFileWriter(str(folder / "first"))
    for step, loss in enumerate([0.75, 0.5, 0.25]):
        value = Summary.Value(tag="loss", simple_value=loss)
        writer.add_event(Event(step=step, wall_time=step, summary=Summary(value=[value])))
    writer.close()
    return folder


def open_files(pid: int) -> tuple[str, str]:
    """Soft and hard limit of open files."""
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max open files"):
            return line.split()[3], line.split()[4]
    raise AssertionError(f"no limit of open files for {pid}")


def is_gone(pid: int) -> bool:
    """Whether the process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_shows_the_logs_under_its_prefix_only(start: StartBoard, logs: Path) -> None:
    board = start(logs)
    ready = board.ready()
    assert ready["pid"] == board.process.pid
    assert ready["version"].startswith("2.")
    assert abs(ready["started"] - time.time()) < 60
    assert eventually(lambda: board.get("/secret/data/runs")) == ["first"]
    points = eventually(lambda: board.get("/secret/data/plugin/scalars/scalars?run=first&tag=loss"))
    assert [(step, loss) for _, step, loss in points] == [(0, 0.75), (1, 0.5), (2, 0.25)]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        board.get("/data/runs")

    # Both processes may open as many files as the system allows.
    for pid in (board.process.pid, board.data_server()):
        soft, hard = open_files(pid)
        assert soft == hard
    assert not list(board.temporary.glob(".tensorboard-info*"))

    child = board.data_server()
    board.process.send_signal(signal.SIGTERM)
    assert board.process.wait(timeout=20) == 0
    assert eventually(lambda: is_gone(child))


def test_ends_when_idle_and_takes_its_data_server_along(start: StartBoard, logs: Path) -> None:
    board = start(logs, "--idle-seconds=1.5")
    board.ready()
    child = board.data_server()
    assert "no request for 1.5 s" in board.errors()
    assert board.process.returncode == 0
    assert eventually(lambda: is_gone(child))


def test_a_kill_takes_the_data_server_along(start: StartBoard, logs: Path) -> None:
    board = start(logs)
    board.ready()
    child = board.data_server()
    board.process.kill()
    assert eventually(lambda: is_gone(child))


def test_a_request_starts_the_idle_time_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    activity = serve_tensorboard.Activity()
    clock[0] += 50
    assert activity.idle_seconds() == 50
    seen = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        clock[0] += 30
        seen.append(activity.idle_seconds())
        return [b"answer"]

    answer = serve_tensorboard.watched(application, activity)({}, lambda *_: lambda _: None)
    assert list(answer) == [b"answer"]
    # A request that is being answered is no idle time, however long it takes.
    assert seen == [0]
    clock[0] += 5
    assert activity.idle_seconds() == 5


def test_a_taken_port_is_named(start: StartBoard, logs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        board = start(logs, f"--port={port}")
        assert f"could not bind to port {port}" in board.errors()
    assert board.process.returncode == 1


def test_an_interpreter_without_tensorboard_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", serve_tensorboard.__file__, f"--logdir={tmp_path}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'tensorboard>=2.21'" in done.stderr


def test_says_when_there_is_no_fast_loader(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TENSORBOARD_DATA_SERVER_BINARY", str(tmp_path / "none"))
    serve_tensorboard.warn_of_slow_loading()
    assert "there is no fast loader" in capsys.readouterr().err
