"""The kubeconfig that names this cluster and holds its token."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

_TEMPLATE = """\
apiVersion: v1
kind: Config
current-context: trainhub
clusters:
- name: trainhub
  cluster:
    server: {server}
    certificate-authority-data: {certificate}
users:
- name: trainhub
  user:
    token: {token}
contexts:
- name: trainhub
  context:
    cluster: trainhub
    user: trainhub
    namespace: default
"""


def token(directory: Path) -> str:
    """The cluster's bearer token, made when there is none."""
    path = directory / "token"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def write(directory: Path, server: str, certificate: Path) -> None:
    """Write ``directory/kubeconfig``."""
    encoded = base64.b64encode(certificate.read_bytes()).decode()
    text = _TEMPLATE.format(server=server, certificate=encoded, token=token(directory))
    write_private(directory / "kubeconfig", text)


def write_private(path: Path, text: str) -> None:
    """Write a file, whole and readable by its owner only."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.rename(path)
