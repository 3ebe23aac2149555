"""What a container is to be, and how it came out: the words between the kubelet and the sandbox."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mount:
    """A file or folder of the machine, or a tmpfs (`source` None), seen inside at `target`."""

    target: str
    source: str | None
    read_only: bool = False
    size: int | None = None
    """Bytes that a tmpfs may hold; None is the kernel's default, half of the memory."""


@dataclass(frozen=True)
class Container:
    """One run of one container. `directory` is made by `start` and belongs to this run alone."""

    directory: Path
    layers: tuple[str, ...]
    """Folders of the unpacked image layers, lowest first; without any it is the machine."""
    argv: tuple[str, ...]
    env: dict[str, str]
    """The whole environment; only HOSTNAME and HOME are added where absent."""
    cwd: str
    hostname: str
    mounts: tuple[Mount, ...]
    log_path: Path
    """Written in the CRI log format."""
    termination_log: str = "/dev/termination-log"
    uid: int | None = None
    gid: int | None = None
    """User and group inside; None: those of `user`."""
    user: str = ""
    """As an image names it (`name`, `uid`, `name:group`, `uid:gid`), looked up in the container's
    own /etc/passwd; empty: root in an image, who runs the cluster in the machine's."""
    groups: tuple[int, ...] = ()
    """Supplementary groups, beside those that the container's own /etc/group gives the user."""
    stdin: bool = False
    """Standard input comes from those who attach (`Running.attach`); else it is empty."""
    stdin_once: bool = False
    """It ends when the first of them ends it."""
    tty: bool = False
    """The standard streams are a terminal."""
    read_only: bool = False
    """The root file system cannot be written to; its volumes can."""
    cpus: float | None = None
    """Cores that the container may use on average; see `limits`."""
    memory: int | None = None
    """Bytes that the container may hold; see `limits`."""
    stop_signal: int = int(signal.SIGTERM)
    """What `Running.stop` sends."""
    hide: tuple[str, ...] = ()
    """Folders of the machine that appear empty, in volumes too: the cluster's state and tokens."""
    over_machine: bool = False
    """The layers lie over the machine's own files."""

    @property
    def machine(self) -> bool:
        """Whether it sees the machine's files."""
        return self.over_machine or not self.layers


@dataclass(frozen=True)
class Started:
    """The command runs. `pid` and `start` (clock ticks) are process 1's as seen from outside.

    `started_at`, as all times here, is RFC 3339 in UTC to the second.
    """

    pid: int
    start: int
    started_at: str


@dataclass(frozen=True)
class Exited:
    """How a container ended, in the words of a Kubernetes container status.

    `reason` is Completed, Error, StartError, what `Running.kill` was given (OOMKilled), or
    ContainerStatusUnknown where the shim was lost and took the exit code with it.
    """

    code: int
    signal: int | None
    started_at: str
    finished_at: str
    reason: str
    message: str
