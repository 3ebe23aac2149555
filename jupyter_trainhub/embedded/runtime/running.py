"""A container whose supervisor was started: what became of it, and what can be done to it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import processes
from .container import Exited, Started
from .shim import cgroup
from .shim.attach import SOCKET
from .shim.records import read_record, write_record

# Loads the shim by its path, so that nothing of the packages above it is imported. Isolated from
# environment and site-packages: how a pod starts must not depend on who started the cluster.
SHIM_ARGV = (
    *(sys.executable, "-I", "-S", "-c"),
    "import sys; sys.path.append(sys.argv[1]); from shim.program import main; "
    "sys.exit(main(sys.argv[2:]))",
    str(Path(__file__).resolve().parent),
)


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
        record = find_record(self.directory, "exit.json")
        if record is None and not self.alive():
            # It may have been written between those two looks.
            record = find_record(self.directory, "exit.json") or self._lost()
        if record is not None:
            return Exited(**{name: record[name] for name in Exited.__dataclass_fields__})
        pids = find_record(self.directory, "pid.json") or {}
        if "pid" not in pids:
            return None
        return Started(pids["pid"], pids["start"], pids["started_at"])

    def _lost(self) -> dict[str, Any]:
        pids = find_record(self.directory, "pid.json") or {}
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
        spec = find_record(self.directory, "spec.json") or {}
        self.signal(spec.get("stop_signal", signal.SIGTERM))

    def kill(self, reason: str | None = None) -> None:
        """Kill every process of the container; `reason` (OOMKilled) then stands in its `Exited`.

        The kernel ends a pid namespace with its process 1, so sessions or parents that the others
        have left do not matter.
        """
        if reason is not None and self.alive():
            write_record(str(self.directory), "kill.json", {"reason": reason}, durable=False)
        with contextlib.suppress(OSError):  # the group goes with the container
            cgroup.release((find_record(self.directory, "pid.json") or {}).get("cgroups", []))
        self.signal(signal.SIGKILL)

    def members(self, table: processes.Table | None = None) -> list[int]:
        """The pids of all processes of the container, executed commands included.

        Who asks for several containers reads the `table` once for all.
        """
        state = self.state()
        if not isinstance(state, Started) or not processes.is_alive(state.pid, state.start):
            return []
        return (table or processes.Table()).in_pid_namespace(state.pid)

    def exceeds(self, limit: int, table: processes.Table | None = None) -> bool:
        """Whether the container holds more than `limit` bytes, or did and lost a process for it.

        Where the kernel does not keep the limit, somebody must look, and kill.
        """
        groups = (find_record(self.directory, "pid.json") or {}).get("cgroups")
        return cgroup.ran_out_of_memory(groups) if groups else self.memory(limit, table) > limit

    def memory(self, limit: int | None = None, table: processes.Table | None = None) -> int:
        """Bytes of memory that the container holds, exact above `limit` (see processes.memory)."""
        return processes.memory(self.members(table), limit)

    def cpu_seconds(self, table: processes.Table | None = None) -> float:
        """Seconds of CPU that the container has used."""
        return processes.cpu_seconds(self.members(table))

    def disk_bytes(self, table: processes.Table | None = None) -> tuple[int, int]:
        """Bytes that the container has read from disks and written to them."""
        return processes.disk_bytes(self.members(table))

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
        container does not run. SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are passed on;
        SIGALRM kills it.

        With `attach`, the descriptor of a client's socket (see `shim.attach`) which it is to
        inherit, that has the streams of `argv`: `stdin` if it gives input, `tty` for a terminal.
        Why `argv` did not run is then told on the channel ERROR.
        """
        options = ["--cwd", cwd] if cwd is not None else []
        if attach is not None:
            options += ["--attach", str(attach)]
            options += [f"--{name}" for name, on in (("stdin", stdin), ("tty", tty)) if on]
        return [*SHIM_ARGV, "exec", str(self.directory), *options, "--", *argv]

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


def find_record(directory: Path, name: str) -> dict[str, Any] | None:
    """A file of a container's state folder; None where it is not written yet."""
    try:
        return read_record(str(directory), name)
    except FileNotFoundError:
        return None
