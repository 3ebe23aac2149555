"""Why a machine cannot isolate pods, as sentences with what would do."""

from __future__ import annotations

import errno
import os
import platform
import re
from pathlib import Path

from .container import Container
from .shim import cgroup, linux, users

OLDEST_KERNEL = (5, 12)  # mount_setattr(2); overlayfs for ordinary users came with 5.11
REAL_CLUSTER = "or name a kubeconfig context of a real cluster instead"

# Settings that keep ordinary users from namespaces: the value that does, and one that does not.
_SETTINGS = {
    "kernel.unprivileged_userns_clone": ("0", "1"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
    "user.max_user_namespaces": ("0", "10000"),
}
_REFUSALS = (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EUSERS)


def unsuitable_system(system: str, release: str) -> str | None:
    """The sentence for an operating system that cannot do it; None if it may.

    The arguments are those of `platform.system()` and `platform.release()`.
    """
    if system != "Linux":
        return (
            f"Pods need Linux, and this is {system}: use WSL 2 or a Linux machine, {REAL_CLUSTER}."
        )
    version = tuple(int(number) for number in re.findall(r"\d+", release)[:2])
    if version < OLDEST_KERNEL:
        oldest = ".".join(map(str, OLDEST_KERNEL))
        return (
            f"Pods need Linux {oldest} or newer, and this is {release}: update it, {REAL_CLUSTER}."
        )
    return None


def remedy(step: str, code: int, message: str, state: Path) -> str:
    """The sentence for a trial container under the folder `state` that failed.

    `step` and `code` (errno) are those of the shim's exit.json, `message` is the reason in short.
    """
    refused = code in _REFUSALS
    if step == "overlay" and not refused:
        return (
            f"The file system of {state} cannot hold what pods write ({message}): keep the "
            f"cluster's files on a local ext4, xfs, btrfs or tmpfs, {REAL_CLUSTER}."
        )
    if refused and os.geteuid() != 0:
        for name, (forbidding, allowing) in _SETTINGS.items():
            if _setting(name) == forbidding:
                return (
                    f"This machine does not let ordinary users make namespaces ({message}; {name} "
                    f"is {forbidding}): have its administrator run `sysctl -w {name}={allowing}`, "
                    f"{REAL_CLUSTER}."
                )
    if refused:
        return (
            "This machine, or the container engine that it is a container of, does not let pods be "
            f"isolated ({message}): start the outer container with `--privileged`, or with "
            "`--security-opt seccomp=unconfined --security-opt apparmor=unconfined "
            f"--security-opt systempaths=unconfined`, {REAL_CLUSTER}."
        )
    return f"A trial container did not start ({message}): mend that, {REAL_CLUSTER}."


def this_system() -> str | None:
    """`unsuitable_system` of the system this is."""
    return unsuitable_system(platform.system(), platform.release())


def _setting(name: str) -> str | None:
    try:
        return Path("/proc/sys", name.replace(".", "/")).read_text().strip()
    except OSError:
        return None


def limits(container: Container) -> list[str]:
    """What the kernel does not let this user give a container, in words; empty for most."""
    found = []
    if container.cpus is not None and not cgroup.parents():
        found.append("limits.cpu is not enforced: no control group can be made here")
    image = not container.machine
    if users.describe(privileged=linux.is_privileged(), image=image)["users"]:
        return found
    if container.uid not in (None, os.geteuid()):
        found.append(
            f"user {container.uid} is a number only: its processes and files are, on the machine, "
            "those of the user who runs the cluster"
        )
    if container.groups:
        found.append(f"groups {', '.join(map(str, container.groups))} are not given")
    if image:
        found.append(
            "all files of the image belong to one user, and chown to others fails: ranges in "
            "/etc/subuid and /etc/subgid, and newuidmap, would allow it"
        )
    return found
