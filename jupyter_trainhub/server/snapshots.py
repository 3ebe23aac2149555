"""``instances/{name}/snapshot``: saving an instance as an image."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.transfers import RESOURCE

if TYPE_CHECKING:
    from jupyter_trainhub.specs.snapshot import MeasurementSpec, SnapshotSpec


class SnapshotHandler(ApiHandler):
    """The image of one instance."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Saves it by a SnapshotSpec; the transfer."""
        spec = await self.run(_spec, self.json_object())
        hub = await self.hub()
        view = await self.service.probe(hub.snapshots.save, name, spec)
        self.set_status(202)
        self.finish(view)


class MeasurementHandler(ApiHandler):
    """What would be saved of one instance."""

    auth_resource = RESOURCE

    def initialize(self) -> None:
        """Nobody has gone away yet."""
        self._unwanted = threading.Event()

    def on_connection_close(self) -> None:
        """Who asked does not wait any more, so that nothing more is measured."""
        self._unwanted.set()
        super().on_connection_close()

    @web.authenticated
    @authorized(action="read")
    async def post(self, name: str) -> None:
        """The measurement: ``{exclude, include, engine}`` as in a SnapshotSpec."""
        spec = await self.run(_measurement, self.json_object())
        hub = await self.hub()
        self.finish(await self.service.probe(hub.snapshots.measure, name, spec, self._check))

    def _check(self) -> None:
        if self._unwanted.is_set():
            raise Conflict("nobody waits for the measurement", remedy="Measure it again.")


def _spec(data: Any) -> SnapshotSpec:
    from jupyter_trainhub.specs.snapshot import SnapshotSpec

    return SnapshotSpec.parse(data)


def _measurement(data: Any) -> MeasurementSpec:
    from jupyter_trainhub.specs.snapshot import MeasurementSpec

    return MeasurementSpec.parse(data)
