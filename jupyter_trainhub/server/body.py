"""A request's body on its way from the browser to the upstream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator


class RequestBody:
    """A channel that holds one piece at a time: whoever puts waits until whoever reads is ready."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
        self._unwanted = False

    async def put(self, piece: bytes | None) -> None:
        """Passes a piece on; None says that the body is complete."""
        if not self._unwanted:
            await self._pieces.put(piece)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, piece by piece, until it is complete."""
        while (piece := await self._pieces.get()) is not None:
            yield piece

    def discard(self) -> None:
        """Drops what comes from now on: the upstream has answered without wanting the rest."""
        self._unwanted = True
        while not self._pieces.empty():
            self._pieces.get_nowait()
