"""An image that arrives at a registry: under a name that is free, and verified when it is there."""

from __future__ import annotations

from jupyter_trainhub.hub.images.catalogue.reading import read, require
from jupyter_trainhub.hub.images.failures import taken
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.reference import Reference


def require_free(target: Repository, image: Reference, digest: str = "") -> None:
    """Raise AlreadyExists where another image than that of ``digest`` has the name."""
    present = target.resolve(image.tag)
    if present is not None and present.digest != digest:
        raise taken(str(image))


def arrived(task: Task, target: Repository, image: Reference, digest: str) -> View:
    """The result of a transfer, once its image is seen to be there. Raises RegistryError."""
    task.step("verify")
    there = require(target, image.tag)
    if there != digest:
        raise RegistryError(
            f"{image} should be {digest}, and is {there} at its registry",
            reason="Broken",
            remedy="Somebody may have given the name to another image meanwhile: look at it.",
        )
    return outcome(str(image), digest, read(target, digest).size)


def outcome(image: str, digest: str, size: int) -> View:
    """The result of a transfer that changes nothing in an image of ``size`` bytes."""
    return {
        "image": image,
        "digest": digest,
        "size": size,
        "layer_size": None,
        "files": None,
        "deleted": None,
        "skipped": [],
        "warnings": [],
    }
