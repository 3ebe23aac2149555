"""Connections to upstreams, kept for the next request.

A JupyterLab page asks for a hundred files, and a TLS handshake with an API server takes several
round trips.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass, field

from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

CONNECT_SECONDS = 10.0
# Shorter than what servers allow; one that allows less closes the connection, which is seen.
IDLE_SECONDS = 30.0
# Idle connections to one address. Browsers open six at a time.
LARGEST_IDLE = 12
# Bytes that are read at a time.
PIECE = 2**18


class UpstreamUnreachable(Exception):
    """The program does not accept connections, or closed one without an answer."""


class NotListening(UpstreamUnreachable):
    """The program does not accept connections: it has seen nothing of the request."""


@dataclass(frozen=True)
class Address:
    """Where to connect to, and with which TLS, if any."""

    host: str
    port: int
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False, compare=False)
    tls: bool = False


class ConnectionPool:
    """The idle connections of one server."""

    def __init__(self) -> None:
        self._idle: dict[Address, list[tuple[IOStream, asyncio.TimerHandle]]] = {}

    async def connect(self, address: Address) -> IOStream:
        """A new connection. Raises NotListening."""
        try:
            stream = await _connect(address)
        except (OSError, StreamClosedError, TimeoutError, asyncio.TimeoutError) as error:
            raise NotListening(str(error)) from error
        stream.set_nodelay(True)
        return stream

    def take(self, address: Address) -> IOStream | None:
        """The idle connection that was used last; the other side may be about to close it."""
        waiting = self._idle.get(address)
        if not waiting:
            return None
        stream, timer = waiting.pop()
        timer.cancel()
        stream.set_close_callback(None)
        return stream

    def keep(self, address: Address, stream: IOStream) -> None:
        """Take back a connection on which nothing more is expected."""
        waiting = self._idle.setdefault(address, [])
        if stream.closed() or len(waiting) >= LARGEST_IDLE:
            stream.close()
            return
        timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, stream.close)
        kept = stream, timer

        def drop() -> None:
            timer.cancel()
            waiting.remove(kept)

        waiting.append(kept)
        # Also notices when the other side closes it.
        stream.set_close_callback(drop)

    def close(self) -> None:
        """Close what is idle."""
        for address in list(self._idle):
            while (stream := self.take(address)) is not None:
                stream.close()


async def _connect(address: Address) -> IOStream:
    family = _family(address.host)
    if family is not None and address.ssl_context is None:
        # TensorBoard closes each connection, and a resolver asks a thread even for a number.
        stream = IOStream(socket.socket(family), read_chunk_size=PIECE)
        try:
            await asyncio.wait_for(stream.connect((address.host, address.port)), CONNECT_SECONDS)
        except BaseException:
            stream.close()
            raise
        return stream
    client = TCPClient()
    try:
        return await client.connect(
            address.host,
            address.port,
            ssl_options=address.ssl_context,
            timeout=CONNECT_SECONDS,
        )
    finally:
        client.close()


def _family(host: str) -> socket.AddressFamily | None:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return socket.AF_INET if version == 4 else socket.AF_INET6
