"""Websockets to an instance's JupyterLab (kernels, terminals, events) and to its IDE."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.httpclient import HTTPClientError
from tornado.httputil import HTTPServerRequest
from tornado.routing import PathMatches
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketHandler

from jupyter_trainhub.server import rewrite, vscode
from jupyter_trainhub.server.instance_proxy import InstanceAddress
from jupyter_trainhub.server.pool import UpstreamUnreachable
from jupyter_trainhub.server.upstream import LARGEST_MESSAGE, UpstreamRefused, open_websocket

# Codes that an endpoint must not send: they say that there was no code, or no farewell (RFC 6455
# section 7.4.1).
_NEVER_SENT = frozenset({1005, 1006, 1015})
_GOING_AWAY = 1001


class WebSocketMatches(PathMatches):
    """Matches requests for a websocket only; others for the same path are left to the next rule."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """The groups of the path, or None."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return None
        return super().match(request)


def farewell(code: int | None) -> int | None:
    """The close code to pass on for one that was received, or was made up by the library."""
    if code == 1006:
        return _GOING_AWAY
    return None if code in _NEVER_SENT else code


class InstanceWebSocketHandler(WebSocketMixin, WebSocketHandler, InstanceAddress):
    """One websocket: messages both ways, each waiting for the one before to be taken."""

    _peer: WebSocketClientConnection | None = None
    _pump: asyncio.Task[None] | None = None
    _secret: str | None = None

    @property
    def max_message_size(self) -> int:
        """Bytes of one message; a notebook's output can be large."""
        return LARGEST_MESSAGE

    @ws_authenticated
    @authorized(action="execute")
    async def get(self, name: str) -> None:  # type: ignore[override]
        """Connects to the instance first, so that its refusal reaches the browser as one."""
        self.check_xsrf_cookie()
        if not self.check_origin():
            raise web.HTTPError(403, "This websocket comes from a page of another site")
        upstream = await self.upstream(name)
        self._secret = upstream.secret
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        try:
            self._peer = await open_websocket(
                upstream,
                self.target(name, upstream),
                rewrite.request_headers(self.request.headers.get_all()),
                [protocol.strip() for protocol in offered.split(",") if protocol.strip()],
            )
        except UpstreamUnreachable:
            raise self.unreachable(name, upstream) from None
        except UpstreamRefused as refused:
            raise self.refused(name, refused) from None
        except HTTPClientError as error:
            if error.code in (401, 403):
                self.forget(name)
            raise web.HTTPError(error.code, "The instance refuses this websocket") from None
        try:
            await super().get(name)
        finally:
            if self.ws_connection is None:
                self._peer.close()

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The one that the instance chose."""
        return self._peer.selected_subprotocol if self._peer is not None else None

    def open(self, *args: str, **kwargs: str) -> None:
        """Starts to pass the instance's messages on."""
        super().open(*args, **kwargs)
        self._pump = asyncio.ensure_future(self._to_browser())

    async def on_message(self, message: str | bytes) -> None:
        """Passes a message of the browser on."""
        if self.shows_work(message):
            self.note_activity(self.path_args[0])
        if self._peer is None:
            return
        message = self.outgoing(message)
        with contextlib.suppress(WebSocketClosedError):
            await self._peer.write_message(message, binary=isinstance(message, bytes))

    def shows_work(self, message: str | bytes) -> bool:
        """Whether a message shows that a person is at work."""
        return True

    def outgoing(self, message: str | bytes) -> str | bytes:
        """A message as the instance gets it."""
        return message

    async def _to_browser(self) -> None:
        assert self._peer is not None
        with contextlib.suppress(WebSocketClosedError):
            while (message := await self._peer.read_message()) is not None:
                await self.write_message(message, binary=isinstance(message, bytes))
        self.close(farewell(self._peer.close_code), self._peer.close_reason)

    def on_close(self) -> None:
        """Tells the instance that the browser has gone, and how."""
        if self._peer is not None:
            self._peer.close(farewell(self.close_code), self.close_reason)


class IdeWebSocketHandler(InstanceWebSocketHandler):
    """One websocket to the IDE: its editors, its terminals and its extensions share it."""

    noun = "The IDE of this instance"
    program = "ide"

    def shows_work(self, message: str | bytes) -> bool:
        """A page that nobody looks at sends a lot, too."""
        return vscode.shows_work(message)

    def outgoing(self, message: str | bytes) -> str | bytes:
        """The page does not know the connection token."""
        secret = self._secret
        return vscode.with_token(message, secret) if secret is not None else message
