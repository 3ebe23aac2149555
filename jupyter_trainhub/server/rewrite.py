"""What the proxy changes in requests and responses; all pure.

A program behind the proxy lives under a prefix of its own (*upstream*) and is seen under another
(*public*). Each header and each document that carries the one is given the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, unquote_plus, urlsplit

# Headers of one connection, not of the message: RFC 9110 section 7.6.1 and its predecessors.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

# Who the user is and where the page lives is none of the upstream's business, and a Referer may
# hold `?token=`.
_PRIVATE_TO_US = frozenset(
    {
        "accept-encoding",
        "authorization",
        "content-length",
        "cookie",
        "expect",
        "host",
        "origin",
        "referer",
        "x-xsrftoken",
    }
)

# Whom an API server is to take the request for: with our credential on it, only we may say that.
_NOT_THE_BROWSERS_TO_SAY = ("impersonate-", "x-remote-")

# The upstream shares our origin, so it may neither set our cookies, nor open the origin to other
# sites, nor say what browsers are to remember of the whole origin.
_NOT_THE_UPSTREAMS_TO_SET = frozenset(
    {
        "alt-svc",
        "clear-site-data",
        "nel",
        "report-to",
        "service-worker-allowed",
        "set-cookie",
        "strict-transport-security",
    }
)

# What an API server adds to the answers that it passes on.
_OF_THE_GATEWAY = frozenset(
    {
        "audit-id",
        "strict-transport-security",
        "x-kubernetes-pf-flowschema-uid",
        "x-kubernetes-pf-prioritylevel-uid",
    }
)
_CACHE_OF_THE_GATEWAY = "no-cache, private"

# An address that starts with the prefix, not one that merely contains it.
_BEFORE = r"(?<![\w%.~/:@-])"

# Where `data/plugins_listing` says that the script of a plugin is.
_MODULE_PATH = re.compile(rb'("module_path":\s*")/(?!/)')

# Bytes of a response that may be held in memory at a time.
LARGEST_HELD = 4 * 2**20

Headers = list[tuple[str, str]]


def request_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """The headers of a browser's request that the upstream gets.

    Compression is limited to gzip, which can be undone where a document has to be changed.
    """
    pairs = list(headers)
    dropped = HOP_BY_HOP | _PRIVATE_TO_US | _named_by_connection(pairs)
    kept = [
        (name, value)
        for name, value in pairs
        if name.lower() not in dropped
        and not name.lower().startswith(("sec-websocket-", *_NOT_THE_BROWSERS_TO_SAY))
    ]
    accepted = ",".join(value for name, value in pairs if name.lower() == "accept-encoding")
    kept.append(("Accept-Encoding", "gzip" if "gzip" in accepted else "identity"))
    return kept


def response_headers(headers: Iterable[tuple[str, str]], *, upstream: str, public: str) -> Headers:
    """The headers of the upstream's response that the browser gets, addresses made public.

    ``Content-Security-Policy`` is left out: see :func:`content_security_policy`.
    """
    pairs = list(headers)
    dropped = HOP_BY_HOP | _NOT_THE_UPSTREAMS_TO_SET | _named_by_connection(pairs)
    kept: Headers = []
    for name, value in pairs:
        lowered = name.lower()
        if lowered in dropped or lowered.startswith("access-control-"):
            continue
        if lowered == "content-security-policy":
            continue
        if lowered in {"location", "content-location"}:
            value = location(value, upstream=upstream, public=public)
        kept.append((name, value))
    return kept


def _named_by_connection(headers: Headers) -> frozenset[str]:
    values = [value for name, value in headers if name.lower() == "connection"]
    return frozenset(token.strip().lower() for value in values for token in value.split(","))


def query(raw: str) -> str:
    """A query string without ``token``, which is for our own server; the rest stays as it is."""
    kept = [part for part in raw.split("&") if unquote_plus(part.partition("=")[0]) != "token"]
    return "&".join(kept)


def climbs(path: str) -> bool:
    """Whether a path leads upwards by ``..``, escaped or not.

    Programs behind the proxy are told apart by paths, and a server on the way may resolve them:
    before an API server it would lead from the pod to everything that our credential opens.
    """
    return ".." in re.split(r"[/\\]", unquote(path))


def location(value: str, *, upstream: str, public: str) -> str:
    """A ``Location`` header as the browser must see it: below the public prefix, on our own host.

    An upstream that redirects to itself by a full address names a host that the browser cannot
    reach.
    """
    parts = urlsplit(value)
    if parts.path != upstream and not parts.path.startswith(upstream + "/"):
        return value
    if not upstream and parts.netloc:
        # With no prefix there is no telling whether that host is the upstream.
        return value
    tail = parts._replace(scheme="", netloc="", path=parts.path[len(upstream) :]).geturl()
    return public + tail


def without_gateway(headers: Iterable[tuple[str, str]], gateway: str) -> Headers:
    """The headers of a response as they were before an API server passed it on.

    ``gateway`` is the path of its proxy, which it writes before each ``Location``; it also says
    itself how long an answer may be kept, besides what the program says (apimachinery's
    util/proxy/transport.go, apiserver's filters/cachecontrol.go).
    """
    pairs = [(name, value) for name, value in headers if name.lower() not in _OF_THE_GATEWAY]
    caches = [pair for pair in pairs if pair[0].lower() == "cache-control"]
    if len(caches) > 1 and (own := (caches[0][0], _CACHE_OF_THE_GATEWAY)) in pairs:
        pairs.remove(own)
    return [
        (name, _outside(value, gateway) if name.lower() == "location" else value)
        for name, value in pairs
    ]


def _outside(address: str, gateway: str) -> str:
    parts = urlsplit(address)
    _, found, path = parts.path.partition(gateway)
    # A server in front of the API server may have put a path of its own before it.
    if not found or path[:1] not in ("", "/"):
        return address
    return parts._replace(scheme="", netloc="", path=path or "/").geturl()


def page_without_gateway(page: bytes, gateway: str) -> bytes:
    """An HTML page with the links that an API server has led through its proxy as they were."""
    host_and_path = _BEFORE + r"(?:https?://[^/\s\"'<>]+)?(?:/[\w/.~-]*)?"
    link = re.compile((host_and_path + re.escape(gateway) + "(?=[/?#\"'])").encode())
    return link.sub(b"", page)


def content_security_policy(policies: Iterable[str], *, upstream: str, public: str) -> str:
    """The upstream's policy, its report address made public, for pages that only ours may frame."""
    directives = [
        directive.strip()
        for policy in policies
        for directive in policy.split(";")
        if directive.strip() and not directive.strip().lower().startswith("frame-ancestors")
    ]
    prefix = re.compile(_BEFORE + re.escape(upstream) + "/")
    rewritten = [prefix.sub(lambda _: public + "/", directive) for directive in directives]
    return "; ".join([*rewritten, "frame-ancestors 'self'"])


def document(
    body: bytes, *, upstream: str, public: str, path: str = "", secret: str | None = None
) -> bytes:
    """A document with every address below the upstream prefix made public.

    ``path`` is its own below the prefix, without slash. ``secret`` is blanked: JupyterLab writes
    its server's token into its page, and that one is ours, not the user's. TensorBoard and its
    projector ask for their fonts at the host's root in spite of the prefix
    (tensorflow/tensorboard#1885).
    """
    if secret:
        body = body.replace(secret.encode(), b"")
    fonts = f"url(./{'../' * path.count('/')}font-roboto/"
    body = body.replace(b"url(/font-roboto/", fonts.encode())
    if not upstream:
        # Nothing tells addresses of its own, but for the scripts of TensorBoard's plugins.
        return _MODULE_PATH.sub(lambda found: found[1] + public.encode() + b"/", body)
    if upstream == public:
        return body
    prefix = re.compile((_BEFORE + re.escape(upstream) + "/").encode())
    return prefix.sub(lambda _: (public + "/").encode(), body)


def is_document(path: str, content_type: str) -> bool:
    """Whether a response holds addresses to rewrite; ``path`` is below the prefix, without slash.

    Pages do, and so do a theme's style sheet and the kernels' logos of JupyterLab and the plugins
    of TensorBoard. The user's own files never count: what is edited and saved must come through as
    it is.
    """
    if path.startswith(("api/contents/", "files/")):
        return False
    if content_type.startswith("text/html"):
        return True
    if content_type.startswith("text/css"):
        return path.startswith("lab/api/themes/")
    return content_type.startswith("application/json") and (
        path.startswith("api/kernelspecs") or path == "data/plugins_listing"
    )


def is_cacheable(method: str, status: int, length: int | None) -> bool:
    """Whether to hold a response of ``length`` bytes back until it is whole, to give it an ETag.

    TensorBoard's page is 2 MB of script without one; with it, opening it again costs an empty 304.
    """
    return method == "GET" and status == 200 and length is not None and length <= LARGEST_HELD


def counts_as_activity(method: str, headers: Mapping[str, str], *, reads_by_post: bool) -> bool:
    """Whether a request shows that a person is at work, as opposed to a page that polls.

    Opening a page does; so does a write, unless the page polls by writes as well
    (``reads_by_post``): TensorBoard asks for its charts by POST.
    """
    if headers.get("Sec-Fetch-Mode") == "navigate":
        return True
    return method not in {"GET", "HEAD", "OPTIONS"} and not reads_by_post
