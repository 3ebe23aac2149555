"""The way to an sshd that runs in the image itself, with its own accounts and host key."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from jupyter_trainhub.ssh.pod import Pod

PORT = 22
_BLOCK = 1 << 16


async def relay(
    connection: socket.socket, pod: Pod, *, on_input: Callable[[], None] = lambda: None
) -> None:
    """Join ``connection`` to port 22 of the pod until one side ends; it is closed then.

    ``on_input`` is called when the client has sent something. Raises what the cluster refuses, and
    Conflict when no sshd listens.
    """
    remote = await pod.connect(PORT)
    reader, writer = await asyncio.open_connection(sock=connection)

    async def send() -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_BLOCK):
                on_input()
                await remote.write(data)
        await remote.close()

    sending = asyncio.ensure_future(send())
    try:
        while data := await remote.read():
            writer.write(data)
            await writer.drain()
    except OSError:
        # The client has gone.
        return
    finally:
        sending.cancel()
        writer.close()
        await remote.close()
