"""What registries know a pod by: its pull secrets, and the user who runs the cluster."""

from __future__ import annotations

import base64
import hashlib
import logging

from ...registry.credentials import Credential, Credentials
from ..apimachinery.resources import SECRETS
from ..apiserver.store import Object, Store

log = logging.getLogger(__name__)

# Type of Secret -> the key of its document. Source: Kubernetes' documentation of Secrets.
_KEYS = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}


def credentials(store: Store, pod: Object) -> tuple[Credentials, list[str]]:
    """The credentials of a pod, and the names of its pull secrets that cannot be had.

    A service account's secrets are the pod's own since it was admitted.
    """
    found, missing = Credentials(), []
    for reference in pod["spec"].get("imagePullSecrets") or []:
        name = reference.get("name", "")
        secret = store.find(SECRETS, pod["metadata"]["namespace"], name) or {}
        try:
            content = (secret.get("data") or {})[_KEYS[secret.get("type", "")]]
            found += Credentials.from_docker_config(base64.b64decode(content))
        except (KeyError, ValueError):
            missing.append(name)
    return found, missing


def of_user() -> Credentials:
    """The credentials in the docker configuration of the user who runs the cluster."""
    try:
        return Credentials.from_files()
    except ValueError as error:
        log.warning("the docker configuration is not used: %s", error)
        return Credentials()


def fingerprint(credential: Credential | None) -> str:
    """By what a credential is known again; empty for none."""
    if credential is None:
        return ""
    text = "\0".join((credential.username, credential.password, credential.token))
    return hashlib.sha256(text.encode()).hexdigest()
