"""Connections that leave HTTP: websockets, and SPDY by HTTP's own upgrade."""

from __future__ import annotations

from typing import Any, ClassVar

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketHandler

from ...apimachinery.resources import PODS
from ...apimachinery.status import bad_request, forbidden
from ..handler import ApiHandler
from ..store import Object
from .spdy import Connection, Stream

_BLOCK = 1 << 16


class Refused(Exception):
    """Kubelet refuses: it answers 500 with a plain sentence."""


class UpgradeHandler(ApiHandler, WebSocketHandler):
    """A subresource of a pod that is spoken to by a protocol of its own."""

    websocket_protocols: ClassVar[tuple[str, ...]]
    spdy_protocol: ClassVar[str]

    def check(self, pod: Object) -> None:
        """Look at what the API server itself looks at.

        Raises:
            ApiError: the request is wrong.
        """

    def admit(self, pod: Object) -> None:
        """Look at what kubelet does, before the protocol changes.

        Raises:
            ApiError: the request is wrong.
            Refused: the pod's state does not allow it.
        """

    async def accept(self, stream: Stream) -> None:
        """A stream that the client opened by SPDY."""

    async def get(self, namespace: str, name: str) -> None:
        pod = self.context.store.get(PODS, namespace, name)
        self.check(pod)
        if not pod["spec"].get("nodeName"):
            raise bad_request(f"pod {name} does not have a host assigned")
        upgrade = self.request.headers.get("Upgrade", "").lower()
        if upgrade not in ("websocket", "spdy/3.1"):
            raise bad_request("Upgrade request required")
        try:
            self.admit(pod)
            if upgrade == "websocket":
                await WebSocketHandler.get(self)
            else:
                await self._spdy(name)
        except Refused as error:
            self.set_status(500)
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(str(error))

    post = get

    def check_origin(self, origin: str) -> bool:
        """A browser never holds the cluster's token; whoever does may come from anywhere."""
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return next((p for p in self.websocket_protocols if p in subprotocols), None)

    async def _spdy(self, name: str) -> None:
        offered = self.request.headers.get("X-Stream-Protocol-Version", "")
        if self.spdy_protocol not in [protocol.strip() for protocol in offered.split(",")]:
            detail = f"unable to upgrade: unable to negotiate protocol: client supports [{offered}]"
            raise forbidden(PODS, name, f"{detail}, server accepts [{self.spdy_protocol}]")
        stream: Any = self.detach()
        connection = Connection(stream.write, self.accept)
        try:
            await stream.write(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
                b"X-Stream-Protocol-Version: " + self.spdy_protocol.encode() + b"\r\n\r\n"
            )
            while True:
                await connection.feed(await stream.read_bytes(_BLOCK, partial=True))
        except StreamClosedError:
            return
        finally:
            stream.close()
            self.on_close()
            self.on_finish()
