"""What the cell of a job was worth, out of the records that its runner left in the log.

``inpod/run_notebook/result.py`` writes them.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# The name under which the value of the last expression is told.
EXPRESSION = ""


@dataclass(frozen=True)
class Result:
    """One value: its encoded ``data``, or None and ``why``, with what the value looks like."""

    data: bytes | None
    why: str = ""
    shown: str = ""


def results(
    records: Iterable[Mapping[str, Any]], wanted: Collection[str], largest: int
) -> dict[str, Result]:
    """The values ``wanted`` of ``records``, by name; none is longer than ``largest`` bytes.

    A record that was read twice counts once. What a program wrote in our name is refused as any
    other damage is, and names that nobody asked for are left out: they would be set in the kernel.
    """
    found: dict[str, dict[int, Mapping[str, Any]]] = {}
    for record in records:
        name, part = record.get("of"), record.get("part")
        if isinstance(name, str) and name in wanted and isinstance(part, int):
            parts = found.setdefault(name, {})
            if part == 0 and parts.get(0) != record:
                # Another attempt in the same pod begins anew.
                parts.clear()
            parts[part] = record
    return {name: _result(parts, largest) for name, parts in found.items()}


def _result(parts: Mapping[int, Mapping[str, Any]], largest: int) -> Result:
    first = parts.get(0, {})
    size, shown = first.get("size"), str(first.get("repr", ""))
    size = size if isinstance(size, int) and size >= 0 else None
    if "why" in first:
        return Result(None, str(first["why"]), shown)
    if size is not None and (size > largest or "sha256" not in first):
        why = f"it takes {size} bytes, and {largest} are allowed. Write it to a mounted folder."
        return Result(None, why, shown)
    count = first.get("parts")
    if size is None or not isinstance(count, int) or any(n not in parts for n in range(count)):
        return Result(
            None,
            "a part of it is missing in the log, which was cut. Write it to a mounted folder.",
            shown,
        )
    try:
        packed = b"".join(base64.b64decode(parts[number]["data"]) for number in range(count))
        data = zlib.decompressobj().decompress(packed, size + 1)
    except (KeyError, TypeError, ValueError, zlib.error):
        return Result(None, "it is damaged in the log.", shown)
    if len(data) != size or hashlib.sha256(data).hexdigest() != first["sha256"]:
        return Result(None, "it is damaged in the log.", shown)
    return Result(data)
