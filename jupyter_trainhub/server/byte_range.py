"""Which bytes of a file a request asks for: RFC 9110, section 14."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.IGNORECASE)


class Unsatisfiable(Exception):
    """The file has none of the bytes."""


def byte_range(
    header: str | None, condition: str | None, size: int, tag: str, modified: str
) -> tuple[int, int] | None:
    """The first byte and the one behind the last; None for the whole file.

    ``header`` is the request's Range and ``condition`` its If-Range; the file has the ETag ``tag``
    and was ``modified`` then, as Last-Modified says. Whatever is no single range of bytes, and a
    range of another version of the file, stands for the whole of it, as the RFC has it. Raises
    Unsatisfiable.
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or (condition is not None and condition.strip() not in (tag, modified)):
        return None
    first, last = found.groups()
    if not first:
        if not last:
            return None
        start, end = max(0, size - int(last)), size
    else:
        start = int(first)
        if last and int(last) < start:
            return None
        end = min(size, int(last) + 1) if last else size
    if start >= size:
        raise Unsatisfiable
    return start, end
