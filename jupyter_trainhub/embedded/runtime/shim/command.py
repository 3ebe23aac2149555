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


def _entries(path: str, fields: int) -> list[list[str]]:
    """The lines of /etc/passwd or /etc/group; an image need not have them, or sound ones."""
    try:
        with open(path, errors="surrogateescape") as file:
            lines = [line.rstrip("\n").split(":") for line in file]
    except OSError:
        return []
    return [entry for entry in lines if len(entry) == fields and entry[2].isdecimal()]


def _find(path: str, fields: int, asked: str, what: str) -> list[str] | None:
    """The entry of that name, else of that number; None for a number that has no entry."""
    entries = _entries(path, fields)
    for position in (0, 2):
        for entry in entries:
            if entry[position] == asked:
                return entry
    if asked.isdecimal():
        return None
    message = f"unable to find {what} {asked}: no matching entries in {os.path.basename(path)} file"
    raise CommandError(message, found=False)


def environment(spec: dict[str, Any]) -> dict[str, str]:
    """The variables asked for, and those that every container has where they are not among them."""
    user = _find("/etc/passwd", 7, str(identity(spec)[0]), "user")
    home = spec["home"] or (user and user[5]) or "/"
    return {"PATH": DEFAULT_PATH, "HOSTNAME": spec["hostname"], "HOME": home, **spec["env"]}


def identity(spec: dict[str, Any]) -> tuple[int, int, list[int]]:
    """User, group and supplementary groups, as numbered inside, that the command runs as.

    The user of the container's own files, where they name one, is in the groups that they say.
    Raises CommandError, as runc words it, for a name that they do not have.
    """
    name, _, group = spec["user"].partition(":")
    if spec["uid"] is not None:
        name, group = str(spec["uid"]), ""
    if not name and spec["machine"]:
        gid = spec["owner_gid"] if spec["gid"] is None else spec["gid"]
        return spec["owner_uid"], gid, list(spec["groups"])
    user = _find("/etc/passwd", 7, name or "0", "user")
    uid, gid, groups = int(user[2] if user else name or 0), int(user[3] if user else 0), set()
    if user:
        groups = {int(e[2]) for e in _entries("/etc/group", 4) if user[0] in e[3].split(",")}
    if spec["gid"] is not None:
        gid = spec["gid"]
    elif group:
        gid = int((_find("/etc/group", 4, group, "group") or ["", "", group])[2])
    return uid, gid, sorted({gid, *groups, *spec["groups"]})


def become(spec: dict[str, Any]) -> None:
    """In a container that has several users, give up privilege and take the one asked for."""
    linux.limit_capabilities(KEPT_CAPABILITIES)
    uid, gid, groups = identity(spec)
    if (uid, gid) == (os.geteuid(), os.getegid()) and spec["machine"]:
        groups = sorted({*os.getgroups(), *groups})
    for stream in (0, 1, 2):
        if stat.S_ISFIFO(os.fstat(stream).st_mode) or os.isatty(stream):
            os.fchown(stream, uid, gid)  # else /dev/stdout cannot be opened anew
    os.setgroups(groups)
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
