"""What registries and archives fail with, as TrainHub's errors: the one place where it is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_trainhub.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    RegistryFailed,
    TrainHubError,
)
from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.failures import RegistryError

# What is wrong by the reason of a RegistryError: TrainHub's error, its reason, and what would do
# where the registry's client has no better advice.
_KINDS: dict[str, tuple[type[TrainHubError], str, str]] = {
    "Unauthorized": (
        Forbidden,
        "RegistryUnauthorized",
        "Log in to the registry with docker or podman, or set TrainHubConfig.registry_secret or "
        "registry_auth_file.",
    ),
    "Forbidden": (
        Forbidden,
        "RegistryForbidden",
        "Ask the registry's administrator for this right, or choose another name.",
    ),
    "NotFound": (
        NotFound,
        "ImageNotFound",
        "Check the name; a private image takes a password too.",
    ),
    "Unavailable": (
        RegistryFailed,
        "RegistryUnavailable",
        "Check that the registry runs and that this machine can reach it.",
    ),
    "Full": (RegistryFailed, "RegistryFull", "Delete images, or ask the administrator for room."),
    "Refused": (RegistryFailed, "RegistryRefused", "Ask the registry's administrator."),
    "Cancelled": (Conflict, "Cancelled", "Try again; what has arrived is not sent twice."),
}


def failure(error: RegistryError, field: str = "image") -> TrainHubError:
    """TrainHub's error for a registry's or an archive's; ``field`` is the one at fault."""
    if error.reason == "Broken":
        remedy = error.remedy or "Get it anew: it is incomplete or damaged."
        return InvalidField(error.message, field=field, remedy=remedy, reason="BrokenImage")
    kind, reason, advice = _KINDS[error.reason]
    return kind(error.message, reason=reason, field=field, remedy=error.remedy or advice)


@contextmanager
def translated(field: str = "image") -> Iterator[None]:
    """Raises what fails inside as one of TrainHub's errors."""
    try:
        yield
    except RegistryError as error:
        raise failure(error, field) from None
    except BrokenImage as error:
        raise InvalidField(
            str(error),
            field=field,
            remedy="Get it anew: it is incomplete or damaged.",
            reason="BrokenImage",
        ) from None


def no_registry() -> TrainHubError:
    """The error where no registry is known."""
    return Conflict(
        "there is no registry for saved images",
        reason="NoRegistry",
        remedy="Set TrainHubConfig.registry, or let the cluster's administrator name its registry "
        "in the ConfigMap kube-public/local-registry-hosting.",
    )


def taken(name: str, field: str = "image") -> TrainHubError:
    """The error for a name that another image has."""
    return AlreadyExists(
        f"there is an image {name} already",
        reason="ImageExists",
        field=field,
        remedy="Choose another tag, or overwrite it.",
    )
