"""Whether a request comes from a page of this very server: the answer to cross-site forgery.

Jupyter's own check wants an ``_xsrf`` token with every write, which pages that are not Jupyter's
(TensorBoard) never send; JupyterHub since 4.1 wants it with many reads too. Browsers tell the
origin of a request themselves, so that is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

READS = frozenset({"GET", "HEAD"})


def is_same_origin(method: str, headers: Mapping[str, str], host: str) -> bool:
    """Whether to let a request with ``headers`` through that was sent to ``host`` (name and port).

    ``Sec-Fetch-Site`` decides where the browser sends it (only to https and localhost), else
    ``Origin``, else ``Referer``: https://www.w3.org/TR/fetch-metadata/. A link that somebody
    follows is let in from anywhere, since it changes nothing and the page that holds the link
    cannot read the answer. A read that names no origin is a typed address or a script.
    """
    reads = method in READS
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        if site == "same-origin":
            return True
        navigates = headers.get("Sec-Fetch-Mode") == "navigate"
        # `none` is an address that was typed or bookmarked: never a form of another site.
        return reads and (navigates or site == "none")
    source = headers.get("Origin") or headers.get("Referer")
    if source is None:
        return reads
    return urlsplit(source).netloc.lower() == host.lower()
