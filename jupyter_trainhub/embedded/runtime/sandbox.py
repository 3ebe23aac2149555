"""The container sandbox: an isolated process tree with a root, a log and an exit record of its own.

Each container is run by a small program, `shim`, so that it outlives this process and can be found
again. The two share one folder for each run (mode 0700):

    spec.json         the container, as asked for
    pid.json          pids and start times: the shim, and process 1 once the command runs
    exit.json         how it ended; written once, whole, last
    kill.json         why it was killed, where that was said
    upper/ work/      what the container wrote (overlayfs)
    mounts/           what it wrote to the machine's other file systems, if root runs the cluster
    root/             where its root is put together; empty when seen from outside
    attach            the socket of a container that has standard input or a terminal
    termination-log   what the command left as its last words
    hostname, resolv.conf   what it finds below /etc
    shim.log          what went wrong in the shim itself

A container has mount, pid, uts and ipc namespaces of its own, and a user namespace where an
ordinary user runs the cluster; the network is the machine's. No function here blocks for longer
than a look into /proc takes, but for `remove` and `delete`.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import processes
from .container import Container, Exited, Mount, Started
from .shim import cgroup
from .shim.attach import SOCKET
from .shim.layer import remove_tree

__all__ = ["Container", "Exited", "Mount", "Running", "Started"]

# Loads the shim by its path, so that nothing of the packages above it is imported. Isolated from
# environment and site-packages: how a pod starts must not depend on who started the cluster.
_SHIM_ARGV = (
    *(sys.executable, "-I", "-S", "-c"),
    "import sys; sys.path.append(sys.argv[1]); from shim.program import main; "
    "sys.exit(main(sys.argv[2:]))",
    str(Path(__file__).resolve().parent),
)

_LAST_BREATH = 5.0  # seconds that the kernel may take to end what was killed


@dataclass(frozen=True)
class Running:
    """A container whose shim was started; it may have ended since."""

    directory: Path
    shim_pid: int
    shim_start: int
    """Clock ticks since the machine started (field 22 of /proc/PID/stat)."""

    def alive(self) -> bool:
        """Whether the shim still runs. It ends a moment after `state` has become an `Exited`."""
        self._reap(os.WNOHANG)
        return processes.is_alive(self.shim_pid, self.shim_start)

    def _reap(self, options: int) -> None:
        """Collect the shim if it ended; one found again is not this process' child."""
        if processes.start_time(self.shim_pid) == self.shim_start:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.shim_pid, options)

    def state(self) -> Started | Exited | None:
        """What became of the command; None while the container is being set up."""
        record = _read(self.directory / "exit.json")
        if record is None and not self.alive():
            # It may have been written between those two looks.
            record = _read(self.directory / "exit.json") or self._lost()
        if record is not None:
            return Exited(**{name: record[name] for name in Exited.__dataclass_fields__})
        pids = _read(self.directory / "pid.json") or {}
        if "pid" not in pids:
            return None
        return Started(pids["pid"], pids["start"], pids["started_at"])

    def _lost(self) -> dict[str, Any]:
        pids = _read(self.directory / "pid.json") or {}
        if "pid" in pids:
            # A program with rights of its own, as `su`, did not end with the shim by itself.
            processes.send_signal(pids["pid"], pids["start"], signal.SIGKILL)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return {
            "code": 128 + signal.SIGKILL,
            "signal": None,
            "started_at": pids.get("started_at", now),
            "finished_at": now,
            "reason": "ContainerStatusUnknown",
            "message": "The container's supervisor ended without recording how the container did.",
        }

    def dismiss(self) -> None:
        """End the shim of a container that has ended; it does so by itself, but not at once."""
        processes.send_signal(self.shim_pid, self.shim_start, signal.SIGKILL)
        self._reap(0)

    def signal(self, number: int) -> None:
        """Send a signal to process 1 of the container; it is no error if that has ended.

        A container whose command does not run yet is killed.
        """
        state = self.state()
        if isinstance(state, Started):
            processes.send_signal(state.pid, state.start, number)
        elif state is None:
            processes.send_signal(self.shim_pid, self.shim_start, signal.SIGTERM)

    def stop(self) -> None:
        """Ask process 1 to end, by the signal that the container's image names for that."""
        spec = _read(self.directory / "spec.json") or {}
        self.signal(spec.get("stop_signal", signal.SIGTERM))

    def kill(self, reason: str | None = None) -> None:
        """Kill every process of the container; `reason` (OOMKilled) then stands in its `Exited`.

        The kernel ends a pid namespace with its process 1, so sessions or parents that the others
        have left do not matter.
        """
        if reason is not None and self.alive():
            _write(self.directory / "kill.json", {"reason": reason})
        self.signal(signal.SIGKILL)

    def members(self) -> list[int]:
        """The pids of all processes of the container, executed commands included."""
        state = self.state()
        if not isinstance(state, Started) or not processes.is_alive(state.pid, state.start):
            return []
        return processes.in_pid_namespace(state.pid)

    def exceeds(self, limit: int) -> bool:
        """Whether the container holds more than `limit` bytes, or did and lost a process for it.

        Where the kernel does not keep the limit, somebody must look, and kill.
        """
        groups = (_read(self.directory / "pid.json") or {}).get("cgroups")
        return cgroup.ran_out_of_memory(groups) if groups else self.memory(limit) > limit

    def memory(self, limit: int | None = None) -> int:
        """Bytes of memory that the container holds, exact above `limit` (see processes.memory)."""
        return processes.memory(self.members(), limit)

    def cpu_seconds(self) -> float:
        """Seconds of CPU that the container has used."""
        return processes.cpu_seconds(self.members())

    def exec_argv(
        self,
        argv: Sequence[str],
        *,
        cwd: str | None = None,
        attach: int | None = None,
        stdin: bool = False,
        tty: bool = False,
    ) -> list[str]:
        """The command line that, on the machine, runs `argv` inside as the container's user.

        Its standard streams are those of `argv`; it exits with the code of `argv`, 128+n after
        signal n, 127 if there is no such command, 126 if it cannot be executed, 125 if the
        container does not run. SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are passed on.

        With `attach`, the descriptor of a client's socket (see `shim.attach`) which it is to
        inherit, that has the streams of `argv`: `stdin` if it gives input, `tty` for a terminal.
        Why `argv` did not run is then told on the channel ERROR.
        """
        options = ["--cwd", cwd] if cwd is not None else []
        if attach is not None:
            options += ["--attach", str(attach)]
            options += [f"--{name}" for name, on in (("stdin", stdin), ("tty", tty)) if on]
        return [*_SHIM_ARGV, "exec", str(self.directory), *options, "--", *argv]

    def attach(self) -> socket.socket:
        """Attach to a container that has `stdin` or `tty`: a client's socket (see `shim.attach`).

        Raises OSError if it has neither, or has ended.
        """
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        folder = os.open(self.directory, os.O_PATH)
        try:
            client.connect(f"/proc/self/fd/{folder}/{SOCKET}")
        except OSError:
            client.close()
            raise
        finally:
            os.close(folder)
        return client


def start(container: Container) -> Running:
    """Start a container and return at once; what fails from here on is told by `Running.state`.

    Raises ValueError for a container that makes no sense, FileExistsError if its folder has been
    used before, and OSError, having left nothing, if the machine is full.
    """
    _check(container)
    directory = container.directory.resolve()
    fresh = not directory.exists()
    try:
        _prepare(container, directory)
        pid = _spawn(directory)
    except OSError:
        if fresh:
            shutil.rmtree(directory, ignore_errors=True)
        raise
    # As a child that is not reaped yet, it has its entry in /proc however soon it ended.
    return Running(directory, pid, processes.start_time(pid) or 0)


def _prepare(container: Container, directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    container.log_path.parent.mkdir(parents=True, exist_ok=True)
    from_machine = not container.layers and container.uid is None
    spec = asdict(container) | {
        "directory": str(directory),
        "log_path": str(container.log_path.absolute()),
        "hide": [os.path.realpath(folder) for folder in container.hide],
        "home": pwd.getpwuid(os.geteuid()).pw_dir if from_machine else None,
    }
    with open(directory / "spec.json", "x", opener=_private) as file:
        json.dump(spec, file)
    (directory / "hostname").write_text(f"{container.hostname}\n")
    if container.layers:
        with contextlib.suppress(FileNotFoundError):  # the network is the machine's, and its names
            shutil.copyfile("/etc/resolv.conf", directory / "resolv.conf")
    last_words = directory / "termination-log"
    last_words.touch()
    last_words.chmod(0o666)  # as the kubelet does: the command may run as another user


def _spawn(directory: Path) -> int:
    log = str(directory / "shim.log")
    return os.posix_spawn(
        sys.executable,
        [*_SHIM_ARGV, str(directory)],
        {},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        # Held until the shim can act on it, so that no kill comes too early.
        setsigmask=[signal.SIGTERM],
        setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
    )


def find(directory: Path) -> Running | None:
    """The container of a state folder, running or ended; None if none was ever started there."""
    pids = _read(directory / "pid.json")
    return Running(directory.resolve(), pids["shim_pid"], pids["shim_start"]) if pids else None


def remove(directory: Path) -> None:
    """Delete the state folder of a container that has ended, and with it all that it wrote.

    Takes as long as deleting those files does. No mounts are left: they ended with the container's
    namespace. Raises RuntimeError while the container runs.
    """
    if container := find(directory):
        if not isinstance(container.state(), Exited):
            raise RuntimeError(f"The container of {directory} runs: kill it, and wait for its end.")
        container.dismiss()
        pids = _read(directory / "pid.json") or {}
        if "pid" in pids:
            processes.wait(pids["pid"], pids["start"], _LAST_BREATH)
        cgroup.remove(pids["cgroups"])
    delete(directory)


def delete(folder: Path) -> None:
    """Delete a folder that containers wrote to, or a layer; it may be gone already.

    Where a container of an ordinary user made files of other users, its supervisor's rights over
    these are needed, and used.
    """
    try:
        remove_tree(str(folder))
    except PermissionError:
        subprocess.run([*_SHIM_ARGV, "delete", str(folder)], check=True, env={})


def unpack_argv(folder: Path) -> list[str]:
    """The command line that unpacks the tar file of its standard input to a new layer's folder.

    Where that fails it exits with 1 and tells of it on standard error, as JSON (see shim.layer).
    """
    return [*_SHIM_ARGV, "unpack", str(folder)]


def _check(container: Container) -> None:
    if not container.argv:
        raise ValueError("no command specified")
    if not container.cwd.startswith("/"):
        raise ValueError(f"cwd must be an absolute path in the container, not {container.cwd!r}.")
    targets = [entry.target for entry in container.mounts]
    for target in (*targets, container.termination_log):
        if not target.startswith("/") or os.path.normpath(target) != target or target == "/":
            raise ValueError(f"A mount's target must be a plain path below /, not {target!r}.")
    for entry in container.mounts:
        if entry.source is not None and not entry.source.startswith("/"):
            raise ValueError(
                f"The source of the mount {entry.target} must be absolute, not {entry.source!r}."
            )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return record


def _write(path: Path, record: dict[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(json.dumps(record))
    temporary.replace(path)
