"""Manifests and indexes of images: what they name, and which of them are here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .content import DIGEST, Content
from .repositories import Repositories, Repository

# The types that are taken (OCI image specification; Docker's image manifest version 2, schema 2).
MEDIA_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class InvalidManifest(Exception):
    """The document is no manifest of an image; the message says why."""


class UnknownPart(Exception):
    """The manifest names a blob or a manifest that is not here: the digest."""


@dataclass(frozen=True)
class Parts:
    """What a manifest or an index names, as digests; `kind` is what it is in a list of such."""

    blobs: tuple[str, ...]
    manifests: tuple[str, ...]
    subject: str
    kind: str
    annotations: dict[str, str]


def media_type(document: bytes) -> str:
    """What a manifest says that it is; older ones leave it out."""
    found = json.loads(document)
    return str(found.get("mediaType") or MEDIA_TYPES["manifests" in found])


def parts(document: bytes, media_type: str) -> Parts:
    """What a manifest names. Raises InvalidManifest."""
    try:
        found = json.loads(document)
        if found["schemaVersion"] != 2:
            raise InvalidManifest("its schemaVersion must be 2")
        if found.get("mediaType", media_type) != media_type:
            raise InvalidManifest(f"it says that it is {found['mediaType']}, not {media_type}")
        if "manifests" in found:
            blobs, kind = [], found.get("artifactType", "")
        else:
            # Layers that are elsewhere need not be here.
            layers = [layer for layer in found["layers"] if not layer.get("urls")]
            blobs = [found["config"], *layers]
            kind = found.get("artifactType") or found["config"].get("mediaType", "")
        made = Parts(
            tuple(str(blob["digest"]) for blob in blobs),
            tuple(str(entry["digest"]) for entry in found.get("manifests") or ()),
            str((found.get("subject") or {}).get("digest", "")),
            str(kind),
            dict(found.get("annotations") or {}),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidManifest(f"it is no manifest: {error!r}") from None
    for digest in (*made.blobs, *made.manifests, *filter(None, (made.subject,))):
        if not DIGEST.fullmatch(digest):
            raise InvalidManifest(f"{digest!r} is no digest that can be verified")
    return made


class Manifests:
    """The manifests of an image store."""

    def __init__(self, content: Content, repositories: Repositories) -> None:
        self._content, self._repositories = content, repositories
        self._parts: dict[str, Parts] = {}

    def find(self, repository: str, reference: str) -> tuple[str, str] | None:
        """Digest and media type of a manifest by tag or digest; None if it is not there."""
        record = self._repositories.index().get(repository) or Repository()
        digest = record.tags.get(reference, reference)
        media_type = record.manifests.get(digest)
        return None if media_type is None else (digest, media_type)

    def put(
        self,
        repository: str,
        tag: str,
        document: bytes,
        kind: str,
        *,
        whole: bool = True,
        replaces: bool = False,
        pulled: str | None = None,
    ) -> str:
        """Keep a manifest under a tag, or, for an empty one, by its digest alone; the digest.

        Args:
            kind: its media type.
            whole: all that it names must be here.
            replaces: what the tag named before goes, unless another tag names it.
            pulled: see `repositories.Repository`.

        Raises:
            InvalidManifest: it is none.
            UnknownPart: something that it names is not here.
        """
        made = parts(document, kind)
        with self._repositories.changing() as index:
            record = index.setdefault(repository, Repository())
            if whole:
                for digest in made.blobs:
                    if self._content.size(digest) is None:
                        raise UnknownPart(digest)
                for digest in made.manifests:
                    if digest not in record.manifests:
                        raise UnknownPart(digest)
            digest = self._content.put(document)
            before = record.tags.get(tag, digest)
            record.manifests[digest] = kind
            record.name(tag, digest, pulled)
            if replaces and before != digest:
                self._forget_unnamed(record, before)
        return digest

    def delete(self, repository: str, reference: str, *, replaces: bool = False) -> bool:
        """Take a tag away, or by its digest a manifest and all its tags; whether it was there.

        `replaces`: what the tag named goes, too, unless another tag names it.
        """
        with self._repositories.changing() as index:
            record = index.get(repository) or Repository()
            if reference in record.tags:
                digest = record.untag(reference)
                if replaces:
                    self._forget_unnamed(record, digest)
            elif reference in record.manifests:
                self._forget(record, reference)
            else:
                return False
        return True

    def _forget_unnamed(self, record: Repository, digest: str) -> None:
        named = {d for top in record.manifests for d in self.of(top).manifests}
        if digest in record.manifests and digest not in {*named, *record.tags.values()}:
            self._forget(record, digest)

    def _forget(self, record: Repository, digest: str) -> None:
        """Take a manifest away, and of an index' manifests those that nothing else names."""
        record.forget(digest)
        for inner in self.of(digest).manifests:
            self._forget_unnamed(record, inner)

    def of(self, digest: str) -> Parts:
        """What a manifest that is here names; nothing for one that was lost."""
        if digest not in self._parts:
            try:
                document = self._content.path(digest).read_bytes()
            except FileNotFoundError:
                return Parts((), (), "", "", {})
            self._parts[digest] = parts(document, media_type(document))
        return self._parts[digest]

    def used(self) -> set[str]:
        """The digests of all blobs that are needed."""
        records = self._repositories.index().values()
        tops = {digest for record in records for digest in record.manifests}
        return tops | {blob for digest in tops for blob in self.of(digest).blobs}

    def referrers(self, repository: str, subject: str) -> Iterator[dict[str, Any]]:
        """Descriptors of the manifests that say of themselves that they are about another one."""
        record = self._repositories.index().get(repository) or Repository()
        for digest, media_type in record.manifests.items():
            made = self.of(digest)
            if made.subject == subject:
                yield {
                    "mediaType": media_type,
                    "digest": digest,
                    "size": self._content.size(digest),
                    "artifactType": made.kind,
                    **({"annotations": made.annotations} if made.annotations else {}),
                }
