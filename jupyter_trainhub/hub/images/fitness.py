"""Whether an image, or the container of an instance, has what TrainHub, SSH and MPI need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.images.look import Look
from jupyter_trainhub.hub.instances.manager import Instances
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import CommandNotFound, run
from jupyter_trainhub.manifests.fitness import COMMAND, Fitness, fitness

# Bytes of the script's output that are read.
_LONGEST = 1 << 16


class FitnessCheck:
    """Looks into images and instances. Methods may be called by any thread, and block."""

    def __init__(self, client: KubeClient, instances: Instances, look: Look) -> None:
        self._client = client
        self._instances = instances
        self._look = look

    def check(
        self,
        *,
        instance: str | None = None,
        image: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Fitness:
        """The fitness of a running ``instance``, or of an ``image`` by a pod that ends at once.

        ``cancelled`` is asked several times a second. Raises NotFound, WaitTimeout, what the
        cluster refuses, and Conflict when the instance does not run, when the image cannot be
        pulled or started, and when it was cancelled. The pod is deleted in any case.
        """
        if instance is not None:
            return self._instance(instance)
        if not image:
            raise InvalidField(
                "no image was named", field="name", remedy="Name an image or an instance."
            )
        seen = self._look.into(image, COMMAND, kind="fitness", cancelled=cancelled)
        return fitness(image, image, seen.text)

    def _instance(self, name: str) -> Fitness:
        pod = self._instances.running(name)
        image = pod["spec"]["containers"][0]["image"]
        try:
            done = asyncio.run(run(self._client, pod["metadata"]["name"], COMMAND, limit=_LONGEST))
        except CommandNotFound:
            return fitness(name, image, None)
        return fitness(name, image, done.stdout.decode(errors="replace"))
