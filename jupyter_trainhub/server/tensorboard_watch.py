"""Notices what becomes of TensorBoards, which nobody tells us: they are processes and files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from jupyter_trainhub.hub.tensorboards import TensorBoardView
from jupyter_trainhub.server.events.emitter import View

# One that starts takes a second or two; one that runs is watched for its end only.
STARTING_SECONDS = 0.25
SETTLED_SECONDS = 5.0


class TensorBoardWatch:
    """Looks at the list again and again and publishes what changed."""

    def __init__(
        self,
        list_: Callable[[], Awaitable[list[TensorBoardView]]],
        publish: Callable[[str, str, str, View | None], None],
    ) -> None:
        self._list = list_
        self._publish = publish
        self._known: dict[str, TensorBoardView] = {}
        self._soon = asyncio.Event()
        self._task = asyncio.ensure_future(self._run())

    def look(self) -> None:
        """Looks now: something was started or ended."""
        self._soon.set()

    async def stop(self) -> None:
        """Ends the watch."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            self._soon.clear()
            found = {view["id"]: view for view in await self._list()}
            for id_, view in found.items():
                if self._known.get(id_) != view:
                    self._publish("tensorboard", id_, "changed", view)
            for id_ in self._known.keys() - found.keys():
                self._publish("tensorboard", id_, "deleted", None)
            self._known = found
            starting = any(view["phase"] == "Starting" for view in found.values())
            try:
                await asyncio.wait_for(
                    self._soon.wait(), STARTING_SECONDS if starting else SETTLED_SECONDS
                )
            except (TimeoutError, asyncio.TimeoutError):
                continue
