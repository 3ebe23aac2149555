"""Whether an image, or the container of an instance, has what TrainHub, SSH and MPI need."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import Callable

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, InvalidField, TrainHubError, WaitTimeout
from jupyter_trainhub.hub.instances.manager import Instances
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import CommandNotFound, run
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.fitness import COMMAND, POD_SECONDS, Fitness, fitness, fitness_pod
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.manifests.pod_status import PodStatus, pod_status

# Seconds for which a pod of a check may wait for a node; somebody waits for the answer.
PATIENCE = 30.0
_LOOK_EVERY = 0.3
# Bytes of the script's output that are read.
_LONGEST = 1 << 16
# What a kubelet goes on trying, without hope that the same image fares better the next time.
_STUCK = re.compile(r"ErrImage|ImagePullBackOff|InvalidImageName|ImageInspectError|CreateContainer")
# How runc and crun say that there is no shell.
_NO_SHELL = re.compile(r"[\"'`]/bin/sh[\"'`].*(no such file|not found)", re.DOTALL)


class FitnessCheck:
    """Looks into images and instances. Methods may be called by any thread, and block."""

    def __init__(
        self, client: KubeClient, config: TrainHubConfig, instances: Instances, user: str
    ) -> None:
        self._client = client
        self._config = config
        self._instances = instances
        self._user = user

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
        return fitness(image, image, self._printed(image, cancelled))

    def _instance(self, name: str) -> Fitness:
        pod = self._instances.running(name)
        image = pod["spec"]["containers"][0]["image"]
        try:
            done = asyncio.run(run(self._client, pod["metadata"]["name"], COMMAND, limit=_LONGEST))
        except CommandNotFound:
            return fitness(name, image, None)
        return fitness(name, image, done.stdout.decode(errors="replace"))

    def _printed(self, image: str, cancelled: Callable[[], bool]) -> str | None:
        """What the script prints in the image; None where it has no shell."""
        config = self._config
        pull_secrets = config.pull_secrets or list(filter(None, [config.registry_secret]))
        name = f"fitness-{secrets.token_hex(5)}"
        self._client.create(PODS, fitness_pod(name, image, self._user, pull_secrets))
        try:
            status = self._ended(name, cancelled)
            told = status.why.details if status.why else None
            if told and _NO_SHELL.search(told):
                return None
            if not status.started:
                raise _failed(status)
            query: dict[str, str | int | bool] = {"container": CONTAINER, "limitBytes": _LONGEST}
            printed = b"".join(self._client.stream(PODS, name, "log", query))
            if not printed:
                raise _failed(status)
            return printed.decode(errors="replace")
        finally:
            with contextlib.suppress(TrainHubError):
                self._client.delete(PODS, name)

    def _ended(self, name: str, cancelled: Callable[[], bool]) -> PodStatus:
        begun = time.monotonic()
        while True:
            status = pod_status(self._client.get(PODS, name))
            if status.phase in ("Succeeded", "Failed") or _STUCK.match(status.reason or ""):
                return status
            waited = time.monotonic() - begun
            if status.phase == "Pending" and waited > PATIENCE:
                raise _failed(status)
            if cancelled():
                raise Conflict(
                    "the check was cancelled", reason="Cancelled", remedy="Check it again."
                )
            if waited > POD_SECONDS:
                raise WaitTimeout(
                    f"the pod that looks into the image has not ended: {status.message}",
                    remedy="Try again in a while.",
                )
            time.sleep(_LOOK_EVERY)


def _failed(status: PodStatus) -> Conflict:
    why = status.why
    return Conflict(
        f"the image cannot be looked into: {status.message or 'it printed nothing'}",
        reason=status.reason or "NotStarted",
        field="name",
        remedy=(why and why.remedy) or "Look at the image's name, and try again.",
        details={"raw": why.details} if why and why.details else None,
    )
