"""HTTP to an instance's JupyterLab and to its IDE."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_trainhub.server.http_proxy import HttpProxyHandler
from jupyter_trainhub.server.proxy import ProxyHandler
from jupyter_trainhub.server.upstream import Upstream

if TYPE_CHECKING:
    from jupyter_trainhub.server.instance_upstreams import Program


class InstanceAddress(ProxyHandler):
    """Where a program of an instance is, for HTTP and websockets alike."""

    auth_resource = "trainhub:instances"
    noun = "This instance"
    program: ClassVar[Program] = "lab"

    def public_prefix(self, name: str) -> str:
        """``<base_url>/trainhub/instances/<name>/<program>``."""
        return url_path_join(self.base_url, "trainhub", "instances", name, self.program)

    async def find(self, name: str) -> Upstream:
        """The instance's pod."""
        return await self.service.instance_upstreams.find(name, self.program)

    def forget(self, name: str) -> None:
        """Asks the cluster for the pod next time."""
        self.service.instance_upstreams.forget(name)

    def note_activity(self, name: str) -> None:
        """Notes it for the instance, too, which may be stopped when nobody uses it."""
        super().note_activity(name)
        self.service.note_activity(name, self.program)


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


class UnescapedAddressHandler(JupyterHandler):
    """Sends requests for parts of the IDE on to where they belong.

    VS Code unescapes the addresses of its own parts (its URI.toString(true)), so that below a base
    URL such as ``/user/a%40b/`` it asks for ``/user/a@b/…``, where no cookie is sent.
    """

    @allow_unauthenticated
    async def get(self, name: str) -> None:
        """The same path and query, below the base URL as it is written."""
        rest = self.request.path[len(unquote(self.base_url)) :]
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(f"{self.base_url}{rest}{query}", status=307)


class IdeProxyHandler(InstanceProxyHandler):
    """HTTP to an instance's IDE."""

    noun = "The IDE of this instance"
    when_silent = "Open it from the instance's tab, which starts it."
    program = "ide"
