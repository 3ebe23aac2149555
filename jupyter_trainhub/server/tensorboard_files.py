"""TensorBoard's page, from its package: it is the same before the program listens as after.

So a browser reads 6 MB of script while TensorBoard, which takes a second or more for that, starts.
"""

from __future__ import annotations

import struct
import sys
import zipfile
from importlib import util
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from jupyter_trainhub.hub.tensorboards.local.interpreter import interpreter
from jupyter_trainhub.server.rewrite import document

# What TensorBoard's answers say (its http_util.Respond and core_plugin, 2.21). Jupyter changes what
# `mimetypes` knows.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".woff2": "font/woff2",
}
_NEVER_KEPT = {"Expires": "0", "Cache-Control": "no-cache, must-revalidate"}
_KEPT = {"Cache-Control": "private, max-age=86400"}
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "font-src 'self' data:",
        "frame-src 'self' https://ui.perfetto.dev",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "style-src 'self' https://www.gstatic.com data: 'unsafe-inline'",
        "connect-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "frame-ancestors 'self'",
    )
)
_POLICY_OF_OTHERS = "frame-ancestors 'self'"
_PAGE = "index.html"
_ROOT = b'<!doctype html><meta name="tb-relative-root" content="./">'


class WebFile(NamedTuple):
    """An answer of TensorBoard's."""

    headers: dict[str, str]
    body: bytes


def _archive(configured: str) -> Path | None:
    if interpreter(configured) != sys.executable:
        # Another Python's TensorBoard may be another version.
        return None
    # Which finds the package and does not import it.
    spec = util.find_spec("tensorboard")
    return Path(spec.origin).with_name("webfiles.zip") if spec and spec.origin else None


def read(configured: str, path: str, *, hashed: bool) -> WebFile | None:
    """What TensorBoard answers to ``path``, below its prefix; None if not a file of its page.

    Known only where it runs by this very Python; ``configured`` is the site's choice of one.
    ``hashed``: the address changes with the content, so that it may be kept.
    """
    name = path or _PAGE
    type_ = _TYPES.get(PurePosixPath(name).suffix)
    found = _archive(configured) if type_ else None
    if type_ is None or found is None or not found.is_file():
        return None
    with zipfile.ZipFile(found) as archive:
        try:
            entry = archive.getinfo(name)
        except KeyError:
            return None
        if entry.compress_type != zipfile.ZIP_DEFLATED:
            return None
        headers = {"Content-Type": type_, "X-Content-Type-Options": "nosniff"}
        if name == _PAGE:
            page = document(_ROOT + archive.read(entry), upstream="", public="")
            headers |= _NEVER_KEPT | {"Content-Security-Policy": _POLICY}
            return WebFile(headers, page)
        body = _gzip(archive, entry)
    headers |= _KEPT if hashed and name.endswith(".js") else _NEVER_KEPT
    headers |= {"Content-Encoding": "gzip", "Content-Security-Policy": _POLICY_OF_OTHERS}
    return WebFile(headers, body)


def _gzip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """An entry as it is stored, which is a gzip file but for its frame (RFC 1952)."""
    file = archive.fp
    assert file is not None
    file.seek(entry.header_offset)
    name, extra = struct.unpack("<26xHH", file.read(30))
    file.seek(name + extra, 1)
    stored = file.read(entry.compress_size)
    end = struct.pack("<II", entry.CRC, entry.file_size)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + stored + end
