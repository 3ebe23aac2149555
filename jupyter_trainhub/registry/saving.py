"""Images of a registry into archives, which docker, podman, skopeo and containerd read."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

from . import failures
from .blob import BrokenImage
from .client import Manifest, Repository
from .copying import choose
from .failures import RegistryError
from .manifest import this_platform
from .transport import Cancelled
from .upload import Progress

Format = Literal["oci", "docker"]


def save(
    source: Repository,
    reference: str,
    archive: Path | BinaryIO,
    *,
    format: Format = "docker",
    platform: tuple[str, str] | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> str:
    """Write an image for one platform (this machine's) to a tar file; the digest of its manifest.

    `oci` is an OCI layout, `docker` the same with the `manifest.json` of `docker save` beside it,
    as docker writes since version 25: both keep the blobs byte for byte. A path appears when it is
    complete, and replaces what was there; until then the file has another name in that folder.

    Raises:
        RegistryError: the registry's; Full where the disk is; Broken; Cancelled.
        OSError: the file cannot be written.
    """
    found = source.manifest(reference)
    if found.is_index:
        where = f"{source.name}:{reference}"
        found = source.manifest(choose(found.document, platform or this_platform(), where))
    name = "" if ":" in reference else f"{source.name}:{reference}"
    try:
        if not isinstance(archive, Path):
            _write(archive, source, found, name, format, progress, cancelled)
        else:
            with _renamed_when_complete(archive) as file:
                _write(file, source, found, name, format, progress, cancelled)
    except BrokenImage as error:
        raise failures.broken(source.name, error) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = str(archive.parent) if isinstance(archive, Path) else "the archive"
        raise RegistryError(
            f"{source.name}: the file system of {where} is full",
            remedy="Make room there, or write the archive to another folder.",
            reason="Full",
        ) from error
    return found.digest


@contextlib.contextmanager
def _renamed_when_complete(path: Path) -> Iterator[BinaryIO]:
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write(
    file: BinaryIO,
    source: Repository,
    found: Manifest,
    name: str,
    format: Format,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> None:
    document = found.document
    config, layers = document["config"], document.get("layers") or []
    sizes = {blob["digest"]: int(blob["size"]) for blob in (config, *layers)}
    for digest, size in sizes.items():
        if progress:
            progress(digest, 0, size)
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for folder in ("blobs", "blobs/sha256"):
            place = _member(folder, 0o755)
            place.type = tarfile.DIRTYPE
            tar.addfile(place)
        _add(tar, "oci-layout", iter([b'{"imageLayoutVersion":"1.0.0"}']), 30)
        _add(tar, _path(found.digest), iter([found.bytes]), len(found.bytes))
        for digest, size in sizes.items():
            _add(tar, _path(digest), _content(source, digest, size, progress, cancelled), size)
        # What names the rest comes last: a file that was cut off is not taken for a whole one.
        documents: dict[str, Any] = {"index.json": _index(found, document, name)}
        if format == "docker":
            documents["manifest.json"] = [
                {
                    "Config": _path(config["digest"]),
                    "RepoTags": [name] if name else None,
                    "Layers": [_path(layer["digest"]) for layer in layers],
                }
            ]
        for member, value in documents.items():
            data = json.dumps(value, separators=(",", ":")).encode()
            _add(tar, member, iter([data]), len(data))


def _index(found: Manifest, document: dict[str, Any], name: str) -> dict[str, Any]:
    descriptor = {
        "mediaType": found.media_type,
        "digest": found.digest,
        "size": len(found.bytes),
    }
    if name:
        descriptor["annotations"] = {
            "io.containerd.image.name": name,
            "org.opencontainers.image.ref.name": name.rpartition(":")[2],
        }
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor],
    }


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _content(
    source: Repository,
    digest: str,
    size: int,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> Iterator[bytes]:
    done = 0
    for chunk in source.blob(digest, size, cancelled).stored():
        if cancelled is not None and cancelled():
            raise failures.cancelled(source.name)
        done += len(chunk)
        yield chunk
        if progress:
            progress(digest, done, size)


def _add(tar: tarfile.TarFile, name: str, chunks: Iterator[bytes], size: int) -> None:
    member = _member(name, 0o644)
    member.size = size
    tar.addfile(member, _Readable(chunks))
    for _ in chunks:  # a blob is verified when it is asked for what follows its last byte
        pass


def _member(name: str, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    # skopeo gives files to whom an archive says, and an ordinary user may give none away.
    member.mode, member.uid, member.gid = mode, os.getuid(), os.getgid()
    return member


class _Readable(io.RawIOBase):
    """Chunks, read like a file: as many bytes as are asked for, unless the end comes first."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._held = chunks, bytearray()

    def read(self, size: int = -1) -> bytes:
        while len(self._held) < size and (chunk := next(self._chunks, b"")):
            self._held += chunk
        piece = bytes(self._held[:size])
        del self._held[:size]
        return piece
