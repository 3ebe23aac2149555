"""What goes on in this container: ``python3 activity.py URL [gpu]`` prints it as JSON.

It counts the CPU time of all processes over a second, asks the Jupyter server at ``URL`` (its base
URL; the token lies beside the server's configuration) for kernels and terminals, looks when
terminals were last typed in and whether sshd moves data, and, with ``gpu``, asks ``nvidia-smi``.
What cannot be read is told as ``{"error": why}``. See proc(5) and proc_pid_stat(5).
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

TOKEN = Path("/trainhub/token")
SECONDS = 1.0
# Device numbers of the slave sides of pseudoterminals, 256 for each of these majors (devices.txt).
PTS_MAJORS = range(136, 144)

GPU_QUERY = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]


class Process(NamedTuple):
    """One process: its own CPU time and that of children it has waited for, in clock ticks."""

    name: str
    own: int
    children: int
    terminal: int


def processes() -> dict[int, Process]:
    """All processes of the container but this one."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            stat = (folder / "stat").read_text(errors="replace")
        except OSError:
            continue
        # The name may hold blanks and parentheses; it ends at the last one.
        name, _, rest = stat.partition("(")[2].rpartition(")")
        fields = rest.split()
        found[int(folder.name)] = Process(
            name, int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14]),
            int(fields[4]),
        )  # fmt: skip
    return found


def cpu(before: dict[int, Process], after: dict[int, Process], seconds: float) -> dict[str, Any]:
    """Percent of one core that all processes used in ``seconds``, and which used most.

    A process that ended hands its time to the parent that waited for it, so only the sum over all
    of own and inherited time tells what was used.
    """
    share = 100.0 / os.sysconf("SC_CLK_TCK") / seconds
    total = sum(process.own + process.children for process in after.values()) - sum(
        process.own + process.children for process in before.values()
    )
    used = {
        pid: process.own - (before[pid].own if pid in before else 0)
        for pid, process in after.items()
    }
    top = max(used, key=lambda pid: used[pid], default=None)
    if top is None or used[top] <= 0:
        return {"percent": max(0.0, total * share), "top": None}
    return {
        "percent": max(0.0, total * share, used[top] * share),
        "top": {"name": program(top, after[top].name), "percent": used[top] * share},
    }


def program(pid: int, name: str) -> str:
    """What people call a process: the script of an interpreter, else its name.

    No other argument is told: arguments hold passwords.
    """
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return name
    if len(arguments) > 2 and os.path.basename(arguments[0]).startswith("python"):
        if arguments[1] == "-m":
            return arguments[2]
        if arguments[1].endswith(".py"):
            return os.path.basename(arguments[1])
    return name


def moved(pids: Sequence[int]) -> int:
    """Bytes that the processes have read and written so far, as far as that may be seen."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/io").read_text().splitlines()[:2]
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines)
    return total


def typed(found: dict[int, Process]) -> float | None:
    """When any terminal of the processes was last typed in (Unix time), as ``w`` finds it."""
    times = []
    for device in {process.terminal for process in found.values()}:
        major, minor = os.major(device), os.minor(device)
        if major in PTS_MAJORS:
            try:
                times.append(os.stat(f"/dev/pts/{(major - PTS_MAJORS[0]) * 256 + minor}").st_atime)
            except OSError:
                continue
    return max(times, default=None)


def jupyter(url: str, path: str) -> Any:
    """What the Jupyter server answers to ``path``; None where no server listens.

    The question must not count as activity itself, which ``no_track_activity`` sees to.
    """
    base = urlsplit(url)
    # Not urllib, which would ask the proxy that the environment may name.
    connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=5)
    try:
        token = TOKEN.read_text().strip()
        headers = {"Authorization": "token " + token}
        connection.request("GET", base.path + path + "?no_track_activity=1", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            return {"error": f"JupyterLab answers {answer.status}"}
        return json.loads(body)
    except ConnectionRefusedError:
        return None
    except (OSError, ValueError, http.client.HTTPException) as error:
        return {"error": f"JupyterLab does not answer ({type(error).__name__})"}
    finally:
        connection.close()


def gpu() -> dict[str, str]:
    """What ``nvidia-smi`` prints: a line for each GPU of the container."""
    try:
        done = subprocess.run(
            GPU_QUERY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=15,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        return {"error": f"nvidia-smi does not run ({type(error).__name__})"}
    text = done.stdout.decode(errors="replace").strip()
    return {"printed": text} if done.returncode == 0 else {"error": "nvidia-smi: " + text[:100]}


def main(arguments: Sequence[str]) -> None:
    """Looks for a second and prints what was seen."""
    before = processes()
    sshd = [pid for pid, process in before.items() if process.name.startswith("sshd")]
    bytes_before, start = moved(sshd), time.monotonic()
    time.sleep(SECONDS)
    seconds = time.monotonic() - start
    after = processes()
    report = {
        "cpu": cpu(before, after, seconds),
        "typed": typed(after),
        "ssh": {"sessions": max(0, len(sshd) - 1), "bytes": moved(sshd) - bytes_before},
        "kernels": jupyter(arguments[0], "/api/kernels"),
        "terminals": jupyter(arguments[0], "/api/terminals"),
        "gpu": gpu() if "gpu" in arguments[1:] else None,
        # The clock by which the times above are to be understood.
        "now": time.time(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1:])
