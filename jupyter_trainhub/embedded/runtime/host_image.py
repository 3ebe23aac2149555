"""The machine itself as an image: one without layers, whose containers see the machine's files.

Its manifest and configuration are the same bytes on every machine of one architecture. An image
that is based on it has its label, and its layers lie over the machine's files.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ...registry.manifest import this_platform

DOMAIN = "registry.trainhub.internal"
"""The domain of the images that are pushed to the cluster."""

REPOSITORY = f"{DOMAIN}/host"
TAG = "latest"
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"

_LABEL = "trainhub.jupyter.org/machine"


def is_machine(config: dict[str, Any]) -> bool:
    """Whether an image of this configuration (its `config`) lies over the machine's files."""
    return bool((config.get("Labels") or {}).get(_LABEL))


def configuration() -> bytes:
    """The image's configuration."""
    system, architecture = this_platform()
    return _encode(
        {
            "architecture": architecture,
            "os": system,
            "config": {"Cmd": ["/bin/sh"], "Labels": {_LABEL: "true"}},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
    )


def manifest() -> bytes:
    """The image's manifest."""
    return describe(configuration(), [])


def describe(config: bytes, layers: list[dict[str, Any]]) -> bytes:
    """A manifest of a configuration and descriptors of layers."""
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    return _encode(
        {
            "schemaVersion": 2,
            "mediaType": MEDIA_TYPE,
            "config": {"mediaType": CONFIG_TYPE, "digest": digest, "size": len(config)},
            "layers": layers,
        }
    )


def _encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
