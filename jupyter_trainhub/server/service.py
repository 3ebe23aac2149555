"""What the routes share: the hub, live state, TensorBoards, and threads for calls that block.

Nothing is built before it is asked for: a server whose users never open TrainHub pays for none of
it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_events import EventLogger

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import ClusterUnavailable
from jupyter_trainhub.hub.access.terminals import Terminals
from jupyter_trainhub.hub.tensorboards import TensorBoards
from jupyter_trainhub.server.connection import ClusterState, Connection, Connector
from jupyter_trainhub.server.events.emitter import ObjectEvents, View
from jupyter_trainhub.server.idle_watch import OTHERS_SECONDS, OWN_SECONDS, IdleWatch
from jupyter_trainhub.server.instance_upstreams import InstanceUpstreams, Program
from jupyter_trainhub.server.pool import ConnectionPool
from jupyter_trainhub.server.tensorboard_follower import TensorBoardFollower
from jupyter_trainhub.server.tensorboard_upstreams import TensorBoardUpstreams
from jupyter_trainhub.server.tensorboard_watch import TensorBoardWatch
from jupyter_trainhub.server.upstream import Upstream

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.jobs.restart_clock import RestartClock
    from jupyter_trainhub.hub.live import LiveState

T = TypeVar("T")

THREADS = 8
# For calls that ask containers.
PROBE_THREADS = 2


class Service:
    """One for each server; its methods are called on the event loop."""

    def __init__(
        self,
        config: TrainHubConfig,
        connector: Connector,
        event_logger: EventLogger,
    ) -> None:
        self.config = config
        self.tensorboards = TensorBoards(config, lambda: self.connection.current)
        self.tensorboard_upstreams = TensorBoardUpstreams(
            lambda id_: self.run(self.tensorboards.endpoint, id_),
            lambda id_: self.run(self.tensorboards.start, id_),
            lambda: self.watch_tensorboards().look(),
        )
        self.terminals = Terminals()
        self.connection = Connection(connector, self.run)
        self.connector = connector
        self._event_logger = event_logger
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="trainhub")
        self._events: ObjectEvents | None = None
        self._live: LiveState | None = None
        self._restarts: RestartClock | None = None
        self._watch: TensorBoardWatch | None = None
        self._follower: TensorBoardFollower | None = None
        self._idle_watch: IdleWatch | None = None
        self._probes: ThreadPoolExecutor | None = None
        self._stopping = False
        self.connections = ConnectionPool()
        self.instance_upstreams = InstanceUpstreams(self._find_instance)

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
            from jupyter_trainhub.hub.tensorboards.cluster import cluster_id

            events = self.events
            loop = asyncio.get_running_loop()
            # Others' jobs are started again by their own servers.
            self._restarts = restarts = hub.jobs.restarts.clock(everybody=False)
            self._follower = follower = TensorBoardFollower(
                lambda id_: self.run(self.tensorboards.get, id_), events.publish
            )

            def changed(kind: str, name: str, action: str, view: View | None) -> None:
                # Called in a thread of live state's.
                if kind == "instance":
                    self.instance_upstreams.forget(name)
                    if view is not None and view.get("idle"):
                        loop.call_soon_threadsafe(self.watch_idle)
                elif kind == "tensorboard":
                    loop.call_soon_threadsafe(follower.changed, cluster_id(name), view)
                    return
                elif kind == "job" and view is not None:
                    view = hub.progress.merged(dict(view))
                    restarts.note(dict(view))
                    hub.runs.note(dict(view))
                elif kind == "job":
                    hub.progress.forget(name)
                    hub.runs.note_deleted(name)
                events.publish(kind, name, action, view)

            def moved(id_: str, view: View | None) -> None:
                events.publish("transfer", id_, "deleted" if view is None else "changed", view)

            hub.on_transfer = moved
            hub.progress.watch(lambda view: events.publish("job", view["name"], "changed", view))
            self._live = self.connector.live(hub, changed)
            await self.run(self._live.start)
            self._threads.submit(hub.runs.end_abandoned)
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
            self.instance_upstreams.clear()
            self.connections.close()
            if self._restarts is not None:
                self._restarts.close()
            if self._follower is not None:
                self._follower.close()
            live, self._live = self._live, None
            if live is not None:
                await self.run(live.stop)

    def watch_tensorboards(self) -> TensorBoardWatch:
        """The watch on TensorBoards, started by the first who wants to see them."""
        if self._watch is None:
            self._watch = TensorBoardWatch(
                lambda: self.run(self.tensorboards.list_here), self.events.publish
            )
        return self._watch

    async def _find_instance(self, name: str, program: Program) -> Upstream:
        hub = await self.hub()
        try:
            if program == "ide":
                endpoint = await hub.ides.endpoint(name)
            else:
                endpoint = await self.run(hub.instances.endpoint, name)
        except ClusterUnavailable:
            await self.lose(hub)
            raise
        return Upstream.at(endpoint)

    def note_activity(self, name: str, signal: str) -> None:
        """Notes that a person uses an instance; takes no time, and at most one write a minute."""
        hub = self.connection.current
        if hub is not None and hub.idle.activity.is_due(name, signal):
            self._threads.submit(hub.idle.activity.note, name, signal)

    async def probe(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """The result of a call that asks containers, which may take its time.

        It is made in threads of its own, so that a container that hangs holds up nothing else.
        """
        if self._probes is None:
            self._probes = ThreadPoolExecutor(PROBE_THREADS, thread_name_prefix="trainhub-probe")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._probes, functools.partial(call, *arguments, **named)
        )

    def watch_idle(self) -> None:
        """Begins to look after idle instances."""
        if self._idle_watch is None:
            self._idle_watch = IdleWatch(self._sweep)

    async def _sweep(self, everybody: bool) -> None:
        hub = await self.hub()
        user, older = (None, OTHERS_SECONDS) if everybody else (hub.user, OWN_SECONDS)

        def sweep() -> None:
            for _ in hub.idle.sweep(user, older=older):
                if self._stopping:
                    # A server that ends waits for its threads: those not asked yet are left.
                    return

        await self.probe(sweep)

    async def stop(self) -> None:
        """Ends the watches, the terminals and the threads."""
        self._stopping = True
        await self.terminals.close()
        self.tensorboard_upstreams.close()
        if self._watch is not None:
            await self._watch.stop()
        if self._idle_watch is not None:
            await self._idle_watch.stop()
        if self._restarts is not None:
            self._restarts.close()
        if self._follower is not None:
            self._follower.close()
        if self._live is not None:
            await self.run(self._live.stop)
        if self.connection.current is not None:
            await self.run(self.connection.current.close)
        self.connections.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._probes is not None:
            self._probes.shutdown(wait=False, cancel_futures=True)
