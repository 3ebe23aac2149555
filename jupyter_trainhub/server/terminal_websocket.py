"""``shell/terminals/websocket/{id}``: a page that shows a terminal, in terminado's protocol.

JSON lists: ``["stdin", text]`` and ``["set_size", rows, columns, …]`` come, ``["setup", {}]``,
``["stdout", text]`` and ``["disconnect", 1]`` go.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.access.terminals import Terminal
from jupyter_trainhub.server.base import TrainHubHandler
from jupyter_trainhub.server.failures import answer
from jupyter_trainhub.server.places import place_of
from jupyter_trainhub.server.same_origin import is_same_origin
from jupyter_trainhub.server.terminals import RESOURCE

# Characters that may wait for a page; more hold the program up.
PENDING = 1 << 16
# Characters a second that a page gets. Pages do not say how far they are; one that gets more than
# it can draw stops answering its user.
RATE = 2 << 20
# Seconds after which a page is left behind that takes nothing, such as that of a sleeping machine.
PATIENCE = 10.0
_TRY_AGAIN_LATER = 1013


class TerminalWebSocketHandler(WebSocketMixin, WebSocketHandler, TrainHubHandler):
    """One watcher of a terminal."""

    auth_resource = RESOURCE
    size: tuple[int, int] | None = None

    def initialize(self) -> None:
        """Nothing is pending yet."""
        self._pending: list[str] = []
        self._length = 0
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._ended = False
        self._sending: asyncio.Task[None] | None = None
        self._terminal: Terminal | None = None

    @ws_authenticated
    @authorized(action="execute")
    async def get(self, name: str, id_: str, rank: str | None = None) -> None:  # type: ignore[override]
        """Opens the websocket, for pages of this very server. Raises NotFound."""
        same = self.token_authenticated or is_same_origin(
            "GET", self.request.headers, self.request.host
        )
        if not same or not self.check_origin():
            raise web.HTTPError(403, "This websocket comes from a page of another site")
        self._place = place_of(name, rank)
        self.service.terminals.get(self._place, id_)
        await super().get(id_=id_)

    def check_xsrf_cookie(self) -> None:
        """Does nothing: a websocket is told from another site's by its origin."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Ends a refused request with the contract's JSON."""
        exc_info = kwargs.get("exc_info")
        status, body = answer(exc_info[1] if exc_info else web.HTTPError(status_code))
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body))

    def open(self, id_: str) -> None:
        """Shows what there is so far."""
        super().open(id_=id_)
        self._sending = asyncio.ensure_future(self._send())
        try:
            self._terminal = self.service.terminals.get(self._place, id_)
        except NotFound:
            # Its shell has ended just now.
            self.end()
        else:
            self._put(self._terminal.join(self))

    async def on_message(self, message: str | bytes) -> None:
        """Types, or changes the window's size."""
        words = None
        with contextlib.suppress(ValueError):
            words = json.loads(message)
        if self._terminal is None:
            return
        match words:
            case ["stdin", str(text), *_]:
                if self._place.kind == "instance":
                    self.service.note_activity(self._place.name, "terminals")
                await self._terminal.write(text)
            case ["set_size", int(rows), int(columns), *_] if rows > 0 and columns > 0:
                self.size = columns, rows
                await self._terminal.fit()

    async def show(self, text: str) -> None:
        """Puts output in line, and waits while too much is there."""
        self._put(text)
        try:
            while self._length > PENDING and self._sending is not None:
                self._taken.clear()
                await asyncio.wait_for(self._taken.wait(), PATIENCE)
        except asyncio.TimeoutError:
            # It gets the last output when it comes back.
            self.close(_TRY_AGAIN_LATER, "too slow")
            self.on_close()

    def end(self) -> None:
        """Tells the page that the shell is gone, after the last of its output."""
        self._ended = True
        self._changed.set()

    def on_close(self) -> None:
        """Leaves the shell to itself and to other pages."""
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            self._leaving = asyncio.ensure_future(terminal.leave(self))
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.cancel()
        self._taken.set()

    def _put(self, text: str) -> None:
        if text:
            self._pending.append(text)
            self._length += len(text)
            self._changed.set()

    async def _send(self) -> None:
        """Sends what is pending, as few messages as can be and no faster than pages can draw."""
        with contextlib.suppress(WebSocketClosedError):
            await self._say("setup", {})
            while True:
                text, self._pending, self._length = "".join(self._pending), [], 0
                self._taken.set()
                if text:
                    await self._say("stdout", text)
                    await asyncio.sleep(len(text) / RATE)
                elif self._ended:
                    break
                else:
                    await self._changed.wait()
                    self._changed.clear()
            await self._say("disconnect", 1)
            self.close(1000)

    async def _say(self, *words: Any) -> None:
        await self.write_message(json.dumps(words))
