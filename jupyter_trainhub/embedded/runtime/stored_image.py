"""The images of the image store, as containers are made of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from ...registry import manifest, reference
from ...registry.blob import Blob, BrokenImage
from ...registry.manifest import PackedImage
from . import host_image
from .content import DIGEST, Content
from .manifests import Manifests
from .repositories import Repositories

# What of a configuration is used, and of which type it must be.
_FIELDS: dict[str, type] = {
    **dict.fromkeys(("Cmd", "Entrypoint", "Env"), list),
    **dict.fromkeys(("StopSignal", "User", "WorkingDir"), str),
    "Labels": dict,
}


@dataclass(frozen=True)
class StoredImage:
    """An image that containers can be made of."""

    id: str
    """Digest of its configuration."""
    layers: tuple[str, ...]
    """Diff ids, lowest first."""
    config: dict[str, Any]
    """Entrypoint, Env, User and the like, in the words of the OCI image specification."""
    size: int
    """Bytes of configuration and layers as they are packed."""
    packed: PackedImage = field(repr=False, compare=False)
    names: tuple[str, ...] = ()
    """Full names, as `docker.io/library/busybox:latest`; by digest where there is no tag."""
    digests: tuple[str, ...] = ()
    """Its repositories, each with the digest of the manifest or index that it has there."""

    @property
    def machine(self) -> bool:
        """Whether its layers lie over the machine's files."""
        return host_image.is_machine(self.config)


def stored(packed: PackedImage) -> StoredImage:
    """The image, without names, that is packed so.

    Raises:
        BrokenImage: it cannot be run, whoever made it.
    """
    configuration = packed.configuration()
    layers = (configuration.get("rootfs") or {}).get("diff_ids") or ()
    for diff_id in layers:
        if not isinstance(diff_id, str) or not DIGEST.fullmatch(diff_id):
            raise BrokenImage(f"{diff_id!r} is no digest that can be verified")
    config = configuration.get("config") or {}
    for field_name, kind in _FIELDS.items():
        value = config.get(field_name)
        texts = value if isinstance(value, list) else []
        if value is not None and not (
            isinstance(value, kind) and all(isinstance(text, str) for text in texts)
        ):
            raise BrokenImage(f"its configuration has a {field_name} that is none: {value!r}")
    return StoredImage(
        id=f"sha256:{hashlib.sha256(packed.config.document()).hexdigest()}",
        layers=tuple(layers),
        config=config,
        size=packed.config.size + sum(blob.size for blob in packed.layers),
        packed=packed,
    )


class StoredImages:
    """The images that the index of an image store names."""

    def __init__(self, content: Content, repositories: Repositories, manifests: Manifests) -> None:
        self._content, self._repositories, self._manifests = content, repositories, manifests
        self._known: dict[str, StoredImage | None] = {}

    def all(self) -> list[StoredImage]:
        """All images for this machine; what another process changed is seen at once."""
        found: dict[str, StoredImage] = {}
        for name, record in self._repositories.index().items():
            named = {*record.tags.values()}
            named |= {d for top in record.manifests for d in self._manifests.of(top).manifests}
            untagged = [("", digest) for digest in record.manifests if digest not in named]
            for tag, digest in [*record.tags.items(), *untagged]:
                if known := self.of(digest):
                    image = found.get(known.id, known)
                    by_digest = f"{name}@{digest}"
                    names = (*image.names, f"{name}:{tag}" if tag else by_digest)
                    digests = tuple(dict.fromkeys((*image.digests, by_digest)))
                    found[image.id] = replace(image, names=names, digests=digests)
        return list(found.values())

    def find(self, name: str) -> StoredImage | None:
        """The image of that name, digest or id; None if there is none. Raises InvalidReference."""
        if DIGEST.fullmatch(name):
            return next((image for image in self.all() if image.id == name), None)
        asked = reference.parse(name)
        at = self._manifests.find(asked.repository, asked.digest or asked.tag)
        if at is None:
            return None
        digest = f"{asked.repository}@{at[0]}"
        for image in self.all():
            if digest in image.digests:
                return image
        inner = self.of(at[0])  # it is one of an index
        return inner and replace(inner, digests=(digest,))

    def of(self, digest: str) -> StoredImage | None:
        """The image of a manifest or index, without names; None if it is not for this machine."""
        if digest not in self._known:
            try:
                self._known[digest] = stored(manifest.choose([{"digest": digest}], self._blob))
            except (BrokenImage, AttributeError, KeyError, TypeError, ValueError):
                # What was pushed need not be an image at all.
                self._known[digest] = None
        return self._known[digest]

    def _blob(self, descriptor: dict[str, Any]) -> Blob:
        return self._content.blob(descriptor["digest"])
