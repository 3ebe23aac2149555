"""Running one more command in a running container."""

from __future__ import annotations

import os
import signal
import sys

from . import command, linux
from .records import read_record, start_ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, NoReturn

NOT_RUNNING = 125
NOT_EXECUTABLE = 126
NOT_FOUND = 127
EXEC_ERROR = "OCI runtime exec failed: exec failed: unable to start container process: "

FORWARDED_SIGNALS = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


def execute_inside(arguments: list[str]) -> int:
    """Run a command in the container of a state folder; return what this process is to exit with.

    `arguments` are DIRECTORY [--tty] [--cwd FOLDER] -- ARGV...; sandbox.Running.exec_argv makes
    them and documents the exit codes.
    """
    split = arguments.index("--")
    (directory, *options), argv = arguments[:split], arguments[split + 1 :]
    cwd = options[options.index("--cwd") + 1] if "--cwd" in options else None
    privileged = linux.is_privileged()
    try:
        spec = read_record(directory, "spec.json")
        spec |= {"owner_uid": os.geteuid(), "owner_gid": os.getegid()}
        _enter(read_record(directory, "pid.json"), privileged=privileged)
    except (OSError, KeyError, linux.SetUpError):
        print(f"{EXEC_ERROR}the container is not running", file=sys.stderr)
        return NOT_RUNNING

    reader, writer = os.pipe()
    # Held until they can be forwarded: the command may run, and be seen to, before that.
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED_SIGNALS)
    child = os.fork()
    if child == 0:
        os.close(reader)
        _become_command(
            spec, argv, cwd or spec["cwd"], writer, tty="--tty" in options, privileged=privileged
        )
    os.close(writer)

    def forward(number: int, _frame: FrameType | None) -> None:
        os.kill(child, number)

    for number in FORWARDED_SIGNALS:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED_SIGNALS)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status


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
    spec: dict[str, Any], argv: list[str], cwd: str, parent: int, *, tty: bool, privileged: bool
) -> NoReturn:
    code = NOT_EXECUTABLE
    try:
        os.setsid()
        env = command.environment(spec)
        if tty:
            linux.take_terminal()
            env.setdefault("TERM", "xterm")  # as containerd does
        command.change_folder(cwd)
        if privileged:
            command.become(spec)
        command.execute(argv, env, parent)
    except command.CommandError as error:
        code = NOT_EXECUTABLE if error.found else NOT_FOUND
        print(f"{EXEC_ERROR}{error}", file=sys.stderr, flush=True)
    except BaseException as error:
        # Whatever it was, this fork must not return into its parent's code.
        print(f"{EXEC_ERROR}{error}", file=sys.stderr, flush=True)
    os._exit(code)
