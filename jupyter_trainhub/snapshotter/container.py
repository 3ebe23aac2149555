"""A running container as its node sees it: found by its id, in /proc, whatever its runtime is."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jupyter_trainhub.inpod.rootfs_diff.mounts import Mount, mounts

from .failures import ReadingError, Unsupported
from .ids import Ids
from .overlay import Overlay, open_below, overlay

_NS_GET_USERNS = 0xB701  # ioctl_ns(2)


@dataclass(frozen=True)
class Container:
    """`pid` is its first process, `host` one of its runtime's mount namespace."""

    pid: int
    host: int
    root: Overlay
    mounts: dict[bytes, Mount]
    """What is mounted in it besides the root, by path."""
    users: Ids
    groups: Ids

    @property
    def same_owners(self) -> bool:
        """Whether users and groups are numbered as on the node."""
        return self.users.same and self.groups.same

    @contextlib.contextmanager
    def open(self, layers: int) -> Iterator[tuple[int, list[int] | None]]:
        """Open folders: the upper one, and those of the image's `layers`, the topmost first.

        These are None where the runtime has something else, as it may for users of its own. Raises
        Unsupported.
        """
        with contextlib.ExitStack() as opened:

            def keep(folder: int) -> int:
                opened.callback(os.close, folder)
                return folder

            try:
                host = keep(os.open(f"/proc/{self.host}/root", os.O_RDONLY | os.O_DIRECTORY))
                upper = keep(open_below(host, self.root.upper))
            except OSError as error:
                raise Unsupported(f"its upper folder cannot be opened: {error}") from None
            lowers = None
            if len(self.root.lowers) == layers and self.same_owners:
                with contextlib.suppress(OSError):
                    lowers = [keep(open_below(host, path)) for path in self.root.lowers]
            yield upper, lowers


def find(container_id: str) -> Container:
    """The container of this id. Raises ReadingError where it does not run, and Unsupported."""
    pid = _first_process(container_id)
    try:
        own, host = _mounts(pid), _parent(pid)
        device, mount = [(device, mount) for device, mount in own if mount.path == b"/"][-1]
        root = next((seen for number, seen in _mounts(host) if number == device), None)
        # What a process has mounted in a namespace of its own may have any name for its upper
        # folder, that of another user's container as well. The runtime's mounts are trusted, and a
        # namespace in which only the node's own users could mount anything.
        if root is None and not _is_nodes(pid):
            raise Unsupported("its root was mounted by its own processes")
        return Container(
            pid,
            host,
            overlay((root or mount)._replace(root=mount.root)),
            {seen.path: seen for _, seen in own if seen.path != b"/"},
            Ids.read(_text(pid, "uid_map")),
            Ids.read(_text(pid, "gid_map")),
        )
    except (ProcessLookupError, FileNotFoundError, IndexError):
        raise gone(container_id) from None


def in_cgroup(container_id: str, cgroup: str) -> bool:
    """Whether /proc/PID/cgroup says that a process is in this container.

    The group is called by the id, or as systemd calls it: cri-containerd-ID.scope, crio-ID.scope;
    containerd without systemd beside a kubelet with it: …slice:cri-containerd:ID. That of CRI-O's
    monitor, crio-conmon-ID.scope, is not the container's.
    """
    name = rf"(?:^|[/:])(?:(?!\S*conmon)[a-z-]+-)?{re.escape(container_id)}(?:\.scope)?(?:/|$)"
    return re.search(name, cgroup, re.MULTILINE) is not None


def _first_process(container_id: str) -> int:
    """The one that has run for the longest time: those that were started by exec are younger."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if in_cgroup(container_id, _text(int(name), "cgroup")):
                    found.append((int(_status(int(name))[19]), int(name)))
    if not found:
        raise gone(container_id)
    return min(found)[1]


def _parent(pid: int) -> int:
    """The process that watches the container, outside of it; the node's first where it is gone."""
    return int(_status(pid)[1]) or 1


def _status(pid: int) -> list[str]:
    """Fields of /proc/PID/stat (proc_pid_stat(5)) from the third on; the second may be anything."""
    return _text(pid, "stat").rpartition(")")[2].split()


def _mounts(pid: int) -> list[tuple[bytes, Mount]]:
    """The mounts that a process sees, each with the number of its file system."""
    text = _text(pid, "mountinfo").encode("utf-8", "surrogateescape")
    numbers = [line.split(b" ")[2] for line in text.splitlines()]
    return list(zip(numbers, mounts(text), strict=True))


def _is_nodes(pid: int) -> bool:
    """Whether only the node's own users could mount anything where this process is."""
    namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    try:
        owner = fcntl.ioctl(namespace, _NS_GET_USERNS)
    except OSError:
        return False
    finally:
        os.close(namespace)
    same = os.path.sameopenfile(owner, own := os.open("/proc/self/ns/user", os.O_RDONLY))
    os.close(owner)
    os.close(own)
    return same


def _text(pid: int, name: str) -> str:
    with open(f"/proc/{pid}/{name}", errors="surrogateescape") as file:
        return file.read()


def gone(container_id: str) -> ReadingError:
    """The error for a container that has ended."""
    return ReadingError(
        f"no process of the container {container_id} runs on this node",
        remedy="Save the instance while it runs.",
        reason="InstanceEnded",
    )
