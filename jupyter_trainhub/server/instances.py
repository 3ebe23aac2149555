"""``instances``: dev instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.base import ApiHandler

if TYPE_CHECKING:
    from jupyter_trainhub.specs.instance import InstanceSpec

RESOURCE = "trainhub:instances"


class InstancesHandler(ApiHandler):
    """All instances."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items}``."""
        hub = await self.hub()
        self.finish({"items": await self.run(hub.instances.list)})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Creates one from an InstanceSpec."""
        spec = await self.run(_parse, self.json_object())
        hub = await self.hub(start=True)
        self.set_status(201)
        self.finish(await self.run(hub.instances.create, spec))


class InstanceHandler(ApiHandler):
    """One instance."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """The instance."""
        hub = await self.hub()
        self.finish(await self.run(hub.instances.get, name))

    @web.authenticated
    @authorized
    async def patch(self, name: str) -> None:
        """Starts or stops it."""
        state = self.state("running", "stopped")
        hub = await self.hub()
        act = hub.instances.start if state == "running" else hub.instances.stop
        self.finish(await self.run(act, name))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        """Deletes it."""
        hub = await self.hub()
        await self.run(hub.instances.delete, name)
        self.service.forget_instance(name)
        self.set_status(204)
        self.finish()


def _parse(data: dict[str, Any]) -> InstanceSpec:
    from jupyter_trainhub.specs.instance import InstanceSpec

    return InstanceSpec.parse(data)
