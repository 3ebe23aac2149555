"""``jobs/{name}/failure``, ``runs/{run}/failure`` and ``notebooks/failures``: why, and where."""

from __future__ import annotations

from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.contents import path_below, shown_folders
from jupyter_trainhub.server.jobs import RESOURCE


class JobFailureHandler(ApiHandler):
    """How a job failed."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """The Failure of ``?attempt=N``, default the newest."""
        attempt = self.count("attempt", least=1)
        hub = await self.hub()
        self.finish(await self.run(hub.failures.of_job, name, attempt))


class RunFailureHandler(ApiHandler):
    """How a run failed, by its record."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """The Failure of ``?attempt=N``, default the newest."""
        attempt = self.count("attempt", least=1)
        hub = await self.hub()
        self.finish(await self.run(hub.failures.of_run, run, attempt))


class NotebookFailuresHandler(ApiHandler):
    """How the jobs of a notebook failed."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items}``, the newest first: those since the last success of ``?path=``."""
        path = self.get_query_argument("path")
        roots = shown_folders(self.contents_manager)
        file = path_below(roots[0], path, field="path") if roots else None

        def is_it(notebook: str) -> bool:
            # What is submitted elsewhere than in JupyterLab is named by its place on the disk.
            return notebook.strip("/") == path.strip("/") or (
                file is not None and notebook.startswith("/") and Path(notebook) == file
            )

        hub = await self.hub()
        self.finish({"items": await self.run(hub.failures.of_notebook, is_it)})
