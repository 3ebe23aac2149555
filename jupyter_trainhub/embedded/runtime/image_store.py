"""The images of this machine: unpacked once for each layer, shared by images and containers.

images.json        the images, as `StoredImage`; written whole, last
layers/HEX/        an unpacked layer, named by the digest of its tar file (the diff id)
layers/.HEX        one that is being unpacked
lock               held by who changes any of this
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...registry import reference
from ...registry.archive import open_archive
from ...registry.blob import Blob, BrokenImage
from ...registry.manifest import PackedImage
from . import sandbox

_ID = re.compile(r"sha256:[0-9a-f]{64}")

Progress = Callable[[str, int, int], None]
"""Told of a layer by its diff id, how many of its bytes were read, and how many it has."""


class ImageError(Exception):
    """An image cannot be stored or removed; the message says why. Nothing was changed."""


@dataclass(frozen=True)
class StoredImage:
    """An image that containers can be made of."""

    id: str
    """Digest of its configuration."""
    digest: str
    """Digest of its manifest, or empty: `docker save` writes none."""
    names: tuple[str, ...]
    """Full names, as `docker.io/library/busybox:latest`."""
    layers: tuple[str, ...]
    """Diff ids, lowest first."""
    config: dict[str, Any]
    """Entrypoint, Env, User and the like, in the words of the OCI image specification."""
    size: int
    """Bytes of configuration and layers as they were packed."""


def of_cluster(home: Path) -> ImageStore:
    """The images of the cluster whose folder this is; it need not run."""
    return ImageStore(home / "images", lambda: home.glob("pods/*/containers/*/*"))


class ImageStore:
    """The images below `folder`; `runs` yields the state folders of containers (see sandbox)."""

    def __init__(self, folder: Path, runs: Callable[[], Iterable[Path]]) -> None:
        self._folder = folder
        self._runs = runs
        self._read: tuple[int, list[StoredImage]] = (0, [])

    def images(self) -> list[StoredImage]:
        """All images; what another process changed is seen at once."""
        try:
            stamp = os.stat(self._folder / "images.json").st_mtime_ns
        except FileNotFoundError:
            return []
        if stamp != self._read[0]:
            entries = json.loads((self._folder / "images.json").read_text())
            self._read = (
                stamp,
                [
                    StoredImage(
                        **{**entry, **{key: tuple(entry[key]) for key in ("names", "layers")}}
                    )
                    for entry in entries
                ],
            )
        return self._read[1]

    def find(self, name: str) -> StoredImage | None:
        """The image of that name, digest or id; None if there is none. Raises InvalidReference."""
        if _ID.fullmatch(name):
            return next((image for image in self.images() if image.id == name), None)
        asked = reference.parse(name)
        for image in self.images():
            if asked.digest:
                repositories = {reference.parse(known).repository for known in image.names}
                if asked.repository in repositories and asked.digest in (image.digest, image.id):
                    return image
            elif str(asked) in image.names:
                return image
        return None

    def folders(self, image: StoredImage) -> tuple[str, ...]:
        """The unpacked layers of an image, lowest first."""
        return tuple(str(self._layer(diff_id)) for diff_id in image.layers)

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
                self._store(image, image.names if name is None else (name,), progress)
                for image in packed
            ]

    def unload(self, name: str) -> None:
        """Take a name from its image; without any left, the image goes, and its own layers.

        Layers that a container still uses go with a later change.

        Raises:
            ImageError: there is no such image.
        """
        with self._changing():
            image = self.find(name)
            if image is None:
                raise ImageError(f"there is no image {name!r}")
            gone = image.names if _ID.fullmatch(name) else (str(reference.parse(name)),)
            self._write([image], replace(image, names=_without(image.names, gone)))

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the store; what is left of a layer or an image that is not used any more goes."""
        try:
            for folder in (self._folder.parent, self._folder, self._folder / "layers"):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(self._folder / "lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                try:
                    yield
                finally:
                    self._sweep()
        except (BrokenImage, reference.InvalidReference) as error:
            raise ImageError(str(error)) from error
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            where = f"the file system of {self._folder} is full" if full else str(error)
            raise ImageError(where) from error

    def _sweep(self) -> None:
        used = {diff_id.partition(":")[2] for image in self.images() for diff_id in image.layers}
        for run in self._runs():
            with contextlib.suppress(OSError, ValueError):
                spec = json.loads((run / "spec.json").read_text())
                used |= {Path(layer).name for layer in spec["layers"]}
        for folder in (self._folder / "layers").iterdir():
            if folder.name not in used:
                sandbox.delete(folder)

    def _store(
        self, packed: PackedImage, names: tuple[str, ...], progress: Progress | None
    ) -> StoredImage:
        if not names:
            raise ImageError("the image has no name: give it one with --name NAME:TAG")
        full = tuple(str(reference.parse(name)) for name in names)
        configuration = packed.configuration()
        layers = tuple(configuration["rootfs"]["diff_ids"])
        for diff_id, blob in zip(layers, packed.layers, strict=True):
            self._unpack(diff_id, blob, progress)
        image = StoredImage(
            id=f"sha256:{hashlib.sha256(packed.config.document()).hexdigest()}",
            digest=packed.digest,
            names=full,
            layers=layers,
            config=configuration.get("config") or {},
            size=packed.config.size + sum(blob.size for blob in packed.layers),
        )
        os.sync()  # the layers last before the image does
        same = [known for known in self.images() if known.id == image.id]
        known = tuple(name for entry in same for name in entry.names if name not in full)
        self._write(same, replace(image, names=full + known))
        return image

    def _write(self, replaced: list[StoredImage], image: StoredImage) -> None:
        """Put `image`, if it has names, in the place of others; it takes its names from any."""
        images = [
            replace(known, names=_without(known.names, image.names))
            for known in self.images()
            if known not in replaced
        ]
        entries = [asdict(entry) for entry in (*images, image) if entry.names]
        temporary = self._folder / ".images.json"
        with temporary.open("w") as file:
            json.dump(entries, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / "images.json")

    def _layer(self, diff_id: str) -> Path:
        return self._folder / "layers" / diff_id.partition(":")[2]

    def _unpack(self, diff_id: str, blob: Blob, progress: Progress | None) -> None:
        if not _ID.fullmatch(diff_id):
            raise BrokenImage(f"{diff_id!r} is no digest that can be verified")
        folder = self._layer(diff_id)
        if folder.exists():
            return
        temporary = folder.with_name(f".{folder.name}")
        sandbox.delete(temporary)
        temporary.mkdir(mode=0o755)
        digest = hashlib.sha256()

        def told(read: int) -> None:
            if progress:
                progress(diff_id, read, blob.size)

        with subprocess.Popen(
            sandbox.unpack_argv(temporary),
            bufsize=0,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                _feed(process, blob.content(told), digest)
            except BaseException:
                process.kill()
                raise
        if diff_id != f"sha256:{digest.hexdigest()}":
            raise BrokenImage(
                f"{blob.place} is damaged between byte {blob.offset} and byte "
                f"{blob.offset + blob.size}: this layer should unpack to {diff_id}, and is "
                f"sha256:{digest.hexdigest()}"
            )
        temporary.rename(folder)


def _feed(process: subprocess.Popen[bytes], chunks: Iterator[bytes], digest: hashlib._Hash) -> None:
    """Have a tar file unpacked by the shim. Raises BrokenImage or OSError as that tells it."""
    assert process.stdin is not None
    assert process.stderr is not None
    with contextlib.suppress(BrokenPipeError):  # it says why when it stops
        for chunk in chunks:
            digest.update(chunk)
            process.stdin.write(chunk)
    process.stdin.close()
    words = process.stderr.read()
    if process.wait() == 0:
        return
    try:
        failure = json.loads(words)
    except ValueError:
        failure = {"errno": 0, "message": words.decode(errors="replace").strip()}
    if failure["errno"]:
        raise OSError(failure["errno"], failure["message"])
    raise BrokenImage(f"the layer cannot be unpacked: {failure['message']}")


def _without(names: tuple[str, ...], gone: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in gone)
