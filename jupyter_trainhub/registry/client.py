"""A client of the OCI distribution API: repositories, their manifests, blobs and tags.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import hashlib
import urllib.parse
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, cast

from . import failures, listing, transport
from .blob import Blob
from .documents import (
    DIGEST,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    KINDS,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Manifest,
    read_manifest,
)
from .download import Download
from .endpoint import Endpoint, default_url
from .failures import RegistryError
from .listing import catalogue
from .transport import Answer, Cancelled
from .upload import Progress, Source, Upload

__all__ = [
    "DOCKER_LIST",
    "DOCKER_MANIFEST",
    "OCI_INDEX",
    "OCI_MANIFEST",
    "Descriptor",
    "Endpoint",
    "Manifest",
    "Repository",
    "Source",
    "catalogue",
    "default_url",
]

_LARGEST_MANIFEST = 4 << 20  # bytes, as registries limit it


class Repository:
    """One repository of a registry. Thread safe; connections are shared by endpoint.

    Every method raises RegistryError; `name` is in its message.
    """

    def __init__(self, domain: str, path: str, endpoint: Endpoint) -> None:
        self.domain, self.path, self.endpoint = domain, path, endpoint
        self._transport = transport.transport(endpoint)
        self._pull = (f"repository:{path}:pull",)
        self._push = (f"repository:{path}:pull,push",)

    @property
    def name(self) -> str:
        """As images are named, without tag and digest."""
        return f"{self.domain}/{self.path}"

    def __repr__(self) -> str:
        return f"Repository({self.name!r})"

    def manifest(self, reference: str) -> Manifest:
        """The manifest or index of a tag or a digest."""
        answer = self._get("GET", self._below("manifests", reference))
        if len(answer.body) > _LARGEST_MANIFEST:
            raise self._broken(f"its manifest {reference} is longer than {_LARGEST_MANIFEST} bytes")
        told = answer.headers.get("Docker-Content-Digest", "")
        expected = next((text for text in (reference, told) if DIGEST.fullmatch(text)), "")
        digest = _digest(answer.body, expected.partition(":")[0] or "sha256")
        if expected and digest != expected:
            raise self._broken(f"its manifest should be {expected}, and is {digest}")
        try:
            return read_manifest(answer.body, answer.headers.get("Content-Type", ""), digest)
        except ValueError as error:
            raise self._broken(str(error)) from None

    def resolve(self, reference: str) -> Descriptor | None:
        """The manifest of a tag or a digest, without its content; None when it is absent."""
        path = self._below("manifests", reference)
        answer = self._get("HEAD", path, expect=(200, 404))
        if answer.status == 404:
            return None
        digest = answer.headers.get("Docker-Content-Digest", "")
        if not DIGEST.fullmatch(digest) or "Content-Length" not in answer.headers:
            found = self.manifest(reference)  # this registry says too little in a HEAD
            return Descriptor(found.digest, len(found.bytes), found.media_type)
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        return Descriptor(digest, int(answer.headers["Content-Length"]), kind)

    def blob(self, digest: str, size: int, cancelled: Cancelled | None = None) -> Blob:
        """A blob of `size` bytes, read when it is opened, verified as it is read."""
        if not DIGEST.fullmatch(digest):
            raise self._broken(f"{digest!r} is no digest that can be verified")
        url = self._namespaced(self._below("blobs", digest))
        opener = partial(Download, self._transport, url, self.name, self._pull, size, cancelled)
        return Blob(cast("partial[BinaryIO]", opener), size, self.name, 0, digest)

    def has_blob(self, digest: str, cancelled: Cancelled | None = None) -> bool:
        """Whether the blob is there."""
        path = self._below("blobs", digest)
        asked = self._get("HEAD", path, expect=(200, 404), patient=True, cancelled=cancelled)
        return asked.status == 200

    def mount(self, digest: str, source_path: str, cancelled: Cancelled | None = None) -> bool:
        """Have the registry share a blob of another of its repositories; False: it does not."""
        query = urllib.parse.urlencode({"mount": digest, "from": source_path})
        try:
            answer = self._transport.request(
                "POST",
                f"{self.path}/blobs/uploads/?{query}",
                where=self.name,
                scopes=(*self._push, f"repository:{source_path}:pull"),
                expect=(201, 202),
                patient=True,
                cancelled=cancelled,
            )
        except RegistryError as error:
            # One who may not read the other repository, or a registry that knows no mounts.
            if error.reason in ("Unauthorized", "Forbidden", "NotFound", "Refused"):
                return False
            raise
        if answer.status == 202:
            self._upload(answer.headers.get("Location", "")).cancel()
        return answer.status == 201

    def upload(
        self,
        source: Source,
        *,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> str:
        """Send a blob, in chunks; its digest. See `upload.Upload`.

        Cuts, restarts of the registry and expired tokens are overcome; any failure, and a
        cancellation, ends the upload at the registry as well.
        """
        return self._upload().send(source, progress, cancelled)

    def check_push(self) -> None:
        """See whether blobs may be pushed: an upload is begun, and ended at once."""
        self._upload().probe()

    def put_manifest(self, reference: str, document: bytes, media_type: str) -> str:
        """Store a manifest under a tag, or under its digest; its digest."""
        algorithm = reference.partition(":")[0] if DIGEST.fullmatch(reference) else "sha256"
        digest = _digest(document, algorithm)
        put = partial(
            self._transport.request,
            "PUT",
            self._below("manifests", reference),
            where=f"{self.name}:{reference}",
            scopes=self._push,
            headers={"Content-Type": media_type},
            body=document,
            expect=(200, 201, 202),
            patient=True,
        )
        try:
            answer = put()
        except RegistryError as error:
            if error.reason != "Broken":
                raise
            # While another client pushes the same blob, docker-registry cannot read its own note
            # of it for a moment.
            transport.wait(sum(self.endpoint.retries[:1]), None, self.name)
            answer = put()
        told = answer.headers.get("Docker-Content-Digest", digest)
        if told != digest and told.partition(":")[0] == algorithm:
            raise self._broken(f"the registry stored {reference} as {told}, not as {digest}")
        return digest

    def tags(self) -> Iterator[str]:
        """All tags; an absent repository has none."""
        path = f"{self.path}/tags/list"
        yield from listing.pages(self._transport, path, "tags", self.name, self._pull, (200, 404))

    def delete(self, digest: str) -> None:
        """Delete a manifest, and with it every tag that names it."""
        try:
            self._transport.request(
                "DELETE",
                self._below("manifests", digest),
                where=self.name,
                scopes=(f"repository:{self.path}:pull,delete",),
                expect=(200, 202, 204),
            )
        except RegistryError as error:
            if error.status not in (405, 501):
                raise
            raise RegistryError(
                f"{self.name}: the registry does not allow deleting",
                remedy="Its administrator sets REGISTRY_STORAGE_DELETE_ENABLED=true.",
                reason="Forbidden",
                status=error.status,
            ) from None

    def _get(
        self,
        method: str,
        path: str,
        expect: tuple[int, ...] = (200,),
        patient: bool = False,
        cancelled: Cancelled | None = None,
    ) -> Answer:
        return self._transport.request(
            method,
            self._namespaced(path),
            where=f"{self.name}",
            scopes=self._pull,
            headers={"Accept": ", ".join(KINDS)} if "/manifests/" in path else {},
            expect=expect,
            patient=patient,
            cancelled=cancelled,
        )

    def _below(self, kind: str, reference: str) -> str:
        return f"{self.path}/{kind}/{urllib.parse.quote(reference, safe=':')}"

    def _namespaced(self, path: str) -> str:
        namespace = self.endpoint.namespace
        return f"{path}?{urllib.parse.urlencode({'ns': namespace})}" if namespace else path

    def _upload(self, location: str = "") -> Upload:
        return Upload(self._transport, self.path, self.name, self._push, location)

    def _broken(self, what: str) -> RegistryError:
        return failures.broken(self.name, ValueError(what))


def _digest(document: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, document).hexdigest()}"
