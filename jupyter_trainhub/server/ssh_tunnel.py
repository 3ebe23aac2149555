"""``/trainhub/instances/{name}/ssh`` and ``/trainhub/jobs/{name}/{rank}/ssh``: SSH in a websocket.

Each websocket holds the bytes of one connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import socket
from collections.abc import Coroutine
from typing import Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_trainhub.errors import Forbidden, TrainHubError
from jupyter_trainhub.server.base import TrainHubHandler
from jupyter_trainhub.server.failures import answer
from jupyter_trainhub.server.jobs import RESOURCE as JOBS
from jupyter_trainhub.server.places import place_of
from jupyter_trainhub.server.same_origin import is_same_origin
from jupyter_trainhub.server.ssh import RESOURCE, authorized_keys
from jupyter_trainhub.specs.place import Place

_BLOCK = 1 << 16


class SshTunnelHandler(WebSocketMixin, WebSocketHandler, TrainHubHandler):
    """Bytes both ways, each message waiting for the one before to be taken."""

    auth_resource = RESOURCE
    _serving: asyncio.Task[None] | None = None
    _sending: asyncio.Task[None] | None = None

    @property
    def ping_interval(self) -> int:
        """None: the SSH server in it asks for signs of life, and is more patient."""
        return 0

    def initialize(self) -> None:
        """One end of a socket is the SSH server's, the other one the websocket's."""
        self._ours, self._theirs = socket.socketpair()
        self._writer: asyncio.StreamWriter | None = None

    @ws_authenticated
    @authorized(action="execute")
    async def get(self, name: str, rank: str | None = None) -> None:  # type: ignore[override]
        """Finds the pod first, so that a refusal is an answer with a reason."""
        same = self.token_authenticated or is_same_origin(
            "GET", self.request.headers, self.request.host
        )
        if not same or not self.check_origin():
            raise web.HTTPError(403, "This websocket comes from a page of another site")
        place = place_of(name, rank)
        self._serve = await self._server(place, sshd=self.get_query_argument("sshd", "") == "true")
        await super().get()

    def check_xsrf_cookie(self) -> None:
        """Does nothing: a websocket is told from another site's by its origin."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Ends a refused request with the contract's JSON."""
        exc_info = kwargs.get("exc_info")
        status, body = answer(exc_info[1] if exc_info else web.HTTPError(status_code))
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body))

    async def _server(
        self, place: Place, *, sshd: bool
    ) -> functools.partial[Coroutine[Any, Any, None]]:
        from jupyter_trainhub.ssh import atomic_file
        from jupyter_trainhub.ssh.host_key import host_key
        from jupyter_trainhub.ssh.pod import KubernetesPod
        from jupyter_trainhub.ssh.server import serve
        from jupyter_trainhub.ssh.sshd import relay

        run, hub = self.service.run, await self.service.hub()
        host = await run(hub.entrances.host, place)
        into = await run(hub.entrances.container, place)
        pod = KubernetesPod(hub.client, into.pod, into.name)

        def note() -> None:
            if place.kind == "instance":
                self.service.note_activity(place.name, "ssh")

        if sshd:
            return functools.partial(relay, pod=pod, on_input=note)
        keys = await run(atomic_file.read, authorized_keys())
        if not keys:
            raise Forbidden(
                "no public key may log in yet",
                field="public_key",
                remedy="Run 'trainhub ssh-config --server URL --write' on your machine.",
            )
        key = await run(host_key, hub.client, host.secret)
        return functools.partial(serve, pod=pod, host_key=key, authorized_keys=keys, on_input=note)

    async def open(self, *args: str, **kwargs: str) -> None:
        """Starts the SSH server, and to pass on what it says."""
        super().open(*args, **kwargs)
        reader, self._writer = await asyncio.open_connection(sock=self._ours)
        self._serving = asyncio.ensure_future(self._run())
        self._sending = asyncio.ensure_future(self._send(reader))

    async def _run(self) -> None:
        try:
            await self._serve(self._theirs)
        except TrainHubError as error:
            self.log.info("SSH ended: %s", error)
        finally:
            self._theirs.close()

    async def _send(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, WebSocketClosedError):
            while data := await reader.read(_BLOCK):
                await self.write_message(data, binary=True)
        self.close()

    async def on_message(self, message: str | bytes) -> None:
        """Passes on what the client sends."""
        if self._writer is None:
            return
        with contextlib.suppress(OSError):
            self._writer.write(message.encode() if isinstance(message, str) else message)
            await self._writer.drain()

    def on_close(self) -> None:
        """Ends the SSH connection, and with it what runs in the pod for it."""
        super().on_close()
        if self._sending is not None:
            self._sending.cancel()
        if self._writer is not None:
            self._writer.close()

    def on_finish(self) -> None:
        """Closes the sockets of a request that was refused."""
        super().on_finish()
        if self._writer is None and self.ws_connection is None:
            self._ours.close()
            self._theirs.close()


class JobSshTunnelHandler(SshTunnelHandler):
    """The same for a job's pod, which asks for the right to execute something in jobs."""

    auth_resource = JOBS
