"""Notices what becomes of TensorBoards, which nobody tells us: they are processes and files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from jupyter_trainhub.hub.tensorboards import TensorBoardView
from jupyter_trainhub.server.events.emitter import View

# One that starts takes a second or two, and somebody looks at it. One that waits for its first
# data was just opened, too; one that runs is watched for its end only.
STARTING_SECONDS = 0.1
WAITING_SECONDS = 1.0
SETTLED_SECONDS = 5.0
# Memory in use changes all the time: what is less than this share is no news.
NEWS_OF_MEMORY = 0.1

log = logging.getLogger(__name__)


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
            try:
                self._tell(await self._list())
            except Exception:
                # A disk or a process that cannot be read now may be read later.
                log.exception("TensorBoards cannot be listed")
            try:
                await asyncio.wait_for(self._soon.wait(), pause(self._known.values()))
            except (TimeoutError, asyncio.TimeoutError):
                continue

    def _tell(self, views: Iterable[TensorBoardView]) -> None:
        found = {view["id"]: view for view in views}
        for id_, view in found.items():
            known = self._known.get(id_)
            if known is not None and not is_news(known, view):
                # Compared with what was told last, or many small steps would never be told.
                found[id_] = known
            else:
                self._publish("tensorboard", id_, "changed", view)
        for id_ in self._known.keys() - found.keys():
            self._publish("tensorboard", id_, "deleted", None)
        self._known = found


def pause(views: Iterable[TensorBoardView]) -> float:
    """Seconds until the next look."""
    shown = list(views)
    if any(view["phase"] == "Starting" for view in shown):
        return STARTING_SECONDS
    return WAITING_SECONDS if any(view["waiting"] for view in shown) else SETTLED_SECONDS


def is_news(old: TensorBoardView, new: TensorBoardView) -> bool:
    """Whether to tell of ``new``; memory in use counts when it has changed by much."""
    # Typed as what they are compared as, for a TypedDict has no values of unknown keys.
    before: dict[str, Any] = {**old, "memory": None}
    after: dict[str, Any] = {**new, "memory": None}
    if before != after or old["memory"]["limit"] != new["memory"]["limit"]:
        return True
    then, now = old["memory"]["used"], new["memory"]["used"]
    if then is None or now is None:
        return then is not now
    return abs(now - then) > NEWS_OF_MEMORY * then
