"""Addresses in a proxied answer, made to lead through the proxy again.

As a real API server does it (apimachinery's util/proxy/transport.go): Location headers, and the
links of HTML pages.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

# Which attributes of which elements are addresses.
_ATTRIBUTES = {
    element: frozenset(names.split())
    for element, names in {
        "a": "href", "applet": "codebase", "area": "href", "audio": "src", "base": "href",
        "blockquote": "cite", "body": "background", "button": "formaction", "command": "icon",
        "del": "cite", "embed": "src", "form": "action", "frame": "longdesc src",
        "head": "profile", "html": "manifest", "iframe": "longdesc src",
        "img": "longdesc src usemap", "input": "src usemap formaction", "ins": "cite",
        "link": "href", "object": "classid codebase data usemap", "q": "cite", "script": "src",
        "source": "src", "video": "poster src",
    }.items()
}  # fmt: skip

# Text that is no markup, after the tag that begins it.
_OPAQUE = re.compile(r"(<!--.*?-->|<(?:script|style|textarea|title)\b.*?</)", re.S | re.I)
_TAG = re.compile(r"""<([a-zA-Z][^\s/>]*)((?:[^>"']|"[^"]*"|'[^']*')*)>""")
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s>]+)""")


def through(url: str, prefix: str, upstream: str, asked: str) -> str:
    """An address as it is reached by the proxy.

    Args:
        prefix: the proxy's path, without a slash at its end.
        upstream: host and port of the endpoint.
        asked: the request's own Host.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if parts.netloc not in ("", upstream, asked) or not parts.path.startswith("/"):
        return url
    if parts.netloc != asked:
        parts = parts._replace(scheme="", netloc="")
    if not parts.path.startswith(prefix):
        path = posixpath.normpath(f"{prefix}/{parts.path}")
        parts = parts._replace(path=path + "/" if parts.path.endswith("/") else path)
    return urlunsplit(parts)


def rewrite(page: str, change: Callable[[str], str]) -> str:
    """The HTML page with all its addresses changed."""

    def attribute(element: str, match: re.Match[str]) -> str:
        name, equals, value = match.groups()
        if name.lower() not in _ATTRIBUTES.get(element.lower(), ()):
            return match[0]
        old = html.unescape(value.strip(value[0]) if value[0] in "\"'" else value)
        new = change(old)
        return match[0] if new == old else f'{name}{equals}"{html.escape(new)}"'

    def tag(match: re.Match[str]) -> str:
        inner = _ATTRIBUTE.sub(lambda found: attribute(match[1], found), match[2])
        return f"<{match[1]}{inner}>"

    pieces = _OPAQUE.split(page)
    for number, piece in enumerate(pieces):
        if not piece.startswith("<!--"):
            pieces[number] = _TAG.sub(tag, piece, count=number % 2)
    return "".join(pieces)
