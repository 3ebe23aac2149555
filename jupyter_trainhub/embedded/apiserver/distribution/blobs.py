"""Blobs: layers and configurations."""

from __future__ import annotations

import contextlib
import re

from tornado.iostream import StreamClosedError

from .handler import DistributionError, DistributionHandler

_BLOCK = 1 << 20  # bytes
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class BlobHandler(DistributionHandler):
    """`/v2/NAME/blobs/DIGEST`."""

    def head(self, name: str, digest: str) -> None:
        """Its size."""
        self.repository(name)
        self._describe(digest)
        self.finish()

    async def get(self, name: str, digest: str) -> None:
        """The blob, or the range that is asked for."""
        self.repository(name)
        start, end = self._describe(digest)
        with self.images.content.path(digest).open("rb") as file:
            file.seek(start)
            left = end - start
            with contextlib.suppress(StreamClosedError):
                while left and (block := await self.aside(file.read, min(left, _BLOCK))):
                    left -= len(block)
                    self.write(block)
                    await self.flush()

    def _describe(self, digest: str) -> tuple[int, int]:
        """Say what comes; the first byte, and that behind the last one."""
        size = self.blob_size(digest)
        self.set_header("Docker-Content-Digest", digest)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Accept-Ranges", "bytes")
        start, end = 0, size
        match = _RANGE.fullmatch(self.request.headers.get("Range", ""))
        if match and (match[1] or match[2]):
            if match[1]:
                start, end = int(match[1]), min(int(match[2] or size) + 1, size)
            else:
                start = max(0, size - int(match[2]))
            if start >= end:
                words, where = f"the blob has {size} bytes", f"bytes */{size}"
                raise DistributionError(416, "SIZE_INVALID", words, Content_Range=where)
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.set_header("Content-Length", str(end - start))
        return start, end

    async def delete(self, name: str, digest: str) -> None:
        """Delete a blob that no image needs."""
        self.repository(name, change=True)
        self.blob_size(digest)
        if digest in self.images.manifests.used():
            raise DistributionError(405, "UNSUPPORTED", f"{digest} is a part of an image")
        await self.aside(self.images.sweep, [digest])
        self.set_status(202)
