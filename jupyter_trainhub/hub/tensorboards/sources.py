"""Log folders that were found: on this machine, in a pod, or in both."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_trainhub.hub.tensorboards.folders import LogFolder, named
from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.names import name_from


@dataclass(frozen=True)
class Source:
    """A folder: its text as given, and where it is, at most in both ways.

    ``local`` is its path on this machine, ``path`` that in a pod with ``mount``.
    """

    given: LogFolder
    local: Path | None = None
    mount: Mount | None = None
    path: str = ""


@dataclass(frozen=True)
class Sources:
    """Folders that one TensorBoard can show, as a process here or else as a pod."""

    found: tuple[Source, ...]
    is_local: bool

    @property
    def texts(self) -> list[str]:
        """The folders as they were given; those below a working folder as a pod sees them."""
        return [str(source.given._replace(path=_anywhere(source))) for source in self.found]

    @property
    def local(self) -> list[LogFolder]:
        """The folders on this machine."""
        return [LogFolder(source.given.name, str(source.local)) for source in self.found]

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """What a pod has to mount."""
        return tuple(
            {source.mount.path: source.mount for source in self.found if source.mount}.values()
        )

    @property
    def paths(self) -> tuple[tuple[str, str], ...]:
        """The folders in such a pod, with the names of their runs; one alone needs none."""
        given = [LogFolder(source.given.name, source.path) for source in self.found]
        return tuple(
            (folder.name, folder.path) for folder in (named(given) if given[1:] else given)
        )

    def name(self, options: Mapping[str, int]) -> str:
        """A name for the TensorBoard: the same for the same folders and options."""
        mounts = [mount.model_dump(mode="json") for mount in self.mounts]
        parts = json.dumps([self.paths, mounts, dict(options)], sort_keys=True)
        last = posixpath.basename(self.found[0].path) or "logs"
        return f"{name_from(last)}-{hashlib.sha256(parts.encode()).hexdigest()[:6]}"


def _anywhere(source: Source) -> str:
    given = source.given.path
    return given if given.startswith("/") or "://" in given else source.path
