"""The remote command protocol: a command's streams, as channels of one connection.

By websocket a message is a channel's number and its bytes (v4 and v5.channel.k8s.io; in v5 a client
can close a channel); by SPDY each channel is a stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import ClassVar

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from ...apimachinery.status import bad_request
from ...kubelet.kubelet import container_name
from ...runtime.shim.attach import CLOSE, ERROR, PACKET, RESIZE, STDERR, STDIN, STDOUT
from ..store import Object, encode
from .spdy import Stream
from .upgrade import Refused, UpgradeHandler

V5 = "v5.channel.k8s.io"
CLOSE_STDIN = bytes((CLOSE, STDIN))

_CHANNELS = {"stdin": STDIN, "stdout": STDOUT, "stderr": STDERR, "error": ERROR, "resize": RESIZE}
_QUEUED = 16  # messages of the client that may wait for the container


class RemoteCommandHandler(UpgradeHandler):
    """Exec and attach: the client speaks with a socket of the container's supervisor."""

    websocket_protocols: ClassVar = (V5, "v4.channel.k8s.io")
    spdy_protocol: ClassVar = "v4.channel.k8s.io"

    _serving: asyncio.Task[None] | None = None

    def admit(self, pod: Object) -> None:
        name = container_name(pod, self.get_query_argument("container", ""))
        running = self.context.kubelet.running(pod, name)
        names = [n for n in ("stdin", "stdout", "stderr") if self.asked(n)]
        if not names:
            raise bad_request("you must specify at least 1 of stdin, stdout, stderr")
        if running is None:
            raise Refused(f'container not found ("{name}")')
        self.pod, self.running = pod, running
        containers = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
        self.container: Object = next(c for c in containers if c["name"] == name)
        self._input: asyncio.Queue[bytes] = asyncio.Queue(_QUEUED)
        self._streams: dict[int, Stream] = {}
        self._wanted = {_CHANNELS[n] for n in names} - ({STDERR} if self.tty() else set())

    def asked(self, option: str) -> bool:
        """Whether an option of the query is on."""
        return self.get_query_argument(option, "") in ("true", "1")

    def tty(self) -> bool:
        """Whether the command has a terminal."""
        raise NotImplementedError

    async def connect(self) -> socket.socket | None:
        """The socket (see ``shim.attach``), which does not block; None if there is none."""
        raise NotImplementedError

    async def output(self, connection: socket.socket | None) -> AsyncIterator[bytes]:
        """Packets of the container, up to its end."""
        loop = asyncio.get_running_loop()
        while connection and (packet := await loop.sock_recv(connection, PACKET + 1)):
            yield packet

    async def result(self) -> Object:
        """The ``Status`` that the client gets at the end."""
        return {"metadata": {}, "status": "Success"}

    async def _serve(
        self, send: Callable[[int, bytes], Awaitable[None]], end: Callable[[], Awaitable[None]]
    ) -> None:
        connection = await self.connect()
        feeding = asyncio.ensure_future(self._feed(connection)) if connection else None
        try:
            # An empty piece tells the client that all is in place.
            await send(min(self._wanted - {STDIN}, default=ERROR), b"")
            async for packet in self.output(connection):
                if packet[0] in self._wanted:
                    await send(packet[0], packet[1:])
            await send(ERROR, encode(await self.result()))
            await end()
        except (WebSocketClosedError, StreamClosedError):
            return
        finally:
            if connection and feeding:
                feeding.cancel()
                if STDIN in self._wanted:
                    with contextlib.suppress(OSError):
                        connection.send(CLOSE_STDIN)
                connection.close()

    async def _feed(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                for packet in packets(await self._input.get(), self._wanted):
                    await loop.sock_sendall(connection, packet)

    async def open(self, *args: str, **kwargs: str) -> None:  # type: ignore[override]
        async def send(channel: int, data: bytes) -> None:
            await self.write_message(bytes((channel,)) + data, binary=True)

        async def end() -> None:
            self.close(1000)

        self._serving = asyncio.ensure_future(self._serve(send, end))

    async def on_message(self, message: str | bytes) -> None:
        await self._input.put(message.encode() if isinstance(message, str) else message)

    async def accept(self, stream: Stream) -> None:
        channel = _CHANNELS.get(stream.headers.get("streamtype", ""))
        if channel is None:
            await stream.reset()
            return
        self._streams[channel] = stream
        expected = {ERROR, *self._wanted, *([RESIZE] if self.tty() else [])}
        if self._serving or not expected <= self._streams.keys():
            return

        async def send(channel: int, data: bytes) -> None:
            if data:
                await self._streams[channel].write(data)

        async def end() -> None:
            for stream in self._streams.values():
                await stream.write(b"")

        async def serve() -> None:
            inputs = [self._take(c) for c in (STDIN, RESIZE) if c in self._streams]
            taking = asyncio.gather(*inputs)
            try:
                await self._serve(send, end)
            finally:
                taking.cancel()

        self._serving = asyncio.ensure_future(serve())

    async def _take(self, channel: int) -> None:
        while data := await self._streams[channel].read():
            await self._input.put(bytes((channel,)) + data)
        await self._input.put(bytes((CLOSE, channel)))

    def on_close(self) -> None:
        if self._serving:
            self._serving.cancel()


def packets(message: bytes, wanted: set[int]) -> Iterator[bytes]:
    """What a client's message is for the container: nothing, if it makes no sense."""
    channel = message[0] if message else None
    if channel == STDIN and STDIN in wanted:
        for start in range(1, len(message), PACKET):
            yield message[:1] + message[start : start + PACKET]
    elif message[:2] == CLOSE_STDIN and STDIN in wanted:
        yield CLOSE_STDIN
    elif channel == RESIZE:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            size = json.loads(message[1:])
            rows, columns = int(size["Height"]), int(size["Width"])
            yield message[:1] + encode({"Height": rows, "Width": columns})
