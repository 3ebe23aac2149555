"""The host key of what is entered: made once and kept in its Secret, for as long as it is there."""

from __future__ import annotations

import base64

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import SECRETS

HOST_KEY = "ssh_host_key"


def host_key(client: KubeClient, secret_name: str) -> str:
    """The private key in a Secret, as OpenSSH writes it. Blocks.

    Raises NotFound, and Forbidden where the user may not write the Secret.
    """
    while True:
        secret = client.get(SECRETS, secret_name)
        kept = (secret.get("data") or {}).get(HOST_KEY)
        if kept:
            return base64.b64decode(kept).decode()
        made = new_key()
        change = {
            # Refused when somebody wrote meanwhile: who comes second takes the first one's key.
            "metadata": {"resourceVersion": secret["metadata"]["resourceVersion"]},
            "data": {HOST_KEY: base64.b64encode(made.encode()).decode()},
        }
        try:
            client.patch(SECRETS, secret_name, change)
        except Conflict:
            continue
        return made


def new_key(comment: str = "") -> str:
    """A new private key (ed25519), as OpenSSH writes it."""
    import asyncssh

    return asyncssh.generate_private_key("ssh-ed25519", comment).export_private_key().decode()


def public_key(private: str) -> str:
    """The public key of a private one: its type, a space, and the key in base 64.

    Raises ValueError when the text is no private key.
    """
    import asyncssh

    key = asyncssh.import_private_key(private)
    return " ".join(key.export_public_key().decode().split()[:2])


def fingerprint(public: str) -> str:
    """A public key's fingerprint as ssh shows it: ``SHA256:…``."""
    import asyncssh

    return str(asyncssh.import_public_key(public).get_fingerprint())
