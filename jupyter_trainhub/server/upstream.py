"""The program behind the proxy: where it is, how it is addressed, and websockets to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketError, websocket_connect

from jupyter_trainhub.server.pool import CONNECT_SECONDS, Address, UpstreamUnreachable
from jupyter_trainhub.server.rewrite import Headers

if TYPE_CHECKING:
    from jupyter_trainhub.hub.access.reach import Endpoint, Gateway

# A websocket that is silent is asked for a sign of life; a host that went away sends no farewell.
PING_SECONDS = 30.0
# As large as what Jupyter itself takes in a body (ServerApp.max_body_size).
LARGEST_MESSAGE = 512 * 2**20
# What an API server answers itself when it does not pass a request on.
REFUSALS = frozenset({401, 403, 404, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Upstream:
    """Where a proxied program listens.

    ``prefix`` is the path below which it answers, ``credentials`` the headers that it wants to see,
    ``secret`` what its pages must not show. With a ``gateway`` it is reached through the API
    server.
    """

    host: str
    port: int
    prefix: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str | None = field(default=None, repr=False)
    gateway: Gateway | None = None

    @classmethod
    def at(cls, endpoint: Endpoint) -> Upstream:
        """The program at an endpoint of the cluster's."""
        return cls(
            endpoint.host,
            endpoint.port,
            endpoint.prefix,
            endpoint.credentials,
            endpoint.token,
            endpoint.gateway,
        )

    @property
    def address(self) -> Address:
        """Where to connect to."""
        if self.gateway is None:
            return Address(self.host, self.port)
        url = urlsplit(self.gateway.url)
        tls = url.scheme == "https"
        port = url.port or (443 if tls else 80)
        return Address(url.hostname or "", port, self.gateway.ssl_context, tls)

    @property
    def authority(self) -> str:
        """Host and port as they stand in an address."""
        if self.gateway is not None:
            return urlsplit(self.gateway.url).netloc
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def gateway_path(self) -> str:
        """The path that an API server writes before the addresses in pages; empty without one."""
        return self.gateway.path if self.gateway is not None else ""

    def target(self, rest: str) -> str:
        """The path to ask for; ``rest``, below the prefix, is passed on as it is."""
        if self.gateway is None:
            return f"{self.prefix}{rest}"
        return f"{urlsplit(self.gateway.url).path}{self.gateway.path}{self.prefix}{rest}"

    def headers(self, headers: Headers) -> HTTPHeaders:
        """``headers`` with the host and the credentials of the upstream."""
        complete = HTTPHeaders()
        for name, value in headers:
            complete.add(name, value)
        complete["Host"] = self.authority
        complete.update(self.credentials)
        if self.gateway is not None:
            # The API server's own credential takes Authorization.
            complete.pop("Authorization", None)
            complete.update(self.gateway.headers)
        return complete


class UpstreamRefused(Exception):
    """The API server did not pass a request on: HTTP status ``code`` and its own ``message``."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def refusal(code: int, body: bytes) -> UpstreamRefused | None:
    """What an API server says with this answer; None when it is the program's own answer."""
    if code not in REFUSALS:
        return None
    try:
        status: Any = json.loads(body)
    except ValueError:
        # Its priority and fairness refuses in plain text.
        busy = code == 429 and body.startswith(b"Too many requests")
        return UpstreamRefused(code, "too many requests") if busy else None
    if not isinstance(status, dict) or (status.get("kind"), status.get("apiVersion")) != (
        "Status",
        "v1",
    ):
        return None
    return UpstreamRefused(code, str(status.get("message") or f"HTTP status {code}"))


async def open_websocket(
    upstream: Upstream, target: str, headers: Headers, subprotocols: list[str]
) -> WebSocketClientConnection:
    """A websocket to the upstream.

    Raises UpstreamUnreachable, UpstreamRefused, or HTTPClientError with the program's own refusal.
    """
    address = upstream.address
    request = HTTPRequest(
        f"{'wss' if address.tls else 'ws'}://{upstream.authority}{target}",
        headers=upstream.headers(headers),
        connect_timeout=CONNECT_SECONDS,
        request_timeout=CONNECT_SECONDS,
        ssl_options=address.ssl_context,
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
        if upstream.gateway is not None and error.response is not None:
            refused = refusal(error.code, error.response.body or b"")
            if refused is not None:
                raise refused from None
        raise
    except (OSError, StreamClosedError, WebSocketError) as error:
        raise UpstreamUnreachable(str(error)) from error
