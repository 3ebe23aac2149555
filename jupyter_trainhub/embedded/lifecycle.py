"""Starting, finding and ending the embedded cluster's process. Imports nothing heavy."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from . import kubeconfig
from .runtime import processes

_POLL = 0.02  # seconds


class ClusterNotStarted(Exception):
    """The process did not come up; the message has its last words and what would do."""


def directory() -> Path:
    """Where the cluster keeps everything: ``TRAINHUB_CLUSTER_DIR``, else in the user's data."""
    given = os.environ.get("TRAINHUB_CLUSTER_DIR")
    if given:
        return Path(given).absolute()
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "trainhub" / "cluster"


def kubeconfig_path() -> Path:
    """The kubeconfig (mode 0600) by which its admin reaches the cluster."""
    return kubeconfig.path(directory())


def add_user(name: str, groups: tuple[str, ...] = ()) -> Path:
    """The kubeconfig of another user, who is made if unknown; groups, if given, are theirs now.

    The running cluster knows them at once.

    Raises:
        ValueError: a bad name; the message says what would be a good one.
        FileNotFoundError: the cluster was never started.
    """
    return kubeconfig.add_user(directory(), name, groups)


def start(wait: float = 30.0) -> Path:
    """Start the cluster, or join the one that runs; returns its kubeconfig.

    Args:
        wait: seconds to wait until it answers.

    Raises:
        ClusterNotStarted: it cannot run here, or did not come up in time.
    """
    home = directory()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if status()["state"] == "running":
        return kubeconfig_path()
    log_path = home / "cluster.log"
    position = log_path.stat().st_size if log_path.exists() else 0
    with log_path.open("ab") as log:
        os.chmod(log_path, 0o600)
        process = subprocess.Popen(
            [sys.executable, "-m", __package__],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            # It outlives the terminal, the kernel or the server that started it.
            start_new_session=True,
            env={**os.environ, "TRAINHUB_CLUSTER_DIR": str(home)},
        )
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        if status()["state"] == "running":
            return kubeconfig_path()
        if process.poll() not in (None, 0):
            break
        time.sleep(_POLL)
    raise ClusterNotStarted(_explain(log_path, position, wait))


def _explain(log_path: Path, position: int, wait: float) -> str:
    with log_path.open("rb") as file:
        file.seek(position)
        words = file.read().decode(errors="replace").strip()
    last = "\n".join(words.splitlines()[-12:])
    return (
        f"The embedded cluster did not start within {wait:.0f} s. "
        f"{last or 'It said nothing.'}\nIts log is {log_path}."
    )


def status() -> dict[str, Any]:
    """``state`` (running, stopped), and while it runs ``pid``, ``server`` and ``started``."""
    record = _record()
    if record is None:
        return {"state": "stopped", "directory": str(directory())}
    shown = {key: record[key] for key in ("pid", "server", "started")}
    return {"state": "running", "directory": str(directory()), **shown}


def _record() -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads((directory() / "cluster.json").read_text())
    except (OSError, ValueError):
        return None
    return record if processes.is_alive(record["pid"], record["start"]) else None


def stop(timeout: float = 60.0) -> bool:
    """End the cluster: pods get their grace period, objects are kept.

    Args:
        timeout: seconds after which the process is killed.

    Returns:
        Whether there was one to end.
    """
    record = _record()
    if record is None:
        return False
    pid, started = record["pid"], record["start"]
    processes.send_signal(pid, started, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while processes.is_alive(pid, started):
        # Its starter may be this process: a child is gone only when it was waited for.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            processes.send_signal(pid, started, signal.SIGKILL)
        time.sleep(_POLL)
    return True


def lock(home: Path) -> int | None:
    """Hold the cluster's folder for this process; None when another does."""
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
