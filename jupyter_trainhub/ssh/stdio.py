"""The standard streams of a ``ProxyCommand``, on which ssh speaks to whatever it reaches."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

_BLOCK = 1 << 17


@contextlib.contextmanager
def as_socket() -> Iterator[socket.socket]:
    """A socket whose bytes are this process's standard input and output.

    Threads move them, for pipes can be waited for in no other way on every system. Whoever has the
    socket closes it; what was written to it is then still sent, within five seconds.
    """
    ours, theirs = socket.socketpair()
    threads = [
        threading.Thread(target=move, args=(theirs,), daemon=True) for move in (_input, _output)
    ]
    for thread in threads:
        thread.start()
    try:
        yield ours
    finally:
        ours.close()
        threads[1].join(5)


def _input(end: socket.socket) -> None:
    try:
        while data := os.read(0, _BLOCK):
            end.sendall(data)
        end.shutdown(socket.SHUT_WR)
    except OSError:
        # The other side has ended; ssh is told by the end of its input.
        return


def _output(end: socket.socket) -> None:
    try:
        while data := end.recv(_BLOCK):
            while data:
                data = data[os.write(1, data) :]
    except OSError:
        # ssh has gone.
        end.close()
