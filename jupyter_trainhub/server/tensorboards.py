"""``tensorboards``: TensorBoards of this machine and of the cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import ClusterUnavailable, InvalidField, NotFound
from jupyter_trainhub.hub.tensorboards import TensorBoardView
from jupyter_trainhub.hub.tensorboards.manager import CLUSTER
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.contents import log_folder

RESOURCE = "trainhub:tensorboards"

_CHANGEABLE = ("folders", "idle_seconds", "reload_interval", "memory", "name")


class TensorBoardApiHandler(ApiHandler):
    """Base of these routes."""

    auth_resource = RESOURCE

    def here(self, path: str) -> Path:
        """What a folder is on this machine. Raises InvalidField and NotFound; blocks."""
        roots = self.service.config.log_roots
        return log_folder(self.contents_manager, path, roots, field="folders")

    async def connect_for(self, id_: str) -> None:
        """Connects to the cluster where ``id_`` is one of it. Raises ClusterUnavailable."""
        if id_.startswith(CLUSTER):
            await self.hub()

    async def changed(self, call: Callable[..., TensorBoardView], *arguments: Any) -> None:
        """Answers with what ``call`` returns, and sees that others are told of it."""
        view = await self.run(call, *arguments)
        self.tell(view["id"])
        self.finish(dict(view))

    def tell(self, id_: str) -> None:
        """Sees that others are told of a change, and that nobody is led to where it was."""
        self.service.tensorboard_upstreams.forget(id_)
        self.service.watch_tensorboards().look()


class TensorBoardsHandler(TensorBoardApiHandler):
    """All TensorBoards."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items, problem}``: those that can be seen, and why those of the cluster cannot be."""
        self.service.watch_tensorboards()
        away = None
        if self.service.connection.current is None:
            # Connects, and does not wait for it: those of this machine are shown at once.
            state = await self.service.cluster_state()
            away = None if state["embedded"] else state["message"]
        items, problem = await self.run(self.service.tensorboards.listing)
        self.finish({"items": items, "problem": problem or away})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Opens a TensorBoardSpec: the one of its folders and options, started unless it runs."""
        body = self.json_object()
        if await self.run(_asks_for_the_cluster, body):
            await self.hub(start=True)
        self.set_status(201)
        try:
            await self.changed(self.service.tensorboards.open, body, self.here)
        except (InvalidField, NotFound):
            if self.service.connection.current is not None:
                raise
            # What this machine does not see may be on a storage of the cluster.
            with suppress(ClusterUnavailable):
                await self.hub()
            await self.changed(self.service.tensorboards.open, body, self.here)


class TensorBoardHandler(TensorBoardApiHandler):
    """One TensorBoard."""

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """The TensorBoard."""
        await self.connect_for(id_)
        self.finish(dict(await self.run(self.service.tensorboards.get, id_)))

    @web.authenticated
    @authorized
    async def patch(self, id_: str) -> None:
        """Starts or stops it."""
        await self.connect_for(id_)
        boards = self.service.tensorboards
        acts = {"running": boards.start, "stopped": boards.stop}
        await self.changed(acts[self.state(*acts)], id_)

    @web.authenticated
    @authorized
    async def put(self, id_: str) -> None:
        """Changes folders, options or name; the answer may have another id."""
        body = self.json_object()
        unknown = sorted(body.keys() - set(_CHANGEABLE))
        if unknown:
            raise InvalidField(
                f"{unknown[0]!r} cannot be changed",
                field=unknown[0],
                remedy=f"Change {', '.join(_CHANGEABLE)}.",
            )
        await self.connect_for(id_)
        await self.changed(self.service.tensorboards.update, id_, body, self.here)

    @web.authenticated
    @authorized
    async def delete(self, id_: str) -> None:
        """Ends and forgets it."""
        await self.connect_for(id_)
        await self.run(self.service.tensorboards.delete, id_)
        self.tell(id_)
        self.set_status(204)
        self.finish()


class TensorBoardLogHandler(TensorBoardApiHandler):
    """What one printed."""

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """``{log}``: the last 16 KiB."""
        await self.connect_for(id_)
        self.finish({"log": await self.run(self.service.tensorboards.log, id_)})


def _asks_for_the_cluster(body: Mapping[str, Any]) -> bool:
    # Imported when it is needed: pydantic takes its time.
    from jupyter_trainhub.hub.tensorboards.resolve import asks_for_the_cluster
    from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

    return asks_for_the_cluster(TensorBoardSpec.parse(body))
