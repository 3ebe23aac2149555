"""What a container sees of files: its root, /proc, /sys, /dev, its volumes, and nothing else."""

from __future__ import annotations

import os

from . import linux
from .root import RootBuilder, is_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# The default lists of the OCI runtimes (containerd, `oci.WithDefaultSpec`).
READ_ONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
MASKED_PATHS = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
)
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
SHARED_MEMORY = 64 << 20  # bytes: containerd's /dev/shm

# Where a container that lies over the machine's files finds what of them is its own: for each of
# its overlays a folder with a link to its mount point, `place`, and its upper folder, `files`. What
# the machine changes meanwhile cannot be told from its own changes in another way.
UPPERS = "/dev/uppers"

_INERT = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC


def enter(spec: dict[str, Any], directory: str, *, privileged: bool) -> None:
    """Make the container's view and change into it; the machine's own mounts are out of reach then.

    To be called as process 1, in a new mount namespace. `spec` is sandbox.Container as JSON.
    """
    linux.make_mounts_private()
    mounts = sorted(spec["mounts"], key=lambda entry: entry["target"].count("/"))
    targets = tuple(entry["target"] for entry in mounts)
    hidden = list(hidden_paths([*spec["hide"], directory], mounts, machine=spec["machine"]))
    builder = RootBuilder(directory, privileged=privileged)
    root = builder.build(spec["layers"], tuple(spec["hide"]), machine=spec["machine"])

    # Sources are taken here, where a path means the machine's. Targets are resolved after the
    # change of root, so that a symbolic link in an image or a volume cannot lead out.
    system = linux.copy_tree("/sys", read_only=True)
    devices = [
        (f"/dev/{name}", linux.copy_tree(f"/dev/{name}", read_only=False))
        for name in device_names(spec["env"])
    ]
    files = dict(_files(spec, directory, targets))
    volumes = [(entry, _source(entry["source"], read_only=entry["read_only"])) for entry in mounts]
    uppers = {
        place.removeprefix(root) or "/": linux.copy_tree(upper, read_only=True)
        for place, upper in builder.uppers.items()
        if spec["machine"]
    }

    machine = linux.pivot_root(root)
    places = [mount.removeprefix(root) or "/" for mount in builder.mounts]
    writable = [os.open(place, os.O_PATH | os.O_CLOEXEC) for place in places]
    os.makedirs("/proc", exist_ok=True)
    # Before the machine's root is left: in a user namespace the kernel allows a new /proc only
    # while another one is in sight.
    linux.mount("proc", "/proc", _INERT, "", "proc")
    linux.attach(system, "/sys")
    _make_devices(devices, privileged=privileged)
    _show_uppers(uppers)
    for path in READ_ONLY_PATHS:
        if os.path.exists(path):
            linux.attach(linux.copy_tree(path, read_only=True), path)
    for path in MASKED_PATHS:
        mask(path)
    # A volume may lie in a hidden folder, and a hidden folder in a volume.
    for path in hidden:
        if not is_below(path, targets):
            mask(path)
    for entry, tree in volumes:
        _mount_volume(entry, tree)
    for path in hidden:
        if is_below(path, targets):
            mask(path)
    if "/dev/shm" not in targets:
        _mount_tmpfs("/dev/shm", SHARED_MEMORY)
    for path, tree in files.items():
        linux.attach(tree, os.path.realpath(path))
    linux.leave_root(machine)
    for mount in writable:
        if spec["read_only"]:
            linux.make_read_only(mount)
        os.close(mount)


def _files(
    spec: dict[str, Any], directory: str, targets: tuple[str, ...]
) -> Iterator[tuple[str, int]]:
    """The files that every container is given: where it sees them, and a tree of each."""
    given = {
        spec["termination_log"]: "termination-log",
        "/etc/hostname": "hostname",
        "/etc/resolv.conf": "resolv.conf",
    }
    for path, name in given.items():
        if path not in targets and os.path.exists(f"{directory}/{name}"):
            yield path, linux.copy_tree(f"{directory}/{name}", read_only=False)


def hidden_paths(hide: list[str], mounts: list[dict[str, Any]], *, machine: bool) -> Iterator[str]:
    """Where the folders to hide appear in the container.

    That is at their own place if it shows the `machine`, and wherever a volume's source holds them.
    """
    for folder in hide:
        if machine:
            yield folder
        for entry in mounts:
            source = entry["source"] and os.path.realpath(entry["source"])
            if source and is_below(folder, (source,)):
                inside = os.path.relpath(folder, source)
                yield os.path.normpath(os.path.join(entry["target"], inside))


def device_names(env: dict[str, str]) -> list[str]:
    """Which of the machine's devices a container sees: NVIDIA's only when it was given GPUs."""
    names = list(DEVICES)
    if env.get("CUDA_VISIBLE_DEVICES"):
        names += sorted(name for name in os.listdir("/dev") if name.startswith("nvidia"))
    return names


def mask(path: str) -> None:
    """Cover a folder by an empty one, in which volumes may be mounted, and a file by nothing."""
    if os.path.isdir(path):
        linux.mount("tmpfs", path, _INERT, "mode=0755,size=64k")
    elif os.path.exists(path):
        linux.attach(linux.copy_tree("/dev/null", read_only=False), path)


def _source(path: str | None, *, read_only: bool) -> int | None:
    return None if path is None else linux.copy_tree(path, read_only=read_only)


def _mount_volume(entry: dict[str, Any], tree: int | None) -> None:
    if tree is None:
        _mount_tmpfs(entry["target"], entry["size"])
    else:
        # An image may hold a link there that leads to nothing yet.
        linux.attach(tree, os.path.realpath(entry["target"]))


def _mount_tmpfs(target: str, size: int | None) -> None:
    os.makedirs(target, exist_ok=True)
    mode = "1777" if target == "/dev/shm" else "0777"  # as the kubelet makes an emptyDir
    limit = "" if size is None else f",size={size}"
    linux.mount("tmpfs", target, linux.MS_NOSUID | linux.MS_NODEV, f"mode={mode}{limit}")


def _show_uppers(uppers: dict[str, int]) -> None:
    for number, (place, tree) in enumerate(uppers.items()):
        os.makedirs(f"{UPPERS}/{number}")
        os.symlink(place, f"{UPPERS}/{number}/place")
        linux.attach(tree, f"{UPPERS}/{number}/files")


def _make_devices(devices: list[tuple[str, int]], *, privileged: bool) -> None:
    os.makedirs("/dev", exist_ok=True)
    linux.mount("tmpfs", "/dev", linux.MS_NOSUID, "mode=0755,size=64k")
    for path, tree in devices:
        linux.attach(tree, path)
    for name, destination in DEVICE_LINKS.items():
        os.symlink(destination, f"/dev/{name}")
    os.mkdir("/dev/pts")
    # Group 5 is `tty` on every Linux distribution; in a user namespace it has no number.
    group = ",gid=5" if privileged else ""
    options = f"newinstance,ptmxmode=0666,mode=0620{group}"
    linux.mount("devpts", "/dev/pts", linux.MS_NOSUID | linux.MS_NOEXEC, options)
    os.mkdir("/dev/mqueue")
    try:
        linux.mount("mqueue", "/dev/mqueue", _INERT)
    except linux.SetUpError:
        os.rmdir("/dev/mqueue")  # a kernel without POSIX message queues
