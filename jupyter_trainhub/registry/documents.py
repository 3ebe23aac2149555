"""Manifests and indexes of images, as registries keep them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
INDEXES = (OCI_INDEX, DOCKER_LIST)


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


@dataclass(frozen=True)
class Descriptor:
    """What a registry tells of a manifest without sending it; `size` in bytes."""

    digest: str
    size: int
    media_type: str
