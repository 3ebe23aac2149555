"""``volumes``: what jobs keep, and the folders in it."""

from __future__ import annotations

import json
import os
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.jobs import RESOURCE


class VolumesHandler(ApiHandler):
    """All volumes of jobs."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items}``, the newest first."""
        hub = await self.hub()
        self.finish({"items": await self.run(hub.volumes.list)})


class VolumeHandler(ApiHandler):
    """One volume."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, claim: str) -> None:
        """The volume."""
        hub = await self.hub()
        self.finish(await self.run(hub.volumes.get, claim))

    @web.authenticated
    @authorized
    async def patch(self, claim: str) -> None:
        """Makes it larger: ``{"size": "20Gi"}``."""
        size = await self.run(_size, self.json_object())
        hub = await self.hub()
        self.finish(await self.run(hub.volumes.resize, claim, size))

    @web.authenticated
    @authorized
    async def delete(self, claim: str) -> None:
        """Deletes it with what is in it."""
        hub = await self.hub()
        await self.run(hub.volumes.delete, claim)
        self.set_status(204)
        self.finish()


class VolumeFilesHandler(ApiHandler):
    """A folder of a volume."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, claim: str) -> None:
        """``?path=``: ``{path, type, items, truncated, used}``; may start a pod that reads it."""
        self.require_same_origin()
        hub = await self.hub()
        self.finish(json.dumps(await hub.volumes.files.list(claim, asked_path(self))))


def asked_path(handler: ApiHandler) -> str:
    """The path of the query, in which names may hold any bytes."""
    return os.fsdecode(handler.request.query_arguments.get("path", [b""])[-1])


def _size(body: dict[str, Any]) -> int:
    from jupyter_trainhub.specs.quantity import parse_memory

    unknown = sorted(body.keys() - {"size"})
    if unknown:
        raise InvalidField(
            f"{unknown[0]!r} cannot be changed", field=unknown[0], remedy="Change only 'size'."
        )
    try:
        return parse_memory(str(body.get("size", "")))
    except ValueError as error:
        raise InvalidField(str(error), field="size", remedy="Send a size such as 20Gi.") from None
