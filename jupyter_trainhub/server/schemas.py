"""``schemas``: what the forms are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.server.base import ApiHandler

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub


class SchemasHandler(ApiHandler):
    """JSON Schemas of the specs."""

    auth_resource = "trainhub:schemas"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """``{instance, job, presets}``, with what this site offers to the user.

        Images of the registry are offered while there is a cluster; nothing is connected for them.
        """
        hub = self.service.connection.current
        self.finish(await self.run(_schemas, self.service.config, hub))


def _schemas(config: TrainHubConfig, hub: Hub | None) -> dict[str, Any]:
    # Imported in a thread and when it is needed: pydantic takes its time.
    from jupyter_trainhub.hub.forms import schemas
    from jupyter_trainhub.hub.hub import group_names, user_name

    images = hub.catalogue.latest() if hub is not None else []
    return schemas(config, user_name(config), group_names(config), images)
