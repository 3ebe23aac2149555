"""How a container starts, ends, outlives its cluster, and goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.runtime import processes, sandbox
from tests.embedded.sandbox.containers import Containers, wait_for

START_ERROR = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc "
    "create failed: unable to start container process: error during container init: "
)
TIME = "%Y-%m-%dT%H:%M:%SZ"


def test_an_exit_code_is_kept(containers: Containers) -> None:
    before = time.strftime(TIME, time.gmtime())
    completed, _ = containers.run("/bin/true")
    failed, _ = containers.run("/bin/sh", "-c", "exit 3")
    after = time.strftime(TIME, time.gmtime())
    assert (completed.code, completed.reason, completed.signal) == (0, "Completed", None)
    assert (failed.code, failed.reason, failed.message) == (3, "Error", "")
    times = [completed.started_at, completed.finished_at, failed.started_at, failed.finished_at]
    assert [before, *times, after] == sorted([before, *times, after])


def test_a_fatal_fault_is_told_as_a_signal(containers: Containers) -> None:
    script = "import ctypes; ctypes.string_at(0)"
    exited, _ = containers.run(sys.executable, "-c", script)
    assert (exited.code, exited.signal, exited.reason) == (139, signal.SIGSEGV, "Error")


def test_a_signal_reaches_the_command(containers: Containers) -> None:
    running = containers.start_shell(
        "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    )
    running.signal(signal.SIGTERM)
    assert containers.end(running).code == 7
    assert containers.text(running) == "ready\nbye\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            "/no/such/program",
            'exec: "/no/such/program": stat /no/such/program: no such file or directory',
        ),
        ("nope", 'exec: "nope": executable file not found in $PATH'),
        ("/etc/passwd", 'exec: "/etc/passwd": permission denied'),
        ("/etc", 'exec: "/etc": is a directory'),
    ],
)
def test_a_command_that_is_none_is_told_as_runc_does(
    containers: Containers, command: str, message: str
) -> None:
    exited, text = containers.run(command)
    assert exited == sandbox.Exited(
        code=128,
        signal=None,
        started_at="1970-01-01T00:00:00Z",
        finished_at=exited.finished_at,
        reason="StartError",
        message=START_ERROR + message,
    )
    assert text == ""


def test_a_log_that_cannot_be_written_is_told(containers: Containers, tmp_path: Path) -> None:
    exited, _ = containers.run("/bin/true", log_path=tmp_path)
    assert (exited.code, exited.reason) == (128, "StartError")
    assert exited.message.endswith(f"{tmp_path}: is a directory")


def test_a_volume_that_is_missing_is_named(containers: Containers) -> None:
    exited, _ = containers.run("/bin/true", mounts=(sandbox.Mount("/data", "/no/such/folder"),))
    assert (exited.code, exited.reason) == (128, "StartError")
    assert exited.message.endswith('bind mount "/no/such/folder": no such file or directory')


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("argv", (), "no command"),
        ("cwd", "here", "cwd"),
        ("termination_log", "log", "'log'"),
        ("mounts", (sandbox.Mount("/", None),), "'/'"),
        ("mounts", (sandbox.Mount("/a/../b", None),), "'/a/../b'"),
        ("mounts", (sandbox.Mount("/a", "b"),), "'b'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    containers: Containers, field: str, value: object, word: str
) -> None:
    container = replace(containers.describe("/bin/true"), **{field: value})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=word):
        sandbox.start(container)
    assert not container.directory.exists()


def test_a_state_folder_is_for_one_run(containers: Containers) -> None:
    running = containers.start("/bin/true")
    containers.end(running)
    with pytest.raises(FileExistsError):
        containers.start("/bin/true", directory=running.directory)


def test_kill_ends_processes_that_left_session_and_parent(containers: Containers) -> None:
    running = containers.start_shell(
        "setsid sh -c 'setsid sleep 601 & setsid sleep 602 & sleep 603' & echo ready; sleep 604"
    )
    wait_for(lambda: len(running.members()) == 6, "all processes of the container")
    members = {pid: processes.start_time(pid) for pid in running.members()}
    running.kill()
    exited = containers.end(running)
    assert (exited.code, exited.signal, exited.reason) == (137, signal.SIGKILL, "Error")
    alive = [pid for pid, start in members.items() if processes.is_alive(pid, start or 0)]
    assert alive == []
    assert running.members() == []


def test_a_kill_can_have_a_reason(containers: Containers) -> None:
    running = containers.start_shell("echo ready; sleep 600")
    running.kill(reason="OOMKilled")
    exited = containers.end(running)
    assert (exited.code, exited.reason) == (137, "OOMKilled")


def test_no_kill_comes_too_early(containers: Containers) -> None:
    for _ in range(5):
        running = containers.start("sleep", "600")
        running.kill()
        exited = containers.end(running)
        assert (exited.code, exited.signal) == (137, signal.SIGKILL)


def test_it_outlives_who_started_it(containers: Containers, tmp_path: Path) -> None:
    container = containers.describe("/bin/sh", "-c", "echo ready; sleep 600")
    program = (
        "import os, sys\nfrom pathlib import Path, PosixPath\n"
        "from jupyter_trainhub.embedded.runtime import sandbox\n"
        "from jupyter_trainhub.embedded.runtime.sandbox import Container\n"
        f"sandbox.start({container!r})\nos.kill(os.getpid(), 9)\n"
    )
    starter = subprocess.run([sys.executable, "-c", program], check=False)
    assert starter.returncode == -signal.SIGKILL
    wait_for(lambda: sandbox.find(container.directory) is not None, "the container's record")
    found = sandbox.find(container.directory)
    assert found is not None
    wait_for(lambda: isinstance(found.state(), sandbox.Started), "the container's start")
    assert found.alive()
    found.kill()
    assert containers.end(found).code == 137


def test_it_does_not_outlive_its_shim(containers: Containers) -> None:
    running = containers.start_shell("echo ready; sleep 600")
    state = running.state()
    assert isinstance(state, sandbox.Started)
    os.kill(running.shim_pid, signal.SIGKILL)
    wait_for(lambda: not processes.is_alive(state.pid, state.start), "the end of process 1")
    exited = containers.end(running)
    assert (exited.code, exited.reason) == (137, "ContainerStatusUnknown")
    assert exited.started_at == state.started_at


def test_an_ended_container_is_found_too(containers: Containers, tmp_path: Path) -> None:
    running = containers.start("/bin/sh", "-c", "exit 5")
    exited = containers.end(running)
    found = sandbox.find(running.directory)
    assert found is not None
    assert not found.alive()
    assert found.state() == exited
    assert sandbox.find(tmp_path / "nothing") is None


def test_nothing_is_left_behind(containers: Containers) -> None:
    before = Path("/proc/mounts").read_text()
    running = containers.start_shell(
        "mkdir -p /tmp/odd/inner; touch /tmp/odd/inner/file; chmod 0 /tmp/odd/inner /tmp/odd;"
        "rm -rf /etc/hostname; echo ready; sleep 600"
    )
    with pytest.raises(RuntimeError, match="kill it"):
        sandbox.remove(running.directory)
    running.kill()
    wait_for(lambda: isinstance(running.state(), sandbox.Exited), "the end of the container")
    sandbox.remove(running.directory)
    assert not running.directory.exists()
    assert processes.start_time(running.shim_pid) is None
    assert Path("/proc/mounts").read_text() == before


def test_memory_and_cpu_are_counted(containers: Containers) -> None:
    script = (
        "import time\nkept = bytearray(64 << 20)\n"
        "while time.process_time() < 0.2: pass\nprint('ready', flush=True)\ntime.sleep(600)"
    )
    running = containers.start(sys.executable, "-c", script)
    wait_for(lambda: bool(containers.log(running)), "the first line of the log")
    assert 64 << 20 <= running.memory() < 96 << 20
    assert 64 << 20 <= running.memory(limit=1) < 96 << 20
    assert 0.1 <= running.cpu_seconds() < 5


def test_the_shim_is_small(containers: Containers) -> None:
    running = containers.start_shell("echo ready; sleep 600")
    status = Path(f"/proc/{running.shim_pid}/status").read_text()
    resident = int(status.partition("VmRSS:")[2].split()[0]) << 10
    assert resident < 12 << 20
