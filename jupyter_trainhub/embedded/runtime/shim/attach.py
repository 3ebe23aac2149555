"""The clients that are attached to the standard streams of a command.

A client is a socket of type SOCK_SEQPACKET. A packet is the number of a channel, as Kubernetes'
remote command protocol has them, and up to PACKET bytes of what that channel carries. An empty
channel CLOSE followed by STDIN's number ends the input.
"""

from __future__ import annotations

import json
import os
import select
import socket

from . import linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
PACKET = 32 << 10  # bytes: few enough that a socket's buffer takes several
SOCKET = "attach"  # the name in the container's state folder
_LAST_LOOK = 1000  # milliseconds that a client gets to take the last output of what has ended


class Attachments:
    """The clients that are attached to one command.

    Args:
        once: the input ends when a client ends it; else that client alone is left by it. A
            terminal's input never ends.
        abandoned: called when the last client has gone, where the command is not to outlive it.
    """

    def __init__(
        self,
        stdin: int | None,
        terminal: int | None,
        *,
        once: bool,
        abandoned: Callable[[], None] | None = None,
    ) -> None:
        self._stdin = stdin
        self._terminal = terminal
        self._once = once
        self._abandoned = abandoned
        self._clients: dict[int, socket.socket] = {}
        self._pending = b""
        self._ending = False
        self._listener: socket.socket | None = None
        if stdin is not None:
            os.set_blocking(stdin, False)

    def listen(self, directory: str) -> None:
        """Let clients come by the state folder's socket."""
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # By descriptor, since the path of a socket may have no more than 107 bytes.
        folder = os.open(directory, os.O_PATH)
        self._listener.bind(f"/proc/self/fd/{folder}/{SOCKET}")
        os.close(folder)
        self._listener.listen()

    def add(self, client: socket.socket) -> None:
        """Attach a client."""
        client.setblocking(False)
        self._clients[client.fileno()] = client

    def watched(self) -> Iterator[tuple[int, int]]:
        """Descriptors to poll, and what for. No input is taken while some still waits."""
        if self._listener:
            yield self._listener.fileno(), select.POLLIN
        if self._pending and self._stdin is not None:
            yield self._stdin, select.POLLOUT
        for descriptor in self._clients:
            if not self._pending:
                yield descriptor, select.POLLIN
            elif self._abandoned:
                yield descriptor, 0  # only whether it has gone

    def handle(self, descriptor: int) -> None:
        """Do what a watched descriptor is ready for."""
        if self._listener and descriptor == self._listener.fileno():
            self.add(self._listener.accept()[0])
        elif descriptor == self._stdin and self._pending:
            self._flush()
        elif descriptor in self._clients:
            self._receive(self._clients[descriptor])

    def _receive(self, client: socket.socket) -> None:
        try:
            packet = b"" if self._pending else client.recv(PACKET + 1)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self._drop(client)
        elif packet[0] == STDIN and self._stdin is not None:
            self._pending = packet[1:]
            self._flush()
        elif packet[0] == RESIZE and self._terminal is not None:
            size = json.loads(packet[1:])
            linux.resize_terminal(self._terminal, int(size["Height"]), int(size["Width"]))
        elif packet == bytes((CLOSE, STDIN)):
            if self._once and self._terminal is None:
                self._ending = True
                self._flush()
            elif not self._abandoned:
                self._drop(client)

    def _flush(self) -> None:
        """Write what waits, as far as the command takes it; end the input if that was asked for."""
        if self._stdin is None:
            return
        try:
            while self._pending:
                self._pending = self._pending[os.write(self._stdin, self._pending) :]
        except BlockingIOError:
            return
        except OSError:
            self._pending = b""  # the command reads no more
        if self._ending:
            os.close(self._stdin)
            self._stdin = None

    def send(self, channel: int, data: bytes, exited: int | None = None) -> None:
        """Send output to all clients, each of which holds the command back until it has it.

        `exited`: the pidfd of the command; once that has ended, none is waited for any longer.
        """
        for client in list(self._clients.values()):
            try:
                for start in range(0, len(data), PACKET):
                    if not _writable(client, exited):
                        raise TimeoutError
                    client.send(bytes((channel,)) + data[start : start + PACKET])
            except OSError:
                self._drop(client)

    def _drop(self, client: socket.socket) -> None:
        del self._clients[client.fileno()]
        client.close()
        if self._abandoned and not self._clients:
            self._abandoned()


def _writable(client: socket.socket, exited: int | None) -> bool:
    poller = select.poll()
    poller.register(client, select.POLLOUT)
    if exited is not None:
        poller.register(exited, select.POLLIN)
    ready = dict(poller.poll())
    if client.fileno() not in ready:
        poller.unregister(exited)  # type: ignore[arg-type]
        ready = dict(poller.poll(_LAST_LOOK))
    return client.fileno() in ready
