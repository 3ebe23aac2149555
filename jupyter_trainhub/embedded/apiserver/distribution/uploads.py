"""Blobs that come in: whole, in chunks, again after a cut, or from another repository."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from tornado import web

from ....registry.blob import BrokenImage
from ...runtime.content import DIGEST, Superseded, Upload
from .handler import DistributionError, DistributionHandler, require_digest

_NO_LIMIT = 1 << 62  # bytes
_BLOCK = 1 << 20  # bytes that are written at once
_RANGE = re.compile(r"(?:bytes[ =])?(\d+)-(\d+)(?:/.*)?")


@web.stream_request_body
class _ReceivingHandler(DistributionHandler, ABC):
    """Takes the body of a request to an upload, piece by piece."""

    _upload: Upload | None = None
    _failure: Exception | None = None
    _ended = False

    async def prepare(self) -> None:
        """Finds or begins the upload before any of the body is read."""
        self._pending = bytearray()
        # Whoever is answered before the body was read must not use the connection again.
        self.set_header("Connection", "close")
        super().prepare()
        if self._finished:
            return
        self.clear_header("Connection")
        self.request.connection.set_max_body_size(_NO_LIMIT)  # type: ignore[union-attr]
        try:
            self.repository(self.path_args[0], change=True)
            self._upload = await self.begin()
        except (DistributionError, OSError) as error:
            self._failure = error

    @abstractmethod
    async def begin(self) -> Upload | None:
        """The upload that the body belongs to."""

    async def data_received(self, chunk: bytes) -> None:
        """Takes a piece of the body; the next is read when the disk has taken it."""
        self._pending += chunk
        if len(self._pending) >= _BLOCK:
            await self._write()

    async def _write(self) -> None:
        data, self._pending = bytes(self._pending), bytearray()
        if self._upload is None or self._failure or not data:
            return
        try:
            await self.aside(self._upload.append, data, self)
        except (OSError, Superseded) as error:
            self._failure = error

    async def receive(self) -> Upload:
        """The upload, with all of the body. Only now is told what went wrong with it.

        Raises:
            DistributionError: it cannot go on so, or somebody else goes on with it.
            OSError: there is no room for it.
        """
        await self._write()
        if isinstance(self._failure, Superseded):
            raise DistributionError(409, "BLOB_UPLOAD_INVALID", "another request goes on with it")
        if self._failure:
            raise self._failure
        assert self._upload is not None
        return self._upload

    async def finish_blob(self, upload: Upload) -> None:
        """Make it the blob that the query names."""
        digest = self.get_query_argument("digest", "")
        require_digest(digest)
        try:
            await self.aside(upload.commit, digest)
        except BrokenImage as error:
            raise DistributionError(400, "DIGEST_INVALID", str(error)) from None
        self.tell_blob(digest)

    def tell_blob(self, digest: str) -> None:
        """Answer that a blob is here."""
        self.set_status(201)
        self.set_header("Location", f"/v2/{self.path_args[0]}/blobs/{digest}")
        self.set_header("Docker-Content-Digest", digest)

    def tell_upload(self, upload: Upload, status: int) -> None:
        """Answer how far an upload is, and where it goes on."""
        self.set_status(status)
        self.set_header("Location", f"/v2/{self.path_args[0]}/blobs/uploads/{upload.id}")
        self.set_header("Docker-Upload-UUID", upload.id)
        self.set_header("Range", f"0-{max(upload.size - 1, 0)}")

    def on_finish(self) -> None:
        """Counts the request as done, once."""
        if not self._ended:
            self._ended = True
            if self._upload:
                self._upload.rest()
            super().on_finish()

    def on_connection_close(self) -> None:
        """Keeps what came until the connection broke."""
        super().on_connection_close()
        self.on_finish()


class UploadsHandler(_ReceivingHandler):
    """`/v2/NAME/blobs/uploads/`."""

    async def begin(self) -> Upload | None:
        """A new upload, unless the blob is here already."""
        wanted = self.get_query_argument("mount", "")
        if DIGEST.fullmatch(wanted) and self.images.content.claim(wanted) is not None:
            return None
        upload = await self.aside(self.images.content.begin)
        upload.take(self)
        return upload

    async def post(self, name: str) -> None:
        """Begin an upload, push a blob at once, or have one that is here under another name."""
        if self._upload is None and self._failure is None:
            self.tell_blob(self.get_query_argument("mount"))
            return
        upload = await self.receive()
        if self.get_query_argument("digest", ""):
            await self.finish_blob(upload)
        else:
            self.tell_upload(upload, 202)


class UploadHandler(_ReceivingHandler):
    """`/v2/NAME/blobs/uploads/ID`."""

    async def begin(self) -> Upload:
        """The upload, at the byte where the body begins."""
        upload = self.images.content.upload(self.path_args[1])
        if upload is None:
            raise DistributionError(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload")
        if self.request.method in ("PATCH", "PUT"):
            size = await self.aside(upload.take, self)
            match = _RANGE.fullmatch(self.request.headers.get("Content-Range", f"{size}-0"))
            if match is None or int(match[1]) != size:
                words = f"the upload goes on at byte {size}"
                raise DistributionError(
                    416,
                    "BLOB_UPLOAD_INVALID",
                    words,
                    Range=f"0-{max(size - 1, 0)}",
                    Location=self.request.path,
                )
        return upload

    async def get(self, name: str, upload: str) -> None:
        """How far it is."""
        self.tell_upload(await self.receive(), 204)

    async def patch(self, name: str, upload: str) -> None:
        """Take a chunk."""
        self.tell_upload(await self.receive(), 202)

    async def put(self, name: str, upload: str) -> None:
        """Take the rest, and make it a blob."""
        await self.finish_blob(await self.receive())

    async def delete(self, name: str, upload: str) -> None:
        """Forget it."""
        await self.aside((await self.receive()).cancel)
        self.set_status(204)
