"""``status``: is anybody there, and is there a cluster."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub._version import __version__
from jupyter_trainhub.server.base import ApiHandler


class StatusHandler(ApiHandler):
    """Version, cluster and user."""

    auth_resource = "trainhub:status"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{version, cluster, user}``. Answers at once, whatever state the cluster is in."""
        cluster = await self.service.cluster_state()
        user = await self.run(self.service.connector.user)
        self.finish({"version": __version__, "cluster": cluster, "user": user})
