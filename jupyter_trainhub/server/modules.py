"""``images/modules``: what the Python of an image can import."""

from __future__ import annotations

import threading

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.base import ApiHandler


class ImageModulesHandler(ApiHandler):
    """The modules of one image; of the site's own where the name is empty."""

    auth_resource = "trainhub:images"

    def initialize(self) -> None:
        """Nobody has gone away yet."""
        self._unwanted = threading.Event()

    def on_connection_close(self) -> None:
        """Who asked does not wait any more, so that the pod is ended."""
        self._unwanted.set()
        super().on_connection_close()

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
        found = await self.service.probe(hub.modules.look, name, self._unwanted.is_set)
        self.finish(dict(found))
