"""The images of this machine: kept as they were packed, to be given away, and unpacked, to be run.

Its folder is that of `repositories`, `content` and `layers`, which say what they keep there. An
image that was pushed is unpacked when it is first wanted.
"""

from __future__ import annotations

import contextlib
import errno
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...registry import reference
from ...registry.archive import open_archive
from ...registry.blob import Blob, BrokenImage
from ...registry.manifest import PackedImage
from . import host_image
from .content import DIGEST, Content
from .layers import Layers, Progress
from .manifests import InvalidManifest, Manifests, media_type
from .repositories import Repositories
from .stored_image import StoredImage, StoredImages, stored

__all__ = ["ImageError", "ImageStore", "Progress", "StoredImage", "of_cluster"]

_LAYER = "application/vnd.oci.image.layer.v1.tar"
_COMPRESSIONS = {b"\x1f\x8b": "+gzip", b"\x28\xb5": "+zstd"}


class ImageError(Exception):
    """An image cannot be stored or removed; the message says why. Nothing was changed."""


def of_cluster(home: Path) -> ImageStore:
    """The images of the cluster whose folder this is; it need not run."""
    return ImageStore(home / "images", lambda: home.glob("pods/*/containers/*/*"))


class ImageStore:
    """The images below `folder`; `runs` yields the state folders of containers (see sandbox)."""

    def __init__(self, folder: Path, runs: Callable[[], Iterable[Path]]) -> None:
        self._folder, self._runs = folder, runs
        self._layers = Layers(folder)
        self.content = Content(folder)
        self.repositories = Repositories(folder)
        self.manifests = Manifests(self.content, self.repositories)
        self._images = StoredImages(self.content, self.repositories, self.manifests)

    def images(self) -> list[StoredImage]:
        """All images for this machine; what another process changed is seen at once."""
        return self._images.all()

    def find(self, name: str) -> StoredImage | None:
        """The image of that name, digest or id; None if there is none. Raises InvalidReference."""
        return self._images.find(name)

    def folders(self, image: StoredImage) -> tuple[str, ...]:
        """The layers of an image, lowest first, where they are or will be unpacked."""
        return tuple(str(self._layers.path(diff_id)) for diff_id in image.layers)

    def is_unpacked(self, image: StoredImage) -> bool:
        """Whether containers can be made of it at once."""
        return all(self._layers.path(diff_id).exists() for diff_id in image.layers)

    def unpack(self, image: StoredImage, progress: Progress | None = None) -> None:
        """Unpack the layers that are not. Raises ImageError."""
        with self._changing(), self._layers.unpacking():
            for diff_id, blob in zip(image.layers, image.packed.layers, strict=True):
                if not self._layers.path(diff_id).exists():
                    self._layers.unpack(diff_id, blob, progress, machine=image.machine)

    def keep_host(self) -> None:
        """Have the image that is the machine itself."""
        self.content.put(host_image.configuration())
        where, document = (host_image.REPOSITORY, host_image.TAG), host_image.manifest()
        self.manifests.put(*where, document, host_image.MEDIA_TYPE, replaces=True)

    def load(
        self, archive: Path, name: str | None = None, progress: Progress | None = None
    ) -> list[StoredImage]:
        """Store the images of an archive or an OCI layout; `name` is for one that has but one.

        What is returned has those names only that were given now.

        Raises:
            ImageError: the archive is broken, has no image for this machine, or cannot be stored.
        """
        with self._changing(), open_archive(archive, self._folder) as packed:
            if name is not None and len(packed) > 1:
                raise ImageError(f"{archive} holds {len(packed)} images: --name fits only one")
            return [
                self.store(image, image.names if name is None else (name,), progress=progress)
                for image in packed
            ]

    def store(
        self,
        packed: PackedImage,
        names: tuple[str, ...],
        *,
        index: Blob | None = None,
        pulled: str | None = None,
        progress: Progress | None = None,
    ) -> StoredImage:
        """Keep an image, and unpack it; what else had its names has them no more.

        Args:
            index: that of which it is the image for this machine.
            pulled: see `repositories.Repository`.

        Raises:
            ImageError: it is broken or has no name, or the disk is full.
        """
        if not names:
            raise ImageError("the image has no name: give it one with --name NAME:TAG")
        added: list[str] = []
        try:
            with self._changing(), self._layers.unpacking():
                full = [reference.parse(name) for name in names]
                image = stored(packed)
                layers = []
                for diff_id, blob in zip(image.layers, packed.layers, strict=True):
                    digest = self._keep(diff_id, blob, progress, machine=image.machine)
                    added.append(digest)
                    layers.append(self._descriptor(digest))
                config = packed.config.document()
                added.append(self.content.put(config))
                document = host_image.describe(config, layers)
                if packed.manifest:
                    document = packed.manifest.document()
                digests = [self._name(name, document, index, pulled) for name in full]
        finally:
            self.sweep(added)
        return replace(image, names=tuple(map(str, full)), digests=tuple(digests))

    def _keep(self, diff_id: str, blob: Blob, progress: Progress | None, *, machine: bool) -> str:
        """Keep and unpack a layer, as far as it is not; the digest of its blob."""

        def unpack(blob: Blob) -> None:
            self._layers.unpack(diff_id, blob, progress, machine=machine)

        if not blob.digest or self.content.claim(blob.digest) is None:
            return self.content.keep(blob, unpack)
        if not self._layers.path(diff_id).exists():
            unpack(self.content.blob(blob.digest))
        return blob.digest

    def _descriptor(self, digest: str) -> dict[str, Any]:
        with self.content.path(digest).open("rb") as file:
            media_type = _LAYER + _COMPRESSIONS.get(file.read(2), "")
        return {"mediaType": media_type, "digest": digest, "size": self.content.size(digest)}

    def _name(
        self, name: reference.Reference, document: bytes, index: Blob | None, pulled: str | None
    ) -> str:
        """Keep the manifest, and give it or its index a name; the repository with its digest."""
        tops = [document, *([index.document()] if index else [])]
        for number, top in enumerate(tops, 1):
            tag, kind = name.tag if number == len(tops) else "", media_type(top)
            how = {"whole": False, "replaces": True}
            digest = self.manifests.put(name.repository, tag, top, kind, pulled=pulled, **how)
        return f"{name.repository}@{digest}"

    def unload(self, name: str) -> None:
        """Take a name from its image; without any left, the image goes, and what only it needs.

        Layers that a container still uses go with a later change.

        Raises:
            ImageError: there is no such image, or it is the machine.
        """
        with self._changing():
            image = self.find(name)
            if image is None:
                raise ImageError(f"there is no image {name!r}")
            gone = [*image.names, *image.digests]
            if not DIGEST.fullmatch(name):
                gone = [str(reference.parse(name))]
            for known in map(reference.parse, gone):
                if known.repository == host_image.REPOSITORY:
                    raise ImageError(f"{known} is the machine itself")
            for known in map(reference.parse, gone):
                self.delete(known.repository, known.tag or known.digest, replaces=True)

    def delete(self, repository: str, reference: str, *, replaces: bool = False) -> bool:
        """Delete a tag or a manifest, see `manifests`, and what nothing else needs."""
        with self._changing():
            before = self.manifests.used()
            found = self.manifests.delete(repository, reference, replaces=replaces)
            self.sweep(before)
            return found

    def sweep(self, freed: Iterable[str] = ()) -> None:
        """Delete what nothing needs: blobs of `freed` at once, others when they are old."""
        with self._changing(), self.repositories.changing():
            self.content.sweep(self.manifests.used(), freed)
        self._layers.sweep(self._used_layers)

    def _used_layers(self) -> set[str]:
        used = {Path(layer).name for image in self.images() for layer in self.folders(image)}
        for run in self._runs():
            with contextlib.suppress(OSError, ValueError):
                spec = json.loads((run / "spec.json").read_text())
                used |= {Path(layer).name for layer in spec["layers"]}
        return used

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Raise ImageError for what goes wrong with the store."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            yield
        except (BrokenImage, InvalidManifest, reference.InvalidReference) as error:
            raise ImageError(str(error)) from error
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            where = f"the file system of {self._folder} is full" if full else str(error)
            raise ImageError(where) from error
