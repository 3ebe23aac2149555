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
KINDS = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST)
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


@dataclass(frozen=True)
class Descriptor:
    """What a registry tells of a manifest without sending it; `size` in bytes."""

    digest: str
    size: int
    media_type: str


def read_manifest(data: bytes, content_type: str, digest: str) -> Manifest:
    """A registry's answer of that digest.

    Raises ValueError where it does not name its parts, each with a digest and a size.
    """
    try:
        document = json.loads(data)
        given = str(document.get("mediaType") or "")
    except (ValueError, AttributeError, RecursionError):
        raise ValueError("its manifest is no JSON object") from None
    # A header may be wrong, and only the document is verified.
    kind = content_type.partition(";")[0].strip()
    guessed = OCI_INDEX if "manifests" in document else OCI_MANIFEST
    found = Manifest(data, given or (kind if kind in KINDS else guessed), digest)
    _check(found, document)
    return found


def _check(manifest: Manifest, document: dict[str, Any]) -> None:
    if document.get("schemaVersion") == 1:
        raise ValueError("its manifest is of the first kind, which is out of use (schema 1)")
    parts = document.get("manifests" if manifest.is_index else "layers")
    # Programs in Go write null for a list of nothing.
    if not isinstance(parts, list | None) or not (manifest.is_index or "config" in document):
        raise ValueError("its manifest does not list its parts")
    for part in (*(parts or []), *([] if manifest.is_index else [document["config"]])):
        known = part if isinstance(part, dict) else {}
        digest, size = known.get("digest"), known.get("size")
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
            raise ValueError(f"its manifest names a part without a digest: {digest!r:.200}")
        if type(size) is not int or size < 0:
            raise ValueError(f"its manifest names a part without a size: {digest}")
        if not isinstance(known.get("platform"), dict | None):
            raise ValueError(f"its manifest names a part of no platform: {digest}")
