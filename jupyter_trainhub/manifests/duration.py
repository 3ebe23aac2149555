"""Spans of time for people."""

from __future__ import annotations

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def describe_duration(seconds: float) -> str:
    """``5400`` as ``1 h 30 min``: the two largest units, whole."""
    left, words = round(seconds), []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words[:2]) or "0 s"
