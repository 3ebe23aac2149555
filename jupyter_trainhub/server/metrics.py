"""``jobs/{name}/metrics``: what a job uses."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.jobs import RESOURCE


class JobMetricsHandler(ApiHandler):
    """What the pods of a job use, now and since they started."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """The Metrics: ``?since=`` an ISO 8601 time, ``?pod=`` the name of one pod."""
        since, pod = (self.get_query_argument(key, None) for key in ("since", "pod"))
        hub = await self.hub()
        self.finish(await self.run(hub.metrics.of, name, since or None, pod or None))
