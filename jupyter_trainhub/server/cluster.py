"""``cluster``: its nodes, and starting the embedded one."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.base import ApiHandler


class ClusterHandler(ApiHandler):
    """The cluster."""

    auth_resource = "trainhub:cluster"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{nodes}``: what each has, what is in use and by whom."""
        hub = await self.hub()
        self.finish({"nodes": await self.run(hub.nodes.list)})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Connects, and starts the embedded cluster where no other is configured.

        Answers before it is there; ``status`` tells how it goes.
        """
        self.json_object()
        if self.service.connection.current is None:
            self.service.connection.begin()
        self.set_status(202)
        self.finish({"cluster": await self.service.cluster_state()})
