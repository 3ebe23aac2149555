"""``shell/api/terminals``: Jupyter's own terminals protocol, for shells in instances and jobs.

It has the shape of ``jupyter_server_terminals``, so that JupyterLab's TerminalManager speaks to it
when its base URL is ``trainhub/instances/<name>/shell`` or ``trainhub/jobs/<name>/<rank>/shell``.
"""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.access.terminals import Terminal
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.places import place_of

RESOURCE = "trainhub:terminals"


class TerminalsHandler(ApiHandler):
    """The terminals of an instance, or of a job's pod."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str, rank: str | None = None) -> None:
        """A list of ``{name, last_activity}``."""
        found = self.service.terminals.list(place_of(name, rank))
        self.write_json([_model(terminal) for terminal in found])

    @web.authenticated
    @authorized(action="execute")
    async def post(self, name: str, rank: str | None = None) -> None:
        """Starts a shell, in the folder ``cwd`` of the container if one is named."""
        body = self.json_object()
        cwd = body.pop("cwd", None)
        if body or not isinstance(cwd, str | None):
            field = next(iter(body), "cwd")
            raise InvalidField(
                f"{field!r} cannot be given", field=field, remedy="Give only 'cwd', a path."
            )
        hub = await self.hub()
        place = place_of(name, rank)
        into = await self.run(hub.entrances.container, place)
        opened = await self.service.terminals.open(place, lambda: hub.shell(into, cwd))
        self.write_json(_model(opened))

    def write_json(self, value: Any) -> None:
        """Ends the request; unlike ``finish`` it takes lists."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value))


class TerminalHandler(ApiHandler):
    """One terminal."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str, id_: str, rank: str | None = None) -> None:
        """``{name, last_activity}``."""
        self.finish(_model(self.service.terminals.get(place_of(name, rank), id_)))

    @web.authenticated
    @authorized(action="execute")
    async def delete(self, name: str, id_: str, rank: str | None = None) -> None:
        """Ends its shell."""
        await self.service.terminals.get(place_of(name, rank), id_).close()
        self.set_status(204)
        self.finish()


def _model(terminal: Terminal) -> dict[str, str]:
    return {"name": terminal.id, "last_activity": terminal.last_activity}
