"""What the handlers of the distribution API share: who asks, which repository, and errors."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar

from ....registry import reference
from ...runtime import host_image
from ...runtime.content import DIGEST
from ...runtime.image_store import ImageStore
from ..apimachinery.status import ApiError
from ..handler import ApiHandler

T = TypeVar("T")

NO_LIMIT = 1 << 62  # bytes of a request's body
REALM = "trainhub"


class DistributionError(Exception):
    """A failure in the words of the specification: `code` is one of its error codes."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class DistributionHandler(ApiHandler):
    """A handler of the distribution API."""

    @property
    def images(self) -> ImageStore:
        """Where images are kept."""
        return self.context.images.store

    def set_default_headers(self) -> None:
        self.set_header("Docker-Distribution-Api-Version", "registry/2.0")

    def fail(self, error: ApiError) -> None:
        """Answer as this API does to who is not known, or may not."""
        if error.code == 401 or self.user.anonymous:
            self.set_header("WWW-Authenticate", f'Basic realm="{REALM}"')
            self.refuse(401, "UNAUTHORIZED", "a token of the cluster is wanted, as the password")
        else:
            self.refuse(error.code, "DENIED", str(error))

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answer with the specification's document of errors."""
        self.set_status(status)
        self.answer({"errors": [{"code": code, "message": message, "detail": None}]}, status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(error, DistributionError):
            self.refuse(error.status, error.code, str(error))
        elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            self.refuse(507, "UNKNOWN", "no space left on device")
        elif status_code == 405:
            self.refuse(405, "UNSUPPORTED", "this method is not served here")
        else:
            self.refuse(status_code, "UNKNOWN", "an internal error occurred")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, (DistributionError, OSError)):
            super().log_exception(typ, value, tb)
