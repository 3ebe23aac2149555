"""``transfers``: images on their way."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.base import ApiHandler

RESOURCE = "trainhub:images"


class TransfersHandler(ApiHandler):
    """All transfers."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items}``, the latest first."""
        hub = await self.hub()
        self.finish({"items": await self.run(hub.transfers.list)})


class TransferHandler(ApiHandler):
    """One transfer."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """The transfer."""
        hub = await self.hub()
        self.finish(await self.run(hub.transfers.get, id_))

    @web.authenticated
    @authorized
    async def patch(self, id_: str) -> None:
        """Cancels it, or tries it again."""
        state = self.state("cancelled", "running")
        transfers = (await self.hub()).transfers
        act = transfers.cancel if state == "cancelled" else transfers.resume
        self.finish(await self.run(act, id_))

    @web.authenticated
    @authorized
    async def delete(self, id_: str) -> None:
        """Forgets it."""
        hub = await self.hub()
        await self.run(hub.transfers.delete, id_)
        self.set_status(204)
        self.finish()
