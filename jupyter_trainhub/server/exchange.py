"""One HTTP request to an upstream and its response, in pieces both ways.

Tornado's ``simple_httpclient`` keeps at most ten requests going and hands headers on as text lines,
so this is built on the ``HTTP1Connection`` beneath it, each piece awaited.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError

from jupyter_trainhub.server.pool import PIECE, ConnectionPool, UpstreamUnreachable
from jupyter_trainhub.server.upstream import REFUSALS, Upstream, UpstreamRefused, refusal

# A response is never held whole, so its size is no danger. Each piece is a round through the event
# loop: large ones halve the cost of a large answer.
_PARAMETERS = HTTP1ConnectionParameters(max_body_size=2**63 - 1, chunk_size=PIECE)
# Bytes of an answer that may be a refusal of the API server's.
_LARGEST_REFUSAL = 2**16
# What may be sent a second time, when an idle connection turns out to be closed.
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})


class ResponseSink(Protocol):
    """Takes a response piece by piece; the next piece is read when the last one was taken."""

    async def begin(self, status: int, reason: str, headers: HTTPHeaders) -> None:
        """The response's head."""

    async def write(self, chunk: bytes) -> None:
        """A piece of the body."""


@dataclass(frozen=True)
class Request:
    """A request as the upstream gets it; ``target`` is path and query."""

    method: str
    target: str
    headers: HTTPHeaders
    body: AsyncIterator[bytes] | None = None


class Exchange:
    """One request and its response."""

    def __init__(self, upstream: Upstream, pool: ConnectionPool) -> None:
        self._upstream = upstream
        self._pool = pool
        self._stream: IOStream | None = None
        self._closed = False

    async def run(self, request: Request, sink: ResponseSink) -> bool:
        """Sends the request and feeds the response to ``sink``.

        Returns whether the response came whole. Raises UpstreamUnreachable when none began, and
        UpstreamRefused when the API server did not pass the request on.
        """
        address = self._upstream.address
        if request.body is None and request.method in _REPEATABLE:
            idle = self._pool.take(address)
            if idle is not None:
                response = await self._attempt(idle, request, sink)
                if response.began or self._closed:
                    return response.complete
        response = await self._attempt(await self._pool.connect(address), request, sink)
        if not response.began and not self._closed:
            raise UpstreamUnreachable("the connection was closed without an answer")
        return response.complete

    def close(self) -> None:
        """Drops the connection; :meth:`run` returns soon."""
        self._closed = True
        if self._stream is not None:
            self._stream.close()

    async def _attempt(self, stream: IOStream, request: Request, sink: ResponseSink) -> _Response:
        response = _Response(sink, self.close, wary=self._upstream.gateway is not None)
        if self._closed:
            stream.close()
            return response
        self._stream = stream
        connection = HTTP1Connection(stream, True, _PARAMETERS)
        sending = asyncio.ensure_future(_send(connection, request))
        try:
            with contextlib.suppress(StreamClosedError):
                await connection.read_response(response)
            await response.settle()
        finally:
            # From here on the connection may be another request's.
            self._stream = None
            if response.complete and response.keeps_alive and sending.done():
                self._pool.keep(self._upstream.address, stream)
            else:
                sending.cancel()
                stream.close()
        return response


async def _send(connection: HTTP1Connection, request: Request) -> None:
    # An upstream that hangs up has usually said why; whoever reads the response decides.
    with contextlib.suppress(StreamClosedError):
        await connection.write_headers(
            RequestStartLine(request.method, request.target, ""), request.headers
        )
        if request.body is not None:
            async for chunk in request.body:
                await connection.write(chunk)
        connection.finish()


class _Response(HTTPMessageDelegate):
    """Hands what :class:`HTTP1Connection` reads to a sink.

    Nothing may be raised in here: tornado would log it as an error of ours, with a traceback.
    """

    def __init__(self, sink: ResponseSink, give_up: Callable[[], None], *, wary: bool) -> None:
        """``wary``: an error may be the API server's, so it is held back until that is known."""
        self._sink = sink
        self._give_up = give_up
        self._wary = wary
        self._start: ResponseStartLine | None = None
        self._headers = HTTPHeaders()
        self._held: bytearray | None = None
        self.began = False
        self.complete = False

    @property
    def keeps_alive(self) -> bool:
        """Whether the other side lets the connection be used again."""
        return (
            self._start is not None
            and self._start.version == "HTTP/1.1"
            and "close" not in self._headers.get("Connection", "").lower()
        )

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code < 200:
            return
        self.began = True
        self._start, self._headers = start_line, headers
        if self._wary and start_line.code in REFUSALS:
            self._held = bytearray()
        else:
            await self._begin()

    async def data_received(self, chunk: bytes) -> None:
        if self._held is None:
            await self._write(chunk)
            return
        self._held += chunk
        if len(self._held) > _LARGEST_REFUSAL:
            await self._release()

    def finish(self) -> None:
        self.complete = True

    async def settle(self) -> None:
        """Hands on what was held back. Raises UpstreamRefused when it was the API server's."""
        if self._held is None or not self.complete or self._start is None:
            return
        refused: UpstreamRefused | None = refusal(self._start.code, bytes(self._held))
        if refused is not None:
            raise refused
        await self._release()

    async def _release(self) -> None:
        held, self._held = bytes(self._held or b""), None
        await self._begin()
        if held:
            await self._write(held)

    async def _begin(self) -> None:
        assert self._start is not None
        try:
            await self._sink.begin(self._start.code, self._start.reason, self._headers)
        except StreamClosedError:
            self._give_up()

    async def _write(self, chunk: bytes) -> None:
        try:
            await self._sink.write(chunk)
        except StreamClosedError:
            self._give_up()
