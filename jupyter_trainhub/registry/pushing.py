"""Images of archives into a registry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

from . import failures
from .blob import Blob, BrokenImage
from .client import OCI_MANIFEST, Repository
from .layer import Compression, compressor
from .manifest import PackedImage, parse
from .source import BytesSource, StreamSource
from .transport import Cancelled
from .upload import Progress

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"


def push(
    image: PackedImage,
    target: Repository,
    tag: str,
    *,
    compression: Compression = "zstd",
    verifying: Progress | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> str:
    """Push an image of an open archive, and tag it; its digest.

    All of the archive is verified before anything is sent (`verifying` is told), so that a broken
    one leaves nothing in the registry. What has a manifest keeps it, byte for byte. `docker save`
    writes none, and layers that are not compressed: those are compressed on their way, since every
    node will fetch them. zstd is several times as fast as gzip, both ways, and no larger; nodes
    older than containerd 1.5 or docker 23 need gzip. `progress` counts the archive's bytes.

    Raises:
        RegistryError: Broken, with the byte at which the archive breaks; Cancelled; or the
            registry's.
        OSError: the archive cannot be read.
    """
    try:
        configuration = image.configuration()
        verify(image, configuration, verifying, cancelled)
        target.resolve(tag)  # a registry that is not there is told of at once
        if image.manifest is None:
            document = _push_saved(image, configuration, target, compression, progress, cancelled)
            kind = OCI_MANIFEST
        else:
            for blob in dict.fromkeys((image.config, *image.layers)):
                _push_blob(blob, target, progress, cancelled)
            document = image.manifest.document()
            kind = str(parse(image.manifest).get("mediaType") or OCI_MANIFEST)
    except BrokenImage as error:
        raise failures.broken(target.name, error) from error
    return target.put_manifest(tag, document, kind)


def verify(
    image: PackedImage,
    configuration: dict[str, Any],
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """See that every layer is whole, and unpacks to what the configuration says.

    Raises:
        BrokenImage: it does not; says at which byte.
        RegistryError: Cancelled.
    """
    for diff_id, blob in zip(configuration["rootfs"]["diff_ids"], image.layers, strict=True):
        digest = hashlib.sha256()
        for chunk in blob.content(partial(_tell, progress, cancelled, diff_id, blob.size)):
            digest.update(chunk)
        if diff_id != f"sha256:{digest.hexdigest()}":
            raise BrokenImage(
                f"{blob.place} is damaged between byte {blob.offset} and byte "
                f"{blob.offset + blob.size}: this layer should unpack to {diff_id}, and is "
                f"sha256:{digest.hexdigest()}"
            )


def _push_blob(
    blob: Blob, target: Repository, progress: Progress | None, cancelled: Cancelled | None
) -> None:
    if not target.has_blob(blob.digest, cancelled):
        told = partial(_tell, progress, cancelled, blob.digest, blob.size)
        with closing(StreamSource(partial(blob.stored, told), blob.digest)) as source:
            target.upload(source, cancelled=cancelled)
    if progress:
        progress(blob.digest, blob.size, blob.size)


def _push_saved(
    image: PackedImage,
    configuration: dict[str, Any],
    target: Repository,
    compression: Compression,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> bytes:
    """Push what `docker save` wrote; a manifest for it."""
    config = image.config.document()
    sent: dict[str, dict[str, Any]] = {}
    for diff_id, blob in zip(configuration["rootfs"]["diff_ids"], image.layers, strict=True):
        if diff_id not in sent:
            told = partial(_tell, progress, cancelled, diff_id, blob.size)
            with closing(StreamSource(partial(_compressed, blob, compression, told))) as source:
                digest = target.upload(source, cancelled=cancelled)
                kind = f"{_LAYER}+{compression}"
                sent[diff_id] = {"mediaType": kind, "digest": digest, "size": source.size}
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": _CONFIG,
            "digest": target.upload(BytesSource(config), cancelled=cancelled),
            "size": len(config),
        },
        "layers": [sent[diff_id] for diff_id in configuration["rootfs"]["diff_ids"]],
    }
    return json.dumps(manifest, separators=(",", ":")).encode()


def _compressed(blob: Blob, compression: Compression, told: Any) -> Iterator[bytes]:
    packing = compressor(compression)
    for chunk in blob.content(told):
        if packed := packing.compress(chunk):
            yield packed
    yield packing.flush()


def _tell(
    progress: Progress | None, cancelled: Cancelled | None, what: str, size: int, done: int
) -> None:
    if cancelled is not None and cancelled():
        raise failures.cancelled(what)
    if progress:
        progress(what, done, size)
