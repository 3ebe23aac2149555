"""Copying a command's output to where it goes, for as long as there is any."""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .attach import Attachments

    Sink = Callable[[bytes], None]  # gets what was written, and b"" at the end

READ_SIZE = 64 << 10  # bytes: what a pipe holds


def relay(
    outputs: dict[int, Sink], attachments: Attachments | None = None, exited: int | None = None
) -> None:
    """Copy the pipes or terminals `outputs` to their sinks, and serve who is attached meanwhile.

    Returns when none has a writer any more, or the process of the pidfd `exited` has ended. The
    latter is to be a process 1: its whole pid namespace is dead by then (pid_namespaces(7)), so all
    there will ever be is in the pipes already. They are emptied without waiting: a writer that
    leaked out of the container cannot hold the end back. They must not block then.
    """
    while outputs or exited is not None:
        poller = select.poll()
        for descriptor in outputs:
            poller.register(descriptor, select.POLLIN)
        if exited is not None:
            poller.register(exited, select.POLLIN)
        for descriptor, events in attachments.watched() if attachments else ():
            poller.register(descriptor, events)
        ready = [descriptor for descriptor, _ in poller.poll()]
        if exited in ready:
            break
        for descriptor in ready:
            if descriptor in outputs:
                if not _copy(descriptor, outputs[descriptor]):
                    outputs.pop(descriptor, None)
            elif attachments:
                attachments.handle(descriptor)
    for descriptor, sink in outputs.items():
        while _copy(descriptor, sink):
            pass
        sink(b"")


def _copy(descriptor: int, sink: Sink) -> bool:
    """Copy what the pipe holds, up to READ_SIZE; False if it is empty or at its end."""
    try:
        data = os.read(descriptor, READ_SIZE)
    except BlockingIOError:
        return False
    except OSError:
        data = b""  # how a terminal ends
    sink(data)
    return bool(data)
