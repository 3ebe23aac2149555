"""Images as the OCI image specification describes them: a manifest, a configuration, layers."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .blob import Blob, BrokenImage

Document = dict[str, Any]

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
_LAYER = re.compile(r".*(layer|rootfs\.diff).*tar(\+gzip|\+zstd|\.gzip|\.zstd)?")


@dataclass(frozen=True)
class PackedImage:
    """An image that can be read, layer by layer. `digest` is its manifest's, or empty."""

    names: tuple[str, ...]
    digest: str
    config: Blob
    layers: tuple[Blob, ...]
    manifest: Blob | None = None
    """None where nothing but `docker save` described it."""

    def configuration(self) -> Document:
        """The configuration, of which `rootfs.diff_ids` are the digests of the unpacked layers.

        Raises:
            BrokenImage: it cannot be read, or does not fit the layers.
        """
        found = parse(self.config)
        rootfs = found.get("rootfs")
        if not isinstance(rootfs, dict) or not isinstance(rootfs.get("diff_ids"), list | None):
            raise BrokenImage(f"{self.config.place}: the configuration names no layers")
        ids = rootfs["diff_ids"] = rootfs.get("diff_ids") or []  # null, for programs in Go
        if len(ids) != len(self.layers):
            raise BrokenImage(
                f"{self.config.place}: the configuration names {len(ids)} layers, and the manifest "
                f"{len(self.layers)}"
            )
        return found


def parse(blob: Blob) -> Document:
    """A blob that is a JSON object. Raises BrokenImage."""
    try:
        found = json.loads(blob.document())
    except (ValueError, RecursionError) as error:
        raise BrokenImage(f"{blob.place} holds no JSON at byte {blob.offset}: {error}") from None
    if not isinstance(found, dict):
        raise BrokenImage(f"{blob.place} holds no JSON object at byte {blob.offset}")
    return found


def this_platform() -> tuple[str, str]:
    """Operating system and architecture of this machine, in the words of images."""
    machine = platform.machine()
    return "linux", _ARCHITECTURES.get(machine, machine)


def choose(
    descriptors: list[Document], find: Callable[[Document], Blob], names: tuple[str, ...] = ()
) -> PackedImage:
    """The image for this machine among descriptors of manifests, and of indexes of manifests.

    `find` gives the blob of a descriptor.

    Raises:
        BrokenImage: there is none, or it cannot be read.
    """
    offered = []
    for descriptor, manifest in _manifests(descriptors, find):
        image = PackedImage(
            names,
            descriptor["digest"],
            find(manifest["config"]),
            tuple(_layers(manifest, find)),
            find(descriptor),
        )
        given = descriptor.get("platform") or image.configuration()
        offered.append((given.get("os", ""), given.get("architecture", "")))
        if offered[-1] == this_platform():
            return image
    held = ", ".join("/".join(entry) for entry in offered) or "nothing that could run"
    raise BrokenImage(f"no image for {'/'.join(this_platform())}: it holds {held}")


def _manifests(
    descriptors: list[Document], find: Callable[[Document], Blob]
) -> Iterator[tuple[Document, Document]]:
    for descriptor in descriptors:
        if (descriptor.get("platform") or {}).get("architecture") == "unknown":
            continue  # an attestation about another image
        document = parse(find(descriptor))
        if "manifests" in document:
            yield from _manifests(document["manifests"], find)
        elif "config" in document:
            yield descriptor, document
        else:
            raise BrokenImage(f"{descriptor['digest']} is no manifest of an image")


def _layers(manifest: Document, find: Callable[[Document], Blob]) -> Iterator[Blob]:
    for descriptor in manifest.get("layers") or []:
        if not _LAYER.fullmatch(descriptor.get("mediaType", "")):
            raise BrokenImage(f"{descriptor['digest']} is no layer: {descriptor.get('mediaType')}")
        yield find(descriptor)
