"""HTTP to a TensorBoard."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_trainhub.server.http_proxy import HttpProxyHandler
from jupyter_trainhub.server.upstream import Upstream


class TensorBoardProxyHandler(HttpProxyHandler):
    """HTTP to a TensorBoard, which knows GET, HEAD and POST (``timeSeries``, a read) only."""

    auth_resource = "trainhub:tensorboards"
    noun = "This TensorBoard"
    reads_by_post = True
    needs_etags = True

    def public_prefix(self, name: str) -> str:
        """``<base_url>/trainhub/tensorboards/<id>``."""
        return url_path_join(self.base_url, "trainhub", "tensorboards", name)

    async def find(self, name: str) -> Upstream:
        """The process on this machine.

        One that ended for want of use is started again when somebody opens its page.
        """
        return await self.service.tensorboard_upstream(name, revive=self.navigates)

    def forget(self, name: str) -> None:
        """Nothing is remembered: the record is a file."""

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
    async def post(self, name: str) -> None:
        """Passes a POST on."""
        await self.relay(name)
