"""Hands an upstream's response on to the browser."""

from __future__ import annotations

import zlib

from tornado.httputil import HTTPHeaders
from tornado.web import RequestHandler

from jupyter_trainhub.server import rewrite
from jupyter_trainhub.server.upstream import Upstream


class Relay:
    """Streams the response of ``upstream`` through ``handler``.

    What has to be changed, and what is to get an ETag, is held back until it is whole, up to
    :data:`~jupyter_trainhub.server.rewrite.LARGEST_HELD` bytes; all else is passed on as it comes.
    """

    def __init__(
        self, handler: RequestHandler, upstream: Upstream, *, path: str, public: str, tags: bool
    ) -> None:
        """``path`` is below the prefix, without slash; ``tags``: small responses get an ETag."""
        self._handler = handler
        self._upstream = upstream
        self._path = path
        self._public = public
        self._tags = tags
        self._held: list[bytes] | None = None
        self._is_document = False
        self._was_changed = False
        self._encoding = ""
        self.status = 0
        self.wants_etag = False

    async def begin(self, status: int, reason: str, headers: HTTPHeaders) -> None:
        """Writes the head, unless the body is held back."""
        handler = self._handler
        self.status = status
        handler.set_status(status, reason)
        handler.clear_header("Content-Type")
        prefixes = {"upstream": self._upstream.prefix, "public": self._public}
        gateway = self._upstream.gateway_path
        pairs = list(headers.get_all())
        for name in {name for name, _ in pairs}:
            handler.clear_header(name)
        if gateway:
            pairs = rewrite.without_gateway(pairs, gateway)
        for name, value in rewrite.response_headers(pairs, **prefixes):
            handler.add_header(name, value)
        policy = rewrite.content_security_policy(
            headers.get_list("Content-Security-Policy"), **prefixes
        )
        handler.set_header("Content-Security-Policy", policy)

        method = handler.request.method or ""
        length = headers.get("Content-Length", "")
        self._encoding = headers.get("Content-Encoding", "").lower()
        content_type = headers.get("Content-Type", "")
        legible = method != "HEAD" and self._encoding in {"", "identity", "gzip"}
        self._is_document = legible and rewrite.is_document(self._path, content_type)
        # An API server changes every page, the user's own as well.
        self._was_changed = legible and bool(gateway) and content_type.startswith("text/html")
        self.wants_etag = (
            self._tags
            and "Etag" not in headers
            and "max-age" not in headers.get("Cache-Control", "")
            and rewrite.is_cacheable(method, status, int(length) if length.isdecimal() else None)
        )
        if self._is_document or self._was_changed or self.wants_etag:
            self._held = []

    async def write(self, chunk: bytes) -> None:
        """Passes a piece on, and waits until the browser has taken it."""
        if self._held is not None:
            self._held.append(chunk)
            if sum(map(len, self._held)) <= rewrite.LARGEST_HELD:
                return
            chunk, self._held = b"".join(self._held), None
        self._handler.write(chunk)
        await self._handler.flush()

    def end(self, *, complete: bool) -> None:
        """Ends the response; one that broke off is cut off, not to be taken for the whole."""
        if not complete:
            self._handler.detach().close()
            return
        if self._held is not None and (self._is_document or self._was_changed):
            self._held = [self._document(b"".join(self._held))]
        for piece in self._held or ():
            self._handler.write(piece)
        self._handler.finish()

    def _document(self, body: bytes) -> bytes:
        plain = _plain(body, self._encoding)
        if plain is None:
            return body
        self._handler.clear_header("Content-Encoding")
        self._handler.clear_header("Content-Length")
        if self._was_changed:
            plain = rewrite.page_without_gateway(plain, self._upstream.gateway_path)
        if not self._is_document:
            return plain
        return rewrite.document(
            plain,
            upstream=self._upstream.prefix,
            public=self._public,
            path=self._path,
            secret=self._upstream.secret,
        )


def _plain(body: bytes, encoding: str) -> bytes | None:
    """The body without its compression; None when that fails, or would grow out of bounds."""
    if encoding != "gzip":
        return body
    # 16 + MAX_WBITS makes zlib read gzip's framing.
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = stream.decompress(body, 4 * rewrite.LARGEST_HELD)
    except zlib.error:
        return None
    return plain if stream.eof else None
