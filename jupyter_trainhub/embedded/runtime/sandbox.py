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
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from . import processes
from .container import Container, Exited, Mount, Started
from .running import SHIM_ARGV, Running, find_record
from .shim import cgroup
from .shim.layer import remove_tree

__all__ = ["Container", "Exited", "Mount", "Running", "Started"]

_LAST_BREATH = 5.0  # seconds that the kernel may take to end what was killed


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
    from_machine = container.machine and container.uid is None
    spec = asdict(container) | {
        "directory": str(directory),
        "machine": container.machine,
        "log_path": str(container.log_path.absolute()),
        "hide": [os.path.realpath(folder) for folder in container.hide],
        "home": pwd.getpwuid(os.geteuid()).pw_dir if from_machine else None,
    }
    with open(directory / "spec.json", "x", opener=_private) as file:
        json.dump(spec, file)
    (directory / "hostname").write_text(f"{container.hostname}\n")
    if not container.machine:
        with contextlib.suppress(FileNotFoundError):  # the network is the machine's, and its names
            shutil.copyfile("/etc/resolv.conf", directory / "resolv.conf")
    last_words = directory / "termination-log"
    last_words.touch()
    last_words.chmod(0o666)  # as the kubelet does: the command may run as another user


def _spawn(directory: Path) -> int:
    log = str(directory / "shim.log")
    return os.posix_spawn(
        sys.executable,
        [*SHIM_ARGV, str(directory)],
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
    pids = find_record(directory, "pid.json")
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
        pids = find_record(directory, "pid.json") or {}
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
        subprocess.run([*SHIM_ARGV, "delete", str(folder)], check=True, env={})


def unpack_argv(folder: Path, *, machine: bool) -> list[str]:
    """The command line that unpacks the tar file of its standard input to a new layer's folder.

    `machine`: the layer is to lie over the machine's files. Where it fails it exits with 1, and
    tells of it on standard error as JSON (see shim.layer).
    """
    return [*SHIM_ARGV, "unpack", str(folder), *(["--machine"] if machine else [])]


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
