"""HTTP through the proxy, in pieces both ways."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from jupyter_core.utils import ensure_async
from tornado import web

from jupyter_trainhub.server import rewrite
from jupyter_trainhub.server.body import RequestBody
from jupyter_trainhub.server.exchange import Exchange, Request
from jupyter_trainhub.server.pool import NotListening, UpstreamUnreachable
from jupyter_trainhub.server.proxy import ProxyHandler
from jupyter_trainhub.server.relay import Relay
from jupyter_trainhub.server.upstream import Upstream, UpstreamRefused

# Methods whose body HTTP/1.1 lets us send in chunks, for want of a length.
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@web.stream_request_body
class HttpProxyHandler(ProxyHandler):
    """HTTP: requests and responses pass through in pieces, neither is ever held whole."""

    # Whether a POST only asks for what the page shows, again and again.
    reads_by_post: ClassVar[bool] = False
    # Whether its responses come without ETags.
    needs_etags: ClassVar[bool] = False

    _body: RequestBody | None = None
    _relaying: asyncio.Task[None] | None = None
    _exchange: Exchange | None = None
    _response: Relay | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        """Checks who asks, before any of the body is read, and starts to pass a body on."""
        await super().prepare()
        if self._finished:
            return
        self.check_xsrf_cookie()
        method = self.request.method or ""
        if "Content-Length" not in self.request.headers and (
            "Transfer-Encoding" not in self.request.headers
        ):
            return
        if method not in _WITH_BODY and "Transfer-Encoding" in self.request.headers:
            raise web.HTTPError(411, f"A {method} with a body must say how long it is")
        # The verb, which is authenticated and authorized, runs when the body is complete: that is
        # too late.
        if self.current_user is None:
            raise web.HTTPError(403, "Log in first")
        action = "read" if self.reads_by_post else "write"
        if not await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, action, self.auth_resource)
        ):
            raise web.HTTPError(403, f"You may not {action} {self.auth_resource}")
        self._body = RequestBody()
        self._relaying = asyncio.ensure_future(self._relay(self.path_args[0], self._body))
        # The verb passes a failure on; when the browser has gone there is no verb.
        self._relaying.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def data_received(self, chunk: bytes) -> None:
        """Passes a piece of the body on; the next is read when the upstream has taken it."""
        if self._body is not None:
            await self._body.put(chunk)

    async def relay(self, name: str) -> None:
        """Passes the request on and its response back."""
        if self._body is not None:
            await self._body.put(None)
        relaying = self._relaying
        if relaying is None:
            relaying = self._relaying = asyncio.ensure_future(self._relay(name, None))
        try:
            await relaying
        except asyncio.CancelledError:
            if not relaying.cancelled():
                raise
            # The browser has gone, so that there is nobody to answer.
            raise web.Finish from None

    async def _relay(self, name: str, body: RequestBody | None) -> None:
        try:
            await self._exchange_with(name, body)
        finally:
            if body is not None:
                body.discard()

    async def waits_for(self, name: str) -> bool:
        """Whether to try again, after a while, to reach a program that does not answer."""
        return False

    async def _exchange_with(self, name: str, body: RequestBody | None) -> None:
        public = self.public_prefix(name)
        if self.request.path == public:
            # Relative addresses in the page resolve one level too high without the slash.
            query = rewrite.query(self.request.query)
            self.redirect(f"{public}/" + (f"?{query}" if query else ""))
            return
        while True:
            upstream = await self.upstream(name)
            try:
                complete = await self._ask(name, upstream, body, public)
                break
            except UpstreamUnreachable as silence:
                self._exchange = None
                # A body that was sent is gone.
                repeatable = body is None or isinstance(silence, NotListening)
                if not (repeatable and await self.waits_for(name)):
                    raise self.unreachable(name, upstream) from None
            except UpstreamRefused as refused:
                raise self.refused(name, refused) from None
        assert self._response is not None
        if self._response.status in (401, 403):
            # A new pod of the same name has a new token.
            self.forget(name)
        self._response.end(complete=complete)

    async def _ask(
        self, name: str, upstream: Upstream, body: RequestBody | None, public: str
    ) -> bool:
        if rewrite.counts_as_activity(
            self.request.method or "", self.request.headers, reads_by_post=self.reads_by_post
        ):
            self.note_activity(name)
        headers = upstream.headers(rewrite.request_headers(self.request.headers.get_all()))
        if body is not None and "Content-Length" in self.request.headers:
            headers["Content-Length"] = self.request.headers["Content-Length"]
        self._response = Relay(
            self,
            upstream,
            path=self.request.path[len(public) + 1 :],
            public=public,
            tags=self.needs_etags,
        )
        self._exchange = Exchange(upstream, self.service.connections)
        request = Request(
            self.request.method or "",
            self.target(name, upstream),
            headers,
            body.pieces() if body is not None else None,
        )
        return await self._exchange.run(request, self._response)

    def on_connection_close(self) -> None:
        """Drops the upstream's connection when the browser has gone away."""
        super().on_connection_close()
        if self._exchange is not None:
            self._exchange.close()
        elif self._relaying is not None:
            self._relaying.cancel()

    def compute_etag(self) -> str | None:
        """An ETag for what was held back whole; what passed through keeps its own, if any."""
        if self._response is not None and not self._response.wants_etag:
            return None
        return super().compute_etag()
