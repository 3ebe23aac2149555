"""HTTP and websockets to the program behind the proxy.

Tornado's ``simple_httpclient`` keeps at most ten requests going and hands headers on as text lines,
so this is built on the ``HTTP1Connection`` beneath it: one connection for each request, bodies in
pieces both ways, each piece awaited.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import StreamClosedError
from tornado.tcpclient import TCPClient
from tornado.websocket import WebSocketClientConnection, WebSocketError, websocket_connect

from jupyter_trainhub.server.rewrite import Headers

CONNECT_SECONDS = 10.0
# A websocket that is silent is asked for a sign of life; a host that went away sends no farewell.
PING_SECONDS = 30.0
# As large as what Jupyter itself takes in a body (ServerApp.max_body_size).
LARGEST_MESSAGE = 512 * 2**20
# A response is never held whole, so its size is no danger.
_NO_LIMIT = 2**63 - 1


@dataclass(frozen=True)
class Upstream:
    """Where a proxied program listens.

    ``prefix`` is the path below which it answers, ``token`` what it wants to see, if anything.
    """

    host: str
    port: int
    prefix: str
    token: str | None = field(default=None, repr=False)

    @property
    def authority(self) -> str:
        """Host and port as they stand in an address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def headers(self, headers: Headers) -> HTTPHeaders:
        """``headers`` with the host and the credential of the upstream."""
        complete = HTTPHeaders()
        for name, value in headers:
            complete.add(name, value)
        complete["Host"] = self.authority
        if self.token:
            complete["Authorization"] = f"token {self.token}"
        return complete


class UpstreamUnreachable(Exception):
    """The program does not accept connections, or closed one without an answer."""


class ResponseSink(Protocol):
    """Takes a response piece by piece; the next piece is read when the last one was taken."""

    async def begin(self, status: int, reason: str, headers: HTTPHeaders) -> None:
        """The response's head."""

    async def write(self, chunk: bytes) -> None:
        """A piece of the body."""


class Exchange:
    """One request and its response."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._connection: HTTP1Connection | None = None
        self._closed = False

    async def run(
        self,
        method: str,
        target: str,
        headers: HTTPHeaders,
        body: AsyncIterator[bytes] | None,
        sink: ResponseSink,
    ) -> bool:
        """Sends the request for ``target`` (path and query) and feeds the response to ``sink``.

        Returns whether the response came whole. Raises UpstreamUnreachable when none began.
        """
        client = TCPClient()
        try:
            stream = await client.connect(
                self._upstream.host, self._upstream.port, timeout=CONNECT_SECONDS
            )
        except (OSError, StreamClosedError, TimeoutError, asyncio.TimeoutError) as error:
            raise UpstreamUnreachable(str(error)) from error
        finally:
            client.close()
        if self._closed:
            stream.close()
            return False
        stream.set_nodelay(True)
        connection = HTTP1Connection(
            stream, True, HTTP1ConnectionParameters(no_keep_alive=True, max_body_size=_NO_LIMIT)
        )
        self._connection = connection
        response = _Response(sink, self.close)
        headers["Connection"] = "close"
        sending = asyncio.ensure_future(self._send(connection, method, target, headers, body))
        try:
            with contextlib.suppress(StreamClosedError):
                await connection.read_response(response)
        finally:
            sending.cancel()
            stream.close()
        if not response.began and not self._closed:
            raise UpstreamUnreachable("the connection was closed without an answer")
        return response.complete

    def close(self) -> None:
        """Drops the connection; :meth:`run` returns soon."""
        self._closed = True
        if self._connection is not None:
            self._connection.close()

    async def _send(
        self,
        connection: HTTP1Connection,
        method: str,
        target: str,
        headers: HTTPHeaders,
        body: AsyncIterator[bytes] | None,
    ) -> None:
        # An upstream that hangs up has usually said why; whoever reads the response decides.
        with contextlib.suppress(StreamClosedError):
            await connection.write_headers(RequestStartLine(method, target, ""), headers)
            if body is not None:
                async for chunk in body:
                    await connection.write(chunk)
            connection.finish()


class _Response(HTTPMessageDelegate):
    """Hands what :class:`HTTP1Connection` reads to a sink.

    Nothing may be raised in here: tornado would log it as an error of ours, with a traceback.
    """

    def __init__(self, sink: ResponseSink, give_up: Callable[[], None]) -> None:
        self._sink = sink
        self._give_up = give_up
        self.began = False
        self.complete = False

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code < 200:
            return
        self.began = True
        try:
            await self._sink.begin(start_line.code, start_line.reason, headers)
        except StreamClosedError:
            self._give_up()

    async def data_received(self, chunk: bytes) -> None:
        try:
            await self._sink.write(chunk)
        except StreamClosedError:
            self._give_up()

    def finish(self) -> None:
        self.complete = True


async def open_websocket(
    upstream: Upstream, target: str, headers: Headers, subprotocols: list[str]
) -> WebSocketClientConnection:
    """A websocket to the upstream.

    Raises UpstreamUnreachable, or HTTPClientError with the upstream's own refusal.
    """
    request = HTTPRequest(
        f"ws://{upstream.authority}{target}",
        headers=upstream.headers(headers),
        connect_timeout=CONNECT_SECONDS,
        request_timeout=CONNECT_SECONDS,
    )
    try:
        return await websocket_connect(
            request,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_message_size=LARGEST_MESSAGE,
            subprotocols=subprotocols or None,
        )
    except HTTPClientError as error:
        # 599 is tornado's own code for "no answer".
        if error.code == 599:
            raise UpstreamUnreachable(str(error)) from error
        raise
    except (OSError, StreamClosedError, WebSocketError) as error:
        raise UpstreamUnreachable(str(error)) from error
