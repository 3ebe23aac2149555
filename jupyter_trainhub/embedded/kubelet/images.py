"""The images that pods may run: `host`, the machine itself, and those in the image store."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ...registry import reference
from ..apiserver.store import Object
from ..runtime.image_store import ImageStore, StoredImage

HOST = "host"

# What of this process' environment a pod of the machine's own image has, too.
_HOST_ENVIRONMENT = ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ")

# Between tries to pull (seconds), and between looks whether the image came in another way: kubelet.
FIRST_BACKOFF = 10.0
LAST_BACKOFF = 300.0
LOOK = 10.0
SHOWN = 1.0  # seconds that a failure stands before the container says that it waits to try again


@dataclass(frozen=True)
class Image:
    """An unpacked image: its layers, lowest first (none: the machine), and its configuration."""

    name: str
    """As containerd would have it in a container's status."""
    id: str = ""
    """Digest of the configuration: the `imageID` of a container's status."""
    layers: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = "/"
    user: str = ""
    stop_signal: int = int(signal.SIGTERM)
    size: int = 0
    """Bytes of the image as it was packed."""


class Listener(Protocol):
    """Who is told how getting an image goes: the pod's status, and its events."""

    def waits(self, reason: str, message: str) -> None:
        """The container waits."""

    def event(self, kind: str, reason: str, message: str) -> None:
        """An event about the container; `kind` is Normal or Warning."""


class Images:
    """The images of this machine."""

    def __init__(self, store: ImageStore) -> None:
        self._store = store

    def find(self, name: str) -> Image | None:
        """The image of that name or digest; None if it is not here. Raises InvalidReference."""
        if name == HOST:
            return host()
        found = self._store.find(name)
        return _image(found, self._store) if found else None

    def listed(self) -> list[Object]:
        """`status.images` of a node."""
        entries: list[Object] = [{"names": [HOST], "sizeBytes": 0}]
        for image in self._store.images():
            entries.append({"names": list(image.names), "sizeBytes": image.size})
        return entries

    async def ensure(self, container: Object, listener: Listener) -> Image:
        """The image of a container, waited for where it is missing, as its pull policy says.

        There is no registry: to pull an image is to find it in the store.
        """
        name, policy = container["image"], container.get("imagePullPolicy", "IfNotPresent")
        backoff = FIRST_BACKOFF
        while True:
            try:
                image = self.find(name)
            except reference.InvalidReference as error:
                wrong = f'couldn\'t parse image name "{name}": {error}'
                message = f'Failed to apply default image tag "{name}": {wrong}'
                _refused(listener, "InvalidImageName", "InspectFailed", message)
                await asyncio.sleep(LOOK)
                continue
            if image is not None:
                _present(listener, policy, image, name)
                return image
            if policy == "Never":
                message = f'Container image "{name}" is not present with pull policy of Never'
                _refused(listener, "ErrImageNeverPull", "ErrImageNeverPull", message)
                await asyncio.sleep(LOOK)
                continue
            await self._miss(name, backoff, listener)
            backoff = min(backoff * 2, LAST_BACKOFF)

    async def _miss(self, name: str, backoff: float, listener: Listener) -> None:
        """Fail to pull an image, then wait to try again, or until it came in another way."""
        why = (
            f'failed to pull and unpack image "{reference.parse(name)}": failed to resolve image: '
            "not found on this machine, and the embedded cluster has no registry. `trainhub "
            f'cluster load` brings an image; the image "{HOST}" is the machine itself'
        )
        listener.event("Normal", "Pulling", f'Pulling image "{name}"')
        listener.event("Warning", "Failed", f'Failed to pull image "{name}": {why}')
        listener.waits("ErrImagePull", why)
        listener.event("Warning", "Failed", "Error: ErrImagePull")
        deadline = time.monotonic() + backoff
        await asyncio.sleep(min(backoff, SHOWN))
        message = f'Back-off pulling image "{name}"'
        while (left := deadline - time.monotonic()) > 0 and self.find(name) is None:
            listener.waits("ImagePullBackOff", f"{message}: ErrImagePull: {why}")
            listener.event("Normal", "BackOff", message)
            listener.event("Warning", "Failed", "Error: ImagePullBackOff")
            await asyncio.sleep(min(left, LOOK))


def host() -> Image:
    """The machine, with the Python that runs the cluster first on the PATH."""
    environment = {k: v for k in _HOST_ENVIRONMENT if (v := os.environ.get(k))}
    path = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    environment["PATH"] = f"{Path(sys.executable).parent}:{path}"
    return Image(HOST, HOST, (), environment, (), ("/bin/sh",), environment.get("HOME", "/"))


def _image(stored: StoredImage, store: ImageStore) -> Image:
    config = stored.config
    return Image(
        stored.names[0],
        stored.id,
        store.folders(stored),
        dict(entry.split("=", 1) for entry in config.get("Env") or [] if "=" in entry),
        tuple(config.get("Entrypoint") or ()),
        tuple(config.get("Cmd") or ()),
        config.get("WorkingDir") or "/",
        config.get("User") or "",
        _signal_number(config.get("StopSignal") or ""),
        stored.size,
    )


def _signal_number(text: str) -> int:
    """A signal as images name it: `SIGQUIT`, `QUIT`, `3`, `SIGRTMIN+3`; else SIGTERM."""
    name, _, more = text.upper().partition("+")
    if name.isdecimal():
        return int(name)
    number = getattr(signal, f"SIG{name.removeprefix('SIG')}", signal.SIGTERM)
    return int(number) + (int(more) if more.isdecimal() else 0)


def _refused(listener: Listener, reason: str, event: str, message: str) -> None:
    listener.waits(reason, message)
    listener.event("Warning", event, message)
    listener.event("Warning", "Failed", f"Error: {reason}")


def _present(listener: Listener, policy: str, image: Image, name: str) -> None:
    message = f'Container image "{name}" already present on machine and can be accessed by the pod'
    if policy == "Always":
        listener.event("Normal", "Pulling", f'Pulling image "{name}"')
        message = (
            f'Successfully pulled image "{name}" in 0s (0s including waiting). '
            f"Image size: {image.size} bytes."
        )
    listener.event("Normal", "Pulled", message)
