"""Further commands in a running container."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from jupyter_trainhub.embedded.runtime import processes, sandbox
from jupyter_trainhub.embedded.runtime.shim.attach import (
    CLOSE,
    ERROR,
    PACKET,
    RESIZE,
    STDERR,
    STDIN,
    STDOUT,
)
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


class Client:
    """Executes a command as the API server does: its streams are the packets of a socket."""

    def __init__(self, running: sandbox.Running, *argv: str, tty: bool = False) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        line = running.exec_argv(argv, attach=number, stdin=True, tty=tty)
        self.process = subprocess.Popen(line, pass_fds=[number])
        theirs.close()
        self.socket.settimeout(20)

    def read(self, ending: bytes = b"") -> dict[int, bytes]:
        """What came on each channel, up to this ending of standard output, or to the end."""
        came: dict[int, bytes] = {}
        while not ending or not came.get(STDOUT, b"").endswith(ending):
            packet = self.socket.recv(PACKET + 1)
            if not packet:
                break
            came[packet[0]] = came.get(packet[0], b"") + packet[1:]
        return came

    def send(self, channel: int, data: bytes) -> None:
        self.socket.send(bytes([channel]) + data)


def test_streams_are_kept_apart_and_end(running: sandbox.Running) -> None:
    client = Client(running, "sh", "-c", "cat; echo error >&2; exit 9")
    client.send(STDIN, b"\x00in\xff")
    client.send(CLOSE, bytes([STDIN]))
    assert client.read() == {STDOUT: b"\x00in\xff", STDERR: b"error\n"}
    assert client.process.wait(20) == 9


def test_why_a_command_did_not_run_is_told_apart_from_its_output(running: sandbox.Running) -> None:
    client = Client(running, "nope", tty=True)
    assert b"executable file not found in $PATH" in client.read()[ERROR]
    assert client.process.wait(20) == 127


def test_a_terminal_is_one_of_the_containers(running: sandbox.Running) -> None:
    script = "read x; stty size; test -w $(tty) && echo $TERM > /dev/tty; exit 5"
    client = Client(running, "sh", "-c", script, tty=True)
    client.send(RESIZE, b'{"Width": 101, "Height": 33}')
    client.send(STDIN, b"\n")
    assert client.read()[STDOUT].split(b"\r\n")[-3:] == [b"33 101", b"xterm", b""]
    assert client.process.wait(20) == 5


def test_a_terminal_interrupts_what_runs_in_its_foreground(running: sandbox.Running) -> None:
    client = Client(running, "bash", "--norc", "-i", tty=True)
    client.send(STDIN, b"stty -echo; PS1=; PS2=\n")
    client.send(STDIN, b"(echo re''ady; exec sleep 600)\n")
    client.read(b"ready\r\n")
    client.send(STDIN, b"\x03")
    client.send(STDIN, b"exit $?\n")
    assert client.process.wait(20) == 128 + signal.SIGINT


@pytest.mark.parametrize("tty", [False, True])
def test_a_command_ends_when_its_client_goes(running: sandbox.Running, tty: bool) -> None:
    def alive() -> list[int]:
        # Process 1 of this container reaps nobody.
        return [p for p in running.members() if processes.is_alive(p, processes.start_time(p) or 0)]

    client = Client(running, "sh", "-c", "echo ready; sleep 600; true", tty=tty)
    client.read(b"\r\n" if tty else b"\n")
    client.socket.close()
    assert client.process.wait(20) > 128
    wait_for(lambda: len(alive()) == 1, "the end of the command's children")


def test_attached_clients_share_a_container(containers: Containers) -> None:
    script = "echo ready; while read -r line; do echo got $line; done; echo over"
    running = containers.start_shell(script, stdin=True, stdin_once=True)
    first, second = running.attach(), running.attach()
    with first, second:
        for client in (first, second):
            client.settimeout(20)
        first.send(bytes([STDIN]) + b"one\n")
        assert first.recv(PACKET) == second.recv(PACKET) == bytes([STDOUT]) + b"got one\n"
        first.close()
        second.send(bytes([STDIN]) + b"two\n")
        assert second.recv(PACKET) == bytes([STDOUT]) + b"got two\n"
        second.send(bytes([CLOSE, STDIN]))
        assert second.recv(PACKET) == bytes([STDOUT]) + b"over\n"
    assert containers.end(running).code == 0
    assert containers.text(running) == "ready\ngot one\ngot two\nover\n"


def test_a_container_has_a_terminal(containers: Containers) -> None:
    script = "echo ready; read x; stty size; tty; exit 3"
    running = containers.start_shell(script, stdin=True, tty=True)
    with running.attach() as client:
        client.send(bytes([RESIZE]) + b'{"Width": 90, "Height": 30}')
        client.send(bytes([STDIN]) + b"\n")
        assert containers.end(running).code == 3
    assert "30 90\r\n/dev/pts/0\r\n" in containers.text(running)
