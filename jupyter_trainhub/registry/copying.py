"""Images from one registry to another, blob by blob, byte for byte."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from typing import Any, Literal

from . import failures
from .blob import BrokenImage
from .client import Manifest, Repository
from .failures import RegistryError
from .source import StreamSource
from .transport import Cancelled
from .upload import Progress

Platforms = Literal["all"] | tuple[str, str]
"""Every manifest of an index, or the one for an operating system and an architecture."""

_AT_ONCE = 3  # blobs; one connection seldom fills a line
_DEEPEST = 4  # indexes in one another
_ELSEWHERE = ("foreign", "nondistributable")  # layers that are no registry's to give


def copy(
    source: Repository,
    reference: str,
    target: Repository,
    tag: str,
    *,
    platforms: Platforms | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> str:
    """Copy an image, or an index with its images, and tag it; the digest.

    Nothing is changed on the way: manifests keep their digests, whether docker's or OCI's, and an
    index keeps its attestations, unless one platform is asked for. Blobs that are there already
    are not sent, so that a copy that was broken off goes on with the rest; within a registry
    they are mounted. `progress` is told of every blob first, then as it arrives. The tag is
    written last.

    Raises:
        RegistryError: from either side, or Cancelled.
    """
    found = source.manifest(reference)
    if found.is_index and platforms not in (None, "all"):
        chosen = choose(found.document, (platforms[0], platforms[1]), f"{source.name}:{reference}")
        found = source.manifest(chosen)
    there = target.resolve(tag)
    manifests = [*_with_children(source, found)]
    blobs = {str(blob["digest"]): int(blob["size"]) for blob in _blobs(manifests)}
    done = there is not None and there.digest == found.digest
    for digest, size in blobs.items():
        if progress:
            progress(digest, size if done else 0, size)
    if done:
        return found.digest
    copy_blobs(source, target, blobs, progress, cancelled)
    for manifest in manifests[:-1]:
        target.put_manifest(manifest.digest, manifest.bytes, manifest.media_type)
    if cancelled is not None and cancelled():
        raise failures.cancelled(target.name)
    target.put_manifest(tag, found.bytes, found.media_type)
    return found.digest


def choose(index: dict[str, Any], platform: tuple[str, str], where: str) -> str:
    """The digest of the manifest for a platform. Raises RegistryError: there is none."""
    held = []
    for entry in index.get("manifests") or []:
        given = entry.get("platform") or {}
        held.append(f"{given.get('os')}/{given.get('architecture')}")
        if held[-1] == "/".join(platform):
            return str(entry["digest"])
    raise RegistryError(
        f"{where}: there is no image for {'/'.join(platform)}; there is {', '.join(held)}",
        remedy="Take a tag that was made for this platform.",
        reason="NotFound",
    )


def _with_children(source: Repository, found: Manifest, depth: int = 0) -> Iterator[Manifest]:
    """What an index names, and then itself: a registry takes them in this order."""
    if found.is_index:
        if depth == _DEEPEST:
            raise failures.broken(source.name, ValueError("its indexes hold one another"))
        for entry in found.document.get("manifests") or []:
            yield from _with_children(source, source.manifest(entry["digest"]), depth + 1)
    yield found


def _blobs(manifests: list[Manifest]) -> Iterator[dict[str, Any]]:
    for manifest in manifests:
        document = manifest.document
        for blob in (document.get("config"), *(document.get("layers") or [])):
            if blob and not any(word in blob.get("mediaType", "") for word in _ELSEWHERE):
                yield blob


def copy_blobs(
    source: Repository,
    target: Repository,
    blobs: dict[str, int],
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """Have blobs, by digest and size, in `target` too: sent, or mounted within a registry.

    Raises:
        RegistryError: from either side, or Cancelled.
    """

    failed = threading.Event()

    def ended() -> bool:
        return failed.is_set() or (cancelled is not None and cancelled())

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="copy") as pool:
        copies = [
            pool.submit(_copy_blob, source, target, digest, size, progress, ended)
            for digest, size in blobs.items()
        ]
        try:
            for done in as_completed(copies):
                done.result()
        except BaseException:
            failed.set()
            for waiting in copies:
                waiting.cancel()
            raise


def _copy_blob(
    source: Repository,
    target: Repository,
    digest: str,
    size: int,
    progress: Progress | None,
    cancelled: Cancelled,
) -> None:
    if cancelled():
        raise failures.cancelled(target.name)

    def told(_: str, sent: int, __: int) -> None:
        if progress:
            progress(digest, sent, size)

    same = (source.domain, source.endpoint.url) == (target.domain, target.endpoint.url)
    if not target.has_blob(digest, cancelled) and not (
        same and target.mount(digest, source.path, cancelled)
    ):
        blob = source.blob(digest, size, cancelled)
        try:
            with closing(StreamSource(blob.stored, digest)) as stream:
                target.upload(stream, progress=told, cancelled=cancelled)
        except BrokenImage as error:
            raise failures.broken(source.name, error) from error
    told(digest, size, size)
