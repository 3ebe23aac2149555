"""What would be saved of an instance, and what was left out in the end. Pure."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.hub.images.snapshots.base import Base
from jupyter_trainhub.manifests.folders import Folder, folders
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.transfer import shortened

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

# What is told of paths that are not in the image as they are in the instance.
_SKIPPED = {
    "unreadable": "it cannot be read by the user of the instance",
    "changed_while_read": "it changed while it was read",
    "secrets": "it is a secret",
}
_LONGEST_PATH = 500


def measurement(
    measured: Object, stateful_set: Object, *, instance: str, base: Base, image: str, engine: str
) -> Object:
    """The Measurement view.

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
        "not_saved": [_named(mount, folders(stateful_set)) for mount in known["not_saved"]],
        "base": {"name": base.name, "digest": base.digest},
        "image": image,
        "above_base": above,
        "previous_bytes": base.earlier["size"] if base.earlier is not None else 0,
        "engine": engine,
    }


def _named(mount: Object, known: list[Folder]) -> Object:
    """A mount with the name that the site gives it; memory that nobody asked for is the node's."""
    folder = next((one for one in known if one["path"] == mount.get("path")), None)
    title = folder["title"] if folder is not None and folder["kept"] == "kept" else ""
    foreign = mount.get("kind") == "memory" and folder is None and mount.get("path") != "/dev/shm"
    kind = {"kind": "system"} if foreign else {}
    return {**mount, **kind, "title": title or mount.get("title") or ""}


def reading_told(done: Object, warnings: list[str]) -> Object:
    """What the result of a transfer says of the reading, and the ``warnings`` from before it."""
    skipped = [
        {"path": _path(found)[:_LONGEST_PATH], "reason": reason}
        for kind, reason in _SKIPPED.items()
        for found in done.get(kind) or ()
    ]
    return {
        "files": done.get("files"),
        "deleted": done.get("deleted"),
        "skipped": shortened(skipped),
        "warnings": shortened([*dict.fromkeys([*warnings, *(done.get("warnings") or ())])]),
    }


def progress_told(told: Object) -> Object:
    """What the container tells of the reading, as far as it can be believed."""
    types = {"files": int, "bytes": int, "path": str}
    known = {key: told[key] for key, type_ in types.items() if isinstance(told.get(key), type_)}
    return known | ({"path": known["path"][:_LONGEST_PATH]} if "path" in known else {})


def _path(found: object) -> str:
    """Of a file, or of a secret."""
    return str(found.get("path") if isinstance(found, dict) else found)
