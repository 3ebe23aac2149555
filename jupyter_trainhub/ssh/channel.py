"""Bytes between an SSH channel and what is behind it, each side waiting for the other."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any


class Channel:
    """Passes on what a client sends, one piece at a time, so that its window bounds the memory."""

    _channel: Any
    _task: asyncio.Task[None]

    def __init__(self, on_input: Callable[[], None]) -> None:
        """``on_input`` is called whenever the client has sent something."""
        self._on_input = on_input
        self._input: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, chan: Any) -> None:
        """Keeps the channel."""
        self._channel = chan

    def session_started(self) -> None:
        """Starts to move bytes."""
        self._task = asyncio.ensure_future(self.run())

    @abstractmethod
    async def run(self) -> None:
        """Moves bytes until one side has ended."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, or everything was said."""
        self._writable.set()
        if hasattr(self, "_task"):
            self._task.cancel()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Takes a piece, and no more until it is passed on."""
        self._channel.pause_reading()
        self._input.put_nowait(data)

    def eof_received(self) -> bool:
        """Leaves the way to the client open."""
        self._input.put_nowait(None)
        return True

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writable.set()

    async def pass_input(
        self, write: Callable[[bytes], Awaitable[None]], write_eof: Callable[[], Awaitable[None]]
    ) -> None:
        """Passes on what the client sends, until its end."""
        while (data := await self._input.get()) is not None:
            self._on_input()
            await write(data)
            self._channel.resume_reading()
        await write_eof()

    async def send(self, data: bytes, datatype: int | None = None) -> None:
        """Sends to the client, and waits while it does not keep up."""
        await self._writable.wait()
        self._channel.write(data, datatype)
