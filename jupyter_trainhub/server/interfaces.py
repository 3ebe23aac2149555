"""``instances/{name}/interfaces`` and ``instances/{name}/ide``: how an instance can be entered."""

from __future__ import annotations

import json

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import ClusterUnavailable
from jupyter_trainhub.server.base import ApiHandler

RESOURCE = "trainhub:instances"


class InterfacesHandler(ApiHandler):
    """What the running container offers."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized(action="read")
    async def get(self, name: str) -> None:
        """Finds out by one program in the container."""
        hub = await self.hub()
        try:
            found = await hub.looks.interfaces(name)
        except ClusterUnavailable:
            await self.service.lose(hub)
            raise
        self.finish(json.dumps(found))


class IdeHandler(ApiHandler):
    """The IDE in the container."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized(action="execute")
    async def post(self, name: str) -> None:
        """Starts it where it does not run, and tells where it is shown once it answers."""
        hub = await self.hub()
        try:
            await hub.ides.start(name)
        except ClusterUnavailable:
            await self.service.lose(hub)
            raise
        self.service.instance_upstreams.forget(name)
        self.finish(json.dumps({"url": f"trainhub/instances/{name}/ide/"}))
