"""``Host`` blocks of OpenSSH's configuration: https://man.openbsd.org/ssh_config."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_trainhub.specs.names import INSTANCE_PREFIX, JOB_PREFIX, to_kubernetes
from jupyter_trainhub.specs.place import Place
from jupyter_trainhub.ssh import atomic_file
from jupyter_trainhub.ssh.identity import Home

INCLUDE = "Include config.d/trainhub"
_HEAD = "# Written by 'trainhub ssh-config'. Blocks are replaced as a whole.\n"


def host(place: Place) -> str:
    """What to call a place on ssh's command line: ``trainhub-lab``, ``trainhub-job.train.0``."""
    if place.kind == "job":
        return f"trainhub-job.{place.name}.{place.rank}"
    return f"trainhub-{place.name}"


def lower_host(place: Place) -> str:
    """The same for programs that take names of hosts in small letters only, as VS Code does.

    ``trainhub-lab`` for ``lab``, but ``trainhub--lab`` for ``Lab``: no two places share one.
    """
    if place.name == place.name.lower():
        return host(place)
    if place.kind == "job":
        return f"trainhub-{to_kubernetes(JOB_PREFIX, place.name)}.{place.rank}"
    escaped = to_kubernetes(INSTANCE_PREFIX, place.name)
    return f"trainhub-{escaped.removeprefix(INSTANCE_PREFIX + '-')}"


@dataclass(frozen=True)
class Host:
    """How ssh reaches one place."""

    place: Place
    alias: str
    proxy: Sequence[str]
    identity: str
    known_hosts: str
    # Whether it is the sshd in the image that answers, with its own accounts and host key.
    sshd: bool = False

    @property
    def patterns(self) -> list[str]:
        """The names by which ssh knows it; ssh tells capitals and small letters apart."""
        suffix = "-sshd" if self.sshd else ""
        return [*dict.fromkeys(n + suffix for n in (host(self.place), lower_host(self.place)))]

    def options(self) -> list[str]:
        """The lines of the block."""
        lines = [
            f"ProxyCommand {proxy_command(self.proxy)}",
            f"HostKeyAlias {self.alias}{'-sshd' if self.sshd else ''}",
            f"UserKnownHostsFile {quoted(self.known_hosts)}",
            f"StrictHostKeyChecking {'accept-new' if self.sshd else 'yes'}",
            "ServerAliveInterval 30",
        ]
        if not self.sshd:
            lines += [
                f"IdentityFile {quoted(self.identity)}",
                "IdentitiesOnly yes",
                "PreferredAuthentications publickey",
            ]
        return lines

    def block(self) -> str:
        """The block of a configuration file."""
        return "\n  ".join([f"Host {' '.join(self.patterns)}", *self.options()]) + "\n"

    def arguments(self) -> list[str]:
        """The same as arguments of ssh, which then reads no file of the user's."""
        options = [word for line in self.options() for word in ("-o", line)]
        return ["-F", "none", *options]


def quoted(path: str) -> str:
    """A path as a value of IdentityFile and UserKnownHostsFile, where ``%`` begins a token."""
    escaped = re.sub(r'(["\\])', r"\\\1", path.replace("%", "%%"))
    return f'"{escaped}"' if re.search(r"""[\s"'\\#]""", path) else escaped


def proxy_command(argv: Sequence[str]) -> str:
    """A command for ssh, which replaces tokens and then hands it to the user's shell."""
    return shlex.join(argv).replace("%", "%%")


def with_blocks(text: str, blocks: Iterable[str]) -> str:
    """A file of ``Host`` blocks with ``blocks`` in the place of those with the same head."""
    found = {
        block.splitlines()[0]: block for block in re.findall(r"^Host .*\n(?: .*\n)*", text, re.M)
    }
    found |= {block.splitlines()[0]: block for block in blocks}
    return "\n".join([_HEAD, *found.values()])


def with_include(text: str) -> str:
    """The user's configuration with our file included at its top.

    Further down it would belong to the ``Host`` block above it.
    """
    if any(line.strip() == INCLUDE for line in text.splitlines()):
        return text
    return f"{INCLUDE}\n\n{text}" if text else f"{INCLUDE}\n"


def write(home: Home, blocks: Iterable[str]) -> list[Path]:
    """Write the blocks into their file and include it; the files that changed."""
    changed = []
    for path, text in (
        (home.hosts, with_blocks(atomic_file.read(home.hosts), blocks)),
        (home.config, with_include(atomic_file.read(home.config))),
    ):
        if text != atomic_file.read(path):
            atomic_file.replace(path, text)
            changed.append(path)
    return changed
