"""Kubeconfigs: each names this cluster and holds one user's token."""

from __future__ import annotations

import base64
from pathlib import Path

from . import private_file
from .apiserver.tokenfile import TokenFile
from .apiserver.user import MASTERS

# The first user, who may do everything.
ADMIN = "admin"

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
- name: {user}
  user:
    token: {token}
contexts:
- name: trainhub
  context:
    cluster: trainhub
    user: {user}
    namespace: default
"""


def tokens(directory: Path) -> TokenFile:
    """The users of the cluster that is kept in ``directory``."""
    return TokenFile(directory / "tokens.csv")


def path(directory: Path, user: str = ADMIN) -> Path:
    """Where a user's kubeconfig is."""
    return directory / "kubeconfig" if user == ADMIN else directory / "users" / f"{user}.kubeconfig"


def write(directory: Path) -> None:
    """Write the kubeconfigs of all users, of whom the admin is always one."""
    tokens(directory).add(ADMIN, (MASTERS,))
    for user in tokens(directory).users():
        _write(directory, user)


def add_user(directory: Path, user: str, groups: tuple[str, ...] = ()) -> Path:
    """Make a user, or give a known one other groups; returns the user's kubeconfig.

    Raises:
        ValueError: the name or a group is none; the message says what would be one.
        FileNotFoundError: no cluster was ever started in ``directory``.
    """
    if not (directory / "port").exists():
        raise FileNotFoundError(directory / "port")
    if user == ADMIN:
        raise ValueError(f"{ADMIN!r} is the first user, who may do everything")
    tokens(directory).add(user, groups)
    return _write(directory, user)


def _write(directory: Path, user: str) -> Path:
    token, _ = tokens(directory).users()[user]
    text = _TEMPLATE.format(
        server=f"https://127.0.0.1:{(directory / 'port').read_text()}",
        certificate=base64.b64encode((directory / "server.crt").read_bytes()).decode(),
        token=token,
        user=user,
    )
    private_file.write(path(directory, user), text)
    return path(directory, user)
