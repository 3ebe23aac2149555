"""The images that pods may run. Today there is one, `host`: the machine itself."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

HOST = "host"

# What of this process' environment a pod of the machine's own image has, too.
_HOST_ENVIRONMENT = ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ")


class ImageUnavailable(Exception):
    """The image is not on this machine and cannot be fetched; the message says so."""


@dataclass(frozen=True)
class Image:
    """An unpacked image: its layers, lowest first (none: the machine), and its configuration."""

    name: str
    layers: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = "/"


def find(name: str) -> Image:
    """The image of that name.

    Raises:
        ImageUnavailable: there is none.
    """
    if name == HOST:
        return host()
    raise ImageUnavailable(
        f'failed to pull image "{name}": not found on this machine. The embedded cluster runs the '
        f'image "{HOST}", the machine itself; name that one, or use a cluster with a registry'
    )


def host() -> Image:
    """The machine, with the Python that runs the cluster first on the PATH."""
    environment = {k: v for k in _HOST_ENVIRONMENT if (v := os.environ.get(k))}
    path = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    environment["PATH"] = f"{Path(sys.executable).parent}:{path}"
    return Image(HOST, (), environment, (), ("/bin/sh",), environment.get("HOME", "/"))


def names() -> list[str]:
    """What nodes say they have."""
    return [HOST]
