"""The processes of this Unix user that run TensorBoard, and where they listen.

All of it is asked of the system, and nothing of files that others may have written. On Linux that
is ``/proc`` (proc_pid_stat(5), proc_pid_net(5)); elsewhere ``ps``, which tells no ports.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from jupyter_trainhub.hub.tensorboards.found.command_line import tensorboard_arguments

_PROC = Path("/proc")
# Column `st` of /proc/net/tcp, from Linux' net/tcp_states.h.
_LISTENING = b"0A"


class Listener(NamedTuple):
    """Where a process takes connections; ``host`` is the address to use from this machine."""

    host: str
    port: int


class Process(NamedTuple):
    """A process that runs TensorBoard.

    ``birth`` tells it from others that had its number; ``arguments`` are TensorBoard's own;
    ``listeners`` is None where the system does not tell them; ``starter`` says in words who
    started it; ``started`` is seconds since the epoch.
    """

    pid: int
    birth: str
    arguments: list[str]
    folder: str
    listeners: list[Listener] | None
    starter: str
    started: float


class _Stat(NamedTuple):
    parent: int
    terminal: int
    birth: str


def running() -> list[Process]:
    """The TensorBoards of this user, whether they listen yet or not."""
    return list(_of_proc() if _has_proc() else _of_ps())


def is_running(pid: int, birth: str) -> bool:
    """Whether the process is there; another that was given its number later does not count."""
    if _has_proc():
        stat = _stat(pid)
        return stat is not None and stat.birth == birth
    return any(born == birth for _, _, born, _ in _ps("-p", str(pid)))


def terminate(pid: int, birth: str) -> None:
    """Sends SIGTERM to this very process, or to none when it has ended.

    Raises PermissionError.
    """
    with contextlib.suppress(ProcessLookupError):
        if sys.platform != "linux":
            if is_running(pid, birth):
                os.kill(pid, signal.SIGTERM)
            return
        # A descriptor stays with its process, so nobody else can be given the number in between.
        descriptor = os.pidfd_open(pid)
        try:
            if is_running(pid, birth):
                signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        finally:
            os.close(descriptor)


def memory(pid: int) -> int | None:
    """Bytes that the process and its children, such as its data server, hold; None if unknown."""
    try:
        children = (_PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
        pages = sum(
            int((_PROC / each / "statm").read_text().split()[1]) for each in (str(pid), *children)
        )
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _has_proc() -> bool:
    return (_PROC / "self" / "stat").exists()


def _of_proc() -> Iterator[Process]:
    user = os.geteuid()
    mine = []
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == user:
                    arguments = tensorboard_arguments(_command(entry.name))
                    if arguments is not None and _user(entry.name) == user:
                        mine.append((int(entry.name), arguments))
    # Only sockets of this network namespace: a program in a pod of this machine has its own ports.
    sockets = _listening_sockets() if mine else {}
    for pid, arguments in mine:
        with contextlib.suppress(OSError):
            stat = _stat(pid)
            if stat is not None:
                yield Process(
                    pid,
                    stat.birth,
                    arguments,
                    os.readlink(_PROC / str(pid) / "cwd"),
                    _listeners(pid, sockets),
                    _starter(stat),
                    _started(stat),
                )


def _command(pid: str) -> list[str]:
    with open(_PROC / pid / "cmdline", "rb", buffering=0) as file:
        raw = file.read(1 << 16) or b""
    # Nearly all are something else, and need not be taken apart.
    return raw.decode(errors="replace").split("\0")[:-1] if b"tensorboard" in raw else []


def _user(pid: str) -> int:
    """As whom a process acts: its files are root's when it has changed users since it began."""
    status = (_PROC / pid / "status").read_text(errors="replace")
    return int(status.partition("\nUid:")[2].split()[1])


def _stat(pid: int) -> _Stat | None:
    try:
        raw = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in parentheses, which may itself hold spaces and
    # parentheses; these are the fields 3 (state), 4 (parent), 7 (terminal) and 22 (start).
    fields = raw.rpartition(b")")[2].split()
    if fields[0] in (b"Z", b"X"):
        return None
    return _Stat(int(fields[1]), int(fields[4]), fields[19].decode())


def _started(stat: _Stat) -> float:
    for line in (_PROC / "stat").read_bytes().splitlines():
        if line.startswith(b"btime "):
            return int(line[6:]) + int(stat.birth) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _starter(stat: _Stat) -> str:
    with contextlib.suppress(OSError):
        parent = (_PROC / str(stat.parent) / "cmdline").read_bytes()
        if b"ipykernel" in parent:
            return f"a notebook's kernel (process {stat.parent})"
    return "a terminal" if stat.terminal else "another program"


def _listeners(pid: int, sockets: dict[str, Listener]) -> list[Listener]:
    found = set()
    for entry in os.scandir(_PROC / str(pid) / "fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(entry.path)
            if target in sockets:
                found.add(sockets[target])
    return sorted(found)


def _listening_sockets() -> dict[str, Listener]:
    """What listens in this network namespace, by how descriptors name it: ``socket:[inode]``."""
    found = {}
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "self" / "net" / table).read_bytes().splitlines()[1:]:
                columns = line.split(maxsplit=10)
                if columns[3] == _LISTENING:
                    found[f"socket:[{columns[9].decode()}]"] = _listener(columns[1].decode())
    return found


def _listener(text: str) -> Listener:
    """An address as /proc/net/tcp writes it: words of 32 bits in the machine's byte order."""
    words, _, port = text.partition(":")
    raw = b"".join(
        int(words[start : start + 8], 16).to_bytes(4, sys.byteorder)
        for start in range(0, len(words), 8)
    )
    address = ipaddress.ip_address(raw)
    # What listens at every address is asked at the machine's own.
    host = "127.0.0.1" if address.is_unspecified else str(address)
    return Listener(host, int(port, 16))


def _of_ps() -> Iterator[Process]:
    for pid, parent, birth, command in _ps("-U", str(os.geteuid())):
        arguments = tensorboard_arguments(_split(command)) if "tensorboard" in command else None
        if arguments is None:
            continue
        kernels = [line for *_, line in _ps("-p", str(parent)) if "ipykernel" in line]
        starter = f"a notebook's kernel (process {parent})" if kernels else "another program"
        yield Process(pid, birth, arguments, "/", None, starter, 0.0)


def _ps(*which: str) -> list[tuple[int, int, str, str]]:
    """Process, parent, birth and command line of those that ``which`` selects."""
    columns = "pid=,ppid=,stat=,lstart=,command="
    shown = subprocess.run(
        ["ps", "-ww", "-o", columns, *which],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    found = []
    for line in shown.stdout.splitlines():
        # The time has five words: Mon Jan  5 10:00:00 2026.
        fields = line.split(maxsplit=8)
        if len(fields) == 9 and not fields[2].startswith("Z"):
            birth = "-".join(fields[3:8])
            found.append((int(fields[0]), int(fields[1]), birth.replace(":", "-"), fields[8]))
    return found


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()
