"""What an image says of itself in its manifest and configuration. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_trainhub.hub.images.snapshots.base import (
    BASE_DIGEST,
    BASE_NAME,
    LAYER,
    LAYERS_ABOVE_BASE,
)
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.manifests.labels import DOMAIN
from jupyter_trainhub.registry.manifest import this_platform
from jupyter_trainhub.registry.reference import Reference

Document = Mapping[str, Any]

# https://github.com/opencontainers/image-spec, annotations.md; docker keeps them as labels.
CREATED = "org.opencontainers.image.created"
DESCRIPTION = "org.opencontainers.image.description"
AUTHORS = "org.opencontainers.image.authors"
TITLE = "org.opencontainers.image.title"
INSTANCE = f"{DOMAIN}/instance"


@dataclass(frozen=True)
class Facts:
    """An image by its digest. Sizes are bytes, packed; ``layers`` are the manifest's descriptors.

    ``digest`` is what a tag leads to, ``platform_digest`` that of the manifest for this platform,
    which is another where the image is an index of several.
    """

    digest: str
    platform_digest: str
    size: int
    created: str | None
    labels: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[Document, ...] = ()
    top: str | None = None
    """What the last layer unpacks to, its diff ID."""
    user: str = ""
    """Whom its programs run as; empty is root."""

    @property
    def saved_layer(self) -> Document | None:
        """The layer that a saved instance has above its base; None for other images.

        What was built upon a saved image has its labels too, but other layers above.
        """
        is_saved = self.labels.get(LAYERS_ABOVE_BASE) == "1" and self.labels.get(LAYER) == self.top
        return self.layers[-1] if is_saved and self.layers else None

    @property
    def base(self) -> str | None:
        """The very image that it was made from, by its digest where that is known."""
        name, digest = self.labels.get(BASE_NAME), self.labels.get(BASE_DIGEST)
        if not name or not digest or "@" in name:
            return name
        # Builders do not take a tag and a digest together.
        head, slash, last = name.rpartition("/")
        return f"{head}{slash}{last.partition(':')[0]}@{digest}"


def facts(digest: str, platform_digest: str, manifest: Document, config: Document) -> Facts:
    """The facts of an image. A field that is missing or broken is as good as absent."""
    layers = tuple(entry for entry in _list(manifest, "layers") if isinstance(entry, dict))
    given = _dict(_dict(config, "config"), "Labels")
    labels = {name: value for name, value in given.items() if isinstance(value, str)}
    created = config.get("created") or labels.get(CREATED)
    return Facts(
        digest=digest,
        platform_digest=platform_digest,
        size=sum(map(_size, [*layers, _dict(manifest, "config")])),
        created=created if isinstance(created, str) else None,
        labels=labels,
        layers=layers,
        user=str(_dict(config, "config").get("User") or ""),
        top=(_list(_dict(config, "rootfs"), "diff_ids") or [None])[-1],
    )


def choose(index: Document) -> Document | None:
    """The manifest's descriptor for this platform in an index, else the first that runs at all."""
    entries = [
        entry
        for entry in _list(index, "manifests")
        if isinstance(entry, dict) and _dict(entry, "platform").get("architecture") != "unknown"
    ]
    for entry in entries:
        platform = _dict(entry, "platform")
        if (platform.get("os"), platform.get("architecture")) == this_platform():
            return entry
    return entries[0] if entries else None


def image_view(
    image: Reference,
    found: Facts | None,
    *,
    deletable: bool = False,
    title: str = "",
    description: str = "",
    message: str | None = None,
) -> View:
    """An image as REST shows it; ``message`` says why nothing was found of it.

    With a ``title`` it is one of the site's official ones.
    """
    labels = found.labels if found else {}
    is_saved = found is not None and found.saved_layer is not None
    # What was built upon a saved image has inherited what is said of that.
    own = labels if is_saved else {}
    source = "official" if title else "saved" if is_saved else "other"
    short = f"{image.path.rpartition('/')[2]}:{image.tag}" if image.tag else image.path
    return {
        "kind": "image",
        "name": str(image),
        "title": title or labels.get(TITLE) or short,
        "description": description or ("" if is_saved else labels.get(DESCRIPTION, "")),
        "source": source,
        "repository": image.repository,
        "tag": image.tag,
        "digest": found.digest if found else image.digest or None,
        "size": found.size if found else None,
        "layer_size": _size(found.saved_layer) if found and found.saved_layer else None,
        "base": own.get(BASE_NAME),
        "base_digest": own.get(BASE_DIGEST),
        "created": found.created if found else None,
        "owner": own.get(AUTHORS),
        "instance": own.get(INSTANCE),
        "note": own.get(DESCRIPTION, ""),
        "deletable": deletable,
        "message": message,
    }


def matches(view: View, search: str) -> bool:
    """Whether every word of ``search`` is in what people know of the image."""
    known = ("name", "title", "description", "note", "owner", "instance", "base")
    text = "\n".join(str(view[field] or "") for field in known).casefold()
    return all(word in text for word in search.casefold().split())


def _dict(document: Document, key: str) -> Document:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _list(document: Document, key: str) -> list[Any]:
    found = document.get(key)
    return found if isinstance(found, list) else []


def _size(descriptor: Document) -> int:
    size = descriptor.get("size")
    return size if isinstance(size, int) else 0
