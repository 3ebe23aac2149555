"""``jobs``: training jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.server import notebook
from jupyter_trainhub.server.base import ApiHandler

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

RESOURCE = "trainhub:jobs"


class JobsHandler(ApiHandler):
    """All jobs."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items}``."""
        hub = await self.hub()
        self.finish({"items": await self.run(hub.jobs.list)})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Submits ``{spec}``, a JobSpec; its notebook is run as it was last saved."""
        data = asked_spec(self)
        if self.service.connection.current is None:
            # What can never run is refused before a cluster is started for it.
            await self.run(self._bundled, data, None)
        hub = await self.hub(start=True)
        self.set_status(201)
        self.finish(await self.run(self._submit, hub, data))

    def _bundled(self, data: Any, hub: Hub | None) -> Any:
        submission = notebook.read(data, self.contents_manager, self.service.config, hub)
        return submission.spec, notebook.bundled(submission)

    def _submit(self, hub: Hub, data: Any) -> dict[str, Any]:
        return hub.jobs.create(*self._bundled(data, hub))


class JobHandler(ApiHandler):
    """One job."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """The job."""
        hub = await self.hub()
        self.finish(await self.run(hub.jobs.get, name))

    @web.authenticated
    @authorized
    async def patch(self, name: str) -> None:
        """Stops it; its record stays."""
        self.state("stopped")
        hub = await self.hub()
        self.finish(await self.run(hub.jobs.stop, name))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        """Deletes it, its pods and their logs."""
        hub = await self.hub()
        await self.run(hub.jobs.delete, name)
        self.set_status(204)
        self.finish()


class PreviewHandler(JobHandler):
    """What would run.

    It shares its path with the job that may well be called ``preview``: jobs take no POST.
    """

    @web.authenticated
    @authorized(action="read")
    async def post(self, _name: str) -> None:
        """``{cells, files, warnings, errors}`` for ``{spec}``, without submitting anything."""
        self.finish(await self.run(self._preview, asked_spec(self)))

    def _preview(self, data: Any) -> dict[str, Any]:
        hub = self.service.connection.current
        submission = notebook.read(data, self.contents_manager, self.service.config, hub)
        return notebook.plan(submission).to_dict()


class JobEventsHandler(ApiHandler):
    """What the cluster did for a job."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """``{items}``, oldest first."""
        hub = await self.hub()
        self.finish({"items": await self.run(hub.jobs.events, name)})


def asked_spec(handler: ApiHandler) -> Any:
    """The ``spec`` of the request's body. Raises InvalidField where there is none."""
    body = handler.json_object()
    if "spec" not in body:
        raise InvalidField("a spec is needed", field="spec", remedy='Send {"spec": {"name": …}}.')
    return body["spec"]
