"""``images``: what there is to choose from, and what is done with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.contents import shown_folders
from jupyter_trainhub.server.transfers import RESOURCE

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.views import View


class ImagesHandler(ApiHandler):
    """All images. Names hold slashes and colons: they are query arguments."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{items, registry}``, of ``?search=``."""
        hub = await self.hub()
        search = self.get_query_argument("search", "")
        self.finish(await self.run(lambda: hub.catalogue.list(search)))

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        """Deletes ``?name=``; with ``?force=true`` also one that is needed."""
        hub = await self.hub()
        name = self.get_query_argument("name")
        force = self.get_query_argument("force", "false") == "true"
        await self.run(lambda: hub.catalogue.delete(name, force=force))
        self.set_status(204)
        self.finish()


class TagHandler(ApiHandler):
    """Further names of images."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Gives ``{name}`` a ``tag`` or a ``new_name`` too; the image. ``{overwrite?}``."""
        body = self.json_object()
        new_name = "tag" if "tag" in body else "new_name"
        for field in ("name", new_name):
            if not isinstance(body.get(field), str):
                raise InvalidField("a text is needed", field=field, remedy="Send an image's name.")
        if not isinstance(body.get("overwrite", False), bool):
            raise InvalidField(
                "overwrite is neither true nor false",
                field="overwrite",
                remedy="Send true or false.",
            )
        hub = await self.hub()
        self.finish(
            await self.run(
                lambda: hub.catalogue.tag(
                    body["name"], body[new_name], overwrite=body.get("overwrite", False)
                )
            )
        )


class LayerHandler(ApiHandler, ABC):
    """Base of what is told of a saved instance from its layer."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """What there is to tell of the image ``?name=``."""
        # It reads all of a layer, of whatever registry.
        self.require_same_origin()
        hub = await self.hub()
        name = self.get_query_argument("name")
        self.finish(dict(await self.service.probe(self.tell, hub, name)))

    @abstractmethod
    def tell(self, hub: Hub, name: str) -> Mapping[str, Any]:
        """What is told of the image ``name``."""


class ChangesHandler(LayerHandler):
    """What a saved instance has beyond its base."""

    def tell(self, hub: Hub, name: str) -> Mapping[str, Any]:
        """Packages, files, and what was deleted."""
        return hub.catalogue.changes(name)


class RecipeHandler(LayerHandler):
    """What makes the like of a saved instance."""

    def tell(self, hub: Hub, name: str) -> Mapping[str, Any]:
        """Files by their names, and ``notes``."""
        return hub.catalogue.recipe(name)


class TransferStartHandler(ApiHandler, ABC):
    """Base of what begins a transfer by a spec."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Begins it; the transfer."""
        body = self.json_object()
        hub = await self.hub()
        view = await self.run(self.begin, hub, body)
        self.set_status(202)
        self.finish(view)

    @abstractmethod
    def begin(self, hub: Hub, body: dict[str, Any]) -> View:
        """The view of the transfer that ``body`` asks for."""


class CopyHandler(TransferStartHandler):
    """Copies between registries."""

    def begin(self, hub: Hub, body: dict[str, Any]) -> View:
        """Of a CopySpec."""
        from jupyter_trainhub.specs.transfer import CopySpec

        return hub.relay.copy(CopySpec.parse(body))


class LoadHandler(TransferStartHandler):
    """Images from archives."""

    def begin(self, hub: Hub, body: dict[str, Any]) -> View:
        """Of a LoadSpec."""
        from jupyter_trainhub.specs.transfer import LoadSpec

        return hub.archives.load(LoadSpec.parse(body), shown_folders(self.contents_manager))


class ExportHandler(TransferStartHandler):
    """Images into archives."""

    def begin(self, hub: Hub, body: dict[str, Any]) -> View:
        """Of an ExportSpec."""
        from jupyter_trainhub.specs.transfer import ExportSpec

        return hub.archives.export(ExportSpec.parse(body), shown_folders(self.contents_manager))
