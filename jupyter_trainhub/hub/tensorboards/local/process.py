"""Processes that outlive whoever started them: start, recognise, end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def birth(pid: int) -> str | None:
    """When the process started, in a form to compare; None when there is none, or its remains.

    Linux tells it in clock ticks since boot: fields 3 (state) and 22 (starttime) of
    ``/proc/PID/stat``, proc_pid_stat(5). Elsewhere ``ps`` tells it in seconds.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else _birth_by_ps(pid)
    # The second field is the program's name in parentheses, which may itself hold spaces and
    # parentheses.
    fields = stat.rpartition(b")")[2].split()
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()


def _birth_by_ps(pid: int) -> str | None:
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = shown.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def start(
    argv: Sequence[str], *, folder: Path, log: Path, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Starts ``argv`` in ``folder``, output to ``log``; gives the process's pid and birth.

    ``environment`` is added to that of this program; unlike ``argv``, other users cannot read it.

    It has a session of its own, so it outlives this program and its terminal. Raises OSError when
    the program cannot be run.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    born = birth(process.pid)
    # Somebody has to take the exit status, or the process remains as a zombie for as long as we
    # live.
    threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()
    return process.pid, born or ""


def is_running(pid: int, born: str) -> bool:
    """Whether the process still runs; another that was given its number later does not count."""
    return birth(pid) == born


def end(pid: int, born: str, *, grace: float) -> None:
    """Ends the process and its session: SIGTERM, and SIGKILL after ``grace`` seconds.

    Returns when it has ended.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not is_running(pid, born):
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)
        deadline = time.monotonic() + grace
        while is_running(pid, born) and time.monotonic() < deadline:
            time.sleep(0.02)
