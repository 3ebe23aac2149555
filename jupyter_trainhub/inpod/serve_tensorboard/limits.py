"""What of the machine TensorBoard may use, and does."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess


def raise_open_file_limit() -> None:
    """Let this process and its data server open as many files as the hard limit allows.

    The data server keeps one descriptor for each event file and shows no run at all when it meets
    the soft limit (https://github.com/tensorflow/tensorboard/issues/4955).
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS names an unlimited hard limit, but refuses it as a soft one.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def memory_in_use(pids: list[int]) -> int:
    """Bytes that these processes have in memory together, 0 where that cannot be told.

    The second field of ``/proc/PID/statm`` counts pages, proc_pid_statm(5). Elsewhere than on Linux
    ``ps`` tells it in KiB.
    """
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                total += int(file.read().split()[1]) * resource.getpagesize()
        except OSError:
            if os.path.exists("/proc/self/statm"):
                continue
            shown = subprocess.run(
                ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
            )
            total += int(shown.stdout.strip() or 0) * 1024
    return total


def in_units(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MiB"
