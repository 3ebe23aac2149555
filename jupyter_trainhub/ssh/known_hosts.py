"""TrainHub's own known_hosts file: which host key belongs to which instance or job.

An instance is known by the uid of its StatefulSet, a job by that of the Secret with its key. One
that was deleted and made again is another one, and those of one name in two clusters are told
apart.
"""

from __future__ import annotations

import re
from pathlib import Path

from jupyter_trainhub.errors import Conflict, InvalidField
from jupyter_trainhub.ssh import atomic_file

_LINE = re.compile(r"(trainhub-[A-Za-z0-9-]+) ([a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2})")


def alias(uid: str) -> str:
    """The name (ssh's ``HostKeyAlias``) under which a key is kept."""
    return f"trainhub-{uid}"


def line(alias: str, public: str) -> str:
    """The line for the public key ``public``, without its end."""
    return f"{alias} {public}"


def parse_line(text: str) -> tuple[str, str]:
    """The alias and the public key of a line from elsewhere. Raises InvalidField.

    They go into files of OpenSSH's, where another line would be another setting, so nothing else
    is let through.
    """
    found = _LINE.fullmatch(text)
    if found is None:
        raise InvalidField(
            "the server's answer is not a host key of TrainHub's",
            field="server",
            remedy="Check the address of the server.",
        )
    return found[1], found[2]


def pinned(text: str, alias: str) -> str | None:
    """The public key that a known_hosts file has for ``alias``."""
    for other in text.splitlines():
        host, _, key = other.partition(" ")
        if host == alias:
            return key.strip()
    return None


def with_key(text: str, alias: str, public: str) -> str:
    """The file with ``public`` as the only key of ``alias``."""
    kept = [other for other in text.splitlines() if other.partition(" ")[0] != alias]
    return "\n".join([*kept, line(alias, public)]) + "\n"


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
            "the host key has changed since it was first seen",
            reason="HostKeyChanged",
            field="host_key",
            remedy="Somebody may have put another in its place. If you know why it changed, take "
            "the new one with 'trainhub ssh-config --write NAME'.",
        )
    atomic_file.replace(path, with_key(text, alias, public))
    return True
