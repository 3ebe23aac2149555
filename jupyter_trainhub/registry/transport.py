"""HTTP to one registry: who is asked, as whom, and how often again."""

from __future__ import annotations

import functools
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from . import failures
from .authentication import Authentication
from .endpoint import Endpoint, origin, pool
from .failures import RegistryError

if TYPE_CHECKING:
    import urllib3

Cancelled = Callable[[], bool]
"""Asked now and then whether a transfer is to end."""

_LARGEST_ANSWER = 8 << 20  # bytes: more than any manifest or list has
_HOPS = 5
_PIECE = 64 << 10  # bytes that are sent at once
_CONNECT = 10.0  # seconds for a connection
_SEND = 60.0  # the same, and for each piece of a body
_LONGEST_WAIT = 60.0  # seconds that a registry can make us wait at once
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` has been read, or `stream` is open and the reader's to close."""

    status: int
    headers: Any
    body: bytes
    url: str
    stream: urllib3.BaseHTTPResponse | None = None


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    where: str
    headers: Mapping[str, str]
    body: bytes | None
    stream: bool
    timeout: float


@functools.lru_cache(maxsize=64)
def transport(endpoint: Endpoint) -> Transport:
    """The connections to an endpoint, shared by all who ask it."""
    return Transport(endpoint)


class Transport:
    """Connections, tokens and retries of one endpoint. Thread safe."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Raises RegistryError: the endpoint's URL or its files cannot be used."""
        parts = urllib.parse.urlsplit(endpoint.url.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise RegistryError(
                f"{endpoint.url!r} is no URL of a registry",
                remedy="Write it as https://HOST[:PORT], without a password.",
            )
        self.endpoint, self.host = endpoint, parts.netloc
        path = parts.path if parts.path.endswith("/v2") else f"{parts.path}/v2"
        self.base = f"{parts.scheme}://{parts.netloc}{path}"
        self._origin = origin(self.base)
        self._own = pool(endpoint, self.base, own=True)
        # Token servers and object stores get neither our certificate nor a blind trust.
        self._elsewhere: dict[str, urllib3.PoolManager] = {}
        self.authentication = Authentication(
            endpoint.credential, self._fetch, self.host, parts.scheme == "http"
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        where: str,
        scopes: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        expect: tuple[int, ...] = (200,),
        stream: bool = False,
        patient: bool = False,
        retry: bool = True,
        timeout: float | None = None,
        cancelled: Cancelled | None = None,
    ) -> Answer:
        """Ask, with what the registry wants to know of us; `url` may be a path below /v2/.

        A transfer is `patient`: it asks again as often as the endpoint says. Other requests do so
        once, and not where nobody answers, since a person waits.

        Raises:
            RegistryError: no answer, or one whose status is not among `expect`.
        """
        seconds = timeout or self.endpoint.timeout
        given = dict(headers or {})
        asked = _Request(method, self.absolute(url), where, given, body, stream, seconds)
        delays = self.endpoint.retries if patient else self.endpoint.retries[:1]
        for delay in (*(delays if retry else ()), None):
            try:
                return self._ask(asked, scopes, expect)
            except RegistryError as error:
                if delay is None or not error.transient or (not patient and not error.status):
                    raise
                wait(max(delay, error.retry_after), cancelled, where)
        raise AssertionError("the last attempt returns or raises")

    def absolute(self, url: str) -> str:
        """A path below /v2/, or a Location, as a URL."""
        if not url.startswith(("/", "http:", "https:")):
            return f"{self.base}/{url}"
        found = urllib.parse.urljoin(f"{self.base}/", url)
        # A registry behind a proxy that speaks TLS for it does not know of that.
        same_host = urllib.parse.urlsplit(found).netloc == self.host
        if same_host and found.startswith("http:") and self.base.startswith("https:"):
            return f"https:{found[5:]}"
        return found

    def _ask(self, asked: _Request, scopes: tuple[str, ...], expect: tuple[int, ...]) -> Answer:
        for attempt in range(2):
            own = origin(asked.url) == self._origin
            sent = self.authentication.header(scopes) if own else ""
            more = {"Authorization": sent} if sent else {}
            answer = self._follow(replace(asked, headers={**asked.headers, **more}))
            if answer.status != 401 or attempt or origin(answer.url) != self._origin:
                break
            offered = answer.headers.getlist("WWW-Authenticate")
            if not self.authentication.answer(offered, scopes, sent):
                break
        if answer.status in expect:
            return answer
        if asked.method == "HEAD" and answer.status in (400, 403):  # whose answer has no words
            return self._ask(replace(asked, method="GET"), scopes, expect)
        if answer.stream is not None:
            answer = _read(answer.stream, answer.url)
        user = self.authentication.user
        raise failures.from_answer(answer.status, answer.headers, answer.body, asked.where, user)

    def _follow(self, asked: _Request) -> Answer:
        for _ in range(_HOPS):
            if origin(asked.url) != self._origin:
                kept = {k: v for k, v in asked.headers.items() if k != "Authorization"}
                asked = replace(asked, headers=kept)
            response = self._send(asked)
            location = response.headers.get("Location")
            moved = response.status in _REDIRECTS and asked.method in ("GET", "HEAD")
            if not moved or not location:
                if asked.stream and response.status in (200, 206):
                    return Answer(response.status, response.headers, b"", asked.url, response)
                return self._whole(response, asked)
            response.drain_conn()
            response.release_conn()
            found = self.absolute(urllib.parse.urljoin(asked.url, location))
            if asked.url.startswith("https:") and not found.startswith("https:"):
                break
            asked = replace(asked, url=found)
        raise RegistryError(
            f"{asked.where}: {self.host} redirects without end, or to a place without HTTPS",
            remedy="Ask its administrator to correct its redirects.",
        )

    def _send(self, asked: _Request) -> urllib3.BaseHTTPResponse:
        import urllib3

        common = {"User-Agent": "jupyter-trainhub", "Accept-Encoding": "identity"}
        body = asked.body
        sized = {} if body is None else {"Content-Length": str(len(body))}
        send = partial(
            self._pool_of(asked.url).request,
            asked.method,
            asked.url,
            # All of it at once would have to pass within the time for a connection, which urllib3
            # counts for what is sent, too.
            body=None if body is None else _pieces(body),
            headers={**common, **sized, **asked.headers},
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=urllib3.Timeout(
                connect=min(_CONNECT if body is None else _SEND, asked.timeout), read=asked.timeout
            ),
        )
        try:
            try:
                return send()
            except urllib3.exceptions.ProtocolError:
                # It may be that a connection that was kept was closed in this very moment.
                if asked.method not in ("GET", "HEAD"):
                    raise
                return send()
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            host = urllib.parse.urlsplit(asked.url).netloc
            raise failures.from_connection(error, host, asked.where) from None

    def _whole(self, response: urllib3.BaseHTTPResponse, asked: _Request) -> Answer:
        import urllib3

        try:
            return _read(response, asked.url)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise failures.from_connection(error, self.host, asked.where) from None

    def _pool_of(self, url: str) -> urllib3.PoolManager:
        if origin(url) == self._origin:
            return self._own
        return self._elsewhere.setdefault(origin(url), pool(self.endpoint, url, own=False))

    def _fetch(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        asked = _Request(method, url, self.host, headers, body, False, self.endpoint.timeout)
        answer = self._whole(self._send(asked), asked)
        return answer.status, answer.body


def wait(seconds: float, cancelled: Cancelled | None, where: str) -> None:
    """Wait before a further attempt. Raises RegistryError when cancelled meanwhile."""
    end = time.monotonic() + min(seconds, _LONGEST_WAIT)
    while True:
        if cancelled is not None and cancelled():
            raise failures.cancelled(where)
        left = end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, 0.2))


def _pieces(body: bytes) -> list[bytes]:
    return [body[at : at + _PIECE] for at in range(0, len(body), _PIECE)]


def _read(response: urllib3.BaseHTTPResponse, url: str) -> Answer:
    body = response.read(_LARGEST_ANSWER)
    response.drain_conn() if len(body) < _LARGEST_ANSWER else response.close()
    response.release_conn()
    return Answer(response.status, response.headers, body, url)
