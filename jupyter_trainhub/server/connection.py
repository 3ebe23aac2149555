"""Whether there is a connection to the cluster, and how it comes about."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import ClusterUnavailable, TrainHubError

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.live import LiveState, OnView

# How long a failed attempt counts, so that many polls do not make many attempts.
RETRY_SECONDS = 10.0


class ClusterState(TypedDict):
    """The cluster as ``GET status`` shows it."""

    name: str
    server: str | None
    namespace: str | None
    embedded: bool
    state: Literal["ready", "starting", "unavailable"]
    message: str | None


def disconnected(
    state: Literal["starting", "unavailable"], message: str, *, embedded: bool = False
) -> ClusterState:
    """The state of a cluster of which nothing is known but why."""
    return ClusterState(
        name="embedded" if embedded else "",
        server=None,
        namespace=None,
        embedded=embedded,
        state=state,
        message=message,
    )


class Connector:
    """Makes connections; every method blocks.

    The modules it needs are heavy, so they are imported when they are used.
    """

    def __init__(self, config: TrainHubConfig) -> None:
        self._config = config

    def connect(self) -> Hub:
        """A hub on the cluster, the embedded one started where no other is configured.

        Raises ClusterUnavailable.
        """
        from jupyter_trainhub.hub.hub import Hub

        return Hub.connect(self._config)

    def would_start(self) -> bool:
        """Whether :meth:`connect` would have to start the embedded cluster first.

        Raises InvalidField, ClusterUnavailable.
        """
        from jupyter_trainhub.hub.cluster import EmbeddedCluster, choose_cluster

        if not choose_cluster(self._config).embedded:
            return False
        running: bool = EmbeddedCluster(self._config).status()["state"] == "running"
        return not running

    def user(self) -> str:
        """Who objects will belong to."""
        from jupyter_trainhub.hub.hub import user_name

        return user_name(self._config)

    def live(self, hub: Hub, on_change: OnView) -> LiveState:
        """Live state that watches the hub's cluster, not started yet."""
        from jupyter_trainhub.hub.live import LiveState

        return LiveState(hub, on_change, policy=hub.idle.policy)


class Connection:
    """The one connection of this server, made when it is first needed and after it was lost."""

    def __init__(self, connector: Connector, run: Callable[..., Awaitable[Any]]) -> None:
        """``run`` makes a blocking call in a thread."""
        self._connector = connector
        self._run = run
        self._hub: Hub | None = None
        self._attempt: asyncio.Task[Hub] | None = None
        self._failure: TrainHubError | None = None
        self._failed_at = 0.0

    async def hub(self, *, start: bool) -> Hub:
        """The hub.

        ``start`` says whether to start the embedded cluster for it: reading must not. Raises
        ClusterUnavailable.
        """
        if self._hub is not None:
            return self._hub
        if self._attempt is None and not start and await self._run(self._connector.would_start):
            raise ClusterUnavailable(
                "no cluster is configured, and the embedded one does not run",
                reason="ClusterNotStarted",
                remedy="Start the embedded cluster, or name a kubeconfig in "
                "c.TrainHubConfig.kubeconfig.",
            )
        # Shielded, for others may wait for the same attempt.
        return await asyncio.shield(self.begin())

    def begin(self) -> asyncio.Task[Hub]:
        """Starts to connect, or joins the attempt under way."""
        if self._attempt is None:
            self._attempt = asyncio.ensure_future(self._connect())
            # Whoever waits sees the failure; `state` tells it when nobody does.
            self._attempt.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._attempt

    async def _connect(self) -> Hub:
        try:
            hub: Hub = await self._run(self._connector.connect)
        except TrainHubError as error:
            self._failure, self._failed_at = error, time.monotonic()
            raise
        finally:
            self._attempt = None
        self._hub, self._failure = hub, None
        return hub

    @property
    def current(self) -> Hub | None:
        """The hub, where there is one already."""
        return self._hub

    def lose(self, hub: Hub) -> bool:
        """Forgets a hub whose cluster does not answer any more; the next request connects anew.

        Says whether it was ours.
        """
        ours = self._hub is hub
        if ours:
            self._hub = None
        return ours

    async def state(self) -> ClusterState:
        """How the connection stands.

        Begins to connect where that starts no cluster, and does not wait for it.
        """
        hub = self._hub
        if hub is not None:
            return cast("ClusterState", await self._run(hub.status))
        if self._attempt is not None:
            return disconnected("starting", "Connecting to the cluster.")
        recently = time.monotonic() - self._failed_at < RETRY_SECONDS
        if self._failure is not None and recently:
            return disconnected("unavailable", str(self._failure))
        try:
            if await self._run(self._connector.would_start):
                return disconnected(
                    "unavailable",
                    "No cluster is configured. Start the embedded cluster on this machine, "
                    "or name a kubeconfig in c.TrainHubConfig.kubeconfig.",
                    embedded=True,
                )
        except TrainHubError as error:
            return disconnected("unavailable", str(error))
        self.begin()
        return disconnected("starting", "Connecting to the cluster.")
