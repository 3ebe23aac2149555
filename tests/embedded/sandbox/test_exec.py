"""Further commands in a running container."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios

import pytest

from jupyter_trainhub.embedded.runtime import sandbox
from tests.embedded.sandbox.containers import PATH, Containers, wait_for


@pytest.fixture
def running(containers: Containers) -> sandbox.Running:
    """A container that waits."""
    return containers.start_shell(
        "echo here > /tmp/file; echo ready; exec sleep 600",
        env={"PATH": PATH, "COLOUR": "green"},
        hostname="pod-7",
        cwd="/usr",
    )


def execute(
    running: sandbox.Running, *argv: str, cwd: str | None = None, stdin: bytes = b""
) -> tuple[int, bytes, bytes]:
    """Run a command in the container: its exit code and what it wrote to each stream."""
    done = subprocess.run(
        running.exec_argv(argv, cwd=cwd), input=stdin, capture_output=True, check=False, timeout=20
    )
    return done.returncode, done.stdout, done.stderr


def test_streams_and_exit_code_are_the_commands(running: sandbox.Running) -> None:
    script = "cat; echo error >&2; exit 9"
    assert execute(running, "sh", "-c", script, stdin=b"\x00in\xff") == (
        9,
        b"\x00in\xff",
        b"error\n",
    )


def test_it_runs_in_the_same_container(running: sandbox.Running) -> None:
    script = "cat /tmp/file; hostname; pwd; echo $COLOUR $(id -u); cat /proc/1/comm"
    code, output, _ = execute(running, "sh", "-c", script)
    assert code == 0
    assert output.decode().split() == [
        *("here", "pod-7", "/usr", "green", str(os.geteuid()), "sleep"),
    ]
    assert execute(running, "pwd", cwd="/etc") == (0, b"/etc\n", b"")


def test_it_may_do_no_more_than_the_container(running: sandbox.Running) -> None:
    script = "mount -t tmpfs none /mnt || umount /proc/sys"
    assert execute(running, "sh", "-c", script)[0] != 0


def test_it_runs_as_the_containers_user(containers: Containers) -> None:
    running = containers.start_shell("echo ready; exec sleep 600", uid=1234, gid=4321)
    script = "echo $(id -u) $(id -g)"
    assert execute(running, "sh", "-c", script)[1] == b"1234 4321\n"


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("nope", 127, b'exec: "nope": executable file not found in $PATH'),
        ("/etc/passwd", 126, b'exec: "/etc/passwd": permission denied'),
    ],
)
def test_a_command_that_is_none(
    running: sandbox.Running, command: str, code: int, message: bytes
) -> None:
    done, output, error = execute(running, command)
    assert (done, output) == (code, b"")
    assert error.strip().endswith(message)


def test_no_command_runs_in_an_ended_container(
    containers: Containers, running: sandbox.Running
) -> None:
    running.kill()
    containers.end(running)
    code, _, error = execute(running, "true")
    assert code == 125
    assert b"not running" in error


def test_signals_are_passed_on(running: sandbox.Running) -> None:
    script = "trap 'exit 6' INT; echo ready; while :; do sleep 0.05; done"
    trapping = subprocess.Popen(running.exec_argv(["sh", "-c", script]), stdout=subprocess.PIPE)
    plain = subprocess.Popen(
        running.exec_argv(["sh", "-c", "echo ready; exec sleep 600"]), stdout=subprocess.PIPE
    )
    with trapping, plain:
        assert trapping.stdout is not None
        assert plain.stdout is not None
        assert trapping.stdout.readline() == plain.stdout.readline() == b"ready\n"
        trapping.send_signal(signal.SIGINT)
        plain.send_signal(signal.SIGTERM)
        assert trapping.wait(20) == 6
        assert plain.wait(20) == 128 + signal.SIGTERM


def test_it_counts_and_ends_with_the_container(running: sandbox.Running) -> None:
    alone = len(running.members())
    with subprocess.Popen(running.exec_argv(["sleep", "600"])) as command:
        wait_for(lambda: len(running.members()) == alone + 1, "the command among the members")
        running.kill()
        assert command.wait(20) == 137


def test_it_ends_when_its_caller_is_killed(running: sandbox.Running) -> None:
    # A subreaper inherits the command from its killed caller, and so learns how it ended. Without
    # one that would be the machine's process 1, which need not collect it.
    program = (
        "import ctypes, os, subprocess, sys\n"
        "ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER\n"
        "caller = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)\n"
        "caller.stdout.readline()\n"
        "caller.kill()\n"
        "caller.wait()\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    caller = running.exec_argv(["sh", "-c", "echo ready; exec sleep 600"])
    done = subprocess.run(
        [sys.executable, "-c", program, *caller], capture_output=True, check=True, timeout=20
    )
    assert int(done.stdout) == -signal.SIGKILL


def test_a_terminal_is_the_controlling_one(running: sandbox.Running) -> None:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
    script = "test -t 0 && stty size > /dev/tty && echo $TERM && kill -INT $$; sleep 600"
    argv = running.exec_argv(["sh", "-c", script], tty=True)
    with subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave) as command:
        os.close(slave)
        assert command.wait(20) == 128 + signal.SIGINT
    assert os.read(master, 1000).split() == [b"33", b"101", b"xterm"]
    os.close(master)


def test_a_terminal_interrupts_what_runs_in_it(running: sandbox.Running) -> None:
    master, slave = pty.openpty()
    argv = running.exec_argv(["sh", "-c", "echo ready; exec sleep 600"], tty=True)
    with subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave) as command:
        os.close(slave)
        assert os.read(master, 1000) == b"ready\r\n"
        os.write(master, b"\x03")
        assert command.wait(20) == 128 + signal.SIGINT
    os.close(master)
