"""The standard streams that a command gets, and our ends of them."""

from __future__ import annotations

import os
import socket

from . import linux
from .attach import STDERR, STDOUT, Attachments


class Streams:
    """A command's streams: the ends that it gets, and ours. With `tty` all are one terminal."""

    def __init__(self, *, stdin: bool, tty: bool) -> None:
        self.terminal: int | None = None
        self.input: int | None = None
        if tty:
            self.terminal, slave = os.openpty()
            self.theirs = [slave, slave, slave]
            self.input = os.dup(self.terminal) if stdin else None  # polled for something else
            self.outputs = {self.terminal: STDOUT}
            return
        source = os.open("/dev/null", os.O_RDONLY)
        if stdin:
            os.close(source)
            source, self.input = os.pipe()
        output, error = os.pipe(), os.pipe()
        self.theirs = [source, output[1], error[1]]
        self.outputs = {output[0]: STDOUT, error[0]: STDERR}

    def take(self) -> None:
        """In the command's own process: make them its standard streams."""
        become_standard(self.theirs, terminal=self.terminal is not None)

    def keep(self) -> None:
        """In the process that serves the clients: close the ends that are the command's."""
        for descriptor in set(self.theirs):
            os.close(descriptor)


def become_standard(streams: list[int], *, terminal: bool) -> None:
    """Make these standard input, output and error; a terminal becomes the controlling one."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    if terminal:
        linux.take_terminal()


class Console:
    """The input of a container, or its terminal, and the socket by which clients reach them.

    The terminal is one of the container's own, and so can be opened inside by its name.
    """

    def __init__(self, directory: str, *, stdin: bool, once: bool, tty: bool) -> None:
        self.terminal: int | None = None
        self._directory = directory
        self._stdin = stdin
        self._once = once
        self._source: int | None = None
        self._input: int | None = None
        self._sockets: tuple[socket.socket, socket.socket] | None = None
        if tty:
            self._sockets = socket.socketpair()
        elif stdin:
            self._source, self._input = os.pipe()

    def take(self) -> None:
        """In process 1, once its files are its own: make it the standard input, or all three."""
        if self._sockets:
            master, slave = os.openpty()
            socket.send_fds(self._sockets[1], [b"\0"], [master])
            become_standard([slave, slave, slave], terminal=True)
        elif self._source is not None:
            os.dup2(self._source, 0)

    def open(self) -> Attachments:
        """In the supervisor: have the other side, and let clients come.

        Waits for `take`; of a process 1 that ended before there is no terminal.
        """
        if self._source is not None:
            os.close(self._source)
        if self._sockets:
            self._sockets[1].close()
            received = socket.recv_fds(self._sockets[0], 1, 1)[1]
            if received:
                self.terminal = received[0]
                os.set_blocking(self.terminal, False)
                self._input = os.dup(self.terminal) if self._stdin else None
        attachments = Attachments(self._input, self.terminal, once=self._once)
        attachments.listen(self._directory)
        return attachments
