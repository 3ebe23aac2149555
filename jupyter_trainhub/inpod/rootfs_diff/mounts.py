"""What belongs to the root file system of the container."""

import os
import re
from typing import Any, NamedTuple

from .opening import shown

# A folder for each overlay of the root file system, with a link to its mount point, `place`, and
# its upper folder, `files`. TrainHub's embedded cluster has it where a container lies over a
# machine's own files, which change by themselves: a ctime says nothing then.
UPPERS = b"/dev/uppers"


class Mount(NamedTuple):
    """A line of /proc/self/mountinfo (proc_pid_mountinfo(5))."""

    path: bytes
    root: bytes
    read_only: bool
    kind: bytes
    options: bytes


def mounts(text: bytes) -> "list[Mount]":
    """The mounts of a mountinfo, in the order in which they were made."""
    found = []
    for line in text.splitlines():
        left, _, right = line.partition(b" - ")
        fields, more = left.split(b" "), right.split(b" ")
        read_only = b"ro" in fields[5].split(b",")
        found.append(Mount(_plain(fields[4]), fields[3], read_only, more[0], more[-1]))
    return found


def _plain(escaped: bytes) -> bytes:
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes((int(match.group(1), 8),)), escaped)


def foreign(text: bytes, volumes: "list[str]") -> "dict[bytes, Mount]":
    """The mounts that are not of the root file system, by their paths.

    Of it are / and overlays whose upper folder lies outside of what the container can see, for its
    engine made them. ``volumes`` are never of it, however they are mounted.
    """
    others: dict[bytes, Mount] = {}
    for mount in mounts(text):
        upper = re.search(rb"(?:^|,)upperdir=([^,]*)", mount.options)
        if upper and mount.kind == b"overlay" and mount.root == b"/" and mount.path not in others:
            folder = _plain(upper.group(1))
            # A path in /proc is of the process that mounted it, and says nothing to others.
            hidden = folder.startswith(b"/proc/") or not os.path.isdir(folder)
            if hidden and os.fsdecode(mount.path) not in volumes:
                continue
        if mount.path != b"/":
            others[mount.path] = mount
    return others


def mountinfo() -> bytes:
    """What this process sees of the mounts."""
    with open("/proc/self/mountinfo", "rb") as file:
        return file.read()


def uppers(others: "dict[bytes, Mount]") -> "dict[bytes, bytes]":
    """Where there are overlays of which the upper folder can be seen, and that folder."""
    found = {}
    try:
        entries = os.listdir(UPPERS)
    except OSError:
        return {}
    for entry in entries:
        folder = os.path.join(UPPERS, entry)
        place = os.readlink(folder + b"/place")
        if place not in others and os.path.isdir(place):
            found[place] = folder + b"/files"
    return found


def by_folder(paths: "dict[bytes, Mount]") -> "dict[bytes, set[bytes]]":
    """What is left out in each folder, with what TrainHub itself mounts."""
    hidden = {b"": {b"trainhub", b"trainhub-start"}}
    for path in paths:
        folder, _, name = path.rpartition(b"/")
        hidden.setdefault(folder, set()).add(name)
    return hidden


def not_saved(others: "dict[bytes, Mount]") -> "list[dict[str, Any]]":
    """What is mounted, for people to read, without the insides of the kernel's folders."""
    found = []
    for path, mount in sorted(others.items()):
        top = b"/" + path.split(b"/")[1]
        if top in (b"/proc", b"/sys", b"/dev") and path not in (top, b"/dev/shm"):
            continue
        own = top in (b"/proc", b"/sys", b"/trainhub", b"/trainhub-start") or path == b"/dev"
        if own or not os.path.isdir(path):  # such as /etc/hosts, and libraries of GPU drivers
            kind = "system"
        else:
            kind = "memory" if mount.kind == b"tmpfs" else "volume"
        found.append({"path": shown(path), "kind": kind, "title": "", "read_only": mount.read_only})
    return found
