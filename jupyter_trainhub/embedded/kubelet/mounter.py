"""File systems that the node mounts for pods: NFS, and memory that a pod's containers share."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from pathlib import Path

from ..runtime.shim.root import is_below, mount_points

# A server that does not answer must not hold a pod up for longer at a time.
_SECONDS = 30.0

_MNT_FORCE, _MNT_DETACH = 1, 2  # umount2(2)

_libc = ctypes.CDLL(None, use_errno=True)


class MountFailed(Exception):
    """The message is kubelet's, where it has one."""


def below(folder: Path) -> list[str]:
    """The mount points at and below a folder, the innermost first. Touches none of them."""
    points = mount_points(Path("/proc/self/mountinfo").read_text())
    return sorted((p for p in points if is_below(p, (str(folder),))), reverse=True)


async def mount(arguments: tuple[str, ...], target: Path) -> None:
    """Mount what mount(8) understands by its arguments, unless that is done already.

    Raises:
        MountFailed: within `_SECONDS`.
    """
    if str(target) in below(target):
        return
    target.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        raise MountFailed("mount failed: only root can mount, and the cluster runs as another user")
    process = await asyncio.create_subprocess_exec(
        "mount", *arguments, str(target),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    except asyncio.TimeoutError:
        raise MountFailed(
            f"mount failed: no answer within {_SECONDS:.0f} s\nMounting arguments: "
            f"{' '.join(arguments)} {target}"
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError, asyncio.TimeoutError):
                os.killpg(process.pid, signal.SIGKILL)
                # Not for ever: a server that hangs can keep it from ending.
                await asyncio.wait_for(process.wait(), 1.0)
    if process.returncode:
        raise MountFailed(
            f"mount failed: exit status {process.returncode}\nMounting command: mount\n"
            f"Mounting arguments: {' '.join(arguments)} {target}\n"
            f"Output: {output.decode(errors='replace').strip()}\n"
        )


def unmount_below(folder: Path) -> None:
    """Unmount everything at and below a folder, at once, whether or not a server answers.

    Raises:
        OSError: something is still mounted: what lies there must not be deleted.
    """
    for point in below(folder):
        if _libc.umount2(os.fsencode(point), _MNT_FORCE | _MNT_DETACH) == -1:
            raise OSError(ctypes.get_errno(), "umount", point)
    if left := below(folder):
        raise OSError(f"still mounted: {', '.join(left)}")
