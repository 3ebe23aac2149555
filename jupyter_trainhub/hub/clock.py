"""The time as Kubernetes writes it."""

from __future__ import annotations

from datetime import datetime, timezone


def moment() -> datetime:
    """Now, in UTC, to the second, which is what annotations can hold."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def now() -> str:
    """This moment in UTC, RFC 3339 to the second, with ``Z``."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
