"""The launcher: what it executes, how it waits, how a program ends under it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.inpod import launch

SHAPE = launch.Shape(
    nodes=2, processes=4, node_rank=1, master_addr="job-x-0.job-x", master_port=23456
)
PYTORCH = {"TRAINHUB_FRAMEWORK": "pytorch", "POD_IP": "127.0.0.3"}
TORCHRUN = [
    "-m",
    "torch.distributed.run",
    "--nnodes=2",
    "--nproc-per-node=4",
    "--node-rank=1",
    "--master-addr=job-x-0.job-x",
    "--master-port=23456",
    "--local-addr=127.0.0.3",
    "--rdzv-conf=timeout=600",
]


@pytest.mark.parametrize(
    ("argv", "program"),
    [
        (["python", "a.py", "-x"], ["a.py", "-x"]),
        (["python3", "-u", "a.py"], ["a.py"]),
        (["a.py"], ["a.py"]),
        (["python", "-m", "pkg.train", "-x"], ["--module", "pkg.train", "-x"]),
    ],
)
def test_torchrun_starts_pythons_programs(argv: list[str], program: list[str]) -> None:
    command = launch.plan_command(argv, PYTORCH, SHAPE)
    assert command.argv[1:] == TORCHRUN + program
    assert command.needs_port
    # torchrun sets these for each process.
    assert not {"RANK", "WORLD_SIZE", "LOCAL_RANK"} & set(command.env)


def test_an_interpreter_with_options_keeps_them() -> None:
    command = launch.plan_command([sys.executable, "-X", "dev", "a.py"], PYTORCH, SHAPE)
    assert command.argv == [
        sys.executable, *TORCHRUN, "--no-python", sys.executable, "-X", "dev", "a.py"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "argv",
    [
        ["torchrun", "train.py"],
        ["accelerate", "launch", "train.py"],
        ["python", "-m", "torch.distributed.run", "train.py"],
        ["python", "-m", "accelerate.commands.launch", "train.py"],
    ],
)
def test_other_programs_run_as_they_are_on_every_node(argv: list[str]) -> None:
    command = launch.plan_command(argv, PYTORCH, SHAPE)
    assert command.argv == argv
    assert (command.needs_address, command.needs_port) == (True, False)
    expected = {
        "MASTER_ADDR": "job-x-0.job-x",
        "MASTER_PORT": "23456",
        "PET_MASTER_ADDR": "job-x-0.job-x",
        "PET_MASTER_PORT": "23456",
        "WORLD_SIZE": "8",
        "RANK": "1",
        "PET_NODE_RANK": "1",
        "PET_NPROC_PER_NODE": "4",
        "PET_NNODES": "2",
        "TRAINHUB_NODE_RANK": "1",
    }
    assert expected.items() <= command.env.items()


def test_node_0_waits_for_nobody() -> None:
    command = launch.plan_command(["python", "a.py"], PYTORCH, SHAPE._replace(node_rank=0))
    assert (command.needs_address, command.needs_port) == (False, False)


def test_a_single_process_gets_no_process_group() -> None:
    command = launch.plan_command([sys.executable, "-X", "dev", "a.py"], {}, launch.read_shape({}))
    assert command.argv == [sys.executable, "-X", "dev", "a.py"]
    assert not {"RANK", "WORLD_SIZE", "MASTER_ADDR"} & set(command.env)


@pytest.mark.parametrize(
    ("env", "threads"),
    [
        ({"TRAINHUB_CPUS": "8"}, "2"),
        ({"TRAINHUB_CPUS": "0.5"}, "1"),
        ({}, "1"),
        ({"TRAINHUB_CPUS": "8", "OMP_NUM_THREADS": "7"}, "7"),
    ],
)
def test_threads_share_the_cores(env: dict[str, str], threads: str) -> None:
    assert launch.complete_environment(env, SHAPE, "pytorch")["OMP_NUM_THREADS"] == threads


def test_variables_are_replaced_without_a_shell() -> None:
    env = {"A": "x y; $(reboot)", "B": "$A"}
    argv = ["echo", "$A", "pre-${B}-post", "$NO_SUCH", "$1", "cost: 5$", "`id`", "$(id)"]
    assert launch.expand(argv, env) == [
        "echo", "x y; $(reboot)", "pre-$A-post", "$NO_SUCH", "$1", "cost: 5$", "`id`", "$(id)"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"PET_NNODES": "two"}, "PET_NNODES='two' is not a number"),
        ({"PET_NNODES": "0"}, "at least 1"),
        ({"PET_NNODES": "2", "PET_NODE_RANK": "2", "POD_IP": "127.0.0.1"}, "not below"),
        ({"PET_NNODES": "2"}, "PET_MASTER_ADDR is not set"),
    ],
)
def test_a_contradictory_shape_is_refused(env: dict[str, str], message: str) -> None:
    with pytest.raises(launch.Ended, match=message):
        launch.read_shape(env)


@pytest.mark.parametrize(
    ("code", "words"),
    [(137, "memory limit"), (139, "segmentation fault"), (135, "/dev/shm"), (142, "SIGALRM")],
)
def test_exit_codes_are_explained(code: int, words: str) -> None:
    assert words in launch.meaning(code)


def test_a_long_message_keeps_its_place_and_its_kind() -> None:
    error = {"cell": 3, "etype": "ValueError", "message": "é" * 9000, "traceback": "t" * 9000}
    encoded = launch.termination_message("Error", "m" * 9000, 1, error)
    assert len(encoded) <= 4096
    document = json.loads(encoded)
    assert document["error"]["cell"] == 3
    assert document["error"]["etype"] == "ValueError"
    assert document["error"]["message"].startswith("é")


class Pod:
    """A launcher that runs as a process, and what it leaves."""

    def __init__(self, folder: Path, argv: list[str], env: dict[str, str]) -> None:
        self._log = folder / "termination-log"
        self.process = subprocess.Popen(
            [sys.executable, launch.__file__, "--", *argv],
            env={
                "PATH": os.environ["PATH"],
                "TMPDIR": str(folder),
                "TRAINHUB_TERMINATION_LOG": str(self._log),
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.stdout = self.stderr = ""

    def wait_for_line(self) -> str:
        """The next line of the program's output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def wait(self) -> int:
        """The exit code, with the output read to its end."""
        self.stdout, self.stderr = self.process.communicate(timeout=60)
        return self.process.returncode

    @property
    def message(self) -> dict[str, Any]:
        """The termination message; empty when there is none."""
        message: dict[str, Any] = json.loads(self._log.read_text()) if self._log.exists() else {}
        return message


StartPod = Callable[..., Pod]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartPod]:
    """Starts pods that do not outlive the test."""
    pods: list[Pod] = []

    def launch_pod(*argv: str, **env: str) -> Pod:
        folder = tmp_path / f"pod-{len(pods)}"
        folder.mkdir()
        pods.append(Pod(folder, list(argv), env))
        return pods[-1]

    yield launch_pod
    for pod in pods:
        if pod.process.poll() is None:
            pod.process.kill()
        pod.process.communicate()


def gone(pid: int) -> bool:
    """Whether the process ended within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_success_leaves_no_message(start: StartPod) -> None:
    pod = start("sh", "-c", "echo $PYTHONUNBUFFERED; echo err >&2")
    assert pod.wait() == 0
    assert (pod.stdout, pod.stderr, pod.message) == ("1\n", "err\n", {})


def test_a_failing_program_is_explained(start: StartPod) -> None:
    pod = start("sh", "-c", "exit 3")
    assert pod.wait() == 3
    assert pod.message == {
        "reason": "Error",
        "message": "the program reported an error",
        "exit_code": 3,
    }
    assert "exit code 3" in pod.stderr


def test_a_killed_program_is_explained(start: StartPod) -> None:
    pod = start("sh", "-c", "kill -KILL $$")
    assert pod.wait() == 137
    assert "memory limit" in pod.message["message"]


def test_a_missing_program_is_named(start: StartPod) -> None:
    pod = start("no-such-program")
    assert pod.wait() == 127
    assert "no-such-program was not found" in pod.message["message"]


def test_a_wrong_environment_is_named(start: StartPod) -> None:
    pod = start("true", TRAINHUB_TIME_LIMIT="soon")
    assert pod.wait() == 2
    assert "TRAINHUB_TIME_LIMIT='soon' is not a number" in pod.message["message"]


def test_arguments_are_taken_literally(start: StartPod) -> None:
    pod = start("printf", "%s\n", "a  b", "$(id)", "`id`", "$GREETING", GREETING="hi; id")
    assert pod.wait() == 0
    assert pod.stdout == "a  b\n$(id)\n`id`\nhi; id\n"


def test_the_time_limit_ends_the_program(start: StartPod) -> None:
    pod = start(
        "sh", "-c", "trap 'echo saving; exit 0' TERM; sleep 60 & wait", TRAINHUB_TIME_LIMIT="0.5"
    )
    assert pod.wait() == 124
    assert pod.stdout == "saving\n"
    assert pod.message["reason"] == "TimeLimit"
    assert pod.message["exit_code"] == 124
    assert "0.5 s" in pod.message["message"]


def test_who_ignores_sigterm_is_killed_with_all_its_processes(start: StartPod) -> None:
    script = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    pod = start(sys.executable, "-c", script, TRAINHUB_GRACE="0.3")
    child = int(pod.wait_for_line())
    pod.process.send_signal(signal.SIGTERM)
    assert pod.wait() == 143
    assert pod.message["reason"] == "Terminated"
    assert "killing it" in pod.stderr
    assert gone(child)


def test_sigterm_lets_the_program_save(start: StartPod) -> None:
    pod = start("sh", "-c", "trap 'echo saved; exit 7' TERM; echo ready; sleep 60 & wait")
    assert pod.wait_for_line() == "ready"
    pod.process.send_signal(signal.SIGTERM)
    assert pod.wait() == 143
    assert pod.stdout == "saved\n"


def test_what_the_program_leaves_behind_is_ended(start: StartPod) -> None:
    pod = start("sh", "-c", "setsid sleep 60 >/dev/null 2>&1 & echo $!")
    child = int(pod.wait_for_line())
    assert pod.wait() == 0
    assert gone(child)


def worker(address: str, port: int, **env: str) -> dict[str, str]:
    """The environment of node 1 of 2."""
    return {
        "TRAINHUB_FRAMEWORK": "pytorch",
        "PET_NNODES": "2",
        "PET_NODE_RANK": "1",
        "PET_MASTER_ADDR": address,
        "PET_MASTER_PORT": str(port),
        **env,
    }


def test_waiting_in_vain_says_for_what(start: StartPod, free_port: int) -> None:
    pod = start(
        "python", "a.py", **worker("127.0.0.2", free_port, TRAINHUB_RENDEZVOUS_TIMEOUT="0.5")
    )
    assert pod.wait() == 1
    assert pod.message["reason"] == "RendezvousTimeout"
    assert f"127.0.0.2 port {free_port} does not answer: Connection refused" in pod.stderr


def test_a_name_without_address_is_named(start: StartPod) -> None:
    pod = start("true", **worker("job-x-0.invalid", 29500, TRAINHUB_RENDEZVOUS_TIMEOUT="0"))
    assert pod.wait() == 1
    assert "the name job-x-0.invalid has no address yet" in pod.message["message"]


def test_a_node_that_waits_can_be_stopped(start: StartPod, free_port: int) -> None:
    pod = start("python", "a.py", **worker("127.0.0.2", free_port))
    handlers = Path(f"/proc/{pod.process.pid}/status")
    deadline = time.monotonic() + 20
    caught = 1 << (signal.SIGTERM - 1)
    while time.monotonic() < deadline:
        line = next(line for line in handlers.read_text().splitlines() if "SigCgt" in line)
        if int(line.split()[1], 16) & caught:
            break
        time.sleep(0.02)
    pod.process.send_signal(signal.SIGTERM)
    assert pod.wait() == 143
    assert pod.message["reason"] == "Terminated"


def test_waiting_ends_when_node_0_answers(free_port: int) -> None:
    shape = launch.Shape(2, 1, 1, "127.0.0.2", free_port)
    command = launch.Command(["true"], {}, needs_address=True, needs_port=True)
    assert launch.probe(command, shape)
    with socket.create_server(("127.0.0.2", free_port)):
        waiting = threading.Thread(target=launch.wait_for_master, args=(command, shape, 20))
        waiting.start()
        waiting.join(timeout=20)
        assert not waiting.is_alive()


def test_waiting_reports_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr("time.sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    monkeypatch.setattr(launch, "probe", lambda *_: "it does not answer")
    command = launch.Command(["true"], {}, needs_address=True, needs_port=True)
    with pytest.raises(launch.Ended) as caught:
        launch.wait_for_master(command, SHAPE, 31)
    assert caught.value.reason == "RendezvousTimeout"
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all("waiting for node 0: it does not answer" in line for line in lines)


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.2", 0)) as server:
        port: int = server.getsockname()[1]
    return port
