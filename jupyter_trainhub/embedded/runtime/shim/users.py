"""User namespaces: the users and groups that an ordinary user's containers have.

With ranges of subordinate ids (subuid(5)) an image's root is who runs the cluster, and every other
id is one of the range's. Without, there is only that one user and group.
"""

from __future__ import annotations

import errno
import os
import pwd

from . import linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Map = list[tuple[int, int, int]]  # first id inside, first id outside, how many

_TOOLS = ("/usr/bin/newuidmap", "/usr/bin/newgidmap")
_RANGES = ("/etc/subuid", "/etc/subgid")


def describe(*, privileged: bool, image: bool) -> dict[str, Any]:
    """What the spec of a container is completed by: its owner, and whether it has several users."""
    several = privileged or (image and len(maps(subordinate=True)[0]) > 1)
    return {"owner_uid": os.geteuid(), "owner_gid": os.getegid(), "users": several}


def maps(*, subordinate: bool) -> tuple[Map, Map]:
    """The maps of users and of groups where the caller is root, with its subordinate ids or not."""
    own = os.geteuid(), os.getegid()
    ranges: list[list[tuple[int, int]]] = [[], []]
    if subordinate and all(os.access(tool, os.X_OK) for tool in _TOOLS):
        found = [_ranges(path, own[0]) for path in _RANGES]
        ranges = found if all(found) else ranges
    users, groups = (_stacked([(first, 1), *more]) for first, more in zip(own, ranges, strict=True))
    return users, groups


def identity(maps: tuple[Map, Map]) -> tuple[Map, Map]:
    """The maps for a namespace nested in one of `maps` that has the same ids."""
    users, groups = ([(inner, inner, count) for inner, _, count in one] for one in maps)
    return users, groups


def _stacked(ranges: list[tuple[int, int]]) -> Map:
    result, inner = [], 0
    for outer, count in ranges:
        result.append((inner, outer, count))
        inner += count
    return result


def _ranges(path: str, uid: int) -> list[tuple[int, int]]:
    try:
        names = {str(uid), pwd.getpwuid(uid).pw_name}
        with open(path) as file:
            entries = [line.strip().split(":") for line in file]
        return [(int(e[1]), int(e[2])) for e in entries if len(e) == 3 and e[0] in names]
    except (KeyError, OSError, ValueError):
        return []


def enter(maps: tuple[Map, Map], flags: int = 0) -> None:
    """Leave for a new user namespace of these maps, and new namespaces of `flags`, as its root."""
    (uid, outer_uid, _), (gid, outer_gid, _) = maps[0][0], maps[1][0]
    if len(maps[0]) == 1:
        linux.unshare(linux.CLONE_NEWUSER | flags, "user namespace")
        linux.map_ids(uid, gid, outer_uid, outer_gid)
        return
    # More than the caller's own ids can be mapped from outside only.
    target = os.getpid()
    reader, writer = os.pipe()
    helper = os.fork()
    if helper == 0:
        os.close(writer)
        os._exit(1 if os.read(reader, 1) != b"x" else _map_from_outside(target, maps))
    os.close(reader)
    try:
        linux.unshare(linux.CLONE_NEWUSER | flags, "user namespace")
        os.write(writer, b"x")
    finally:
        os.close(writer)
        status = os.waitpid(helper, 0)[1]
    if status:
        raise linux.SetUpError("subordinate ids", errno.EPERM)


def _map_from_outside(pid: int, maps: tuple[Map, Map]) -> int:
    for name, tool, entries in zip(("uid_map", "gid_map"), _TOOLS, maps, strict=True):
        try:
            with open(f"/proc/{pid}/{name}", "w") as file:
                file.write("".join(f"{' '.join(map(str, entry))}\n" for entry in entries))
        except PermissionError:
            numbers = [str(number) for entry in entries for number in entry]
            if os.spawnv(os.P_WAIT, tool, [tool, str(pid), *numbers]):
                return 1
    return 0
