"""Manifests: what a tag or a digest names."""

from __future__ import annotations

import hashlib
import re

from ...runtime import manifests
from ...runtime.content import DIGEST
from ...runtime.manifests import MEDIA_TYPES, InvalidManifest, UnknownPart
from .handler import DistributionError, DistributionHandler, require_digest

_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_LARGEST = 4 << 20  # bytes, as the specification advises


class ManifestHandler(DistributionHandler):
    """`/v2/NAME/manifests/REFERENCE`."""

    async def get(self, name: str, reference: str) -> None:
        """The manifest."""
        digest = self._describe(self.repository(name), reference)
        self.finish(await self.aside(self.images.content.path(digest).read_bytes))

    def head(self, name: str, reference: str) -> None:
        """What it is, and its size."""
        digest = self._describe(self.repository(name), reference)
        self.set_header("Content-Length", str(self.images.content.size(digest)))
        self.finish()

    def _describe(self, repository: str, reference: str) -> str:
        record = self.images.repositories.index().get(repository)
        if record is None:
            raise DistributionError(404, "NAME_UNKNOWN", f"there is no repository {repository}")
        found = self.images.manifests.find(repository, reference)
        # What was pulled by a secret is not for others.
        if found is None or record.pulled.get(reference):
            where = f"{repository} has no manifest {reference}"
            raise DistributionError(404, "MANIFEST_UNKNOWN", where)
        self.set_header("Docker-Content-Digest", found[0])
        self.set_header("Content-Type", found[1])
        return found[0]

    async def put(self, name: str, reference: str) -> None:
        """Keep one; all that it names must be here."""
        repository, document = self.repository(name, change=True), self.request.body
        media_type, tag = self.media_type, reference
        if DIGEST.fullmatch(reference):
            found, tag = f"sha256:{hashlib.sha256(document).hexdigest()}", ""
            if found != reference:
                raise DistributionError(400, "DIGEST_INVALID", f"the manifest is {found}")
        elif not _TAG.fullmatch(reference):
            raise DistributionError(400, "TAG_INVALID", f"{reference!r} is neither tag nor digest")
        if len(document) > _LARGEST:
            raise DistributionError(413, "SIZE_INVALID", f"a manifest has at most {_LARGEST} bytes")
        if media_type not in MEDIA_TYPES:
            words = f"{media_type!r} is no type of manifest that is taken here"
            raise DistributionError(400, "MANIFEST_INVALID", words)
        try:
            made = manifests.parts(document, media_type)
            put = self.images.manifests.put
            digest = await self.aside(put, repository, tag, document, media_type)
        except InvalidManifest as error:
            raise DistributionError(400, "MANIFEST_INVALID", str(error)) from None
        except UnknownPart as error:
            words = f"the manifest names {error}, which was not pushed"
            raise DistributionError(404, "MANIFEST_BLOB_UNKNOWN", words) from None
        if tag:
            self.context.images.unpack_soon(repository, tag)
        if made.subject:
            self.set_header("OCI-Subject", made.subject)
        self.set_header("Docker-Content-Digest", digest)
        self.set_header("Location", f"/v2/{name}/manifests/{digest}")
        self.set_status(201)

    async def delete(self, name: str, reference: str) -> None:
        """Delete a tag, or a manifest with all its tags."""
        repository = self.repository(name, change=True)
        if ":" in reference:
            require_digest(reference)
        if not await self.aside(self.images.delete, repository, reference):
            where = f"{repository} has no manifest {reference}"
            raise DistributionError(404, "MANIFEST_UNKNOWN", where)
        self.set_status(202)
