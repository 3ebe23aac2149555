"""Tells of TensorBoards in the cluster: their objects, and what their programs say."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.tensorboards import TensorBoardView
from jupyter_trainhub.server.events.emitter import View

# Seconds between two looks at one that has seen no event file yet.
WAITING_SECONDS = 3.0
# Seconds within which one that was deleted may be there again: it is started anew so.
REPLACED_SECONDS = 2.0


class TensorBoardFollower:
    """Publishes each change once; its methods are called on the event loop."""

    def __init__(
        self,
        look: Callable[[str], Awaitable[TensorBoardView]],
        publish: Callable[[str, str, str, View | None], None],
    ) -> None:
        """``look`` asks the cluster and the program for the view of an id; it may raise."""
        self._look = look
        self._publish = publish
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: dict[str, View | None] = {}

    def changed(self, id_: str, view: View | None) -> None:
        """The cluster's objects have changed; no view: they are gone."""
        self._cancel(id_)
        self._seen[id_] = view
        if view is None:
            self._later(REPLACED_SECONDS, id_, self._gone)
        elif view["phase"] == "Running":
            # Only the program knows whether there is anything to show.
            self._ask(id_)
        else:
            self._publish("tensorboard", id_, "changed", view)

    def close(self) -> None:
        """Tells nothing more."""
        for id_ in list(self._timers):
            self._cancel(id_)
        for task in self._tasks:
            task.cancel()

    def _gone(self, id_: str) -> None:
        self._seen.pop(id_, None)
        self._publish("tensorboard", id_, "deleted", None)

    def _ask(self, id_: str) -> None:
        task = asyncio.ensure_future(self._asked(id_))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _asked(self, id_: str) -> None:
        seen = self._seen.get(id_)
        view: Mapping[str, Any] | None = seen
        # Where nobody can ask it, what the objects say is true all the same.
        with contextlib.suppress(TrainHubError):
            view = cast(Mapping[str, Any], await self._look(id_))
        if view is None or self._seen.get(id_) is not seen:
            return
        self._publish("tensorboard", id_, "changed", view)
        if view["phase"] == "Running" and view["waiting"]:
            self._cancel(id_)
            self._later(WAITING_SECONDS, id_, self._ask)

    def _later(self, seconds: float, id_: str, call: Callable[[str], None]) -> None:
        self._timers[id_] = asyncio.get_running_loop().call_later(seconds, call, id_)

    def _cancel(self, id_: str) -> None:
        timer = self._timers.pop(id_, None)
        if timer is not None:
            timer.cancel()
