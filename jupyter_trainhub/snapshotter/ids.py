"""Users and groups of a container as numbered inside, from what its files say on the node.

user_namespaces(7), "User and group ID mappings"; capabilities(7), "Namespaced file capabilities".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_NOBODY = 65534  # what the kernel shows for a number that is not mapped
_ACL_ENTRY = struct.Struct("<HHI")
_USER, _GROUP = 0x02, 0x08  # tags of ACL entries that name somebody
_CAPABILITY = struct.Struct("<IIIII")


@dataclass(frozen=True)
class Ids:
    """One map: `ranges` are (first inside, first outside, how many)."""

    ranges: tuple[tuple[int, int, int], ...]

    @classmethod
    def read(cls, text: str) -> Ids:
        """From /proc/PID/uid_map or gid_map, read by a process of the node's own users."""
        rows = [tuple(map(int, line.split())) for line in text.splitlines()]
        return cls(tuple((inside, outside, count) for inside, outside, count in rows))

    @property
    def same(self) -> bool:
        """Whether the numbers are the node's."""
        return all(inside == outside for inside, outside, _ in self.ranges)

    def inside(self, number: int) -> int:
        """The number inside of one on the node."""
        for inside, outside, count in self.ranges:
            if outside <= number < outside + count:
                return number - outside + inside
        return _NOBODY


def capability(value: bytes, users: Ids) -> bytes:
    """`security.capability` of a file, for a container with these users.

    Of version 3 it is for the user who is root there: with the right one it is version 2 inside.
    """
    if len(value) != 24 or users.inside(struct.unpack("<I", value[20:])[0]) != 0:
        return value
    magic, *masks = _CAPABILITY.unpack(value[:20])
    return _CAPABILITY.pack((magic & 0x00FFFFFF) | 0x02000000, *masks)


def access_list(value: bytes, users: Ids, groups: Ids) -> bytes:
    """`system.posix_acl_*` of a file, for a container with these users and groups."""
    entries = []
    for tag, permissions, number in _ACL_ENTRY.iter_unpack(value[4:]):
        if tag in (_USER, _GROUP):
            number = (users if tag == _USER else groups).inside(number)
        entries.append(_ACL_ENTRY.pack(tag, permissions, number))
    return value[:4] + b"".join(entries)
