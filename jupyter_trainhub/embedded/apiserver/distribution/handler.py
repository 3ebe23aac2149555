"""What the handlers of the distribution API share: who asks, which repository, and errors."""

from __future__ import annotations

import asyncio
import base64
import binascii
import errno
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from ....registry import reference
from ...apimachinery.status import ApiError
from ...runtime import host_image
from ...runtime.content import DIGEST
from ...runtime.image_store import ImageStore
from ..handler import ApiHandler

T = TypeVar("T")

_CHALLENGE = 'Basic realm="trainhub"'
_FULL = (errno.ENOSPC, errno.EDQUOT)


class DistributionError(Exception):
    """A failure in the words of the specification: `code` is one of its error codes."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class DistributionHandler(ApiHandler):
    """A handler of the distribution API."""

    def set_default_headers(self) -> None:
        self.set_header("Docker-Distribution-Api-Version", "registry/2.0")

    def prepare(self) -> Awaitable[None] | None:
        """Admits users by their token, as this API's clients send it: as a password."""
        scheme, _, given = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                token = base64.b64decode(given, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                token = "none"
            self.request.headers["Authorization"] = f"Bearer {token or 'none'}"
        return super().prepare()

    @property
    def images(self) -> ImageStore:
        """Where images are kept."""
        return self.context.images.store

    def repository(self, name: str, *, change: bool = False) -> str:
        """The repository that the request is about, with its domain.

        Raises:
            DistributionError: it can be none, or it is not to be changed by clients.
        """
        domain = self.get_query_argument("ns", host_image.DOMAIN)
        try:
            found = reference.parse(f"{domain}/{name}").repository
        except reference.InvalidReference as error:
            raise DistributionError(400, "NAME_INVALID", str(error)) from None
        if change and domain != host_image.DOMAIN:
            raise DistributionError(403, "DENIED", f"what is {domain}'s cannot be changed here")
        if change and found == host_image.REPOSITORY:
            raise DistributionError(403, "DENIED", f"{found} is the machine itself")
        return found

    def blob_size(self, digest: str) -> int:
        """Bytes of a blob, which stays for who is about to push its manifest.

        Raises:
            DistributionError: it is not here.
        """
        require_digest(digest)
        size = self.images.content.claim(digest)
        if size is None:
            raise DistributionError(404, "BLOB_UNKNOWN", f"there is no blob {digest}")
        return size

    def page(self, names: list[str]) -> list[str]:
        """The part of a sorted list that is asked for, and in the head where it goes on."""
        last, most = self.get_query_argument("last", ""), self.get_query_argument("n", "")
        names = [name for name in sorted(names) if name > last]
        if most.isdecimal() and int(most) < len(names):
            names = names[: int(most)]
            query = {**self.query(), "last": names[-1]} if names else self.query()
            self.set_header("Link", f'<{self.request.path}?{urlencode(query)}>; rel="next"')
        return names

    async def aside(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do in a thread what waits for the disk."""
        return await asyncio.to_thread(work, *arguments)

    def fail(self, error: ApiError) -> None:
        """Answer who is not known here, or has not the right."""
        if error.code == 401 or not self.request.headers.get("Authorization"):
            self.set_header("WWW-Authenticate", _CHALLENGE)
            self.refuse(401, "UNAUTHORIZED", "a token of the cluster is wanted as the password")
        else:
            self.refuse(error.code, "DENIED", str(error))

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answer with the specification's document of errors."""
        self.answer({"errors": [{"code": code, "message": message}]}, status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(error, DistributionError):
            for header, value in error.headers.items():
                self.set_header(header, value)
            self.refuse(error.status, error.code, str(error))
        elif is_full(error):
            self.refuse(507, "UNKNOWN", "no space left on device")
        elif status_code == 405:
            self.refuse(405, "UNSUPPORTED", "this method is not served here")
        else:
            self.refuse(status_code, "UNKNOWN", "an internal error occurred")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, DistributionError):
            super().log_exception(typ, value, tb)


def is_full(error: object) -> bool:
    """Whether something failed for want of room on the disk."""
    return isinstance(error, OSError) and error.errno in _FULL


def require_digest(text: str) -> None:
    """Raises DistributionError for what is no digest that can be verified."""
    if not DIGEST.fullmatch(text):
        raise DistributionError(400, "DIGEST_INVALID", f"{text!r} is no sha256 digest")


class VersionHandler(DistributionHandler):
    """`/v2/`: the API is served, and the client is known."""

    def get(self) -> None:
        self.answer({})
