"""``pods/attach``: the streams of the command that a container was started for."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

from ...kubelet.container_logs import read, seek_last, show
from ...runtime.shim.attach import STDERR, STDOUT
from .remotecommand import RemoteCommandHandler

_STREAMS = {b"stdout": STDOUT, b"stderr": STDERR}


class AttachHandler(RemoteCommandHandler):
    """Joins a container until it ends. A container without input is heard by its log alone."""

    def tty(self) -> bool:
        return bool(self.container.get("tty"))

    async def connect(self) -> socket.socket | None:
        if not self.tty() and not self.container.get("stdin"):
            return None
        connection = self.running.attach()
        connection.setblocking(False)
        return connection

    async def output(self, connection: socket.socket | None) -> AsyncIterator[bytes]:
        if connection:
            async for packet in super().output(connection):
                yield packet
            return
        path, _ = self.context.kubelet.log(self.pod, self.container["name"], previous=False)
        with path.open("rb") as file:
            seek_last(file, 0)
            async for lines in read(file, self.running.alive):
                for line in lines:
                    yield bytes((_STREAMS[line.split(b" ", 2)[1]],)) + show([line])[0]
