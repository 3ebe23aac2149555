"""Lines of a Dockerfile that add to an image, in the words of its own package manager."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# How each package manager installs without questions, and leaves nothing of its own behind.
_INSTALL = {
    "apt-get": "apt-get update && apt-get install -y --no-install-recommends {} "
    "&& rm -rf /var/lib/apt/lists/*",
    "dnf": "dnf install -y {} && dnf clean all",
    "microdnf": "microdnf install -y {} && microdnf clean all",
    "yum": "yum install -y {} && yum clean all",
    "apk": "apk add --no-cache {}",
    "zypper": "zypper --non-interactive install {} && zypper clean --all",
    "conda": "conda install -y -c conda-forge {} && conda clean -afy",
    "mamba": "mamba install -y -c conda-forge {} && mamba clean -afy",
    "micromamba": "micromamba install -y -c conda-forge {} && micromamba clean -afy",
}
_FAMILY = {"microdnf": "dnf", "yum": "dnf", "mamba": "conda", "micromamba": "conda"}

# The packages of what an image may lack. pdsh is in Fedora and EPEL; Alpine has none.
_PACKAGES: dict[str, dict[str, str]] = {
    "python": {
        "apt-get": "python3 python3-pip",
        "dnf": "python3 python3-pip",
        "apk": "python3 py3-pip",
        "zypper": "python3 python3-pip",
        "conda": "python pip",
    },
    "pip": {
        "apt-get": "python3-pip",
        "dnf": "python3-pip",
        "apk": "py3-pip",
        "zypper": "python3-pip",
        "conda": "pip",
    },
    "sshd": {
        "apt-get": "openssh-server",
        "dnf": "openssh-server",
        "apk": "openssh-server",
        "zypper": "openssh-server",
        "conda": "openssh",
    },
    "ssh-client": {
        "apt-get": "openssh-client",
        "dnf": "openssh-clients",
        "apk": "openssh-client",
        "zypper": "openssh-clients",
        "conda": "openssh",
    },
    "sudo": {"apt-get": "sudo", "dnf": "sudo", "apk": "sudo", "zypper": "sudo"},
    "pdsh": {"apt-get": "pdsh", "dnf": "pdsh", "zypper": "pdsh"},
    "open-mpi": {
        "apt-get": "openmpi-bin",
        "dnf": "openmpi",
        "apk": "openmpi",
        "zypper": "openmpi4",
        "conda": "openmpi",
    },
}


@dataclass(frozen=True)
class Addition:
    """What is added: things by our names for them, Python packages, then a shell command."""

    things: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    command: str = ""


@dataclass(frozen=True)
class Builder:
    """How an image is added to: its package manager, its Python, and the user it runs as.

    ``manager`` is empty where it has none; ``managed``: its Python refuses pip without a flag
    (PEP 668); ``pip``: it has pip; ``uid`` is a number as text.
    """

    manager: str = ""
    python: str = "python3"
    managed: bool = False
    pip: bool = True
    uid: str = "0"

    def can(self, addition: Addition) -> bool:
        """Whether all of it has a package here."""
        family = _FAMILY.get(self.manager, self.manager)
        return all(family in _PACKAGES[thing] for thing in self._things(addition))

    def line(self, *additions: Addition) -> str:
        """One ``RUN`` that does all of them, each of which this image :meth:`can`."""
        packages = self._packages(additions)
        python = _unique(name for addition in additions for name in addition.python)
        steps = [_INSTALL[self.manager].format(" ".join(packages))] if packages else []
        if python:
            flag = "--break-system-packages " if self.managed else ""
            words = " ".join(shlex.quote(name) for name in python)
            steps.append(f"{self.python} -m pip install --no-cache-dir {flag}{words}")
        steps += _unique(addition.command for addition in additions if addition.command)
        return f"RUN {' && '.join(steps)}"

    def file(self, image: str, additions: Iterable[Addition], copies: Iterable[str] = ()) -> str:
        """A whole Dockerfile on top of ``image``; empty when there is nothing to add.

        ``copies`` are lines of their own, which come first.
        """
        wanted = [addition for addition in additions if self.can(addition)]
        lines = [*copies, *([self.line(*wanted)] if wanted else [])]
        if not lines:
            return ""
        if self.uid != "0":
            lines = ["USER root", *lines, f"USER {self.uid}"]
        return "\n".join([f"FROM {image}", *lines]) + "\n"

    def _things(self, addition: Addition) -> tuple[str, ...]:
        return (*addition.things, *(("pip",) if addition.python and not self.pip else ()))

    def _packages(self, additions: Iterable[Addition]) -> list[str]:
        family = _FAMILY.get(self.manager, self.manager)
        table: Mapping[str, dict[str, str]] = _PACKAGES
        things = _unique(thing for addition in additions for thing in self._things(addition))
        return _unique(name for thing in things for name in table[thing][family].split())


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
