"""TCP sockets that listen on this machine, and whose they are, read from /proc (proc(5))."""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_LISTENING = "0A"


def listening(port: int) -> dict[int, str]:
    """The sockets that listen on a port: inode and address, IPv4 as such where IPv6 holds it."""
    line = re.compile(rf"\s([0-9A-F]+):{port:04X} [0-9A-F:]+ {_LISTENING}(?: +\S+){{5}} +(\d+)")
    found = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(FileNotFoundError):
            for address, inode in line.findall(Path(table).read_text()):
                found[int(inode)] = _address(address)
    return found


def _address(text: str) -> str:
    # Each group of 8 digits is a word in the order of bytes that the machine has.
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    raw = struct.pack(f"={len(words)}I", *words)
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, raw).removeprefix("::ffff:")


def held(pids: Iterable[int]) -> set[int]:
    """The inodes of all sockets that these processes have open."""
    inodes = set()
    for pid in pids:
        with suppress(OSError):  # ended meanwhile, or another user's
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    kind, _, inode = os.readlink(f"/proc/{pid}/fd/{descriptor}").partition(":[")
                    if kind == "socket":
                        inodes.add(int(inode.rstrip("]")))
    return inodes
