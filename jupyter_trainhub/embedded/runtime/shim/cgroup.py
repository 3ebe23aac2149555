"""Control groups: how much CPU and memory a container may use, kept by the kernel (cgroups(7)).

A container has one below the nearest group where its supervisor may make one. Where there is none,
as for most ordinary users outside of a delegated group, the kernel keeps no limits.
"""

from __future__ import annotations

import os

_MOUNT = "/sys/fs/cgroup"
_PERIOD = 100_000  # microseconds over which CPU is counted: the kernel's default, and kubelet's
_SMALLEST_QUOTA = 1_000


def parents() -> list[str]:
    """The folders below which groups can be made: one in version 2, one a controller in version 1.

    Empty where the caller may make none that limits CPU and memory.
    """
    with open("/proc/self/cgroup") as file:
        own = [line.rstrip("\n").split(":", 2) for line in file]
    if os.path.exists(f"{_MOUNT}/cgroup.controllers"):
        return _delegated(next(path for number, _, path in own if number == "0"))
    paths = {name: path for _, names, path in own for name in names.split(",")}
    found = [f"{_MOUNT}/{name}{paths.get(name, '/')}".rstrip("/") for name in ("cpu", "memory")]
    return found if all(os.access(folder, os.W_OK) for folder in found) else []


def _delegated(path: str) -> list[str]:
    """The nearest group above `path` that the caller may divide, and that hands on controllers."""
    while path != "/":
        path = os.path.dirname(path)
        folder = (_MOUNT + path).rstrip("/")
        if os.access(folder, os.W_OK) and os.access(f"{folder}/cgroup.procs", os.W_OK):
            with open(f"{folder}/cgroup.subtree_control") as file:
                if {"cpu", "memory"} <= set(file.read().split()):
                    return [folder]
    return []


def create(name: str, cpus: float | None, memory: int | None) -> list[str]:
    """Make a group with these limits (cores, bytes); its folders, or none where it cannot be."""
    made: list[str] = []
    try:
        for parent in parents():
            folder = f"{parent}/{name}"
            os.mkdir(folder)
            made.append(folder)
        for setting, value in _settings(cpus, memory):
            for folder in made:
                if os.path.exists(f"{folder}/{setting}"):
                    with open(f"{folder}/{setting}", "w") as file:
                        file.write(value)
    except OSError:
        remove(made)
        return []
    return made


def _settings(cpus: float | None, memory: int | None) -> list[tuple[str, str]]:
    """Files and their contents, of both versions; each hierarchy has its own of them."""
    result = []
    if cpus is not None:
        quota = max(int(cpus * _PERIOD), _SMALLEST_QUOTA)
        result += [("cpu.max", f"{quota} {_PERIOD}"), ("cpu.cfs_quota_us", str(quota))]
    if memory is not None:
        result += [
            *(("memory.max", str(memory)), ("memory.swap.max", "0"), ("memory.oom.group", "1")),
            ("memory.limit_in_bytes", str(memory)),
            ("memory.memsw.limit_in_bytes", str(memory)),
        ]
    return result


def openings(folders: list[str]) -> list[int]:
    """Descriptors for `join`, which work where these folders are out of sight as well."""
    return [os.open(f"{folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for folder in folders]


def join(openings: list[int]) -> None:
    """Move this process, and the children to come, into a group."""
    for descriptor in openings:
        os.write(descriptor, b"0")
        os.close(descriptor)


def ran_out_of_memory(folders: list[str]) -> bool:
    """Whether the kernel has killed a process of the group because of its memory limit."""
    for folder in folders:
        for name in ("memory.events", "memory.oom_control"):
            try:
                with open(f"{folder}/{name}") as file:
                    counts = dict(line.split() for line in file)
            except OSError:
                continue
            if int(counts.get("oom_kill", 0)) > 0:
                return True
    return False


def release(folders: list[str]) -> None:
    """Limit CPU no longer: thousands of processes that were killed need some to end."""
    for folder in folders:
        for setting, unlimited in (("cpu.max", "max"), ("cpu.cfs_quota_us", "-1")):
            if os.path.exists(f"{folder}/{setting}"):
                with open(f"{folder}/{setting}", "w") as file:
                    file.write(unlimited)


def remove(folders: list[str]) -> None:
    """Remove a group; one in which processes still run, or that is gone, is left alone."""
    for folder in folders:
        try:
            os.rmdir(folder)
        except OSError:
            continue
