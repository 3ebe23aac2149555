"""An image as containers are started of it."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ...registry.reference import Reference
from ..runtime.image_store import ImageStore, StoredImage

HOST = "host"
"""What pods may call the machine itself, in short."""

# What of this process' environment a container that sees the machine's files has, too.
_HOST_ENVIRONMENT = ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True)
class Image:
    """An unpacked image: its layers, lowest first, and its configuration."""

    name: str
    """As containerd would have it in a container's status."""
    id: str = ""
    """Its repository and digest: the `imageID` of a container's status."""
    layers: tuple[str, ...] = ()
    machine: bool = False
    """The layers lie over the machine's own files."""
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = "/"
    user: str = ""
    stop_signal: int = int(signal.SIGTERM)


def image_of(name: str, asked: Reference, stored: StoredImage, store: ImageStore) -> Image:
    """The image that a pod calls `name`, which is `asked` in full."""
    config, environment, home = stored.config, {}, "/"
    if stored.machine:
        environment = _host_environment()
        home = environment.get("HOME", home)
    environment |= dict(entry.split("=", 1) for entry in config.get("Env") or [] if "=" in entry)
    ids = [digest for digest in stored.digests if digest.startswith(f"{asked.repository}@")]
    return Image(
        HOST if name == HOST else next(iter(stored.names), str(asked)),
        next(iter([*ids, *stored.digests]), stored.id),
        store.folders(stored),
        stored.machine,
        environment,
        tuple(config.get("Entrypoint") or ()),
        tuple(config.get("Cmd") or ()),
        config.get("WorkingDir") or home,
        config.get("User") or "",
        _signal_number(config.get("StopSignal") or ""),
    )


def _host_environment() -> dict[str, str]:
    """The machine's, with the Python that runs the cluster first on the PATH."""
    environment = {k: v for k in _HOST_ENVIRONMENT if (v := os.environ.get(k))}
    path = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
    return {**environment, "PATH": f"{Path(sys.executable).parent}:{path}"}


def _signal_number(text: str) -> int:
    """A signal as images name it: `SIGQUIT`, `QUIT`, `3`, `SIGRTMIN+3`; else SIGTERM."""
    name, _, more = text.upper().partition("+")
    if name.isdecimal():
        return int(name)
    number = getattr(signal, f"SIG{name.removeprefix('SIG')}", signal.SIGTERM)
    return int(number) + (int(more) if more.isdecimal() else 0)
