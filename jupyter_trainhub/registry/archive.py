"""Images in files: what `docker save` writes, and OCI layouts, as folders or archives."""

from __future__ import annotations

import io
import json
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

from . import manifest
from .blob import Blob, BrokenImage, Progress
from .manifest import Document, PackedImage
from .tar import TarReader

_DIGEST = re.compile("sha256:[0-9a-f]{64}")
# How docker save, and skopeo, call the file of a configuration: by its own digest.
_CONFIG = re.compile(r"(?:blobs/sha256/)?([0-9a-f]{64})(?:\.json)?")
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_MOST_MEMBERS = 10_000  # an image has at most 127 layers, of some members each

# How tools tell the name in an index: the full one, or (OCI) at least a tag.
_NAME = "io.containerd.image.name"
_REF_NAME = "org.opencontainers.image.ref.name"


class _Files(Protocol):
    place: str

    def find(self, name: str, digest: str = "") -> Blob | None: ...


def compressed(path: Path) -> bool:
    """Whether a file is compressed as a whole, which hides what is in it until it is unpacked.

    Raises OSError.
    """
    with path.open("rb") as file:
        return file.read(4).startswith(_COMPRESSED)


@contextmanager
def open_archive(
    path: Path, scratch: Path, progress: Progress | None = None
) -> Iterator[list[PackedImage]]:
    """The images of an archive or a layout's folder; their blobs can be read until the end.

    An archive that is compressed as a whole is first unpacked to the folder `scratch`; `progress`
    is told of that.

    Raises:
        BrokenImage: it holds none that could be read.
        OSError: the file cannot be read.
    """
    if path.is_dir():
        yield _images(_Folder(path))
        return
    with tempfile.TemporaryFile(dir=scratch) as unpacked, path.open("rb") as file:
        plain: BinaryIO = file
        if compressed(path):
            whole = Blob(lambda: path.open("rb"), path.stat().st_size, str(path))
            for chunk in whole.content(progress):
                unpacked.write(chunk)
            plain = cast(BinaryIO, unpacked)
        plain.seek(0)
        yield _images(_Archive(plain, str(path)))


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root, self.place = root.resolve(), str(root)

    def find(self, name: str, digest: str = "") -> Blob | None:
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root) or not path.is_file():
            return None  # links may lead anywhere
        return Blob(lambda: path.open("rb"), path.stat().st_size, self.place, 0, digest)


class _Archive:
    """The members of a tar file that can be read at any place.

    `tarfile` is not for files of strangers: some versions of it loop for ever over a header, and
    all of them keep as many in memory as there are.
    """

    def __init__(self, file: BinaryIO, place: str) -> None:
        self.place, self._file = place, file
        self._members: dict[str, _Member] = {}
        try:
            for number, (entry, begin) in enumerate(TarReader.headers(file, place)):
                if number == _MOST_MEMBERS:
                    raise BrokenImage(
                        f"{place} is no image: it has more than {number} members before byte "
                        f"{begin}"
                    )
                self._members[entry.path] = _Member(entry.kind, entry.link, begin, entry.size)
        except BrokenImage:
            if self._members:
                raise
            raise BrokenImage(f"{place} is no archive at byte 0") from None

    def find(self, name: str, digest: str = "") -> Blob | None:
        for _ in range(2):  # archives of docker save hold links to layers
            member = self._members.get(posixpath.normpath(name))
            if member is None or member.kind not in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                break
            above = posixpath.dirname(name) if member.kind == tarfile.SYMTYPE else ""
            name = posixpath.join(above, member.link)
        if member is None or member.kind != tarfile.REGTYPE:
            return None
        opener = cast("partial[BinaryIO]", partial(_Content, self._file, member))
        return Blob(opener, member.size, self.place, member.begin, digest)


class _Member(NamedTuple):
    kind: bytes
    link: str
    begin: int
    size: int


class _Content(io.RawIOBase):
    """The bytes of a member, read like a file."""

    def __init__(self, file: BinaryIO, member: _Member) -> None:
        self._file, self._position, self._end = file, member.begin, member.begin + member.size

    def read(self, size: int = -1) -> bytes:
        self._file.seek(self._position)
        left = self._end - self._position
        piece = self._file.read(min(size, left) if size >= 0 else left)
        self._position += len(piece)
        return piece


def _images(files: _Files) -> list[PackedImage]:
    try:
        if index := files.find("index.json"):
            images = _of_layout(files, manifest.parse(index))
        elif saved := files.find("manifest.json"):
            images = _of_docker(files, saved)
        else:
            lacking = "neither index.json (OCI) nor manifest.json (docker save)"
            raise BrokenImage(f"{files.place} holds {lacking}")
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise BrokenImage(f"{files.place} has an index that cannot be read: {error!r}") from None
    if not images:
        raise BrokenImage(f"{files.place} holds no images")
    return images


def _of_layout(files: _Files, index: Document) -> list[PackedImage]:
    def find(descriptor: Document) -> Blob:
        digest = str(descriptor.get("digest"))
        if not _DIGEST.fullmatch(digest):
            raise BrokenImage(f"{files.place}: {digest!r} is no digest that can be verified")
        blob = files.find(f"blobs/{digest.replace(':', '/')}", digest)
        if blob is None:
            raise BrokenImage(f"{files.place} holds no blob {digest}")
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
    def find(name: Any, digest: str = "") -> Blob:
        blob = files.find(str(name), digest)
        if blob is None:
            raise BrokenImage(f"{files.place} holds no file {name}")
        return blob

    return [
        PackedImage(
            tuple(entry.get("RepoTags") or ()),
            "",
            find(entry["Config"], _digest_in(str(entry["Config"]))),
            tuple(find(layer) for layer in entry["Layers"]),
        )
        for entry in json.loads(saved.document())
    ]


def _digest_in(name: str) -> str:
    found = _CONFIG.fullmatch(name)
    return f"sha256:{found[1]}" if found else ""
