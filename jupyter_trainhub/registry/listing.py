"""Lists that a registry gives in pages: of its repositories, of a repository's tags."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator

from . import failures, transport
from .endpoint import Endpoint
from .transport import Transport

PAGE = 500
"""Names in an answer."""


def catalogue(endpoint: Endpoint, prefix: str = "") -> Iterator[str]:
    """Paths of the registry's repositories that begin with `prefix`.

    Raises:
        RegistryError: Forbidden, Unauthorized or NotFound where the registry has no such list.
    """
    connection = transport.transport(endpoint)
    scopes = ("registry:catalog:*",)
    for path in pages(connection, "_catalog", "repositories", connection.host, scopes, (200,)):
        if path.startswith(prefix):
            yield path


def pages(
    connection: Transport,
    path: str,
    key: str,
    where: str,
    scopes: tuple[str, ...],
    expect: tuple[int, ...],
) -> Iterator[str]:
    """The names below `key` in the answers, which are linked; none where the first is not 200.

    Raises:
        RegistryError: no answer, one that is not expected, or no list.
    """
    url, seen = f"{path}?n={PAGE}", set()
    while url and url not in seen:
        seen.add(url)
        answer = connection.request("GET", url, where=where, scopes=scopes, expect=expect)
        if answer.status != 200:
            return
        try:
            yield from (str(entry) for entry in json.loads(answer.body).get(key) or [])
        except (ValueError, AttributeError, TypeError, RecursionError):
            raise failures.broken(where, ValueError("its list is no JSON object")) from None
        link = re.match(r'\s*<([^>]+)>\s*;\s*rel="?next"?', answer.headers.get("Link", ""))
        url = urllib.parse.urljoin(answer.url, link[1]) if link else ""
