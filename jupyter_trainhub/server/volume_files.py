"""``volumes/{claim}/file`` and ``…/archive``: downloads, which go on where they broke off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.server.base import ApiHandler
from jupyter_trainhub.server.byte_range import Unsatisfiable, byte_range
from jupyter_trainhub.server.jobs import RESOURCE
from jupyter_trainhub.server.volumes import asked_path

if TYPE_CHECKING:
    from jupyter_trainhub.hub.volumes.files import File


class DownloadHandler(ApiHandler):
    """What both have in common: bytes that are passed on as the browser takes them."""

    auth_resource = RESOURCE

    def compute_etag(self) -> str | None:
        """None: the file has one of its own."""
        return None

    def describe(self, name: str, content_type: str) -> None:
        """Set the headers of a download that is called ``name``."""
        self.set_header("Content-Type", content_type)
        self.set_header("Content-Disposition", content_disposition(name))
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, no-cache")
        # nginx, where it stands in front, would keep what comes in a file of its own.
        self.set_header("X-Accel-Buffering", "no")

    async def send(self, pieces: AsyncIterator[bytes], content_type: str) -> None:
        """Pass the bytes on. The connection breaks where they cannot be had any more."""
        try:
            async for data in pieces:
                self.write(data)
                await self.flush()
        except StreamClosedError:
            return
        except TrainHubError as error:
            if not self._headers_written:
                raise
            # A regular end would make what came pass for the whole.
            self.log.warning("%s: %s", self.request.path, error)
            self.detach().close()
            return
        self.finish(set_content_type=content_type)


class VolumeFileHandler(DownloadHandler):
    """A file of a volume."""

    @web.authenticated
    @authorized
    async def head(self, claim: str) -> None:
        """Its size, version and name."""
        await self._answer(claim)

    @web.authenticated
    @authorized
    async def get(self, claim: str) -> None:
        """``?path=``, with Range and If-Range."""
        await self._answer(claim)

    async def _answer(self, claim: str) -> None:
        self.require_same_origin()
        files = (await self.hub()).volumes.files
        file = await files.stat(claim, asked_path(self))
        tag, modified = f'"{file.tag}"', _http_date(file.modified)
        self.describe(file.path.rsplit("/", 1)[-1], _BYTES)
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("ETag", tag)
        self.set_header("Last-Modified", modified)
        asked = self.request.headers
        try:
            chosen = byte_range(asked.get("Range"), asked.get("If-Range"), file.size, tag, modified)
        except Unsatisfiable:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{file.size}")
            self.finish()
            return
        start, end = chosen or (0, file.size)
        if chosen is not None:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{end - 1}/{file.size}")
        self.set_header("Content-Length", str(end - start))
        if self.request.method == "HEAD":
            self.finish(set_content_type=_BYTES)
            return
        await self._send_part(claim, file, start, end)

    async def _send_part(self, claim: str, file: File, start: int, end: int) -> None:
        files = (await self.hub()).volumes.files
        async with aclosing(files.read(claim, file, start, end - start)) as pieces:
            await self.send(pieces, _BYTES)


class VolumeArchiveHandler(DownloadHandler):
    """A folder of a volume as a tar file."""

    @web.authenticated
    @authorized
    async def get(self, claim: str) -> None:
        """``?path=``. Its size is not known before its end, so it cannot be gone on with."""
        self.require_same_origin()
        path = asked_path(self).strip("/")
        name = path.rsplit("/", 1)[-1] or claim
        files = (await self.hub()).volumes.files
        async with aclosing(files.archive(claim, path, name)) as pieces:
            # The folder is there once this comes, and no bytes of it yet.
            await anext(pieces)
            self.describe(f"{name}.tar", _TAR)
            await self.send(pieces, _TAR)


_BYTES, _TAR = "application/octet-stream", "application/x-tar"


def content_disposition(name: str) -> str:
    """The header that names a download, in ASCII and as RFC 8187 has it."""
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    plain = "".join(
        letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in shown
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


def _http_date(moment: str) -> str:
    return format_datetime(datetime.fromisoformat(moment.replace("Z", "+00:00")), usegmt=True)
