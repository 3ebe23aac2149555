"""Tags of a repository: given, taken from an image without harm to its others."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor

from jupyter_trainhub.registry.client import OCI_MANIFEST, Repository
from jupyter_trainhub.registry.source import BytesSource

# Requests at the same time.
_THREADS = 8
_CONFIG = "application/vnd.oci.image.config.v1+json"


def tags_of(repository: Repository, digest: str) -> list[str]:
    """The tags of a repository that lead to ``digest``. Raises RegistryError."""
    tags = [*repository.tags()]
    with ThreadPoolExecutor(_THREADS) as threads:
        found = [*threads.map(repository.resolve, tags)]
    return [
        tag
        for tag, one in zip(tags, found, strict=True)
        if one is not None and one.digest == digest
    ]


def remove(repository: Repository, tag: str, digest: str, *, is_shared: bool) -> None:
    """Take ``tag`` away, which leads to ``digest``, and with it the image unless others share it.

    Registries delete manifests by digest, and with one go all of its tags; to delete a tag alone is
    optional (OCI distribution specification, "Deleting tags"), and Debian's docker-registry cannot.
    So a tag that shares its image is first given to an image of its own, an empty one, and that is
    deleted. Where the registry refuses that, the tag is given back. Raises RegistryError.
    """
    if not is_shared:
        repository.delete(digest)
        return
    kept = repository.manifest(digest)
    own = repository.put_manifest(tag, _placeholder(repository), OCI_MANIFEST)
    try:
        repository.delete(own)
    except BaseException:
        repository.put_manifest(tag, kept.bytes, kept.media_type)
        raise


def _placeholder(repository: Repository) -> bytes:
    """The manifest of an image with no files, of which there is no second one."""
    config = json.dumps(
        {
            "architecture": "unknown",
            "os": "unknown",
            "config": {"Labels": {"unique": secrets.token_hex(16)}},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
    ).encode()
    digest = repository.upload(BytesSource(config))
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": _CONFIG, "digest": digest, "size": len(config)},
        "layers": [],
    }
    return json.dumps(document).encode()
