"""HTTP to a TensorBoard."""

from __future__ import annotations

import asyncio
import re
import time

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_trainhub.server import rewrite, tensorboard_files
from jupyter_trainhub.server.http_proxy import HttpProxyHandler
from jupyter_trainhub.server.upstream import Upstream

PREFIX = "trainhub/tensorboards"
RESOURCE = "trainhub:tensorboards"

# The names of processes that this machine's own configuration starts.
_HERE = re.compile("[0-9a-f]{16}")
# One that runs and accepts no connection is starting its loader anew, which takes a second or two.
SILENT_SECONDS = 10.0
SILENT_LOOK = 0.1


class TensorBoardProxyHandler(HttpProxyHandler):
    """HTTP to a TensorBoard, which knows GET, HEAD and POST (``timeSeries``, a read) only.

    Requests to one that starts wait for it.
    """

    auth_resource = RESOURCE
    noun = "This TensorBoard"
    reads_by_post = True
    needs_etags = True

    _silent_until: float | None = None

    def public_prefix(self, name: str) -> str:
        """``<base_url>/trainhub/tensorboards/<id>``."""
        return url_path_join(self.base_url, PREFIX, name)

    async def find(self, name: str) -> Upstream:
        """Where it listens, once it does.

        One that ended for want of use is started again when somebody opens its page.
        """
        start = await self._may_start()
        return await self.service.tensorboard_upstreams.find(name, start=start)

    def forget(self, name: str) -> None:
        """Looks for it anew next time."""
        self.service.tensorboard_upstreams.forget(name)

    async def relay(self, name: str) -> None:
        """Passes the request on; what the page is made of is there before TensorBoard is."""
        if self.request.headers.get("Upgrade", "").lower() == "websocket":
            raise web.HTTPError(400, "A TensorBoard has no websockets")
        if "Service-Worker" in self.request.headers:
            # It would stay when the TensorBoard goes, and answer for the next one of its name.
            raise web.HTTPError(403, "A TensorBoard has no service workers")
        if not await self._shown_early(name):
            await super().relay(name)

    async def _shown_early(self, name: str) -> bool:
        service, request = self.service, self.request
        public = f"{self.public_prefix(name)}/"
        if (
            request.method != "GET"
            or not request.path.startswith(public)
            or not _HERE.fullmatch(name)
            or "gzip" not in request.headers.get("Accept-Encoding", "")
            or not await service.tensorboard_upstreams.is_starting(
                name, start=await self._may_start()
            )
        ):
            return False
        file = await service.run(
            tensorboard_files.read,
            service.config.tensorboard_python,
            request.path[len(public) :],
            hashed=bool(self.get_query_argument("_file_hash", "")),
        )
        if file is None:
            return False
        for header, value in file.headers.items():
            self.set_header(header, value)
        self.finish(file.body)
        return True

    async def _may_start(self) -> bool:
        """Whether a page is opened by somebody who might start TensorBoards by REST as well."""
        return self.navigates and await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "write", self.auth_resource)
        )

    async def waits_for(self, name: str) -> bool:
        """Whether it may listen again soon; :meth:`find` says if it has ended."""
        self.forget(name)
        now = time.monotonic()
        if self._silent_until is None:
            self._silent_until = now + SILENT_SECONDS
        if now > self._silent_until:
            return False
        await asyncio.sleep(SILENT_LOOK)
        return True

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


class TensorBoardPortHandler(TensorBoardProxyHandler):
    """Sends on to a TensorBoard that is known by its port: the one that ``%tensorboard`` shows.

    The magic knows the port alone, and puts it into the address that ``$TENSORBOARD_PROXY_URL``
    names (tensorboard's ``notebook.py``). A port of any other program leads nowhere.
    """

    def public_prefix(self, name: str) -> str:
        """``<base_url>/trainhub/tensorboards/port/<port>``."""
        return url_path_join(self.base_url, PREFIX, "port", name)

    async def relay(self, name: str) -> None:
        """Redirects. Raises NotFound where no TensorBoard of this user has the port."""
        view = await self.service.run(self.service.tensorboards.by_port, int(name))
        address = super().public_prefix(view["id"])
        address += self.request.path[len(self.public_prefix(name)) :] or "/"
        query = rewrite.query(self.request.query)
        self.redirect(address + (f"?{query}" if query else ""), status=307)
