"""Images from archives, and into them."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, InvalidField
from jupyter_trainhub.hub.images.catalogue.reading import require
from jupyter_trainhub.hub.images.copies.archive_paths import (
    Root,
    new_file,
    site_roots,
    source_file,
    told,
)
from jupyter_trainhub.hub.images.copies.arrival import arrived, outcome, require_free
from jupyter_trainhub.hub.images.failures import translated
from jupyter_trainhub.hub.images.naming import new_image, reference
from jupyter_trainhub.hub.images.registries.manager import Registries
from jupyter_trainhub.hub.images.snapshots.spools import Spools, disk_told
from jupyter_trainhub.hub.images.transfers.manager import Transfers
from jupyter_trainhub.hub.images.transfers.tally import Tally
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.registry.archive import compressed, open_archive
from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.layer import Compression
from jupyter_trainhub.registry.manifest import PackedImage
from jupyter_trainhub.registry.pushing import push
from jupyter_trainhub.registry.reference import InvalidReference, Reference, parse
from jupyter_trainhub.registry.saving import save
from jupyter_trainhub.specs.transfer import ExportSpec, LoadSpec


class Archives:
    """Loads and exports images as transfers. Methods may be called by any thread, and block."""

    def __init__(
        self,
        config: TrainHubConfig,
        storages: Storages,
        registries: Registries,
        transfers: Transfers,
        spools: Spools,
    ) -> None:
        self._config = config
        self._storages = storages
        self._registries = registries
        self._transfers = transfers
        self._spools = spools
        # Folders that callers allowed: a transfer that is tried again has no others.
        self._given: list[Root] = []

    def load(self, spec: LoadSpec, roots: Sequence[Path] = ()) -> View:
        """Begin to push an archive's image; the transfer.

        ``roots`` are folders that may be read besides the site's; a relative path is below the
        first. Raises InvalidField, NotFound, Forbidden, AlreadyExists for a name that is taken, and
        Conflict where an archive holds several images of which none is named.
        """
        self._allow(roots)
        file = source_file(spec.path, self._roots())
        if spec.image is None:
            self._registries.require_home()
        else:
            spec = spec.model_copy(update={"image": self._registries.new_name(spec.image)})
            self._free(new_image(str(spec.image)), spec)
        require_choice(file, spec.entry)
        return self._transfers.start(
            "load",
            self.run_load,
            title=f"Load {file.name}",
            image=spec.image,
            source=spec.path,
            spec=spec.to_dict(),
        )

    def run_load(self, task: Task) -> View:
        """Push the image that ``task`` is about; the transfer's result."""
        spec = LoadSpec.parse(task.spec)
        file = source_file(spec.path, self._roots())
        task.step("read")

        def unpacked(done: int) -> None:
            task.check()
            task.progress(bytes=done)

        # An archive that is compressed as a whole is unpacked here.
        scratch = self._spools.new(task.transfer.id).parent
        with (
            disk_told(scratch),
            translated("path"),
            open_archive(file, scratch, unpacked) as images,
        ):
            packed = chosen(images, spec.entry)
            image = new_image(spec.image) if spec.image else self._own_name(packed)
            task.change(image=str(image))
            target = self._free(image, spec)
            total = sum(layer.size for layer in packed.layers)

            def sent(done: int, _: int) -> None:
                task.step("upload")
                task.progress(sent=done)

            digest = push(
                packed,
                target,
                image.tag,
                compression=cast("Compression", self._config.snapshot_compression),
                verifying=Tally(lambda done, _: task.progress(bytes=done, total_bytes=total)),
                progress=Tally(sent),
                cancelled=task.cancelled,
            )
        return arrived(task, target, image, digest)

    def export(self, spec: ExportSpec, roots: Sequence[Path] = ()) -> View:
        """Begin to write an image to an archive; the transfer.

        ``roots`` are as for :meth:`load`. Raises InvalidField, NotFound, Forbidden, AlreadyExists.
        """
        self._allow(roots)
        image = reference(spec.image)
        file = self._new_file(spec, image)
        with translated():
            require(self._registries.repository(spec.image), image.digest or image.tag)
        return self._transfers.start(
            "export",
            self.run_export,
            title=f"Write {image} to {file.name}",
            image=spec.image,
            source=spec.path,
            spec=spec.to_dict(),
        )

    def run_export(self, task: Task) -> View:
        """Write the archive that ``task`` is about; the transfer's result."""
        spec = ExportSpec.parse(task.spec)
        image = reference(spec.image)
        file = self._new_file(spec, image)
        task.step("read")
        with told(spec.path), translated():
            digest = save(
                self._registries.repository(spec.image),
                image.digest or image.tag,
                file,
                format=spec.format,
                progress=Tally(lambda done, size: task.progress(bytes=done, total_bytes=size)),
                cancelled=task.cancelled,
            )
        return outcome(str(image), digest, file.stat().st_size)

    def _allow(self, roots: Sequence[Path]) -> None:
        self._given = [*dict.fromkeys([*map(Root, roots), *self._given])]

    def _roots(self) -> list[Root]:
        return [*self._given, *site_roots(self._config, self._storages)]

    def _new_file(self, spec: ExportSpec, image: Reference) -> Path:
        tag = image.tag or image.digest.partition(":")[2][:12]
        name = f"{image.path.rpartition('/')[2]}-{tag}.tar"
        return new_file(spec.path, self._roots(), name, overwrite=spec.overwrite)

    def _free(self, image: Reference, spec: LoadSpec) -> Repository:
        with translated():
            target = self._registries.repository(str(image), push=True)
            if not spec.overwrite:
                require_free(target, image)
        return target

    def _own_name(self, packed: PackedImage) -> Reference:
        """The archive's own name for its image, in the site's registry."""
        for name in packed.names:
            with contextlib.suppress(InvalidReference):
                found = parse(name)
                path = found.path.removeprefix("library/")
                return parse(f"{self._registries.require_home().prefix}/{path}:{found.tag}")
        raise InvalidField(
            "the archive gives its image no name", field="image", remedy="Say what to call it."
        )


def require_choice(file: Path, entry: str | None) -> None:
    """As :func:`chosen`, of a file whose images are known without unpacking it.

    What else is wrong with it is found when it is loaded.
    """
    with contextlib.suppress(BrokenImage, OSError):
        if file.is_dir() or not compressed(file):
            with open_archive(file, Path(tempfile.gettempdir())) as images:
                chosen(images, entry)


def chosen(images: Sequence[PackedImage], entry: str | None) -> PackedImage:
    """The image of an archive that the user calls ``entry``, by one of its names or its number.

    Numbers begin with 1. Raises Conflict, whose details have the ``entries``, where that is none,
    or several.
    """
    names = [image.names[0] if image.names else str(n) for n, image in enumerate(images, 1)]
    if entry is None and len(images) == 1:
        return images[0]
    for number, image in enumerate(images, 1):
        if entry is not None and (entry == str(number) or _full(entry) in map(_full, image.names)):
            return image
    raise Conflict(
        f"the archive holds {len(images)} images: {', '.join(names)}"
        if entry is None
        else f"the archive holds no image {entry!r}, but {', '.join(names)}",
        reason="NoSuchEntry",
        field="entry",
        remedy="Name one of them.",
        details={"entries": names},
    )


def _full(name: str) -> str:
    try:
        return str(parse(name))
    except InvalidReference:
        return name
