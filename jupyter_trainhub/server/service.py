"""What the routes share: the hub, live state, TensorBoards, and threads for calls that block.

Nothing is built before it is asked for: a server whose users never open TrainHub pays for none of
it.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_events import EventLogger

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import ClusterUnavailable, Conflict
from jupyter_trainhub.hub.tensorboards import TensorBoards
from jupyter_trainhub.server.connection import ClusterState, Connection, Connector
from jupyter_trainhub.server.events.emitter import ObjectEvents, View
from jupyter_trainhub.server.tensorboard_watch import TensorBoardWatch
from jupyter_trainhub.server.upstream import Upstream

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.live import LiveState

T = TypeVar("T")

THREADS = 8
# How long the address and the token of an instance are taken for granted: a page asks for dozens of
# files at once.
UPSTREAM_SECONDS = 10.0


class Service:
    """One for each server; its methods are called on the event loop."""

    def __init__(
        self,
        config: TrainHubConfig,
        connector: Connector,
        event_logger: EventLogger,
    ) -> None:
        self.config = config
        self.tensorboards = TensorBoards(config)
        self.connection = Connection(connector, self.run)
        self.connector = connector
        self._event_logger = event_logger
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="trainhub")
        self._events: ObjectEvents | None = None
        self._live: LiveState | None = None
        self._watch: TensorBoardWatch | None = None
        self._upstreams: dict[str, tuple[float, asyncio.Future[Upstream]]] = {}

    async def run(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """The result of a call that blocks, made in one of a few threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, functools.partial(call, *arguments, **named)
        )

    @property
    def events(self) -> ObjectEvents:
        """Where changes are told."""
        if self._events is None:
            self._events = ObjectEvents(self._event_logger, asyncio.get_running_loop())
        return self._events

    async def hub(self, *, start: bool = False) -> Hub:
        """The hub, live state with it.

        ``start`` starts the embedded cluster where it takes that. Raises ClusterUnavailable.
        """
        hub = await self.connection.hub(start=start)
        if self._live is None:
            events = self.events

            def changed(kind: str, name: str, action: str, view: View | None) -> None:
                # Called in a thread of live state's.
                if kind == "instance":
                    self.forget_instance(name)
                events.publish(kind, name, action, view)

            self._live = self.connector.live(hub, changed)
            await self.run(self._live.start)
        return hub

    async def cluster_state(self) -> ClusterState:
        """How the connection to the cluster stands."""
        hub = self.connection.current
        state = await self.connection.state()
        if hub is not None and state["state"] == "unavailable":
            await self.lose(hub)
        return state

    async def lose(self, hub: Hub) -> None:
        """Drops a hub whose cluster does not answer; the next request connects anew."""
        if self.connection.lose(hub):
            self._upstreams.clear()
            live, self._live = self._live, None
            if live is not None:
                await self.run(live.stop)

    def watch_tensorboards(self) -> TensorBoardWatch:
        """The watch on TensorBoards, started by the first who wants to see them."""
        if self._watch is None:
            self._watch = TensorBoardWatch(
                lambda: self.run(self.tensorboards.list), self.events.publish
            )
        return self._watch

    async def instance_upstream(self, name: str) -> Upstream:
        """Where an instance's Jupyter listens.

        Raises NotFound, and Conflict while it does not run.
        """
        known = self._upstreams.get(name)
        if known is None or known[0] < time.monotonic():
            found = asyncio.ensure_future(self._find_instance(name))
            known = time.monotonic() + UPSTREAM_SECONDS, found
            self._upstreams[name] = known
        try:
            return await asyncio.shield(known[1])
        except BaseException:
            if self._upstreams.get(name) is known:
                del self._upstreams[name]
            raise

    async def _find_instance(self, name: str) -> Upstream:
        hub = await self.hub()
        try:
            endpoint = await self.run(hub.instances.endpoint, name)
        except ClusterUnavailable:
            await self.lose(hub)
            raise
        return Upstream(endpoint.host, endpoint.port, endpoint.prefix, endpoint.token)

    def forget_instance(self, name: str) -> None:
        """Looks for the instance anew next time."""
        self._upstreams.pop(name, None)

    async def tensorboard_upstream(self, id_: str, *, revive: bool) -> Upstream:
        """Where a TensorBoard listens; ``revive`` starts one again that has ended.

        Raises NotFound and Conflict.
        """
        try:
            endpoint = await self.run(self.tensorboards.endpoint, id_)
        except Conflict as error:
            if revive and error.reason == "TensorBoardStopped":
                await self.run(self.tensorboards.revive, id_)
                self.watch_tensorboards().look()
            raise
        return Upstream(endpoint.host, endpoint.port, endpoint.prefix)

    async def stop(self) -> None:
        """Ends the watches and the threads."""
        if self._watch is not None:
            await self._watch.stop()
        if self._live is not None:
            await self.run(self._live.stop)
        self._threads.shutdown(wait=False, cancel_futures=True)
