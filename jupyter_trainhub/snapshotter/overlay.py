"""The folders of an overlay file system, as the kernel tells them in a mountinfo.

proc_pid_mountinfo(5); kernel documentation, "Overlay Filesystem".
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from jupyter_trainhub.inpod.rootfs_diff.mounts import Mount

from .failures import Unsupported

_MOST_LINKS = 40


@dataclass(frozen=True)
class Overlay:
    """`upper` has what was changed, `lowers` the layers of the image, the topmost first.

    `user`: marks are attributes user.overlay.*, as ordinary users may set, not trusted.overlay.*.
    """

    upper: bytes
    lowers: tuple[bytes, ...]
    user: bool = False

    @property
    def marks(self) -> str:
        """What the names of its own extended attributes begin with."""
        return "user.overlay." if self.user else "trusted.overlay."


def overlay(mount: Mount) -> Overlay:
    """The overlay that is mounted. Raises Unsupported where it is something else."""
    if mount.kind != b"overlay" or mount.root != b"/":
        kind = mount.kind.decode(errors="replace")
        raise Unsupported(f"the container's root is a file system of the kind {kind}, no overlay")
    upper, lowers, flags = b"", [], set()
    for option in mount.options.split(b","):
        key, _, value = option.partition(b"=")
        path = _plain(value)
        if key == b"upperdir":
            upper = _unescaped(path)
        elif key == b"lowerdir":
            lowers += [_unescaped(part) for part in re.split(rb"(?<!\\):", path)]
        elif key in (b"lowerdir+", b"datadir+"):
            lowers.append(path if key == b"lowerdir+" else b"")
        else:
            flags.add(key)
    # A path in /proc is of the process that mounted it, and says nothing to others.
    if not upper.startswith(b"/") or upper.startswith(b"/proc/") or b"" in lowers:
        raise Unsupported("the container's root is an overlay that cannot be written to as usual")
    # containerd names them from a common folder where the whole would be longer than a page.
    store = os.path.dirname(os.path.dirname(upper))
    return Overlay(
        upper, tuple(os.path.join(store, path) for path in lowers), b"userxattr" in flags
    )


def open_below(root: int, path: bytes) -> int:
    """Open a folder by its path below the open folder `root`, in which symbolic links stay, too.

    Raises OSError.
    """
    waiting, links = [part for part in reversed(path.split(b"/")) if part], 0
    way = [os.dup(root)]
    try:
        while waiting:
            part = waiting.pop()
            if part == b"..":
                os.close(way.pop() if len(way) > 1 else os.dup(root))
                continue
            try:
                target = os.readlink(part, dir_fd=way[-1])
            except OSError:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                way.append(os.open(part, flags, dir_fd=way[-1]))
                continue
            links += 1
            if links > _MOST_LINKS:
                raise OSError(f"too many symbolic links on the way to {os.fsdecode(path)}")
            if target.startswith(b"/"):
                while len(way) > 1:
                    os.close(way.pop())
            waiting += [part for part in reversed(target.split(b"/")) if part not in (b"", b".")]
        return os.dup(way[-1])
    finally:
        for folder in way:
            os.close(folder)


def _plain(escaped: bytes) -> bytes:
    """Without the kernel's own escapes."""
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes((int(match[1], 8),)), escaped)


def _unescaped(path: bytes) -> bytes:
    """Without those of who mounted it."""
    return re.sub(rb"\\([\\:,])", rb"\1", path)
