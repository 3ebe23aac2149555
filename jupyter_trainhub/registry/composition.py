"""The manifest and the configuration of an image made of another one and new layers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from .blob import BrokenImage
from .manifest import Document

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
_OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"

_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
_DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"

# What OCI calls the layers of Docker's "Image Manifest Version 2, Schema 2". Engines write zstd
# into these, too, but Docker's specification has no name for it, and registries refuse some.
_TO_OCI = {
    _DOCKER_LAYER: _OCI_LAYER,
    f"{_DOCKER_LAYER}.gzip": f"{_OCI_LAYER}+gzip",
    f"{_DOCKER_LAYER}.zstd": f"{_OCI_LAYER}+zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar": (
        "application/vnd.oci.image.layer.nondistributable.v1.tar"
    ),
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": (
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
    ),
}
_TO_DOCKER = {_OCI_LAYER: _DOCKER_LAYER, f"{_OCI_LAYER}+gzip": f"{_DOCKER_LAYER}.gzip"}

# What Docker's builder noted of the container in which it worked, its environment among it.
_OF_THE_BUILD = ("container", "container_config", "docker_version", "id", "parent")

_OF_THE_BASE = ("org.opencontainers.image.base.name", "org.opencontainers.image.base.digest")


def compose(
    base_manifest: Document,
    base_config: Document,
    layers: Sequence[Mapping[str, Any]],
    *,
    keep: int,
    created: str,
    history: str,
    labels: Mapping[str, str],
    config: Mapping[str, Any] | None = None,
) -> tuple[bytes, str, bytes]:
    """Manifest, its media type, and configuration of an image of `keep` base layers and new ones.

    A new layer is its OCI descriptor with one more key, `diff_id`. What the image runs, with what
    environment and as whom, is the base's, but for what `config` says anew (None takes a key away).
    `created` is RFC 3339, `history` a sentence; `labels` are added to the base's, and those which
    name a base are on the manifest, too. The same input gives the same bytes.

    A base in Docker's format stays in it, unless a layer is compressed with zstd, which only OCI's
    has a name for.

    Raises:
        BrokenImage: the base's manifest and configuration do not fit each other.
        ValueError: the base has fewer layers than should be kept.
    """
    old_layers = list(base_manifest.get("layers") or [])
    old_ids = list((base_config.get("rootfs") or {}).get("diff_ids") or [])
    if len(old_layers) != len(old_ids):
        raise BrokenImage(
            f"the base's configuration names {len(old_ids)} layers, its manifest {len(old_layers)}"
        )
    if not 0 <= keep <= len(old_layers):
        raise ValueError(f"{keep} layers of {len(old_layers)} cannot be kept")
    document = {key: value for key, value in base_config.items() if key not in _OF_THE_BUILD}
    document["created"] = created
    document["config"] = _changed(base_config.get("config") or {}, labels, config or {})
    diff_ids = [*old_ids[:keep], *(layer["diff_id"] for layer in layers)]
    document["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
    document["history"] = [
        *_kept_history(base_config.get("history") or [], keep),
        *({"created": created, "created_by": "trainhub", "comment": history} for _ in layers),
    ]
    config_bytes = _bytes(document)

    descriptors = [*old_layers[:keep], *map(_descriptor, layers)]
    media_type = _format(base_manifest, descriptors)
    oci = media_type == OCI_MANIFEST
    manifest: Document = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": {
            "mediaType": _OCI_CONFIG if oci else _DOCKER_CONFIG,
            "digest": f"sha256:{hashlib.sha256(config_bytes).hexdigest()}",
            "size": len(config_bytes),
        },
        "layers": [_named(layer, _TO_OCI if oci else _TO_DOCKER) for layer in descriptors],
    }
    notes = {key: labels[key] for key in _OF_THE_BASE if key in labels}
    if notes and oci:  # Docker's format has no place for them
        manifest["annotations"] = notes
    return _bytes(manifest), media_type, config_bytes


def _changed(base: Document, labels: Mapping[str, str], config: Mapping[str, Any]) -> Document:
    changed = {**base, **config, "Labels": {**(base.get("Labels") or {}), **labels}}
    return {key: value for key, value in changed.items() if value is not None}


def _kept_history(history: list[Document], keep: int) -> list[Document]:
    """Entries up to the first of a layer that is not kept; those without a layer stay between."""
    kept, layers = [], 0
    for entry in history:
        layers += not entry.get("empty_layer")
        if layers > keep:
            break
        kept.append(entry)
    if min(layers, keep) == keep:
        return kept
    # Tools that take an image apart want an entry for each layer, and some bases have none.
    return [{"comment": "a layer of the base"} for _ in range(keep)]


def _descriptor(layer: Mapping[str, Any]) -> Document:
    return {key: layer[key] for key in ("mediaType", "digest", "size")}


def _format(base: Document, layers: list[Document]) -> str:
    # A manifest without a media type is OCI's.
    docker = base.get("mediaType") == _DOCKER_MANIFEST and all(
        layer["mediaType"] in _TO_DOCKER or layer["mediaType"] in _TO_OCI for layer in layers
    )
    return _DOCKER_MANIFEST if docker else OCI_MANIFEST


def _named(layer: Document, names: Mapping[str, str]) -> Document:
    return {**layer, "mediaType": names.get(layer["mediaType"], layer["mediaType"])}


def _bytes(document: Document) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
