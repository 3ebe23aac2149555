"""``jobs/{name}/scalars``: the latest curves of a job."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.jobs import RESOURCE


class JobScalarsHandler(ApiHandler):
    """What a job has told of its metrics."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """The Scalars: a few curves, losses first, each with its last point."""
        hub = await self.hub()
        self.finish(await self.run(hub.scalars.of, name))
