"""Where registries answer, and by which TLS."""

from __future__ import annotations

import ssl
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .credentials import Credential
from .failures import RegistryError

if TYPE_CHECKING:
    import urllib3


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


def default_url(domain: str) -> str:
    """Where the registry of that name answers, unless something else is known of it."""
    return "https://registry-1.docker.io" if domain == "docker.io" else f"https://{domain}"


def origin(url: str) -> str:
    """Scheme, host and port of a URL: what a credential is for."""
    parts = urllib.parse.urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def pool(endpoint: Endpoint, url: str, *, own: bool) -> urllib3.PoolManager:
    """Connections to `url`: of the endpoint itself (`own`), or of where it sends us.

    The environment's proxies are used. Raises RegistryError: a certificate cannot be read.
    """
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
    host = parts.hostname or ""
    local = host in ("localhost", "::1") or host.startswith("127.")
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not local and not urllib.request.proxy_bypass(host):
        given = urllib.parse.urlsplit(proxy)
        login = f"{given.username}:{given.password}" if given.username else None
        return urllib3.ProxyManager(
            proxy,
            proxy_headers=urllib3.make_headers(proxy_basic_auth=login),
            ssl_context=context,
            maxsize=8,
        )
    return urllib3.PoolManager(ssl_context=context, maxsize=8)
