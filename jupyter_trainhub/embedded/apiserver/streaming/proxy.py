"""The proxy subresource of pods and services: HTTP to what listens in a pod.

Bodies pass in pieces both ways; only an HTML page is held whole, to change its links. What asks for
another protocol, such as a websocket, becomes a plain connection to the pod.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import Iterator
from functools import partial
from typing import Any

from tornado import web
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

from ...apimachinery.status import ApiError
from .. import endpoints
from ..handler import ApiHandler
from . import links

_BLOCK = 1 << 18
_NO_LIMIT = 1 << 62
_PARAMETERS = HTTP1ConnectionParameters(
    no_keep_alive=True, chunk_size=_BLOCK, max_body_size=_NO_LIMIT
)

# Headers of one connection only; those that are for the API server, not the pod; and those that it
# takes from answers.
_HOP_BY_HOP = frozenset(
    ("connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization",
     "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)  # fmt: skip
_PRIVATE = ("authorization", "impersonate-")
_CORS = "access-control-allow-"

# Methods whose body can be sent without a length.
_WITH_BODY = ("POST", "PUT", "PATCH")


@web.stream_request_body
class ProxyHandler(ApiHandler):
    """Passes a request on and its answer back."""

    _upstream: HTTP1Connection | None = None

    async def prepare(self) -> None:
        """Connects, and sends the head, before any of the body is read."""
        admitted = super().prepare()
        if admitted is not None:
            await admitted
        if self._finished:
            return
        self.request.connection.set_max_body_size(_NO_LIMIT)  # type: ignore[union-attr]
        head, _, below = self.request.path.partition("/proxy")
        endpoint = endpoints.find(self.context.store, *self.path_args)
        upgrades = "upgrade" in self.request.headers.get("Connection", "").lower()
        query = f"?{self.request.query}" if self.request.query else ""
        if not below and not upgrades and self.request.method in ("GET", "HEAD"):
            self.redirect(f"{self.request.path}/{query}", permanent=True)
            return
        stream = await self._connect(endpoint)
        host = f"{endpoint.pod['status'].get('podIP')}:{endpoint.port}"
        start = RequestStartLine(self.request.method or "", f"{below or '/'}{query}", "HTTP/1.1")
        headers = self._request_headers(upgrades)
        if upgrades:
            await self._tunnel(stream, start, headers)
            return
        headers["X-Forwarded-Uri"] = self.request.path
        headers["Connection"] = "close"
        change = partial(
            links.through, prefix=f"{head}/proxy", upstream=host, asked=self.request.host
        )
        self._upstream = HTTP1Connection(stream, True, _PARAMETERS)
        self._answer = _Answer(self, change)
        with contextlib.suppress(StreamClosedError):
            await self._upstream.write_headers(start, headers)
        self._reading = asyncio.ensure_future(self._upstream.read_response(self._answer))

    async def _connect(self, endpoint: endpoints.Endpoint) -> IOStream:
        """Connect to the pod.

        Raises:
            ApiError: 503 with the words of Go's dialler.
        """
        address = f"{endpoint.pod['status'].get('podIP', '')}:{endpoint.port}"
        options = None
        if endpoint.scheme == "https":
            options = ssl.create_default_context()
            options.check_hostname, options.verify_mode = False, ssl.CERT_NONE
        try:
            port = int(endpoint.port)
            host = self.context.kubelet.listener(endpoint.pod, port, loopback=False)
            stream = await TCPClient().connect(host, port, ssl_options=options)
            stream.read_chunk_size = _BLOCK
            return stream
        except ValueError:
            reason = f"dial tcp: lookup tcp/{endpoint.port}: unknown port"
        except ConnectionRefusedError:
            reason = f"dial tcp {address}: connect: connection refused"
        except (OSError, StreamClosedError) as error:
            reason = str(error)
        raise _unreachable(reason)

    def _request_headers(self, upgrades: bool) -> HTTPHeaders:
        headers = HTTPHeaders()
        named = self.request.headers.get("Connection", "").lower().replace(" ", "").split(",")
        dropped = () if upgrades else (*_HOP_BY_HOP, *named)
        for name, value in self.request.headers.get_all():
            if name.lower() not in dropped and not name.lower().startswith(_PRIVATE):
                headers.add(name, value)
        forwarded = self.request.headers.get_list("X-Forwarded-For")
        headers["X-Forwarded-For"] = ", ".join([*forwarded, self.request.remote_ip or ""])
        return headers

    async def _tunnel(
        self, upstream: IOStream, start: RequestStartLine, headers: HTTPHeaders
    ) -> None:
        lines = [f"{name}: {value}" for name, value in headers.get_all()]
        head = "\r\n".join([" ".join(start), *lines, "", ""])
        client: Any = self.detach()

        async def copy(source: IOStream, target: IOStream) -> None:
            with contextlib.suppress(StreamClosedError):
                while True:
                    await target.write(await source.read_bytes(_BLOCK, partial=True))

        try:
            with contextlib.suppress(StreamClosedError):
                await upstream.write(head.encode("latin-1"))
            both = {asyncio.ensure_future(copy(client, upstream)),
                    asyncio.ensure_future(copy(upstream, client))}  # fmt: skip
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            upstream.close()
            client.close()
            self.on_finish()

    async def data_received(self, chunk: bytes) -> None:
        """Passes a piece of the body on; the next is read when the pod has taken it."""
        framed = self.request.method in _WITH_BODY or "Content-Length" in self.request.headers
        if self._upstream and framed:
            # A pod that hangs up has usually said why.
            with contextlib.suppress(StreamClosedError):
                await self._upstream.write(chunk)

    async def _relay(self, *args: str) -> None:
        assert self._upstream is not None
        with contextlib.suppress(StreamClosedError):
            self._upstream.finish()
        with contextlib.suppress(StreamClosedError):
            await self._reading
        self._upstream.close()
        if not self._answer.began:
            raise _unreachable("EOF")
        if not self._answer.complete:
            self.detach().close()  # not to be taken for the whole
            self.on_finish()

    get = head = post = put = patch = delete = options = _relay

    def on_connection_close(self) -> None:
        """Leaves the pod when the client has gone."""
        super().on_connection_close()
        if self._upstream:
            self._upstream.close()

    def compute_etag(self) -> None:
        """Answers have the ETag that the pod gave them, if any."""


class _Answer(HTTPMessageDelegate):
    """Hands the pod's answer on. Nothing may be raised in here: tornado would log it."""

    def __init__(self, handler: ProxyHandler, change: Any) -> None:
        self._handler = handler
        self._change = change
        self._page: list[bytes] | None = None
        self._encoding = ""
        self.began = self.complete = False

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code < 200:
            return
        self.began = True
        handler = self._handler
        handler.clear()
        for name in ("Content-Type", "Server", "Date"):
            handler.clear_header(name)
        handler.set_status(start_line.code, start_line.reason)
        is_page = headers.get("Content-Type", "").partition(";")[0].strip() == "text/html"
        self._encoding = headers.get("Content-Encoding", "")
        if is_page and "Location" not in headers and self._encoding in ("", "gzip"):
            self._page = []
            headers.pop("Content-Length", None)
        for name, value in _answered(headers):
            handler.add_header(name, self._change(value) if name == "Location" else value)
        if self._page is None:
            with contextlib.suppress(StreamClosedError):
                await handler.flush()

    async def data_received(self, chunk: bytes) -> None:
        if self._page is not None:
            self._page.append(chunk)
            return
        self._handler.write(chunk)
        with contextlib.suppress(StreamClosedError):
            await self._handler.flush()

    def finish(self) -> None:
        self.complete = True
        if self._page is not None:
            self._handler.write(_rewritten(b"".join(self._page), self._encoding, self._change))


def _answered(headers: HTTPHeaders) -> Iterator[tuple[str, str]]:
    for name, value in headers.get_all():
        if name.lower() not in _HOP_BY_HOP and not name.lower().startswith(_CORS):
            yield name, value


def _rewritten(body: bytes, encoding: str, change: Any) -> bytes:
    try:
        page = (gzip.decompress(body) if encoding else body).decode("latin-1")
    except (OSError, EOFError):
        return body
    # Latin-1 stands for bytes here: only what is ASCII is looked at.
    changed = links.rewrite(page, change).encode("latin-1", "xmlcharrefreplace")
    return gzip.compress(changed) if encoding else changed


def _unreachable(reason: str) -> ApiError:
    return ApiError(503, "ServiceUnavailable", f"error trying to reach service: {reason}")
