"""Running one more command in a running container."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from functools import partial

from . import cgroup, command, linux, users
from .records import read_record, start_ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, NoReturn

    from .relay import Sink
    from .stdio import Streams

NOT_RUNNING = 125
NOT_EXECUTABLE = 126
NOT_FOUND = 127
ABANDONED_SECONDS = 10  # between SIGTERM and SIGKILL for a command whose client has gone
EXEC_ERROR = "OCI runtime exec failed: exec failed: unable to start container process: "

# Signal to this process -> what the command gets. SIGKILL itself would leave nobody to reap it.
SIGNALS = {
    **{n: n for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)},
    **{n: n for n in (signal.SIGUSR1, signal.SIGUSR2)},
    signal.SIGALRM: signal.SIGKILL,
}


def execute_inside(arguments: list[str]) -> int:
    """Run a command in the container of a state folder; return what this process is to exit with.

    `arguments` are DIRECTORY [--attach SOCKET [--stdin] [--tty]] [--cwd FOLDER] -- ARGV...;
    sandbox.Running.exec_argv makes them and documents the exit codes.
    """
    split = arguments.index("--")
    (directory, *options), argv = arguments[:split], arguments[split + 1 :]
    cwd = options[options.index("--cwd") + 1] if "--cwd" in options else None
    client = int(options[options.index("--attach") + 1]) if "--attach" in options else None
    privileged = linux.is_privileged()
    if client is not None:
        # Now, for the container's files need not have Python. Probes need not load these.
        from . import attach, relay, stdio  # noqa: F401
    try:
        spec = read_record(directory, "spec.json")
        spec |= users.describe(privileged=privileged, image=not spec["machine"])
        process = read_record(directory, "pid.json")
        group = cgroup.openings(process["cgroups"])
        _enter(process, privileged=privileged)
    except (OSError, KeyError, linux.SetUpError):
        return _fail(client, "the container is not running", NOT_RUNNING)

    streams = None
    if client is not None:
        from .stdio import Streams

        # What the command leaves running would hold the connection.
        os.set_inheritable(client, False)
        streams = Streams(stdin="--stdin" in options, tty="--tty" in options)
    reader, writer = os.pipe()
    # Held until they can be forwarded: the command may run, and be seen to, before that.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    child = os.fork()
    if child == 0:
        os.close(reader)
        cgroup.join(group)
        _become_command(spec, argv, cwd or spec["cwd"], writer, streams)
    os.close(writer)

    def forward(number: int, _frame: FrameType | None) -> None:
        os.kill(child, SIGNALS[signal.Signals(number)])

    for number in SIGNALS:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    with open(reader, "rb") as report:
        failure = report.read().decode()
    if failure:
        return _fail(client, failure, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    if client is not None and streams is not None:
        _attend(child, client, streams)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status


def _fail(client: int | None, reason: str, code: int) -> int:
    if client is None:
        print(f"{EXEC_ERROR}{reason}", file=sys.stderr)
    else:
        from .attach import ERROR

        os.write(client, bytes((ERROR,)) + f"{EXEC_ERROR}{reason}".encode())
    return code


def _attend(child: int, client: int, streams: Streams) -> None:
    """Exchange the command's streams with the client; a command that it leaves is ended."""
    import socket

    from .attach import Attachments
    from .relay import relay

    streams.keep()

    def hang_up() -> None:
        for descriptor in outputs:
            os.close(descriptor)
        outputs.clear()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGTERM)
        signal.alarm(ABANDONED_SECONDS)

    attachments = Attachments(streams.input, streams.terminal, once=True, abandoned=hang_up)
    attachments.add(socket.socket(fileno=client))
    outputs: dict[int, Sink] = {
        descriptor: partial(attachments.send, channel)
        for descriptor, channel in streams.outputs.items()
    }
    relay(outputs, attachments)


def _enter(process: dict[str, Any], *, privileged: bool) -> None:
    """Enter the namespaces of the container's process 1; OSError or KeyError if it is gone."""
    pidfd = os.pidfd_open(process["pid"])
    if start_ticks(process["pid"]) != process["start"]:
        raise ProcessLookupError
    namespaces = linux.CLONE_NEWNS | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC | linux.CLONE_NEWPID
    if not privileged:
        namespaces |= linux.CLONE_NEWUSER
    linux.join_namespaces(pidfd, namespaces)
    os.close(pidfd)


def _become_command(
    spec: dict[str, Any], argv: list[str], cwd: str, report: int, streams: Streams | None
) -> NoReturn:
    """Become the command. Why that cannot be goes to the pipe `report`; success closes it."""
    code = NOT_EXECUTABLE
    try:
        os.setsid()
        env = command.environment(spec)
        if streams:
            streams.take()
            if streams.terminal is not None:
                env.setdefault("TERM", "xterm")  # as containerd does
        command.change_folder(cwd)
        if spec["users"]:
            command.become(spec)
        command.execute(argv, env, report)
    except command.CommandError as error:
        code = NOT_EXECUTABLE if error.found else NOT_FOUND
        os.write(report, str(error).encode())
    except BaseException as error:
        # Whatever it was, this fork must not return into its parent's code.
        os.write(report, str(error).encode())
    os._exit(code)
