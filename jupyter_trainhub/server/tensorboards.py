"""``tensorboards``: TensorBoards of this machine."""

from __future__ import annotations

from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.contents import log_folder

RESOURCE = "trainhub:tensorboards"


class TensorBoardsHandler(ApiHandler):
    """All TensorBoards."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items}``."""
        self.service.watch_tensorboards()
        self.finish({"items": await self.run(self.service.tensorboards.list)})

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Opens ``{folders}``: the TensorBoard of these folders, started unless it runs."""
        folders = await self.run(self._folders)
        view = await self.run(self.service.tensorboards.ensure, folders)
        self.service.watch_tensorboards().look()
        self.set_status(201)
        self.finish(view)

    def _folders(self) -> list[Path]:
        folders = self.json_object().get("folders")
        if (
            not isinstance(folders, list)
            or not folders
            or not all(isinstance(folder, str) for folder in folders)
        ):
            raise InvalidField(
                "folders must be a list of paths, at least one",
                field="folders",
                remedy='Send {"folders": ["runs"]}.',
            )
        roots = self.service.config.log_roots
        return [
            log_folder(self.contents_manager, folder, roots, field="folders") for folder in folders
        ]


class TensorBoardHandler(ApiHandler):
    """One TensorBoard."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, id_: str) -> None:
        """The TensorBoard."""
        self.finish(await self.run(self.service.tensorboards.get, id_))

    @web.authenticated
    @authorized
    async def delete(self, id_: str) -> None:
        """Ends it."""
        await self.run(self.service.tensorboards.stop, id_)
        self.service.watch_tensorboards().look()
        self.set_status(204)
        self.finish()
