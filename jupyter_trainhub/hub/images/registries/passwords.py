"""Passwords of registries, from where the site and the user keep them."""

from __future__ import annotations

import base64
from pathlib import Path

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import SECRETS
from jupyter_trainhub.registry.credentials import Credentials

# https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
_KEYS = (".dockerconfigjson", ".dockercfg")


def site_credentials(client: KubeClient, config: TrainHubConfig) -> Credentials:
    """What the site has set, and then what docker and podman know on this machine.

    Raises InvalidField for a file or a Secret that is none, NotFound, and Forbidden.
    """
    try:
        found = Credentials.from_files()
    except ValueError as error:
        raise _broken(str(error), "registry_auth_file") from None
    if config.registry_secret:
        found = secret_credentials(client, config.registry_secret, "registry_secret") + found
    if config.registry_auth_file:
        found = _file_credentials(config.registry_auth_file) + found
    return found


def secret_credentials(client: KubeClient, name: str, field: str) -> Credentials:
    """The passwords in a Secret of the namespace; ``field`` is where the user named it.

    Raises NotFound, Forbidden, and InvalidField where it holds none.
    """
    remedy = f"Make it with 'kubectl create secret docker-registry {name}'."
    try:
        data = client.get(SECRETS, name).get("data") or {}
    except NotFound:
        raise NotFound(
            f"there is no Secret {name!r} in the namespace {client.namespace!r}",
            field=field,
            remedy=remedy,
        ) from None
    packed = next((data[key] for key in _KEYS if key in data), "")
    try:
        return Credentials.from_docker_config(base64.b64decode(packed))
    except ValueError:
        # The parser's words would quote the document, which holds passwords.
        raise InvalidField(
            f"the Secret {name!r} holds no passwords of registries", field=field, remedy=remedy
        ) from None


def _file_credentials(path: str) -> Credentials:
    field = "registry_auth_file"
    try:
        return Credentials.from_docker_config(Path(path).expanduser().read_bytes())
    except OSError as error:
        raise _broken(f"{path} cannot be read: {error.strerror}", field) from None
    except ValueError:
        raise _broken(f"{path} is no docker configuration file", field) from None


def _broken(message: str, field: str) -> InvalidField:
    return InvalidField(
        message, field=field, remedy="Make it anew with 'docker login' or 'podman login'."
    )
