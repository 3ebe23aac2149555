"""The images that pods may run: `host`, the machine itself, those in the store, and what is pulled.

What was loaded or pushed to the cluster is what the machine has; there is nowhere else to pull it
from. All else comes from its registry.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from ...registry import reference
from ...registry.credentials import Credential, Credentials
from ...registry.reference import Reference
from ..apiserver.store import Object
from ..runtime import host_image
from ..runtime.image_store import ImageStore, StoredImage
from . import pull_messages, pull_secrets
from .daemon_threads import DaemonThreads
from .image import HOST, Image, image_of
from .pulling import Puller, PullError

# Between tries to pull (seconds), and between looks whether the image came in another way: kubelet.
FIRST_BACKOFF = 10.0
LAST_BACKOFF = 300.0
LOOK = 10.0
SHOWN = 1.0  # seconds that a failure stands before the container says that it waits to try again

_AT_ONCE = 3  # images that are pulled at the same time
_SWEEP = 3600.0  # seconds between looks for what nothing needs


class NeverPulled(Exception):
    """The image is not here, and the pod says that it must not be pulled."""


class Listener(Protocol):
    """Who is told how getting an image goes: the pod's status, and its events."""

    def waits(self, reason: str, message: str) -> None:
        """The container waits."""

    def event(self, kind: str, reason: str, message: str) -> None:
        """An event about the container; `kind` is Normal or Warning."""


class Images:
    """The images of this machine."""

    def __init__(self, store: ImageStore, puller: Puller) -> None:
        self.store = store
        self._puller = puller
        self._threads = DaemonThreads(_AT_ONCE)
        self._swept = 0.0
        self._pulls: dict[tuple[str, Credential | None], asyncio.Task[None]] = {}

    def listed(self) -> list[Object]:
        """`status.images` of a node."""
        entries: list[Object] = []
        for image in self.store.images():
            host = any(name.startswith(f"{host_image.REPOSITORY}:") for name in image.names)
            names = dict.fromkeys([*image.digests, *image.names, *([HOST] if host else [])])
            entries.append({"names": list(names), "sizeBytes": image.size})
        return entries

    def close(self) -> None:
        """End what is being pulled."""
        self._puller.close()

    def sweep_now_and_then(self) -> None:
        """Delete what nothing needs, once an hour."""
        if time.monotonic() - self._swept > _SWEEP:
            self._swept = time.monotonic()
            self._threads.begin(self.store.sweep)

    def unpack_soon(self, repository: str, tag: str) -> None:
        """Unpack an image that was pushed, so that its first container need not wait for it."""
        name = f"{repository}:{tag}"
        image = self.store.find(name)
        if image and not self.store.is_unpacked(image):
            # Where it fails, the first container tells why.
            self._threads.begin(self._puller.unpack, image, reference.parse(name))

    async def ensure(
        self, container: Object, listener: Listener, secrets: Callable[[], Credentials]
    ) -> Image:
        """The image of a container, waited for where it is missing, as its pull policy says.

        `secrets`: what the pod's pull secrets say.
        """
        name, policy = container["image"], container.get("imagePullPolicy", "IfNotPresent")
        backoff = FIRST_BACKOFF
        while True:
            try:
                asked = reference.parse(host_image.REPOSITORY if name == HOST else name)
                found = await self._get(name, asked, policy, listener, secrets)
                return image_of(name, asked, found, self.store)
            except reference.InvalidReference as error:
                wrong = f'couldn\'t parse image name "{name}": {error}'
                message = f'Failed to apply default image tag "{name}": {wrong}'
                _refused(listener, "InvalidImageName", "InspectFailed", message)
                await asyncio.sleep(LOOK)
            except NeverPulled:
                message = f'Container image "{name}" is not present with pull policy of Never'
                _refused(listener, "ErrImageNeverPull", "ErrImageNeverPull", message)
                await asyncio.sleep(LOOK)
            except PullError as error:
                await self._back_off(name, str(asked), str(error), backoff, listener)
                backoff = min(backoff * 2, LAST_BACKOFF)

    async def _get(
        self,
        name: str,
        asked: Reference,
        policy: str,
        listener: Listener,
        secrets: Callable[[], Credentials],
    ) -> StoredImage:
        """The image, pulled where it must be.

        Raises:
            PullError: it cannot be had.
            NeverPulled: it is not here, and must not be pulled.
        """
        found, credential = self.store.find(str(asked)), None
        if policy == "Never" and found is None:
            raise NeverPulled
        record = self.store.repositories.index().get(asked.repository)
        # None: it was brought here, so that no registry knows it better.
        pulled_by = record.pulled.get(asked.digest or asked.tag) if record else None
        elsewhere = asked.domain != host_image.DOMAIN if found is None else pulled_by is not None
        if elsewhere:
            credential = await self._threads.run(_credential, asked, secrets())
        # An image that was pulled by a secret is for those alone who have it, too.
        allowed = pulled_by in (None, "", pull_secrets.fingerprint(credential))
        pull = elsewhere and (found is None or policy == "Always" or not allowed)
        if found and not pull and policy != "Always" and self.store.is_unpacked(found):
            words = "already present on machine and can be accessed by the pod"
            listener.event("Normal", "Pulled", f'Container image "{name}" {words}')
            return found
        listener.event("Normal", "Pulling", f'Pulling image "{name}"')
        began = time.monotonic()
        if pull:
            await self._pull(asked, credential)
            found = self.store.find(str(asked))
        if found is None:
            raise PullError(pull_messages.not_here(asked))
        await self._threads.run(self._puller.unpack, found, asked)
        took = pull_messages.duration(time.monotonic() - began)
        listener.event(
            "Normal",
            "Pulled",
            f'Successfully pulled image "{name}" in {took} ({took} including waiting). '
            f"Image size: {found.size} bytes.",
        )
        return found

    async def _pull(self, name: Reference, credential: Credential | None) -> None:
        """Pull an image, or wait until it is pulled for somebody else with the same credential."""
        key = str(name), credential
        if key not in self._pulls:
            task = asyncio.ensure_future(self._threads.run(self._puller.pull, name, credential))
            self._pulls[key] = task
            task.add_done_callback(lambda _: self._pulls.pop(key))
        await asyncio.shield(self._pulls[key])

    async def _back_off(
        self, name: str, asked: str, why: str, backoff: float, listener: Listener
    ) -> None:
        """Tell of a failure, and wait to try again, or until the image came in another way."""
        listener.event("Warning", "Failed", f'Failed to pull image "{name}": {why}')
        listener.waits("ErrImagePull", why)
        listener.event("Warning", "Failed", "Error: ErrImagePull")
        deadline, before = time.monotonic() + backoff, self.store.find(asked)
        await asyncio.sleep(min(backoff, SHOWN))
        message = f'Back-off pulling image "{name}"'
        while (left := deadline - time.monotonic()) > 0 and self.store.find(asked) == before:
            listener.waits("ImagePullBackOff", f"{message}: ErrImagePull: {why}")
            listener.event("Normal", "BackOff", message)
            listener.event("Warning", "Failed", "Error: ImagePullBackOff")
            await asyncio.sleep(min(left, LOOK))


def _credential(name: Reference, secrets: Credentials) -> Credential | None:
    """What a registry knows the pod by; the user's own configuration may run a program for it."""
    return (secrets + pull_secrets.of_user()).find(name.domain, name.path)


def _refused(listener: Listener, reason: str, event: str, message: str) -> None:
    listener.waits(reason, message)
    listener.event("Warning", event, message)
    listener.event("Warning", "Failed", f"Error: {reason}")
