"""HTTP to an instance's JupyterLab."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_trainhub.server.http_proxy import HttpProxyHandler
from jupyter_trainhub.server.proxy import ProxyHandler
from jupyter_trainhub.server.upstream import Upstream


class InstanceAddress(ProxyHandler):
    """Where an instance's JupyterLab is, for HTTP and websockets alike."""

    auth_resource = "trainhub:instances"
    noun = "This instance"

    def public_prefix(self, name: str) -> str:
        """``<base_url>/trainhub/instances/<name>/lab``."""
        return url_path_join(self.base_url, "trainhub", "instances", name, "lab")

    async def find(self, name: str) -> Upstream:
        """The instance's pod."""
        return await self.service.instance_upstream(name)

    def forget(self, name: str) -> None:
        """Asks the cluster for the pod next time."""
        self.service.forget_instance(name)


class InstanceProxyHandler(InstanceAddress, HttpProxyHandler):
    """HTTP to an instance's JupyterLab."""

    @web.authenticated
    @authorized(action="read")
    async def get(self, name: str) -> None:
        """Passes a GET on."""
        await self.relay(name)

    @web.authenticated
    @authorized(action="read")
    async def head(self, name: str) -> None:
        """Passes a HEAD on."""
        await self.relay(name)

    @web.authenticated
    @authorized(action="read")
    async def options(self, name: str) -> None:
        """Passes an OPTIONS on."""
        await self.relay(name)

    @web.authenticated
    @authorized(action="write")
    async def post(self, name: str) -> None:
        """Passes a POST on."""
        await self.relay(name)

    @web.authenticated
    @authorized(action="write")
    async def put(self, name: str) -> None:
        """Passes a PUT on."""
        await self.relay(name)

    @web.authenticated
    @authorized(action="write")
    async def patch(self, name: str) -> None:
        """Passes a PATCH on."""
        await self.relay(name)

    @web.authenticated
    @authorized(action="write")
    async def delete(self, name: str) -> None:
        """Passes a DELETE on."""
        await self.relay(name)
