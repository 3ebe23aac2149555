"""HTTP to one registry: who is asked, by which TLS, as whom, and how often again."""

from __future__ import annotations

import functools
import ssl
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import failures
from .authentication import Authentication
from .credentials import Credential
from .failures import RegistryError

if TYPE_CHECKING:
    import urllib3

Cancelled = Callable[[], bool]
"""Asked now and then whether a transfer is to end."""

_LARGEST_ANSWER = 8 << 20  # bytes: more than any manifest or list has
_HOPS = 5
_LONGEST_WAIT = 60.0  # seconds that a registry can make us wait at once
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Endpoint:
    """Where a registry answers.

    ``url``: ``https://HOST[:PORT][/PREFIX]``, or ``http://``. ``ca``: file with certificates
    (PEM) that are trusted beside the system's. ``verify=False``: any certificate will do.
    ``namespace``: sent as ``ns``, as a mirror wants it. ``certificate``: files of a client's
    certificate and key. ``timeout``: seconds without a byte. ``retries``: seconds before each
    further attempt of a transfer.
    """

    url: str
    ca: str | None = None
    verify: bool = True
    credential: Credential | None = field(default=None, repr=False)
    namespace: str = ""
    certificate: tuple[str, str] | None = None
    timeout: float = 60.0
    retries: tuple[float, ...] = (2.0, 4.0, 8.0, 16.0, 32.0)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` has been read, or `stream` is open and the reader's to close."""

    status: int
    headers: Any
    body: bytes
    url: str
    stream: urllib3.BaseHTTPResponse | None = None


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
        self._own = _pool(endpoint, self.base, own=True)
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
        url = self.absolute(url)
        delays = self.endpoint.retries if patient else self.endpoint.retries[:1]
        for delay in (*(delays if retry else ()), None):
            try:
                return self._ask(
                    method, url, where, scopes, dict(headers or {}), body, expect, stream, timeout
                )
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

    def _ask(
        self,
        method: str,
        url: str,
        where: str,
        scopes: tuple[str, ...],
        headers: dict[str, str],
        body: bytes | None,
        expect: tuple[int, ...],
        stream: bool,
        timeout: float | None,
    ) -> Answer:
        for attempt in range(2):
            own = origin(url) == self._origin
            sent = self.authentication.header(scopes) if own else ""
            more = {"Authorization": sent} if sent else {}
            answer = self._follow(method, url, where, {**headers, **more}, body, stream, timeout)
            if answer.status != 401 or attempt or origin(answer.url) != self._origin:
                break
            offered = answer.headers.getlist("WWW-Authenticate")
            if not self.authentication.answer(offered, scopes, sent):
                break
        if answer.status in expect:
            return answer
        if method == "HEAD" and answer.status in (400, 403):  # whose answer has no words
            method = "GET"
            return self._ask(method, url, where, scopes, headers, body, expect, stream, timeout)
        if answer.stream is not None:
            answer = _read(answer.stream, answer.url)
        user = self.authentication.user
        raise failures.from_answer(answer.status, answer.headers, answer.body, where, user)

    def _follow(
        self,
        method: str,
        url: str,
        where: str,
        headers: dict[str, str],
        body: bytes | None,
        stream: bool,
        timeout: float | None,
    ) -> Answer:
        for _ in range(_HOPS):
            if origin(url) != self._origin:
                headers = {k: v for k, v in headers.items() if k != "Authorization"}
            response = self._send(method, url, where, headers, body, timeout)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or method not in ("GET", "HEAD") or not location:
                if stream and response.status in (200, 206):
                    return Answer(response.status, response.headers, b"", url, response)
                return self._whole(response, url, where)
            response.drain_conn()
            response.release_conn()
            found = self.absolute(urllib.parse.urljoin(url, location))
            if url.startswith("https:") and not found.startswith("https:"):
                break
            url = found
        raise RegistryError(
            f"{where}: {self.host} sends us on without end, or to where there is no HTTPS",
            remedy="Ask its administrator to correct its redirects.",
        )

    def _send(
        self,
        method: str,
        url: str,
        where: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: float | None,
    ) -> urllib3.BaseHTTPResponse:
        import urllib3

        seconds = timeout or self.endpoint.timeout
        try:
            return self._pool_of(url).request(
                method,
                url,
                body=body,
                headers={
                    "User-Agent": "jupyter-trainhub",
                    "Accept-Encoding": "identity",
                    **headers,
                },
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=min(10.0, seconds), read=seconds),
            )
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            host = urllib.parse.urlsplit(url).netloc
            raise failures.from_connection(error, host, where) from None

    def _whole(self, response: urllib3.BaseHTTPResponse, url: str, where: str) -> Answer:
        import urllib3

        try:
            return _read(response, url)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise failures.from_connection(error, self.host, where) from None

    def _pool_of(self, url: str) -> urllib3.PoolManager:
        if origin(url) == self._origin:
            return self._own
        return self._elsewhere.setdefault(origin(url), _pool(self.endpoint, url, own=False))

    def _fetch(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        response = self._send(method, url, self.host, headers, body, None)
        answer = self._whole(response, url, self.host)
        return answer.status, answer.body


def origin(url: str) -> str:
    """Scheme, host and port of a URL: what a credential is for."""
    parts = urllib.parse.urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


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


def _read(response: urllib3.BaseHTTPResponse, url: str) -> Answer:
    body = response.read(_LARGEST_ANSWER)
    response.drain_conn() if len(body) < _LARGEST_ANSWER else response.close()
    response.release_conn()
    return Answer(response.status, response.headers, body, url)


def _pool(endpoint: Endpoint, url: str, *, own: bool) -> urllib3.PoolManager:
    import urllib3

    parts = urllib.parse.urlsplit(url)
    try:
        context = ssl.create_default_context()
        if endpoint.ca:
            context.load_verify_locations(endpoint.ca)
        if own and endpoint.certificate:
            context.load_cert_chain(*endpoint.certificate)
    except OSError as error:
        raise RegistryError(
            f"{endpoint.url}: its certificates cannot be read: {error}",
            remedy="Name files with certificates in PEM format.",
        ) from None
    if own and not endpoint.verify:
        # Whoever set this knows: a warning for every request would fill the log.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        given = urllib.parse.urlsplit(proxy)
        login = f"{given.username}:{given.password}" if given.username else None
        return urllib3.ProxyManager(
            proxy,
            proxy_headers=urllib3.make_headers(proxy_basic_auth=login),
            ssl_context=context,
            maxsize=8,
        )
    return urllib3.PoolManager(ssl_context=context, maxsize=8)
