"""The system calls that the shim needs and Python does not have.

Numbers are those of the Linux headers (sched.h, mount.h, prctl.h, capability.h); system calls from
424 on have one number on every architecture.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import stat

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
_MS_REC = 0x4000
_MS_PRIVATE = 0x40000
_MNT_DETACH = 0x2
_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 0x1
_MOVE_MOUNT_F_EMPTY_PATH = 0x4
_MOUNT_ATTR_RDONLY = 0x1
_SYS_OPEN_TREE = 428
_SYS_MOVE_MOUNT = 429
_SYS_MOUNT_SETATTR = 442

_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_CAP_SYS_ADMIN = 21
_ALL_IDS = ["0", "0", "4294967295"]  # the map of the machine's own user namespace
_TIOCSCTTY = 0x540E
_TIOCSWINSZ = 0x5414

_libc = ctypes.CDLL(None, use_errno=True)


class SetUpError(Exception):
    """The container cannot be set up: `step` names what was being done, `code` is the errno."""

    def __init__(self, step: str, code: int, subject: str = "") -> None:
        reason = os.strerror(code).lower()
        super().__init__(f"{step}{f' {json.dumps(subject)}' if subject else ''}: {reason}")
        self.step = step
        self.code = code


def _check(result: int, step: str, subject: str = "") -> int:
    if result == -1:
        raise SetUpError(step, ctypes.get_errno(), subject)
    return result


def unshare(flags: int, step: str) -> None:
    """Leave the namespaces of `flags` for new ones."""
    _check(_libc.unshare(flags), step)


def join_namespaces(pidfd: int, flags: int) -> None:
    """Enter the namespaces of another process (setns(2)); of the pid namespace, with a fork."""
    _check(_libc.setns(pidfd, flags), "setns")


def map_ids(uid: int, gid: int, outer_uid: int, outer_gid: int) -> None:
    """Give the user namespace just entered its one user and one group.

    A map of the caller's own ids needs no privilege (user_namespaces(7)).
    """
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {outer_uid} 1"),
            ("gid_map", f"{gid} {outer_gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    except OSError as error:
        raise SetUpError("user namespace", error.errno or errno.EPERM) from error


def is_privileged() -> bool:
    """Whether this process may make namespaces and mounts without a user namespace of its own.

    The root user of a rootless container may not: the overlays of a user namespace are those of an
    ordinary user.
    """
    with open("/proc/self/uid_map") as uid_map, open("/proc/self/status") as status:
        effective = next(line.split()[1] for line in status if line.startswith("CapEff:"))
        return bool(int(effective, 16) >> _CAP_SYS_ADMIN & 1) and uid_map.read().split() == _ALL_IDS


def limit_capabilities(kept: frozenset[int]) -> None:
    """Remove all but `kept` from what this process and its children can ever gain by execve."""
    capability = 0
    while _libc.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0) != -1:
        if capability not in kept:
            _check(_libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "capabilities")
        capability += 1


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends; forgotten when credentials change."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")


def set_hostname(name: str) -> None:
    """Name the machine, in this uts namespace."""
    encoded = os.fsencode(name)
    _check(_libc.sethostname(encoded, ctypes.c_size_t(len(encoded))), "sethostname", name)


def take_terminal() -> None:
    """Make standard input the controlling terminal of this session."""
    _check(_libc.ioctl(0, ctypes.c_ulong(_TIOCSCTTY), 0), "controlling terminal")


def resize_terminal(terminal: int, rows: int, columns: int) -> None:
    """Give a terminal its size; what runs in its foreground hears of it (SIGWINCH)."""
    size = (ctypes.c_ushort * 4)(rows, columns)
    _libc.ioctl(terminal, ctypes.c_ulong(_TIOCSWINSZ), ctypes.byref(size))


def make_mounts_private() -> None:
    """Stop mounts made here from appearing on the machine, where systemd shares all of them."""
    flags = ctypes.c_ulong(_MS_REC | _MS_PRIVATE)
    _check(_libc.mount(b"none", b"/", None, flags, None), "private mounts", "/")


def mount(kind: str, target: str, flags: int = 0, options: str = "", step: str = "mount") -> None:
    """Mount a file system of `kind` at `target`."""
    name, data = kind.encode(), os.fsencode(options) or None
    result = _libc.mount(name, os.fsencode(target), name, ctypes.c_ulong(flags), data)
    _check(result, step, target)


def copy_tree(source: str, *, read_only: bool) -> int:
    """A detached copy of the mounts at and below `source`: a descriptor for `attach`."""
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_RECURSIVE
    number = ctypes.c_long(_SYS_OPEN_TREE)
    tree = _check(
        _libc.syscall(number, _AT_FDCWD, os.fsencode(source), flags), "bind mount", source
    )
    if read_only:
        _set_read_only(tree, _AT_EMPTY_PATH | _AT_RECURSIVE, source)
    return tree


def make_read_only(mount: int) -> None:
    """Keep the file system from being written to by the one mount of which this is a descriptor."""
    _set_read_only(mount, _AT_EMPTY_PATH, "/")


def _set_read_only(mount: int, flags: int, subject: str) -> None:
    attributes = (ctypes.c_uint64 * 4)(_MOUNT_ATTR_RDONLY)
    result = _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR),
        mount,
        b"",
        flags,
        ctypes.byref(attributes),
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )
    _check(result, "read-only mount", subject)


def attach(tree: int, target: str) -> None:
    """Mount a `copy_tree` at `target`, which is made, as a file or a folder, where missing."""
    if stat.S_ISDIR(os.fstat(tree).st_mode):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target):
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o644))
    result = _libc.syscall(
        ctypes.c_long(_SYS_MOVE_MOUNT),
        tree,
        b"",
        _AT_FDCWD,
        os.fsencode(target),
        _MOVE_MOUNT_F_EMPTY_PATH,
    )
    _check(result, "bind mount to", target)
    os.close(tree)


def pivot_root(root: str) -> int:
    """Make the mount `root` this mount namespace's root.

    The former root stays, out of reach of absolute paths; the descriptor is for `leave_root`.
    """
    former = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    os.chdir(root)
    _check(_libc.pivot_root(b".", b"."), "pivot_root", root)
    return former


def leave_root(former: int) -> None:
    """Unmount the root that `pivot_root` replaced."""
    os.fchdir(former)
    _check(_libc.umount2(b".", _MNT_DETACH), "umount", "/")
    os.close(former)
    os.chdir("/")
