"""Images in files: what `docker save` writes, and OCI layouts, as folders or archives."""

from __future__ import annotations

import json
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from . import manifest
from .blob import Blob, BrokenImage
from .manifest import Document, PackedImage

_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")

# How tools tell the name in an index: the full one, or (OCI) at least a tag.
_NAME = "io.containerd.image.name"
_REF_NAME = "org.opencontainers.image.ref.name"


class _Files(Protocol):
    place: str

    def find(self, name: str, digest: str = "") -> Blob | None: ...


@contextmanager
def open_archive(path: Path, scratch: Path) -> Iterator[list[PackedImage]]:
    """The images of an archive or a layout's folder; their blobs can be read until the end.

    An archive that is compressed as a whole is first unpacked to the folder `scratch`.

    Raises:
        BrokenImage: it holds none that could be read.
        OSError: the file cannot be read.
    """
    if path.is_dir():
        yield _images(_Folder(path))
        return
    with tempfile.TemporaryFile(dir=scratch) as unpacked, path.open("rb") as file:
        plain: BinaryIO = file
        if file.read(4).startswith(_COMPRESSED):
            whole = Blob(lambda: path.open("rb"), path.stat().st_size, str(path))
            for chunk in whole.content():
                unpacked.write(chunk)
            plain = cast(BinaryIO, unpacked)
        plain.seek(0)
        yield _images(_Archive(plain, str(path)))


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root, self.place = root, str(root)

    def find(self, name: str, digest: str = "") -> Blob | None:
        path = self._root / name
        if ".." in Path(name).parts or not path.is_file():
            return None
        return Blob(lambda: path.open("rb"), path.stat().st_size, str(path), 0, digest)


class _Archive:
    """The members of a tar file that can be read at any place."""

    def __init__(self, file: BinaryIO, place: str) -> None:
        self.place = place
        size = file.seek(0, 2)
        file.seek(0)
        try:
            self._tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115
        except tarfile.TarError as error:
            raise BrokenImage(f"{place} is no archive at byte 0: {error}") from None
        try:
            members = self._tar.getmembers()
        except tarfile.TarError as error:
            at = size if "unexpected end" in str(error) else self._tar.offset
            raise BrokenImage(f"{place} breaks off at byte {at}: {error}") from None
        self._members = {posixpath.normpath(member.name): member for member in members}

    def find(self, name: str, digest: str = "") -> Blob | None:
        for _ in range(2):  # archives of docker save hold links to layers
            member = self._members.get(posixpath.normpath(name))
            if member is None or member.isfile():
                break
            above = posixpath.dirname(name) if member.issym() else ""
            name = posixpath.join(above, member.linkname)
        if member is None or not member.isfile():
            return None
        opener = cast("partial[BinaryIO]", partial(self._tar.extractfile, member))
        return Blob(opener, member.size, self.place, member.offset_data, digest)

    @property
    def end(self) -> int:
        """The byte at which the last member ends."""
        return self._tar.offset


def _images(files: _Files) -> list[PackedImage]:
    try:
        if index := files.find("index.json"):
            images = _of_layout(files, manifest.parse(index))
        elif saved := files.find("manifest.json"):
            images = _of_docker(files, saved)
        else:
            lacking = "neither index.json (OCI) nor manifest.json (docker save)"
            raise BrokenImage(_lacks(files, lacking))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BrokenImage(f"{files.place} has an index that is none: {error!r}") from None
    if not images:
        raise BrokenImage(f"{files.place} holds no images")
    return images


def _lacks(files: _Files, what: str) -> str:
    # An archive that was damaged in its middle seems to end there.
    end = f"; it seems to end at byte {files.end}" if isinstance(files, _Archive) else ""
    return f"{files.place} holds {what}{end}"


def _of_layout(files: _Files, index: Document) -> list[PackedImage]:
    def find(descriptor: Document) -> Blob:
        digest = str(descriptor.get("digest"))
        if not _DIGEST.fullmatch(digest):
            raise BrokenImage(f"{files.place}: {digest!r} is no digest that can be verified")
        blob = files.find(f"blobs/{digest.replace(':', '/')}", digest)
        if blob is None:
            raise BrokenImage(_lacks(files, f"no blob {digest}"))
        return blob

    named: dict[tuple[str, ...], list[Document]] = {}
    for descriptor in index.get("manifests") or []:
        notes = descriptor.get("annotations") or {}
        name, reference = notes.get(_NAME) or "", notes.get(_REF_NAME) or ""
        if not name and set("/:") & set(reference):  # else it is a mere tag
            name = reference
        named.setdefault((name,) if name else (), []).append(descriptor)
    return [manifest.choose(group, find, names) for names, group in named.items()]


def _of_docker(files: _Files, saved: Blob) -> list[PackedImage]:
    def find(name: Any) -> Blob:
        blob = files.find(str(name))
        if blob is None:
            raise BrokenImage(_lacks(files, f"no {name}"))
        return blob

    return [
        PackedImage(
            tuple(entry.get("RepoTags") or ()),
            "",
            find(entry["Config"]),
            tuple(find(layer) for layer in entry["Layers"]),
        )
        for entry in json.loads(saved.document())
    ]
