"""Running a container: process 1 is started, its output logged, its end recorded."""

from __future__ import annotations

import json
import os
import signal
import time

from . import cgroup, command, linux, users, view
from .log import LogFile, LogStream
from .records import read_record, reserve_record, start_ticks, utc, write_record
from .relay import relay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, NoReturn

    from .relay import Sink
    from .stdio import Console

START_ERROR_CODE = 128  # containerd's exit code of a container whose command never ran
INIT_ERROR = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: "
)


class Outcome:
    """How a container ended.

    `failure` says why the command never ran, and is empty if it did; `started` is in seconds since
    the epoch; `status` is the exit code of process 1, or the negative number of the signal that
    ended it; `out_of_memory` tells that the kernel killed for the memory limit's sake.
    """

    def __init__(self, failure: dict[str, Any], started: float = 0.0) -> None:
        self.failure = failure
        self.started = started
        self.status = START_ERROR_CODE
        self.out_of_memory = False


def supervise(directory: str) -> None:
    """Run the container of a state folder from beginning to end."""
    me: dict[str, Any] = {"shim_pid": os.getpid(), "shim_start": start_ticks(os.getpid())}
    spec = read_record(directory, "spec.json")
    groups: list[str] = []
    if spec["cpus"] is not None or spec["memory"] is not None:
        groups = cgroup.create(f"trainhub-{os.getpid()}", spec["cpus"], spec["memory"])
    me |= {"cgroups": groups}
    write_record(directory, "pid.json", me, durable=False)
    for name in ("pid.json", "exit.json"):  # once the command runs, the disk may be full
        reserve_record(directory, name)
    try:
        outcome = _run(spec, directory, me)
    except (linux.SetUpError, OSError) as error:
        outcome = Outcome(_failure(error))
    outcome.out_of_memory = cgroup.ran_out_of_memory(groups)
    cgroup.remove(groups)
    write_record(directory, "exit.json", _exit_record(outcome, directory), durable=True)


def _run(spec: dict[str, Any], directory: str, me: dict[str, Any]) -> Outcome:
    privileged = linux.is_privileged()
    spec |= users.describe(privileged=privileged, image=not spec["machine"])
    ids = None if privileged else users.maps(subordinate=spec["users"])
    group = cgroup.openings(me["cgroups"])
    file = LogFile(spec["log_path"])
    output, error, report = os.pipe(), os.pipe(), os.pipe()
    console = attachments = None
    if spec["stdin"] or spec["tty"]:
        from .stdio import Console  # which other containers need not load

        how = {"stdin": spec["stdin"], "once": spec["stdin_once"], "tty": spec["tty"]}
        console = Console(directory, **how)
    if ids is None:
        linux.unshare(linux.CLONE_NEWPID, "namespaces")
    else:
        users.enter(ids, linux.CLONE_NEWPID)

    child = os.fork()
    if child == 0:
        os.close(report[0])
        os.dup2(output[1], 1)
        os.dup2(error[1], 2)
        cgroup.join(group)
        _initialise(spec, directory, report[1], ids, console)
    for descriptor in group:
        os.close(descriptor)
    for pipe in (output, error, report):
        os.close(pipe[1])

    def kill(_number: int, _frame: FrameType | None) -> None:
        os.kill(child, signal.SIGKILL)

    # SIGTERM is blocked from the shim's first instruction (sandbox.start): one that came early is
    # delivered here.
    signal.signal(signal.SIGTERM, kill)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))

    if console:
        attachments = console.open()
    with open(report[0], "rb") as reader:
        text = reader.read()
    outcome = Outcome(json.loads(text) if text else {}, time.time())
    if not outcome.failure:
        process = {"pid": child, "start": start_ticks(child), "started_at": utc(outcome.started)}
        write_record(directory, "pid.json", {**me, **process}, durable=False)
    for descriptor in (output[0], error[0]):
        os.set_blocking(descriptor, False)
    exited = os.pidfd_open(child)

    def sink(name: str, channel: int) -> Sink:
        stream = LogStream(name)

        def write(data: bytes) -> None:
            now = time.time_ns()
            file.write(stream.feed(data, now) if data else stream.close(now))
            if attachments:
                attachments.send(channel, data, exited)

        return write

    outputs = {output[0]: sink("stdout", 1), error[0]: sink("stderr", 2)}
    if console and console.terminal is not None:
        outputs[console.terminal] = sink("stdout", 1)
    relay(outputs, attachments, exited)
    # Once reaped, the pid may become a stranger's, whom the handler must not kill.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    outcome.status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return outcome


def _initialise(
    spec: dict[str, Any],
    directory: str,
    report: int,
    ids: tuple[users.Map, users.Map] | None,
    console: Console | None,
) -> NoReturn:
    """Be process 1 up to its command. A failure goes to the pipe `report`; success closes it.

    `ids` are the maps of the user namespace that this is in, None with privilege on the machine.
    """
    try:
        os.setsid()
        linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC, "namespaces")
        view.enter(spec, directory, privileged=ids is None)
        linux.set_hostname(spec["hostname"])
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        env = command.environment(spec)
        if console:
            console.take()
        if spec["tty"]:
            env.setdefault("TERM", "xterm")  # as containerd does
        command.change_folder(spec["cwd"])
        if ids is not None:
            # Nested, so that the command has no right over the mounts of the outer one.
            uid, gid, _ = command.identity(spec)
            users.enter(users.identity(ids) if spec["users"] else ([(uid, 0, 1)], [(gid, 0, 1)]))
        if spec["users"]:
            command.become(spec)
        command.execute(spec["argv"], env, report)
    except BaseException as error:
        # Whatever it was, this fork must not return into the supervisor's code.
        os.write(report, json.dumps(_failure(error)).encode())
    os._exit(START_ERROR_CODE)


def _failure(error: BaseException) -> dict[str, Any]:
    """The part of exit.json that tells why a command never ran: the step, errno, and a sentence."""
    step, code, text = "set-up", 0, str(error)
    if isinstance(error, linux.SetUpError):
        step, code = error.step, error.code
    elif isinstance(error, OSError):
        code = error.errno or 0
        text = f"{error.filename or 'set-up'}: {(error.strerror or text).lower()}"
    elif not isinstance(error, command.CommandError):
        text = repr(error)
    return {"step": step, "errno": code, "message": INIT_ERROR + text}


def _exit_record(outcome: Outcome, directory: str) -> dict[str, Any]:
    number = -outcome.status if outcome.status < 0 else None
    code = outcome.status if number is None else 128 + number
    reason = "Completed" if code == 0 else "Error"
    if outcome.failure:
        reason = "StartError"
    elif outcome.out_of_memory:
        # Version 1 of cgroups kills one process, and lets the others go on until they are found.
        code, number, reason = 128 + signal.SIGKILL, signal.SIGKILL, "OOMKilled"
    elif number == signal.SIGKILL and os.path.exists(f"{directory}/kill.json"):
        reason = read_record(directory, "kill.json")["reason"]
    return {
        "code": code,
        "signal": number,
        # containerd gives the epoch for a command that never ran.
        "started_at": utc(0 if outcome.failure else outcome.started),
        "finished_at": utc(time.time()),
        "reason": reason,
        "message": "",
        **outcome.failure,
    }
