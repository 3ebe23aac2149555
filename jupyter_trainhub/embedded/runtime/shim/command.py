"""The command of a container: as whom it runs, with what environment, and which file it is."""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import stat

from . import linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# What containerd leaves to the root user of a container, less CAP_MKNOD: containerd pairs that one
# with a device cgroup, and without such a cgroup it would open the machine's disks. Chown,
# dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw,
# sys_chroot, audit_write, setfcap.
KEPT_CAPABILITIES = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 29, 31})


class CommandError(Exception):
    """The command cannot be executed; `found` tells a file that is no program from none at all."""

    def __init__(self, message: str, *, found: bool) -> None:
        super().__init__(message)
        self.found = found


def account(uid: int) -> tuple[int | None, str | None]:
    """The primary group and the home of a user, as the container's own /etc/passwd has them."""
    try:
        with open("/etc/passwd", errors="surrogateescape") as file:
            for line in file:
                fields = line.rstrip("\n").split(":")
                if len(fields) == 7 and fields[2] == str(uid):
                    return int(fields[3]), fields[5]
    except (OSError, ValueError):
        pass  # an image need not have one, or a sound one
    return None, None


def environment(spec: dict[str, Any]) -> dict[str, str]:
    """The variables asked for, and HOSTNAME and HOME where they are not among them."""
    uid = spec["owner_uid"] if spec["uid"] is None else spec["uid"]
    home = spec["home"] or account(uid)[1] or "/"
    return {"HOSTNAME": spec["hostname"], "HOME": home, **spec["env"]}


def identity(spec: dict[str, Any]) -> tuple[int, int]:
    """User and group, as numbered inside, that the command runs as."""
    uid, gid = spec["uid"], spec["gid"]
    if uid is None:
        return spec["owner_uid"], spec["owner_gid"] if gid is None else gid
    if gid is None:
        gid = account(uid)[0] or 0
    return uid, gid


def become(spec: dict[str, Any]) -> None:
    """In a container made with privilege, give that up and take the user who was asked for."""
    linux.limit_capabilities(KEPT_CAPABILITIES)
    if spec["uid"] is None and spec["gid"] is None:
        return
    uid, gid = identity(spec)
    for stream in (1, 2):
        if stat.S_ISFIFO(os.fstat(stream).st_mode):
            os.fchown(stream, uid, gid)  # else /dev/stdout cannot be opened anew
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def change_folder(cwd: str) -> None:
    """Go to the working folder, which is made where it is missing, as runc does."""
    try:
        os.makedirs(cwd, exist_ok=True)
        os.chdir(cwd)
    except OSError as error:
        raise linux.SetUpError("chdir to cwd", error.errno or errno.ENOENT, cwd) from error


def find_program(name: str, path: str) -> str:
    """The file that `name` stands for; errors are worded as runc does (Go's exec.LookPath)."""
    quoted = json.dumps(name, ensure_ascii=False)
    if "/" not in name:
        for folder in path.split(":"):
            candidate = os.path.join(folder or ".", name)
            if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
                return candidate
        raise CommandError(f"exec: {quoted}: executable file not found in $PATH", found=False)
    try:
        mode = os.stat(name).st_mode
    except OSError as error:
        reason = os.strerror(error.errno or errno.ENOENT).lower()
        raise CommandError(f"exec: {quoted}: stat {name}: {reason}", found=False) from error
    if stat.S_ISDIR(mode):
        raise CommandError(f"exec: {quoted}: is a directory", found=True)
    if not os.access(name, os.X_OK):
        raise CommandError(f"exec: {quoted}: permission denied", found=True)
    return name


def execute(argv: list[str], env: dict[str, str], parent: int) -> NoReturn:
    """Become the command, with signals as a fresh process has them, to be killed with the parent.

    `parent` is the writing end of a pipe whose only reader is the parent: a parent that ended
    before the kernel was told is noticed by it.
    """
    program = find_program(argv[0], env.get("PATH", DEFAULT_PATH))
    linux.die_with_parent()
    hung_up = select.poll()
    hung_up.register(parent, 0)
    if hung_up.poll(0):
        os._exit(1)
    # Python ignores the first two, which a program would inherit, and makes an exception of the
    # third, which may be waiting to be delivered.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)
    try:
        os.execve(program, argv, env)
    except OSError as error:
        reason = os.strerror(error.errno or errno.ENOEXEC).lower()
        raise CommandError(f"exec {program}: {reason}", found=True) from error
