"""What would be saved of an instance: what was measured in it, and what the cluster knows."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.hub.images.base import Base
from jupyter_trainhub.manifests.folders import folders
from jupyter_trainhub.manifests.labels import Object

# What a measurement always has, whatever the program in the container says.
_MEASURED: dict[str, Any] = {
    "files": 0,
    "bytes": 0,
    "deleted": 0,
    "deletions_known": False,
    "tree": [],
    "not_saved": [],
    "excluded": [],
    "secrets": [],
    "unreadable": {"files": 0, "paths": []},
    "large": [],
    "warnings": [],
}


def measurement(
    measured: Object, stateful_set: Object, *, instance: str, base: Base, image: str, engine: str
) -> Object:
    """The Measurement view. Pure.

    ``measured`` comes from the container, and whoever works there can make it say anything: it is
    shown, and nothing else is decided by it.
    """
    known = {
        name: measured[name] if isinstance(measured.get(name), type(default)) else default
        for name, default in _MEASURED.items()
    }
    above = base.earlier is not None
    return {
        **known,
        "instance": instance,
        "not_saved": [_titled(mount, _titles(stateful_set)) for mount in known["not_saved"]],
        "base": {"name": base.name, "digest": base.digest},
        "image": image,
        "above_base": above,
        "previous_bytes": base.earlier["size"] if base.earlier is not None else 0,
        "engine": engine,
    }


def _titles(stateful_set: Object) -> dict[str, str]:
    """The titles of the instance's folders that are on a storage, by their paths."""
    return {
        folder["path"]: folder["title"]
        for folder in folders(stateful_set)
        if folder["kept"] == "kept"
    }


def _titled(mount: Object, titles: dict[str, str]) -> Object:
    """A mount with the name that the site gives it."""
    title = titles.get(str(mount.get("path")))
    return {**mount, "title": title or mount.get("title") or ""}
