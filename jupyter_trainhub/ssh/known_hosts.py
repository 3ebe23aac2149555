"""TrainHub's own known_hosts file: which host key belongs to which instance.

An instance is known by the uid of its StatefulSet. One that was deleted and made again is another
one, and instances of one name in two clusters are told apart.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.ssh import atomic_file


def alias(uid: str) -> str:
    """The name (ssh's ``HostKeyAlias``) under which an instance's key is kept."""
    return f"trainhub-{uid}"


def pinned(text: str, alias: str) -> str | None:
    """The public key that a known_hosts file has for ``alias``."""
    for line in text.splitlines():
        host, _, key = line.partition(" ")
        if host == alias:
            return key.strip()
    return None


def with_key(text: str, alias: str, public: str) -> str:
    """The file with ``public`` as the only key of ``alias``."""
    kept = [line for line in text.splitlines() if line.partition(" ")[0] != alias]
    return "\n".join([*kept, f"{alias} {public}"]) + "\n"


def pin(path: Path, alias: str, public: str, *, again: bool = False) -> bool:
    """Remember the key of ``alias``; ``again`` puts it in the place of another one.

    Whether the file was changed.
    Raises Conflict when the file has another key, and ``again`` is not said.
    """
    text = atomic_file.read(path)
    known = pinned(text, alias)
    if known == public:
        return False
    if known is not None and not again:
        raise Conflict(
            "the host key of this instance has changed since it was first seen",
            reason="HostKeyChanged",
            field="host_key",
            remedy="Somebody may have put another in its place. If you know why it changed, take "
            "the new one with 'trainhub ssh-config --write NAME'.",
        )
    atomic_file.replace(path, with_key(text, alias, public))
    return True
