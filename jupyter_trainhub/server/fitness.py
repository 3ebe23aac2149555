"""``images/fitness`` and ``instances/{name}/fitness``: what an image lacks."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.server.abandoned import AbandonableHandler


class FitnessHandler(AbandonableHandler):
    """The fitness of an image or of an instance's container."""

    auth_resource = "trainhub:images"

    async def answer(self, **target: Any) -> None:
        """Sends the Fitness."""
        hub = await self.hub()
        self.finish(
            dict(
                await self.service.probe(
                    hub.fitness.check, cancelled=self.unwanted.is_set, **target
                )
            )
        )


class ImageFitnessHandler(FitnessHandler):
    """An image, looked into by a pod of its own."""

    @web.authenticated
    @authorized(action="execute")
    async def get(self) -> None:
        """The fitness of the image ``?name=``. Takes as long as a node takes to pull it."""
        self.require_same_origin()  # it starts a pod
        await self.answer(image=self.get_query_argument("name", ""))


class InstanceFitnessHandler(FitnessHandler):
    """A running instance, looked into by a program in its container."""

    @web.authenticated
    @authorized(action="read")
    async def get(self, name: str) -> None:
        """The fitness of the instance ``name``."""
        await self.answer(instance=name)
