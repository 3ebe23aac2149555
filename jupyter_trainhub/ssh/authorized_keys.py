"""The public keys with which a user may log in, in the manner of OpenSSH's authorized_keys."""

from __future__ import annotations

from pathlib import Path

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.ssh import atomic_file
from jupyter_trainhub.ssh.host_key import fingerprint


def add(path: Path, text: str) -> str:
    """Let the public key ``text`` in; its fingerprint. Raises InvalidField.

    Only the key itself is kept: options before it and the comment behind it are not.
    """
    words = text.split()
    public = " ".join(words[:2])
    try:
        shown = fingerprint(public)
    except ValueError:
        raise InvalidField(
            "this is not a public key as OpenSSH writes it",
            field="public_key",
            remedy="Send the line of a .pub file, such as 'ssh-ed25519 AAAA…'.",
        ) from None
    known = atomic_file.read(path).splitlines()
    if public not in known:
        atomic_file.replace(path, "\n".join([*known, public]) + "\n")
    return shown
