"""``instances``: dev instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import InvalidField
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
        """Starts, stops or restarts it."""
        state = self.state("running", "stopped", "restarted")
        instances = (await self.hub()).instances
        acts = {
            "running": instances.start,
            "stopped": instances.stop,
            "restarted": instances.restart,
        }
        self.finish(await self.run(acts[state], name))

    @web.authenticated
    @authorized
    async def put(self, name: str) -> None:
        """Changes it: ``{spec, version?, restart?}``."""
        change = self.json_object()
        version, restart = change.get("version"), change.get("restart", False)
        if not isinstance(version, str | None):
            raise InvalidField(
                "the version is not a text",
                field="version",
                remedy="Send that of the instance which was edited, or leave it out.",
            )
        if not isinstance(restart, bool):
            raise InvalidField(
                "restart is neither true nor false", field="restart", remedy="Send true or false."
            )
        spec = await self.run(_parse, change.get("spec"))
        hub = await self.hub()
        act = hub.instances.update
        self.finish(await self.run(act, name, spec, version=version, restart=restart))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        """Deletes it."""
        hub = await self.hub()
        await self.run(hub.instances.delete, name)
        self.service.instance_upstreams.forget(name)
        self.set_status(204)
        self.finish()


class InstanceCheckHandler(InstanceHandler):
    """What would become of an instance.

    It shares its path with the instance that may well be called ``check``: instances take no POST.
    """

    @web.authenticated
    @authorized(action="read")
    async def post(self, _name: str) -> None:
        """The check of an InstanceSpec; with ``?edit=true``, of the change of a present one."""
        data = self.json_object()
        edit = self.get_query_argument("edit", "false") == "true"
        hub = await self.hub()
        self.finish(await self.run(hub.instances.check, data, edit=edit))


class InstanceEventsHandler(ApiHandler):
    """What the cluster did for an instance."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """``{items}``, the oldest first."""
        hub = await self.hub()
        self.finish({"items": await self.run(hub.instances.events, name)})


def _parse(data: Any) -> InstanceSpec:
    from jupyter_trainhub.specs.instance import InstanceSpec

    return InstanceSpec.parse(data)
