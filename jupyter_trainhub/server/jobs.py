"""``jobs``: training jobs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.server import notebook
from jupyter_trainhub.server.base import ApiHandler

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.notebook.bundle import Bundle

RESOURCE = "trainhub:jobs"


class JobsHandler(ApiHandler):
    """All jobs."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items}``; ``?search=`` for words that each occur in them."""
        hub = await self.hub()
        search = self.get_query_argument("search", "")
        self.finish({"items": await self.run(hub.jobs.list, search)})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Submits ``{spec}``, a JobSpec; its notebook is run as it was last saved.

        With ``code_of``, the name of a run, it is run as that run had it.
        """
        data, run = asked_spec(self), _text(self.json_object(), "code_of")
        if self.service.connection.current is None and run is None:
            # What can never run is refused before a cluster is started for it.
            await self.run(self._bundled, data, None)
        hub = await self.hub(start=True)
        self.set_status(201)
        self.finish(await self.run(self._submit, hub, data, run))

    def _bundled(self, data: Any, hub: Hub | None) -> tuple[notebook.Submission, Bundle]:
        submission = notebook.read(data, self.contents_manager, self.service.config, hub)
        return submission, notebook.bundled(submission)

    def _submit(self, hub: Hub, data: Any, run: str | None) -> dict[str, Any]:
        from jupyter_trainhub.hub.runs.origin import origin
        from jupyter_trainhub.specs.job import JobSpec

        by = claimed_name(self.current_user.username)
        if run is not None:
            told = origin(None, user=hub.user, submitted_by=by, from_run=run)
            return hub.jobs.create(JobSpec.parse(data), submission=told, code_of=run)
        submission, bundle = self._bundled(data, hub)
        spec, folder = submission.spec, submission.file and submission.file.parent
        if folder is None and spec.working_dir is not None:
            folder = hub.storage.seen_here(spec, spec.working_dir)
        told = origin(folder, user=hub.user, submitted_by=by, notebook=spec.notebook)
        return hub.jobs.create(spec, bundle, submission=told)


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
        """Stops it by ``{"state": "stopped"}``, or pins it, or not, by ``{"pinned"}``."""
        body = self.json_object()
        if list(body) != ["pinned"]:
            self.state("stopped")
        elif not isinstance(body["pinned"], bool):
            raise InvalidField(
                "pinned must be true or false",
                field="pinned",
                remedy='Send {"pinned": true} or {"pinned": false}.',
            )
        hub = await self.hub()
        if "pinned" in body:
            self.finish(await self.run(hub.jobs.pin, name, body["pinned"]))
        else:
            self.finish(await self.run(hub.jobs.stop, name))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        """Deletes it, its pods and their logs, with ``?volumes=true`` also its volumes."""
        volumes = self.flag("volumes")
        hub = await self.hub()
        await self.run(hub.jobs.delete, name, volumes=volumes)
        self.set_status(204)
        self.finish()


class ResubmissionHandler(ApiHandler):
    """A job once more."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Submits it again, with the code as it was submitted, as the new job ``{name}``."""
        wanted = _text(self.json_object(), "name")
        hub = await self.hub()
        self.set_status(201)
        self.finish(await self.run(hub.jobs.resubmit, name, wanted))


class PreviewHandler(JobHandler):
    """What would run.

    It shares its path with the job that may well be called ``preview``: jobs take no POST.
    """

    @web.authenticated
    @authorized(action="read")
    async def post(self, _name: str) -> None:
        """``{cells, files, warnings, errors}`` for ``{spec}``, without submitting anything.

        A command has no cells: that it is answered says that it can run here.
        """
        self.finish(await self.run(self._preview, asked_spec(self)))

    def _preview(self, data: Any) -> dict[str, Any]:
        hub = self.service.connection.current
        submission = notebook.read(data, self.contents_manager, self.service.config, hub)
        if hub is not None:
            hub.jobs.check(submission.spec)
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


def claimed_name(username: str) -> str:
    """The name under which Jupyter knows a user; empty for one that it made up itself.

    It calls each request without a login by a new UUID
    (``jupyter_server.auth.identity.IdentityProvider.generate_anonymous_user``).
    """
    return "" if re.fullmatch("[0-9a-f]{32}", username) else username


def asked_spec(handler: ApiHandler) -> Any:
    """The ``spec`` of the request's body. Raises InvalidField where there is none."""
    body = handler.json_object()
    if "spec" not in body:
        raise InvalidField("a spec is needed", field="spec", remedy='Send {"spec": {"name": …}}.')
    return body["spec"]


def _text(body: dict[str, Any], field: str) -> str | None:
    """The text ``field`` of a request's body, None where it is absent. Raises InvalidField."""
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise InvalidField(
            f"{field} must be a text", field=field, remedy="Send a name, or leave it out."
        )
    return value
