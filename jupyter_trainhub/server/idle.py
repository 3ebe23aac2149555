"""``instances/{name}/idle``: whether an instance is in use, and keeping it longer."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.instances import RESOURCE


class IdleHandler(ApiHandler):
    """The idleness of one instance."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Its Idle; the container is asked anew, which takes a second or two."""
        hub = await self.hub()
        self.finish(await self.service.probe(hub.idle.look, name))

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Keeps it for ``seconds`` from now; the instance."""
        body = self.json_object()
        unknown = sorted(body.keys() - {"seconds"})
        if unknown:
            raise InvalidField(
                f"{unknown[0]!r} means nothing here",
                field=unknown[0],
                remedy="Send only 'seconds'.",
            )
        hub = await self.hub()
        self.finish(await self.run(hub.idle.extend, name, body.get("seconds")))
