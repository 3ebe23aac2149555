"""The first process of a job's pod: ``python launch.py -- PROGRAM [ARGUMENT ...]``.

It waits until the other nodes can be reached, starts the program (training programs of framework
``pytorch`` through torchrun), passes signals on, ends it when its time is over, and leaves a JSON
message where Kubernetes reads why a container ended. Standard library only, Python 3.8 or later,
because it runs in whatever image the user chose.

Environment it reads (all set by the job's manifest, see ``docs/architecture.md``):

========================== =====================================================================
``TRAINHUB_FRAMEWORK``      ``single`` (default) or ``pytorch``
``PET_NNODES`` and others   the shape of the job: ``PET_NPROC_PER_NODE``, ``PET_NODE_RANK``,
                            ``PET_MASTER_ADDR``, ``PET_MASTER_PORT``
``POD_IP``                  the pod's own address
``TRAINHUB_CPUS``           cores of the pod, a decimal number
``TRAINHUB_TIME_LIMIT``     seconds after which the program is ended; no limit when unset
``TRAINHUB_GRACE``          seconds between SIGTERM and SIGKILL, 30 when unset
``TRAINHUB_RENDEZVOUS_TIMEOUT``  seconds to wait for the other nodes, 600 when unset
``TRAINHUB_TERMINATION_LOG``  where the message goes, ``/dev/termination-log`` when unset
``TRAINHUB_ERROR_DIR``      where the ranks leave their errors; a temporary folder when unset
========================== =====================================================================

``PET_`` is the prefix under which torchrun takes its options from the environment.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, NoReturn

TIME_LIMIT_CODE = 124  # what timeout(1) returns, so that scripts recognise it
# The kubelet keeps no more of a container's message:
# https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
LONGEST_MESSAGE = 4096

_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)
_PYTHON = re.compile(r"python(3(\.\d+)?)?t?")
# What torchrun sets for each process; a node's values must not reach torchrun's own process.
_PER_PROCESS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "GROUP_RANK")
# Modules that start the processes of a node themselves.
_LAUNCHERS = ("accelerate", "deepspeed", "torchrun")
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h

_MEANINGS = {
    0: "success",
    1: "the program reported an error",
    2: "the program did not accept its arguments",
    TIME_LIMIT_CODE: "the time limit was reached",
    126: "the program is not executable",
    127: "the program was not found",
    134: "the program aborted itself (SIGABRT)",
    135: "bus error (SIGBUS), most often because /dev/shm is full: ask for more shared memory",
    136: "arithmetic error in native code (SIGFPE)",
    137: "killed (SIGKILL), most often because the memory limit was reached",
    139: "segmentation fault in native code (SIGSEGV)",
    143: "told to stop (SIGTERM)",
}


class Ended(Exception):
    """The pod ends without the program's own verdict; carries what is reported."""

    def __init__(self, reason: str, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.reason = reason
        self.exit_code = exit_code


class Shape(NamedTuple):
    """Where this pod stands in the job."""

    nodes: int
    processes: int
    node_rank: int
    master_addr: str
    master_port: int


class Command(NamedTuple):
    """What is executed, with its environment, and which parts of node 0 it needs first."""

    argv: list[str]
    env: dict[str, str]
    needs_address: bool
    needs_port: bool


def say(text: str) -> None:
    """Write one line of the launcher's own into the pod's log."""
    print(f"[trainhub] {text}", file=sys.stderr, flush=True)


def read_number(env: Mapping[str, str], name: str, default: float, least: float = 0) -> float:
    """The number in variable ``name``, ``default`` when it is unset or empty.

    Raises Ended when it holds something else or less than ``least``.
    """
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value < float("inf"):
        raise Ended(
            "InvalidEnvironment",
            f"{name}={text!r} is not a number of at least {least:g}; "
            "leave it to TrainHub, or correct it in the job's environment",
            2,
        )
    return value


def read_shape(env: Mapping[str, str]) -> Shape:
    """The job's shape from the ``PET_`` variables. Raises Ended when they contradict each other."""
    nodes = int(read_number(env, "PET_NNODES", 1, 1))
    rank = int(read_number(env, "PET_NODE_RANK", 0))
    address = env.get("PET_MASTER_ADDR") or env.get("MASTER_ADDR") or env.get("POD_IP") or ""
    if rank >= nodes:
        raise Ended(
            "InvalidEnvironment",
            f"PET_NODE_RANK={rank} is not below PET_NNODES={nodes}; leave both to TrainHub",
            2,
        )
    if nodes > 1 and not address:
        raise Ended(
            "InvalidEnvironment",
            f"PET_MASTER_ADDR is not set, but the job has {nodes} nodes; leave it to TrainHub",
            2,
        )
    return Shape(
        nodes=nodes,
        processes=int(read_number(env, "PET_NPROC_PER_NODE", 1, 1)),
        node_rank=rank,
        master_addr=address or "127.0.0.1",
        master_port=int(read_number(env, "PET_MASTER_PORT", 29500, 1)),
    )


def complete_environment(env: Mapping[str, str], shape: Shape, framework: str) -> dict[str, str]:
    """``env`` with every variable that a program may rely on.

    ``RANK`` is the index of the node and ``WORLD_SIZE`` the number of processes in all, as
    PyTorchJob sets them; torchrun then sets both for each process.
    """
    complete = dict(env)
    complete["PYTHONUNBUFFERED"] = "1"
    complete["TRAINHUB_NODE_RANK"] = str(shape.node_rank)
    complete["TRAINHUB_NNODES"] = str(shape.nodes)
    complete["TRAINHUB_NPROC_PER_NODE"] = str(shape.processes)
    # Every process of a node would otherwise start a thread per core of the machine.
    cpus = read_number(env, "TRAINHUB_CPUS", 0)
    if cpus or shape.processes > 1:
        threads = max(1, int(cpus / shape.processes))
        complete.setdefault("OMP_NUM_THREADS", str(threads))
    if framework != "pytorch":
        return complete
    for name, value in (
        ("MASTER_ADDR", shape.master_addr),
        ("MASTER_PORT", str(shape.master_port)),
        ("WORLD_SIZE", str(shape.nodes * shape.processes)),
        ("RANK", str(shape.node_rank)),
        ("PET_NNODES", str(shape.nodes)),
        ("PET_NPROC_PER_NODE", str(shape.processes)),
        ("PET_NODE_RANK", str(shape.node_rank)),
        ("PET_MASTER_ADDR", shape.master_addr),
        ("PET_MASTER_PORT", str(shape.master_port)),
    ):
        complete[name] = value
    return complete


def expand(argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """``argv`` with ``$NAME`` and ``${NAME}`` replaced; a name that is not set stays as written.

    No argument is ever split or joined: values are data, not shell text.
    """
    return [
        _VARIABLE.sub(lambda match: env.get(match[1] or match[2], match[0]), text) for text in argv
    ]


def torchrun(argv: Sequence[str]) -> tuple[str, list[str]] | None:
    """The interpreter and what torchrun is told to run, None when ``argv`` is not Python's.

    A script or module is started by torchrun itself; an interpreter with further options is
    started as it was written.
    """
    if argv[0].endswith(".py"):
        return sys.executable, list(argv)
    if not _PYTHON.fullmatch(os.path.basename(argv[0])):
        return None
    interpreter = shutil.which(argv[0]) or sys.executable
    rest = list(argv[1:])
    while rest[:1] == ["-u"]:
        del rest[0]
    if rest[:1] == ["-m"] and len(rest) > 1:
        if rest[1].split(".")[0] in _LAUNCHERS or rest[1].startswith("torch.distributed."):
            return None
        return interpreter, ["--module", *rest[1:]]
    if rest and not rest[0].startswith("-"):
        return interpreter, rest
    return interpreter, ["--no-python", interpreter, *rest]


def plan_command(argv: Sequence[str], env: Mapping[str, str], shape: Shape) -> Command:
    """What this node executes for the user's ``argv``."""
    framework = env.get("TRAINHUB_FRAMEWORK") or "single"
    if framework not in ("single", "pytorch"):
        raise Ended(
            "InvalidEnvironment",
            f"TRAINHUB_FRAMEWORK={framework!r} is not known; use single or pytorch",
            2,
        )
    complete = complete_environment(env, shape, framework)
    argv = expand(argv, complete)
    is_worker = framework == "pytorch" and shape.node_rank > 0
    launched = torchrun(argv)
    if launched is None:
        return Command(argv, complete, needs_address=is_worker, needs_port=False)
    interpreter, program = launched
    if framework == "single":
        python = [] if argv[0].endswith(".py") else argv[1:]
        return Command([interpreter, *(python or program)], complete, False, False)
    for name in _PER_PROCESS:
        complete.pop(name, None)
    # torchrun copies the first rank's error to where it is told, and complains when it is not.
    if env.get("TRAINHUB_ERROR_DIR"):
        complete["TORCHELASTIC_ERROR_FILE"] = os.path.join(env["TRAINHUB_ERROR_DIR"], "torchrun")
    timeout = int(read_number(env, "TRAINHUB_RENDEZVOUS_TIMEOUT", 600))
    options = {
        "--nnodes": shape.nodes,
        "--nproc-per-node": shape.processes,
        "--node-rank": shape.node_rank,
        "--master-addr": shape.master_addr,
        "--master-port": shape.master_port,
        # torchrun would otherwise name this node by what its host name resolves to.
        "--local-addr": env.get("POD_IP") or None,
        "--rdzv-conf": f"timeout={max(1, timeout)}",
    }
    flags = [f"{name}={value}" for name, value in options.items() if value is not None]
    full = [interpreter, "-m", "torch.distributed.run", *flags, *program]
    return Command(full, complete, needs_address=is_worker, needs_port=is_worker)


def probe(command: Command, shape: Shape) -> str:
    """Why node 0 cannot be used yet, an empty text when it can."""
    try:
        socket.getaddrinfo(shape.master_addr, shape.master_port, type=socket.SOCK_STREAM)
        if command.needs_port:
            socket.create_connection((shape.master_addr, shape.master_port), timeout=5).close()
    except socket.gaierror:
        return f"the name {shape.master_addr} has no address yet"
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        return f"{shape.master_addr} port {shape.master_port} does not answer: {reason}"
    return ""


def wait_for_master(command: Command, shape: Shape, timeout: float) -> None:
    """Return when node 0 can be reached; say every 10 seconds what is missing.

    A headless Service has no record of a pod before it has an address, and resolvers remember such
    an answer for up to 30 seconds, hence patience. Raises Ended after ``timeout`` seconds.
    """
    begin = time.monotonic()
    pause, next_report = 0.1, 10.0
    while True:
        missing = probe(command, shape)
        waited = time.monotonic() - begin
        if not missing:
            if waited >= 1:
                say(f"node 0 answered after {waited:.0f} s")
            return
        if waited >= timeout:
            raise Ended(
                "RendezvousTimeout",
                f"node {shape.node_rank} waited {timeout:.0f} s for node 0: {missing}. "
                "See node 0's log and events: its pod may be waiting for resources, or its "
                "program may have ended. TRAINHUB_RENDEZVOUS_TIMEOUT sets a longer time.",
                1,
            )
        if waited >= next_report:
            say(f"waiting for node 0: {missing} ({waited:.0f} of {timeout:.0f} s)")
            next_report += 10
        time.sleep(min(pause, max(0.0, timeout - waited)))
        pause = min(2.0, pause * 1.5)


def descendants(root: int) -> list[int]:
    """Every process below ``root``, by the parents that /proc names."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            # The command name is in parentheses and may hold anything, parentheses too.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, pending = [], [root]
    while pending:
        below = children.get(pending.pop(), [])
        found += below
        pending += below
    return found


class Supervisor:
    """Runs one program: passes signals on, keeps its time, reaps whatever it leaves behind.

    Everything happens in the main thread: the signal handlers act, :meth:`run` waits.
    """

    def __init__(self, grace: float, time_limit: float) -> None:
        """Both in seconds; the time limit counts from here, ``inf`` is none."""
        self.grace = grace
        self.time_limit = time_limit
        self.child: subprocess.Popen[bytes] | None = None
        self.ending: Ended | None = None
        # Orphans of the program become children of this process, so that none is left behind
        # where it is not process 1 of a PID namespace.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGALRM, self._on_alarm)
        if time_limit < float("inf"):
            # Zero would disarm the timer.
            signal.setitimer(signal.ITIMER_REAL, max(0.001, time_limit))

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        self._end(Ended("Terminated", f"told to stop by {name}", 128 + signal.SIGTERM))

    def _on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        if self.ending is None:
            text = f"the time limit of {self.time_limit:g} s was reached"
            self._end(Ended("TimeLimit", text, TIME_LIMIT_CODE))
        else:
            say(f"still running {self.grace:g} s after SIGTERM: killing it")
            self._kill()

    def _end(self, ending: Ended) -> None:
        if self.ending is not None:
            return
        self.ending = ending
        if self.child is None:
            raise ending
        say(f"{ending}: passing SIGTERM on, SIGKILL follows after {self.grace:g} s")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGTERM)
        signal.setitimer(signal.ITIMER_REAL, max(0.001, self.grace))

    @staticmethod
    def _kill() -> None:
        # torchrun's processes lead sessions of their own, which a signal to the group misses.
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def run(self, command: Command) -> int:
        """Run ``command`` to its end and return its exit code, 128 + n for signal n.

        Raises Ended when the program cannot be started.
        """
        handled = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM}
        # A signal between fork and the assignment would find no child to pass it on to.
        signal.pthread_sigmask(signal.SIG_BLOCK, handled)
        try:
            self.child = subprocess.Popen(
                command.argv,
                env=command.env,
                start_new_session=True,
                preexec_fn=functools.partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, handled),
            )
        except OSError as error:
            raise _cannot_start(command.argv[0], error) from error
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
        status = self._reap(self.child.pid)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._sweep()
        return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

    def _reap(self, wanted: int) -> int:
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == wanted:
                if self.child is not None:
                    self.child.returncode = 0  # reaped here: Popen must not wait for it again
                return status

    def _sweep(self) -> None:
        # A container's other processes end with its first one; what runs under a plain process
        # gets the same treatment. Bounded, as a process in an uninterruptible wait cannot be ended.
        until = time.monotonic() + 5
        while time.monotonic() < until:
            self._kill()
            try:
                while os.waitpid(-1, os.WNOHANG) != (0, 0):
                    pass
            except ChildProcessError:
                return
            time.sleep(0.01)


def _cannot_start(program: str, error: OSError) -> Ended:
    if isinstance(error, PermissionError):
        return Ended(
            "CannotStart",
            f"{program} is not executable: give it the right to execute, or name its interpreter",
            126,
        )
    if isinstance(error, FileNotFoundError):
        return Ended(
            "CannotStart",
            f"{program} was not found: correct the command, or use an image or a mount that has it",
            127,
        )
    return Ended("CannotStart", f"{program} cannot be started: {error.strerror}", 126)


def meaning(exit_code: int) -> str:
    """What ``exit_code`` says, in plain words."""
    if exit_code in _MEANINGS:
        return _MEANINGS[exit_code]
    if exit_code > 128:
        with contextlib.suppress(ValueError):
            return f"ended by {signal.Signals(exit_code - 128).name}"
    return "the program reported an error"


def first_error(folder: Path) -> dict[str, Any] | None:
    """The earliest of the errors that this node's ranks left in ``folder``."""
    errors: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValueError):
            error = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(error, dict):
                errors.append(error)
    return min(errors, key=lambda error: error.get("time") or 0.0, default=None)


def describe(error: Mapping[str, Any]) -> str:
    """One line for an error that a rank left."""
    cell, lineno = error.get("cell"), error.get("lineno")
    place = "" if cell is None else f"cell {cell + 1}, line {lineno}: "
    return f"rank {error.get('rank')}: {place}{error.get('etype')}: {error.get('message')}"


def termination_message(
    reason: str, message: str, exit_code: int, error: Mapping[str, Any] | None = None
) -> bytes:
    """The JSON that the pod's status shows, shortened to what the kubelet keeps."""
    document: dict[str, Any] = {"reason": reason, "message": message, "exit_code": exit_code}
    if error is not None:
        document["error"] = dict(error)
    encoded = json.dumps(document).encode()
    if len(encoded) > LONGEST_MESSAGE and error is not None:
        document["error"].pop("traceback", None)
        encoded = json.dumps(document).encode()
    keep = LONGEST_MESSAGE
    while len(encoded) > LONGEST_MESSAGE and keep:
        keep //= 2
        for holder in (document, document.get("error", {})):
            for key, value in holder.items():
                if isinstance(value, str) and len(value) > keep:
                    holder[key] = value[:keep] + "…"
        encoded = json.dumps(document).encode()
    return encoded


def launch(argv: Sequence[str], env: dict[str, str]) -> int:
    """Run the user's ``argv`` on this node and return the pod's exit code."""
    if not env.get("TRAINHUB_ERROR_DIR"):
        env["TRAINHUB_ERROR_DIR"] = tempfile.mkdtemp(prefix="trainhub-errors-")
    error: dict[str, Any] | None = None
    try:
        supervisor = Supervisor(
            grace=read_number(env, "TRAINHUB_GRACE", 30),
            time_limit=read_number(env, "TRAINHUB_TIME_LIMIT", float("inf")),
        )
        shape = read_shape(env)
        command = plan_command(argv, env, shape)
        if "torch.distributed.run" in command.argv[1:3]:
            require_torch(command.argv[0])
        if command.needs_address:
            timeout = read_number(env, "TRAINHUB_RENDEZVOUS_TIMEOUT", 600)
            wait_for_master(command, shape, timeout)
        code = supervisor.run(command)
        if code == 0 and supervisor.ending is None:
            return 0
        error = first_error(Path(env["TRAINHUB_ERROR_DIR"]))
        if supervisor.ending is None:
            text = meaning(code) if error is None else describe(error)
            ending = Ended("Error", text, code)
        elif code == 0 and supervisor.ending.reason == "Terminated":
            return 0
        else:
            ending = supervisor.ending
    except Ended as early:
        ending = early
    say(f"exit code {ending.exit_code} ({meaning(ending.exit_code)}): {ending}")
    message = termination_message(ending.reason, str(ending), ending.exit_code, error)
    path = Path(env.get("TRAINHUB_TERMINATION_LOG") or "/dev/termination-log")
    try:
        path.write_bytes(message)
    except OSError as problem:
        say(f"the reason could not be written to {path}: {problem.strerror}")
    return ending.exit_code


def require_torch(interpreter: str) -> None:
    """Raise Ended when the image has no PyTorch. Only this process' interpreter is looked at."""
    same = os.path.realpath(interpreter) == os.path.realpath(sys.executable)
    if same and importlib.util.find_spec("torch") is None:
        raise Ended(
            "CannotStart",
            f"{interpreter} has no PyTorch, which framework pytorch needs; "
            "choose an image that has it, or framework single",
            1,
        )


def main() -> NoReturn:
    """Entry point of the program."""
    if sys.argv[1:2] != ["--"] or len(sys.argv) < 3:
        sys.exit("usage: python launch.py -- PROGRAM [ARGUMENT ...]")
    sys.exit(launch(sys.argv[2:], dict(os.environ)))


if __name__ == "__main__":
    main()
