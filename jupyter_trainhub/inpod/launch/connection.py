"""A connection between two nodes of a job."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Mapping
from typing import Any

# A connection of which nothing is heard is lost after 90 seconds: the seconds that it may be idle,
# those between probes, and how many of them (tcp(7)).
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))
_LONGEST_LINE = 1 << 20


class Peer:
    """A connection to another node, by lines of JSON."""

    def __init__(self, connection: socket.socket) -> None:
        """Takes over ``connection``."""
        self.connection = connection
        self.node = -1
        self.facts: dict[str, Any] = {}
        self._received = b""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            with contextlib.suppress(OSError, AttributeError):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; a peer that is gone is noticed by who reads."""
        with contextlib.suppress(OSError):
            self.connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> list[dict[str, Any]] | None:
        """The messages of one read, which may be none yet; None when the peer has gone."""
        try:
            data = self.connection.recv(1 << 16)
        except (BlockingIOError, socket.timeout):  # noqa: UP041 - Python 3.8
            return []
        except OSError:
            return None
        *lines, self._received = (self._received + data).split(b"\n")
        if not data or len(self._received) > _LONGEST_LINE:
            return None
        try:
            messages = [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            # Whoever reaches the port may send anything.
            return None
        return messages if all(isinstance(message, dict) for message in messages) else None

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
