"""The time as Kubernetes writes it."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> str:
    """This moment in UTC, RFC 3339 to the second, with ``Z``."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
