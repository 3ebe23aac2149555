"""The proxy to instances' JupyterLabs and to TensorBoards.

Only to what TrainHub itself started: an address names an instance or a TensorBoard, never a host or
a port. The user's own credentials stop here and the upstream's are added here; a browser never sees
them.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from datetime import datetime, timezone
from typing import Any, ClassVar

from tornado import web

from jupyter_trainhub.errors import ClusterUnavailable, Conflict, TrainHubError
from jupyter_trainhub.server import pages, rewrite
from jupyter_trainhub.server.base import TrainHubHandler
from jupyter_trainhub.server.failures import answer
from jupyter_trainhub.server.same_origin import is_same_origin
from jupyter_trainhub.server.upstream import Upstream, UpstreamRefused


class NotReady(TrainHubError):
    """What is asked for exists but cannot answer now."""

    status = 503
    default_reason = "NotReady"


class ProxyHandler(TrainHubHandler):
    """What HTTP and websockets have in common: who may come in, and where it leads.

    The path's first group is the name in the address, and what follows :meth:`public_prefix` is
    passed on as it was written, escapes and all.
    """

    noun: ClassVar[str]
    # What would do when it does not answer.
    when_silent: ClassVar[str] = "It may still be starting: wait a moment."

    @abstractmethod
    def public_prefix(self, name: str) -> str:
        """The path that the browser sees for the upstream's prefix."""

    @abstractmethod
    async def find(self, name: str) -> Upstream:
        """Where the program listens. Raises NotFound, and Conflict while it does not."""

    @abstractmethod
    def forget(self, name: str) -> None:
        """Drops what is remembered of where it listens: it was wrong."""

    @property
    def navigates(self) -> bool:
        """Whether a person opens a page, rather than a page asking for its parts."""
        mode = self.request.headers.get("Sec-Fetch-Mode")
        if mode is not None:
            return mode == "navigate"
        return "text/html" in self.request.headers.get("Accept", "")

    async def upstream(self, name: str) -> Upstream:
        """Where the program listens. Raises NotFound and NotReady."""
        try:
            return await self.find(name)
        except Conflict as error:
            raise NotReady(error.message, reason=error.reason, remedy=error.remedy) from None

    def unreachable(self, name: str, upstream: Upstream) -> TrainHubError:
        """The error for an upstream that does not answer; the next request looks for it anew."""
        self.forget(name)
        if upstream.gateway is not None:
            return ClusterUnavailable(
                f"the cluster at {upstream.gateway.url} does not answer",
                remedy="It is asked again when you come back: wait a moment.",
            )
        return self._silent()

    def refused(self, name: str, refusal: UpstreamRefused) -> TrainHubError:
        """The error for what the API server does not pass on to the program."""
        # Imported here, for it loads what a server without instances does without.
        from jupyter_trainhub.hub.access.reach import refused

        self.forget(name)
        error = refused(refusal.code, refusal.message) or self._silent()
        if isinstance(error, Conflict):
            return NotReady(error.message, reason=error.reason, remedy=error.remedy)
        return error

    def _silent(self) -> NotReady:
        return NotReady(f"{self.noun} does not answer yet", remedy=self.when_silent)

    def target(self, name: str, upstream: Upstream) -> str:
        """Path and query for the upstream. Raises HTTPError 400 for a path that leads upwards."""
        rest = self.request.path[len(self.public_prefix(name)) :]
        if rewrite.climbs(rest):
            raise web.HTTPError(400, "The path must not lead upwards")
        query = rewrite.query(self.request.query)
        return upstream.target(rest) + (f"?{query}" if query else "")

    def note_activity(self, name: str) -> None:
        """Keeps the server from being ended as idle, by JupyterHub or by itself."""
        self.settings["last_activity_times"]["trainhub_proxy"] = datetime.now(timezone.utc)

    def check_xsrf_cookie(self) -> None:
        """Refuses requests of other sites' pages.

        This takes the place of Jupyter's check, which pages that are not Jupyter's cannot pass.
        """
        if not hasattr(self, "_jupyter_current_user"):
            # JupyterHub asks while it still finds out who the user is; `prepare` asks again.
            return
        if self.token_authenticated or self.settings.get("disable_check_xsrf", False):
            return
        if not is_same_origin(self.request.method or "", self.request.headers, self.request.host):
            raise web.HTTPError(403, "This request comes from a page of another site")

    def get_login_url(self) -> str:
        """Where to log in; only a person who opens a page is sent there."""
        if not self.navigates:
            raise web.HTTPError(403, "Log in first")
        return super().get_login_url()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A page in plain words for a person, the contract's JSON for a program."""
        exc_info = kwargs.get("exc_info")
        error = exc_info[1] if exc_info is not None else web.HTTPError(status_code)
        status, body = answer(error)
        self.set_status(status)
        self.clear_header("Content-Length")
        if status == 503:
            self.set_header("Retry-After", str(pages.RELOAD_SECONDS))
        if self.navigates:
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(
                pages.unavailable(
                    f"{self.noun} cannot be shown now",
                    body["message"],
                    body["details"]["remedy"],
                    reloads=status in (404, 503),
                )
            )
        else:
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(body))
