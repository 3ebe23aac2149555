"""Manifests and indexes of images, as registries keep them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, cast

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
INDEXES = (OCI_INDEX, DOCKER_LIST)
DIGEST = re.compile(r"(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})")


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index, byte for byte as the registry keeps it; its digest is verified."""

    bytes: bytes
    media_type: str
    digest: str

    @property
    def document(self) -> dict[str, Any]:
        """What the bytes say."""
        return cast("dict[str, Any]", json.loads(self.bytes))

    @property
    def is_index(self) -> bool:
        """Whether it names manifests, one for each platform."""
        return self.media_type in INDEXES

    def check(self) -> None:
        """See that it names its parts, each with a digest and a size. Raises ValueError."""
        document = self.document
        if document.get("schemaVersion") == 1:
            raise ValueError("its manifest is of the first kind, which is out of use (schema 1)")
        parts = document.get("manifests" if self.is_index else "layers")
        if not isinstance(parts, list) or not (self.is_index or "config" in document):
            raise ValueError("its manifest does not list its parts")
        for part in (*parts, *([] if self.is_index else [document["config"]])):
            known = part if isinstance(part, dict) else {}
            digest, size = known.get("digest"), known.get("size")
            if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
                raise ValueError(f"its manifest names a part without a digest: {digest!r:.200}")
            if type(size) is not int or size < 0:
                raise ValueError(f"its manifest names a part without a size: {digest}")
            if not isinstance(known.get("platform"), dict | None):
                raise ValueError(f"its manifest names a part of no platform: {digest}")


@dataclass(frozen=True)
class Descriptor:
    """What a registry tells of a manifest without sending it; `size` in bytes."""

    digest: str
    size: int
    media_type: str
