"""``images/modules``: what the Python of an image can import."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.abandoned import AbandonableHandler


class ImageModulesHandler(AbandonableHandler):
    """The modules of one image; of the site's own where the name is empty."""

    auth_resource = "trainhub:images"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """What is known of the image ``?name=``."""
        hub = await self.hub()
        name = self.get_query_argument("name", "")
        self.finish(dict(await self.service.probe(hub.modules.known, name)))

    @web.authenticated
    @authorized(action="execute")
    async def post(self) -> None:
        """Looks into the image by a pod. Takes as long as a node takes to pull it."""
        hub = await self.hub()
        name = self.get_query_argument("name", "")
        found = await self.service.probe(hub.modules.look, name, self.unwanted.is_set)
        self.finish(dict(found))
