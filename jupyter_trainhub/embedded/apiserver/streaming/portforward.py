"""``pods/portforward``: TCP connections to what listens in a pod.

By SPDY, upgraded or within a websocket, a connection is two streams, of data and of an error, with
one ``requestID``. By websocket alone there is one connection for each port asked for: channel 2n
has its data, 2n+1 its error, and both begin with the port (two bytes, the lower first).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, ClassVar

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from ...apimachinery.status import bad_request
from ..store import Object
from .spdy import Connection, Stream
from .upgrade import Refused, UpgradeHandler

_BLOCK = 1 << 16
_QUEUED = 16  # messages of the client that may wait for the pod
_TUNNEL = "SPDY/3.1+portforward.k8s.io"


class PortForwardHandler(UpgradeHandler):
    """Carries connections for as long as the client's own lasts."""

    websocket_protocols: ClassVar = (_TUNNEL, "v4.channel.k8s.io")
    spdy_protocol: ClassVar = "portforward.k8s.io"

    _tunnel: Connection | None = None

    def admit(self, pod: Object) -> None:
        self._pod = pod
        self._tasks: set[asyncio.Task[Any]] = set()
        self._pairs: dict[str, dict[str, Stream]] = {}
        self._channels: list[asyncio.Queue[bytes]] = []
        text = ",".join(self.get_query_arguments("ports"))
        try:
            self._ports = [int(port) for port in text.split(",") if port]
        except ValueError as error:
            raise bad_request(f'"{text}" are not ports') from error
        protocols = self.request.headers.get("Sec-WebSocket-Protocol", _TUNNEL)
        if _TUNNEL not in protocols and not self._ports:
            raise bad_request('query parameter "port" is required')
        if pod["status"].get("phase") != "Running":
            metadata = pod["metadata"]
            raise Refused(f'pod not found ("{metadata["name"]}_{metadata["namespace"]}")')

    async def _forward(
        self,
        port: int,
        incoming: asyncio.Queue[bytes],
        send: Callable[[bytes], Awaitable[None]],
        *,
        wait: bool,
    ) -> str:
        """Carry one connection; return what went wrong, or "".

        In ``incoming`` and to ``send`` b"" is an end. The pod's end is the connection's, unless it
        is to ``wait`` for the client's.
        """
        try:
            address = self.context.kubelet.listener(self._pod, port, loopback=True)
            reader, writer = await asyncio.open_connection(address, port)
        except OSError:
            return _refused(self._pod["metadata"]["uid"], port)
        receiving = asyncio.ensure_future(_pour(incoming, writer))
        try:
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(_BLOCK):
                    await send(data)
            await send(b"")
            if wait:
                await receiving
        finally:
            receiving.cancel()
            writer.close()
        return ""

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        async def until_closed() -> None:
            with contextlib.suppress(WebSocketClosedError, StreamClosedError):
                await work

        task = asyncio.ensure_future(until_closed())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def accept(self, stream: Stream) -> None:
        kind, request = stream.headers.get("streamtype", ""), stream.headers.get("requestid", "")
        if kind not in ("data", "error"):
            await stream.reset()
            return
        pair = self._pairs.setdefault(request, {})
        pair[kind] = stream
        if len(pair) == 2:
            del self._pairs[request]
            incoming: asyncio.Queue[bytes] = asyncio.Queue(_QUEUED)
            pair["data"].consume = incoming.put
            self._start(self._forward_pair(pair["data"], pair["error"], incoming))

    async def _forward_pair(
        self, data: Stream, error: Stream, incoming: asyncio.Queue[bytes]
    ) -> None:
        port = int(data.headers.get("port", 0))
        failure = await self._forward(port, incoming, data.write, wait=True)
        if failure:
            data.consume = error.consume  # which is not looked at
            await error.write(failure.encode())
            await data.write(b"")
        await error.write(b"")

    async def open(self, *args: str, **kwargs: str) -> None:
        if self.selected_subprotocol == _TUNNEL:
            self._tunnel = Connection(partial(self.write_message, binary=True), self.accept)
        else:
            self._channels = [asyncio.Queue(_QUEUED) for _ in self._ports]
            self._start(self._forward_channels())

    async def _forward_channels(self) -> None:
        for number, port in enumerate(self._ports):
            for channel in (2 * number, 2 * number + 1):
                await self._send(channel, port.to_bytes(2, "little"))
        await asyncio.gather(*(self._forward_channel(n, p) for n, p in enumerate(self._ports)))
        self.close(1000)

    async def _forward_channel(self, number: int, port: int) -> None:
        send = partial(self._send, 2 * number)
        failure = await self._forward(port, self._channels[number], send, wait=False)
        await self._send(2 * number + 1, failure.encode())

    async def _send(self, channel: int, data: bytes) -> None:
        if data:
            await self.write_message(bytes((channel,)) + data, binary=True)

    async def on_message(self, message: str | bytes) -> None:
        data = message.encode() if isinstance(message, str) else message
        if self._tunnel:
            with contextlib.suppress(WebSocketClosedError):
                await self._tunnel.feed(data)
        elif len(data) > 1 and data[0] % 2 == 0 and data[0] // 2 < len(self._channels):
            await self._channels[data[0] // 2].put(data[1:])

    def on_close(self) -> None:
        for task in self._tasks:
            task.cancel()


async def _pour(incoming: asyncio.Queue[bytes], writer: asyncio.StreamWriter) -> None:
    """Write what comes, up to its end. What the pod does not take any more is dropped."""
    while data := await incoming.get():
        with contextlib.suppress(OSError):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


def _refused(uid: str, port: int) -> str:
    sandbox = hashlib.sha256(uid.encode()).hexdigest()
    return (
        f"error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in "
        f'network namespace "/var/run/netns/cni-{uid}": failed to connect to localhost:{port} '
        f'inside namespace "{sandbox}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection '
        f"refused IPv6 dial tcp6 [::1]:{port}: connect: connection refused "
    )
