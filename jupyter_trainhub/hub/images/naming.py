"""What images are called: those that TrainHub makes, and those that containers run. Pure."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from jupyter_trainhub.errors import Conflict, InvalidField
from jupyter_trainhub.registry.reference import InvalidReference, Reference, parse

# https://github.com/opencontainers/distribution-spec: what a part of a repository's path may hold.
_PART = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_LONGEST_PART = 60
# What kubelets on Docker put before the name.
_SCHEMES = ("docker-pullable://", "docker://")


def reference(name: str, field: str = "image") -> Reference:
    """The image that people call ``name``. Raises InvalidField."""
    try:
        return parse(name)
    except InvalidReference as error:
        raise InvalidField(
            f"{name!r} is no image name: {error}",
            field=field,
            remedy="Write it as REGISTRY/PATH:TAG.",
        ) from None


def new_image(name: str, field: str = "image") -> Reference:
    """The image to make that the user calls ``name``. Raises InvalidField."""
    found = reference(name, field)
    if found.digest:
        raise InvalidField(
            f"{name!r} names a digest, which an image gets when it is made",
            field=field,
            remedy="Write it as REGISTRY/PATH:TAG.",
        )
    return found


def names_registry(name: str) -> bool:
    """Whether an image name begins with a registry, as container engines tell them from folders."""
    first, slash, _ = name.partition("/")
    return bool(slash) and (
        bool(set(".:") & set(first)) or first == "localhost" or first != first.lower()
    )


def path_part(name: str) -> str:
    """``name`` as one part of a repository's path.

    A name that is none already gets a few digits of its hash, so that those of two users never
    become one.
    """
    if _PART.fullmatch(name) and len(name) <= _LONGEST_PART:
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_PART].strip("-")
    digits = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{plain}-{digits}" if plain else digits


def saved_repository(prefix: str, owner: str, instance: str) -> str:
    """Where the images of an instance are kept by default, below the site's ``prefix``."""
    return f"{prefix}/{path_part(owner)}/{path_part(instance)}"


def saved_image(prefix: str, owner: str, instance: str, moment: datetime) -> str:
    """What an image of an instance that is saved at ``moment`` is called by default."""
    return f"{saved_repository(prefix, owner, instance)}:{moment:%Y%m%d-%H%M%S}"


def running_image(image_id: str) -> Reference:
    """What a container runs, by the ``imageID`` of its status: a repository and a digest.

    Kubelets give ``REPOSITORY@DIGEST`` (containerd, CRI-O), with ``docker-pullable://`` before it
    (cri-dockerd), or the mere digest of a configuration where the image came to the node without a
    registry. Raises Conflict for the last: no registry knows such an image by that digest.
    """
    for scheme in _SCHEMES:
        image_id = image_id.removeprefix(scheme)
    try:
        found = parse(image_id)
    except InvalidReference:
        found = None
    if found is None or not found.digest:
        raise Conflict(
            "the image that it runs was put on the node without a registry",
            reason="ImageNotInRegistry",
            remedy="Push the image to a registry, or load it with 'trainhub load image', and start "
            "the instance from there.",
        )
    return found
