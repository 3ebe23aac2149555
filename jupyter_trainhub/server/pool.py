"""Connections to upstreams, kept for the next request.

A JupyterLab page asks for a hundred files, and a TLS handshake with an API server takes several
round trips.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

CONNECT_SECONDS = 10.0
# Shorter than what servers allow; one that allows less closes the connection, which is seen.
IDLE_SECONDS = 30.0
# Idle connections to one address. Browsers open six at a time.
LARGEST_IDLE = 12


class UpstreamUnreachable(Exception):
    """The program does not accept connections, or closed one without an answer."""


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
        """A new connection. Raises UpstreamUnreachable."""
        client = TCPClient()
        try:
            stream = await client.connect(
                address.host,
                address.port,
                ssl_options=address.ssl_context,
                timeout=CONNECT_SECONDS,
            )
        except (OSError, StreamClosedError, TimeoutError, asyncio.TimeoutError) as error:
            raise UpstreamUnreachable(str(error)) from error
        finally:
            client.close()
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
