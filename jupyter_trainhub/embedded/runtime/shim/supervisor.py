"""Running a container: process 1 is started, its output logged, its end recorded."""

from __future__ import annotations

import json
import os
import signal
import time

from . import command, linux, view
from .log import LogFile, LogStream, relay
from .records import read_record, start_ticks, utc, write_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, NoReturn

START_ERROR_CODE = 128  # containerd's exit code of a container whose command never ran
INIT_ERROR = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: error during container init: "
)


class Outcome:
    """How a container ended.

    `failure` says why the command never ran, and is empty if it did; `started` is in seconds since
    the epoch; `status` is the exit code of process 1, or the negative number of the signal that
    ended it.
    """

    def __init__(self, failure: dict[str, Any], started: float = 0.0) -> None:
        self.failure = failure
        self.started = started
        self.status = START_ERROR_CODE


def supervise(directory: str) -> None:
    """Run the container of a state folder from beginning to end."""
    me = {"shim_pid": os.getpid(), "shim_start": start_ticks(os.getpid())}
    write_record(directory, "pid.json", me, durable=False)
    try:
        outcome = _run(read_record(directory, "spec.json"), directory, me)
    except (linux.SetUpError, OSError) as error:
        outcome = Outcome(_failure(error))
    write_record(directory, "exit.json", _exit_record(outcome, directory), durable=True)


def _run(spec: dict[str, Any], directory: str, me: dict[str, int]) -> Outcome:
    privileged = linux.is_privileged()
    uid, gid = os.geteuid(), os.getegid()
    spec |= {"owner_uid": uid, "owner_gid": gid}
    file = LogFile(spec["log_path"])
    output, error, report = os.pipe(), os.pipe(), os.pipe()
    if privileged:
        linux.unshare(linux.CLONE_NEWPID, "namespaces")
    else:
        linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWPID, "user namespace")
        linux.map_ids(0, 0, uid, gid)

    child = os.fork()
    if child == 0:
        os.close(report[0])
        os.dup2(output[1], 1)
        os.dup2(error[1], 2)
        _initialise(spec, directory, report[1], privileged=privileged)
    for pipe in (output, error, report):
        os.close(pipe[1])

    def kill(_number: int, _frame: FrameType | None) -> None:
        os.kill(child, signal.SIGKILL)

    # SIGTERM is blocked from the shim's first instruction (sandbox.start): one that came early is
    # delivered here.
    signal.signal(signal.SIGTERM, kill)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))

    with open(report[0], "rb") as reader:
        text = reader.read()
    outcome = Outcome(json.loads(text) if text else {}, time.time())
    if not outcome.failure:
        process = {"pid": child, "start": start_ticks(child), "started_at": utc(outcome.started)}
        write_record(directory, "pid.json", {**me, **process}, durable=False)
    for descriptor in (output[0], error[0]):
        os.set_blocking(descriptor, False)
    streams = {output[0]: LogStream("stdout"), error[0]: LogStream("stderr")}
    relay(streams, file, os.pidfd_open(child))
    # Once reaped, the pid may become a stranger's, whom the handler must not kill.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    outcome.status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return outcome


def _initialise(spec: dict[str, Any], directory: str, report: int, *, privileged: bool) -> NoReturn:
    """Be process 1 up to its command. A failure goes to the pipe `report`; success closes it."""
    try:
        os.setsid()
        linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC, "namespaces")
        view.enter(spec, directory, privileged=privileged)
        linux.set_hostname(spec["hostname"])
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        env = command.environment(spec)
        command.change_folder(spec["cwd"])
        if privileged:
            command.become(spec)
        else:
            inner = command.identity(spec)
            linux.unshare(linux.CLONE_NEWUSER, "user namespace")
            linux.map_ids(*inner, 0, 0)
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
