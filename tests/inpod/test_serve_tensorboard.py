"""A TensorBoard process: where it listens, what it shows, how it fares, when it ends."""

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

from jupyter_trainhub.inpod import program
from jupyter_trainhub.inpod.launch.processes import descendants

T = TypeVar("T")
PREFIX = "/secret"
STEPS = 40


def eventually(probe: Callable[[], T], seconds: float = 40) -> T:
    """The first true value of ``probe``; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (value := probe()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return value


class Board:
    """A TensorBoard process, with the program as it is shipped."""

    def __init__(self, folder: Path, *options: str, patience: bool = True, **env: str) -> None:
        self.state_file = folder / "state.json"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        shipped = folder / "serve_tensorboard.py"
        text = program("serve_tensorboard.py").decode()
        if not patience:
            assert "_BETWEEN_RESTARTS = 30.0" in text
            text = text.replace("_BETWEEN_RESTARTS = 30.0", "_BETWEEN_RESTARTS = 0.0")
        shipped.write_text(text)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(shipped),
                f"--state-file={self.state_file}",
                "--reload-interval=1",
                *options,
            ],
            env={
                **os.environ,
                "TMPDIR": str(self.temporary),
                "TRAINHUB_TENSORBOARD_PREFIX": PREFIX,
                **env,
            },
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard)),
        )

    def state(self) -> dict[str, Any]:
        """What the state file says now."""
        if not self.state_file.exists():
            return {}
        state: dict[str, Any] = json.loads(self.state_file.read_text())
        return state

    def ready(self) -> dict[str, Any]:
        """What the state file says once it listens."""
        assert eventually(lambda: self.state().get("port") or self.process.poll() is not None)
        return self.state()

    def get(self, path: str) -> Any:
        """The JSON that TensorBoard answers under its prefix."""
        url = f"http://127.0.0.1:{self.ready()['port']}{path}"
        with urllib.request.urlopen(url, timeout=20) as response:
            return json.load(response)

    def runs(self) -> list[str]:
        """The runs that it lists."""
        runs: list[str] = self.get(f"{PREFIX}/data/runs")
        return sorted(runs)

    def points(self, run: str) -> int:
        """How many points of the loss of ``run`` it shows; 0 while it cannot tell."""
        try:
            path = f"{PREFIX}/data/plugin/scalars/scalars?run={run}&tag=loss"
            return len(self.get(path))
        except OSError:
            return 0

    def notes(self) -> dict[str, str]:
        """Its notes by their ids."""
        return {note["id"]: note["message"] for note in self.state().get("notes", ())}

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

    def start_one(*options: str, **more: Any) -> Board:
        boards.append(Board(tmp_path, *options, **more))
        return boards[-1]

    yield start_one
    for board in boards:
        board.process.kill()
        board.process.communicate()


def write_run(folder: Path) -> Path:
    """A run with a falling loss; gives its event file."""
    writer = EventFileWriter(str(folder))
    for step in range(STEPS):
        value = Summary.Value(tag="loss", simple_value=1 / (step + 1))
        writer.add_event(Event(step=step, wall_time=step, summary=Summary(value=[value])))
    writer.close()
    (file,) = folder.iterdir()
    return file


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A log folder with one run, ``first``."""
    write_run(tmp_path / "logs" / "first")
    return tmp_path / "logs"


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


def test_shows_named_folders_under_its_prefix_only(
    start: StartBoard, logs: Path, tmp_path: Path
) -> None:
    board = start(f"--folder=one:{logs}", f"--folder=later:{tmp_path / 'later'}")
    ready = board.ready()
    assert ready["pid"] == board.process.pid
    assert ready["version"].startswith("2.")
    assert abs(ready["started"] - time.time()) < 60
    assert eventually(board.runs) == ["one/first"]
    assert eventually(lambda: board.points("one/first")) == STEPS
    # Whoever does not know the prefix is told nothing, and keeps nothing from ending.
    before = board.get(f"{PREFIX}/trainhub/state")["requests"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        board.get("/data/runs")
    assert board.get(f"{PREFIX}/trainhub/state")["requests"] == before
    # A folder that is not there yet is waited for.
    write_run(tmp_path / "later")
    assert eventually(lambda: board.runs() == ["later", "one/first"])

    # Other users of the machine can read neither the prefix nor what TensorBoard would announce.
    assert PREFIX not in Path(f"/proc/{board.process.pid}/cmdline").read_text()
    assert not list(board.temporary.iterdir())
    # Both processes may open as many files as the system allows.
    child = board.data_server()
    for pid in (board.process.pid, child):
        soft, hard = open_files(pid)
        assert soft == hard

    asked = board.get(f"{PREFIX}/trainhub/state")
    assert asked["loader"] == "fast"
    assert asked["memory"] > 50 << 20
    assert board.get(f"{PREFIX}/trainhub/state")["requests"] == asked["requests"] > 0

    board.process.send_signal(signal.SIGTERM)
    assert PREFIX not in board.errors()
    assert board.process.returncode == 128 + signal.SIGTERM
    assert board.state()["ended"] == "signal"
    assert eventually(lambda: is_gone(child))


def test_ends_when_idle_and_takes_its_data_server_along(start: StartBoard, logs: Path) -> None:
    board = start(f"--folder={logs}", "--idle-seconds=1.5")
    # It is there before TensorBoard listens, and so before the time begins to run.
    (child,) = eventually(lambda: descendants(board.process.pid))
    assert "after 1.5 s without a request" in board.errors()
    assert (board.process.returncode, board.state()["ended"]) == (0, "idle")
    assert eventually(lambda: is_gone(child))


def test_waits_for_logs_and_survives_its_loader(start: StartBoard, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    board = start(f"--folder={tmp_path / 'logs'}")
    assert board.ready()["events"] is False
    write_run(tmp_path / "logs" / "first")
    assert eventually(lambda: board.state()["events"])
    assert eventually(lambda: board.points("first")) == STEPS

    crashed = board.data_server()
    os.kill(crashed, signal.SIGKILL)
    assert eventually(lambda: descendants(board.process.pid) not in ([], [crashed]))
    assert eventually(lambda: board.points("first")) == STEPS
    child = board.data_server()
    board.process.kill()
    assert eventually(lambda: is_gone(child))


@pytest.mark.parametrize("loader", ["fast", "slow"])
def test_a_file_read_too_early_from_a_network_is_read_again(
    start: StartBoard, logs: Path, tmp_path: Path, loader: str
) -> None:
    """A network file system that shows zeros for what is not there yet: loaders give it up."""
    late = write_run(logs / "late")
    whole = late.read_bytes()
    late.write_bytes(whole[:500] + bytes(len(whole) - 500))
    none = {"TENSORBOARD_DATA_SERVER_BINARY": str(tmp_path / "none")}
    board = start(f"--folder={logs}", patience=False, **(none if loader == "slow" else {}))
    assert board.ready()["loader"] == loader
    pid, port = board.state()["pid"], board.state()["port"]
    assert "late/" in eventually(lambda: board.notes().get("broken-file", ""))
    assert ("slow-loader" in board.notes()) == (loader == "slow")
    assert eventually(lambda: board.points("first")) == STEPS

    with late.open("r+b") as file:
        file.write(whole)
    assert eventually(lambda: board.points("late") == STEPS)
    assert eventually(lambda: "broken-file" not in board.notes())
    assert (board.state()["pid"], board.state()["port"]) == (pid, port)
    if loader == "slow":
        return
    # A copy by rsync takes the place of the file.
    (logs / "copy").write_bytes(whole + whole)
    os.replace(logs / "copy", late)
    child = board.data_server()
    assert eventually(lambda: descendants(board.process.pid) not in ([], [child]))


def test_shows_more_runs_than_a_process_may_open_by_default(start: StartBoard, logs: Path) -> None:
    """The data server keeps every event file open and lists no run when it may not."""
    content = next((logs / "first").iterdir()).read_bytes()
    for number in range(1499):
        run = logs / f"run-{number}"
        run.mkdir()
        (run / "events.out.tfevents.1").write_bytes(content)
    board = start(f"--folder={logs}")
    assert eventually(lambda: len(board.runs()) == 1500)
    # TensorBoard's page then shows charts without a curve.
    assert "1500 runs" in eventually(lambda: board.notes().get("many-runs", ""))
    assert list(board.notes()) == ["many-runs"]


def test_ends_itself_when_it_uses_too_much_memory(start: StartBoard, logs: Path) -> None:
    board = start(f"--folder={logs}", "--memory=50000000")
    assert "of memory, more than the 48 MiB that it may use" in board.errors()
    assert (board.process.returncode, board.state()["ended"]) == (1, "memory")
    assert board.state()["remedy"]


def test_a_taken_port_is_named(start: StartBoard, logs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        board = start(f"--folder={logs}", f"--port={port}")
        assert f"could not bind to port {port}" in board.errors()
    assert board.process.returncode == 1
    assert board.state()["ended"] == "failure"


@pytest.mark.parametrize(
    ("files", "message", "remedy"),
    [
        ({"__init__": "raise ModuleNotFoundError('No', name='tensorboard')"}, "has no", "-m pip"),
        ({"__init__": "", "version": "VERSION = '2.20.0'"}, "2.20.0; 2.21 or later", "2.21"),
        (
            {"__init__": "", "version": "VERSION = '2.21.0'", "assets": "import pkg_resources_"},
            "No module named 'pkg_resources_'",
            "--force-reinstall",
        ),
        (
            {"__init__": "raise ModuleNotFoundError('No', name='pkg_resources')"},
            "needs pkg_resources, which setuptools has dropped",
            "--upgrade 'tensorboard>=2.21'",
        ),
        (
            {"__init__": "raise TypeError('Descriptors cannot be created directly.\\nIf so')"},
            "its protobuf does not fit (TypeError: Descriptors cannot be created directly.)",
            "'protobuf>=6.31.1,<8'",
        ),
    ],
)
def test_a_broken_installation_is_told_in_words(
    start: StartBoard,
    logs: Path,
    tmp_path: Path,
    files: dict[str, str],
    message: str,
    remedy: str,
) -> None:
    """TensorBoard missing, too old, or beside packages that it cannot be imported with."""
    package = tmp_path / "broken" / "tensorboard"
    package.mkdir(parents=True)
    for name, content in files.items():
        (package / f"{name}.py").write_text(content)
    told = tmp_path / "termination-log"
    board = start(
        f"--folder={logs}",
        PYTHONPATH=str(package.parent),
        TRAINHUB_TERMINATION_LOG=str(told),
    )
    errors = board.errors()
    assert board.process.returncode == 1
    state = board.state()
    assert (state["ended"], state["port"]) == ("failure", 0)
    assert message in state["message"]
    assert sys.executable in state["message"]
    assert remedy in state["remedy"]
    assert errors.splitlines()[-1] == f"{state['message']} {state['remedy']}"
    assert json.loads(told.read_text())["message"] == state["message"]
