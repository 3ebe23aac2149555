"""What all of the API's HTTP handlers share."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tornado import web

from ..apimachinery import protobuf
from ..apimachinery.status import (
    ApiError,
    method_not_allowed,
    not_acceptable,
    page_not_found,
)
from ..kubelet.images import Images
from ..kubelet.kubelet import Kubelet
from .filters import Filters
from .openapi import OpenApi
from .options import flag
from .registry import Registry
from .store import Object, Store, StoreUnusable, encode
from .user import ANONYMOUS, User

_PRETTY_AGENTS = ("curl", "Wget", "Mozilla/5.0")
# A Go client that prefers protobuf reads JSON as well: the answer says what it is.
_ACCEPTABLE = ("*/*", "application/*", "application/json", protobuf.MEDIA_TYPE)


@dataclass
class Context:
    """What the handlers share."""

    store: Store
    registry: Registry
    kubelet: Kubelet
    images: Images
    filters: Filters
    address: str
    # Requests and open connections, by which the cluster knows that it is in use.
    open_requests: int = 0
    last_request: float = 0.0
    # What to call at each request; returns the time in seconds (monotonic).
    now: Callable[[], float] = lambda: 0.0
    openapi: OpenApi = field(default_factory=OpenApi)


class ApiHandler(web.RequestHandler):
    """Authentication, authorization, errors and JSON for all paths."""

    user: User = ANONYMOUS

    def initialize(self, context: Context) -> None:
        self.context = context

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-cache, private")

    def compute_etag(self) -> None:
        """None: clients tell states of objects apart by their resourceVersion."""

    def prepare(self) -> Awaitable[None] | None:
        self.context.open_requests += 1
        self.context.last_request = self.context.now()
        try:
            self.user = self.context.filters.admit(self.request)
        except ApiError as error:
            self.fail(error)
        return None

    def on_finish(self) -> None:
        self.context.open_requests -= 1
        self.context.last_request = self.context.now()

    def fail(self, error: ApiError) -> None:
        """Answer with a ``Status`` of failure."""
        self.answer(error.status(), error.code)

    def answer(self, body: Object, code: int = 200, media_type: str = "application/json") -> None:
        """Answer with an object: in lines where people read it."""
        self.set_status(code)
        self.set_header("Content-Type", media_type)
        query, agent = self.query(), self.request.headers.get("User-Agent", "")
        if flag(query, "pretty") if "pretty" in query else agent.startswith(_PRETTY_AGENTS):
            self.finish(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
        else:
            self.finish(encode(body))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        info = kwargs.get("exc_info")
        error = info[1] if info else None
        if isinstance(error, ApiError):
            self.fail(error)
        elif isinstance(error, StoreUnusable):
            self.fail(ApiError(507, "InternalError", str(error)))
        elif status_code == 404:
            self.fail(page_not_found())
        elif status_code == 405:
            self.fail(method_not_allowed())
        else:
            self.fail(ApiError(status_code, "InternalError", "an internal error occurred"))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, (ApiError, StoreUnusable)):
            super().log_exception(typ, value, tb)

    def query(self) -> dict[str, str]:
        """The query's last values."""
        return {
            key: values[-1].decode(errors="replace")
            for key, values in self.request.query_arguments.items()
        }

    @property
    def media_type(self) -> str:
        """The type of the request's body, without parameters."""
        return str(self.request.headers.get("Content-Type", "")).partition(";")[0].strip()

    def require_json(self) -> None:
        """Refuse a client that takes nothing that can be answered.

        Raises:
            ApiError: 406.
        """
        accepted = self.request.headers.get("Accept") or "*/*"
        if not any(part.partition(";")[0].strip() in _ACCEPTABLE for part in accepted.split(",")):
            raise not_acceptable("application/json")

    def warn(self, text: str) -> None:
        """Add to the answer what the client is to be told."""
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        self.add_header("Warning", f'299 - "{quoted}"')
