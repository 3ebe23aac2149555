"""Websockets to the API server, which exec and port-forward speak over."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlencode

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketError, websocket_connect

from jupyter_trainhub.kube.client import TIMEOUT, KubeClient
from jupyter_trainhub.kube.refusal import refusal

_LARGEST_MESSAGE = 32 << 20  # what Kubernetes' own websockets take
_SILENCE_SECONDS = 30


async def connect(
    client: KubeClient, path: str, query: list[tuple[str, str]], subprotocols: list[str]
) -> WebSocketClientConnection:
    """A websocket to ``path`` as the client's user.

    Raises what :mod:`jupyter_trainhub.kube.refusal` makes of a refusal, and ClusterUnavailable when
    the API server does not answer.
    """
    credentials = await asyncio.to_thread(client.credentials)
    request = HTTPRequest(
        f"ws{credentials.url.removeprefix('http')}{path}?{urlencode(query)}",
        headers=credentials.headers,
        ssl_options=credentials.ssl_context,
        connect_timeout=TIMEOUT[0],
        request_timeout=TIMEOUT[1],
    )
    try:
        # No pings: a peer that does not read just now, because we hold its data back, would not
        # answer them.
        connection = await websocket_connect(
            request, max_message_size=_LARGEST_MESSAGE, subprotocols=subprotocols
        )
    except HTTPClientError as error:
        # 599 is tornado's own code for "no answer".
        if error.code == 599:
            raise client.unreachable(error) from None
        raise refusal(error.code, error.response.body if error.response else None) from None
    except (OSError, StreamClosedError, WebSocketError) as error:
        raise client.unreachable(error) from None
    _keep_alive(connection)
    return connection


def _keep_alive(connection: WebSocketClientConnection) -> None:
    """Have the kernel find out when the other side is gone, and keep idle connections in use."""
    stream = connection.protocol.stream if connection.protocol is not None else None
    if stream is None:
        return
    stream.set_nodelay(True)
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", _SILENCE_SECONDS), ("TCP_KEEPINTVL", 10),
                          ("TCP_KEEPCNT", 3)):  # fmt: skip
        # macOS has other names for them.
        if hasattr(socket, option):
            stream.socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
