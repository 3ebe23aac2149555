"""The remote command protocol: a command's streams, as channels of one connection.

By websocket a message is a channel's number and its bytes (v4 and v5.channel.k8s.io; in v5 a client
can close a channel); by SPDY each channel is a stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import ClassVar

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from ...apimachinery.status import bad_request
from ...kubelet.kubelet import container_name
from ...runtime.shim.attach import CLOSE, ERROR, PACKET, RESIZE, STDERR, STDIN, STDOUT
from ..store import Object, encode
from .spdy import Stream
from .upgrade import Refused, UpgradeHandler

CLOSE_STDIN = bytes((CLOSE, STDIN))

_V5 = "v5.channel.k8s.io"
_CHANNELS = {"stdin": STDIN, "stdout": STDOUT, "stderr": STDERR, "error": ERROR, "resize": RESIZE}
_QUEUED = 16  # messages of the client that may wait for the container


class RemoteCommandHandler(UpgradeHandler):
    """Exec and attach: the client speaks with a socket of the container's supervisor."""

    websocket_protocols: ClassVar = (_V5, "v4.channel.k8s.io")
    spdy_protocol: ClassVar = "v4.channel.k8s.io"

    _serving: asyncio.Task[None] | None = None

    def check(self, pod: Object) -> None:
        self._name = container_name(pod, self.get_query_argument("container", ""))

    def admit(self, pod: Object) -> None:
        names = [n for n in ("stdin", "stdout", "stderr") if self.asked(n)]
        if not names:
            raise bad_request("you must specify at least 1 of stdin, stdout, stderr")
        running = self.context.kubelet.running(pod, self._name)
        if running is None:
            raise Refused(f'container not found ("{self._name}")')
        self.pod, self.running = pod, running
        containers = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
        self.container: Object = next(c for c in containers if c["name"] == self._name)
        self._input: asyncio.Queue[bytes] = asyncio.Queue(_QUEUED)
        self._streams: dict[int, Stream] = {}
        self._wanted = {_CHANNELS[n] for n in names} - ({STDERR} if self.tty() else set())

    def asked(self, option: str) -> bool:
        """Whether an option of the query is on."""
        return self.get_query_argument(option, "") in ("true", "1")

    @abstractmethod
    def tty(self) -> bool:
        """Whether the command has a terminal."""

    @abstractmethod
    async def connect(self) -> socket.socket | None:
        """The socket (see ``shim.attach``), which does not block; None if there is none."""

    async def output(self, connection: socket.socket | None) -> AsyncIterator[bytes]:
        """Packets of the container, up to its end."""
        loop = asyncio.get_running_loop()
        while connection:
            try:
                packet = await loop.sock_recv(connection, PACKET + 1)
            except ConnectionResetError:
                # Told once, when the other side ended before it read all of its input. What it has
                # written can still be read.
                continue
            if not packet:
                return
            yield packet

    async def result(self) -> Object:
        """The ``Status`` that the client gets at the end."""
        return {"metadata": {}, "status": "Success"}

    def is_v5(self) -> bool:
        """Whether v5 is spoken, which kubelet translates; others it leaves to containerd."""
        return _V5 in self.request.headers.get("Sec-WebSocket-Protocol", "")

    def failure(self, text: str) -> Object:
        """The ``Status`` of a command or container that could not be had."""
        for _ in range(1 + self.is_v5()):
            cause, text = text, f"Internal error occurred: {text}"
        return {"metadata": {}, "status": "Failure", "message": text, "reason": "InternalError",
                "details": {"causes": [{"message": cause}]}, "code": 500}  # fmt: skip

    async def open(self, *args: str, **kwargs: str) -> None:
        async def send(channel: int, data: bytes) -> None:
            await self.write_message(bytes((channel,)) + data, binary=True)

        self._serving = asyncio.ensure_future(self._serve(send))

    async def on_message(self, message: str | bytes) -> None:
        await self._input.put(message.encode() if isinstance(message, str) else message)

    async def accept(self, stream: Stream) -> None:
        channel = _CHANNELS.get(stream.headers.get("streamtype", ""))
        if channel is None:
            await stream.reset()
            return
        self._streams[channel] = stream
        if channel in (STDIN, RESIZE):
            stream.consume = partial(self._take, channel)
        if self._serving or not {ERROR, *self._wanted} <= self._streams.keys():
            return

        async def send(channel: int, data: bytes) -> None:
            if data:
                await self._streams[channel].write(data)

        self._serving = asyncio.ensure_future(self._serve(send))

    async def _take(self, channel: int, data: bytes) -> None:
        await self._input.put(bytes((channel,)) + data if data else bytes((CLOSE, channel)))

    async def _serve(self, send: Callable[[int, bytes], Awaitable[None]]) -> None:
        with contextlib.suppress(WebSocketClosedError, StreamClosedError):
            try:
                await self._exchange(send)
                status = await self.result()
            except OSError as error:  # the container has ended just now
                status = self.failure(f"error attaching to container: {error}")
            await send(ERROR, encode(status))
            for stream in self._streams.values():
                await stream.write(b"")
            if not self._streams:
                self.close(1000)

    async def _exchange(self, send: Callable[[int, bytes], Awaitable[None]]) -> None:
        connection = await self.connect()
        feeding = asyncio.ensure_future(self._feed(connection)) if connection else None
        try:
            # An empty piece tells the client that all is in place.
            await send(min(self._wanted - {STDIN}, default=ERROR), b"")
            async for packet in self.output(connection):
                if packet[0] in self._wanted:
                    await send(packet[0], packet[1:])
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
            yield message[:1] + encode({key: int(size[key]) for key in ("Height", "Width")})
