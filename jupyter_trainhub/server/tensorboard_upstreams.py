"""Where TensorBoards listen, and the requests that wait until they do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.tensorboards import TensorBoardEndpoint
from jupyter_trainhub.hub.tensorboards.manager import CLUSTER
from jupyter_trainhub.server.upstream import Upstream

# How long a TensorBoard may take to start before those who wait are told to come back.
HELD_SECONDS = 60.0
# Requests that wait at a time; a page of TensorBoard's has six under way.
LARGEST_HELD = 48
# One on this machine takes a second or two; one that takes longer waits for a node or an image.
QUICK_SECONDS = 5.0
QUICK_LOOK, SLOW_LOOK = 0.05, 0.5
# A page asks for dozens of things at once. On this machine a port that gets free may be another
# user's a moment later, and what listens there answers on our origin.
KNOWN_SECONDS = 5.0
KNOWN_HERE_SECONDS = 0.5

STARTING = "TensorBoardStarting"
STOPPED = "TensorBoardStopped"


class _Look:
    """The search for one TensorBoard, shared by all who ask for it meanwhile."""

    def __init__(self, search: Callable[[_Look], Awaitable[Upstream]], known: float) -> None:
        """What is found is good for ``known`` seconds."""
        self._known = known
        # Whether it was found to be starting, once it was looked for at all.
        self.starting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.until = float("inf")
        self.task = asyncio.ensure_future(search(self))
        self.task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[Upstream]) -> None:
        if not self.starting.done():
            self.starting.set_result(False)
        failed = task.cancelled() or task.exception() is not None
        self.until = 0.0 if failed else time.monotonic() + self._known


class TensorBoardUpstreams:
    """Where each TensorBoard listens; whoever asks for one that starts waits for it."""

    def __init__(
        self,
        endpoint: Callable[[str], Awaitable[TensorBoardEndpoint]],
        start: Callable[[str], Awaitable[object]],
        noticed: Callable[[], object],
    ) -> None:
        """``endpoint`` raises NotFound, and Conflict with the reason that it cannot be reached.

        ``noticed`` is called when one has started to start, or to run.
        """
        self._endpoint = endpoint
        self._start = start
        self._noticed = noticed
        self._looks: dict[str, _Look] = {}
        self._held = 0

    async def find(self, id_: str, *, start: bool = False) -> Upstream:
        """The TensorBoard, once it listens; ``start`` starts one that has ended.

        Raises NotFound, and Conflict when it does not run, or does not listen in time.
        """
        look = self._look(id_, start)
        if look.task.done():
            return look.task.result()
        if self._held >= LARGEST_HELD:
            raise Conflict(
                "too many requests wait for TensorBoards that start",
                reason=STARTING,
                remedy="Wait a moment.",
            )
        self._held += 1
        try:
            return await asyncio.shield(look.task)
        finally:
            self._held -= 1

    async def is_starting(self, id_: str, *, start: bool = False) -> bool:
        """Whether it does not listen yet; ``start`` as in :meth:`find`."""
        look = self._look(id_, start)
        return await asyncio.shield(look.starting) and not look.task.done()

    def forget(self, id_: str) -> None:
        """Looks for it anew next time: it was stopped, or does not answer."""
        look = self._looks.get(id_)
        if look is not None and look.task.done():
            del self._looks[id_]

    def close(self) -> None:
        """Sends away whoever waits."""
        for look in self._looks.values():
            look.task.cancel()

    def _look(self, id_: str, start: bool) -> _Look:
        look = self._looks.get(id_)
        if look is None or look.until < time.monotonic():
            for other, old in list(self._looks.items()):
                if old.until < time.monotonic():
                    del self._looks[other]
            known = KNOWN_SECONDS if id_.startswith(CLUSTER) else KNOWN_HERE_SECONDS
            look = self._looks[id_] = _Look(lambda look: self._search(id_, start, look), known)
        return look

    async def _search(self, id_: str, start: bool, look: _Look) -> Upstream:
        began = time.monotonic()
        while True:
            try:
                endpoint = await self._endpoint(id_)
            except Conflict as error:
                if error.reason == STOPPED and start:
                    start = False
                    await self._start(id_)
                    self._noticed()
                elif error.reason != STARTING or time.monotonic() - began > HELD_SECONDS:
                    raise
                if not look.starting.done():
                    look.starting.set_result(True)
            else:
                if look.starting.done():
                    self._noticed()
                return Upstream(
                    endpoint.host, endpoint.port, endpoint.prefix, gateway=endpoint.gateway
                )
            quick = time.monotonic() - began < QUICK_SECONDS
            await asyncio.sleep(QUICK_LOOK if quick else SLOW_LOOK)
