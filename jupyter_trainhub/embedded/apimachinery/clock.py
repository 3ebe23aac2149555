"""Time as Kubernetes writes it."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> str:
    """This second, as ``metav1.Time``: ``2026-11-22T02:23:41Z``."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(epoch: float) -> str:
    """A moment, in seconds since 1970, as ``metav1.Time``."""
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def now_micro() -> str:
    """This microsecond, as ``metav1.MicroTime``."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_since(text: str) -> float:
    """Seconds from a Kubernetes time to now."""
    return (datetime.now(timezone.utc) - parse(text)).total_seconds()


def parse(text: str) -> datetime:
    """A Kubernetes time, with or without microseconds."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def duration(seconds: float) -> str:
    """A duration as kubectl shows it: ``56s``, ``3m20s``, ``5h``, ``3d``."""
    seconds = max(0, int(seconds))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        rest = seconds % 60
        return f"{minutes}m{rest}s" if rest else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        rest = minutes % 60
        return f"{hours}h{rest}m" if rest else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        rest = hours % 24
        return f"{days}d{rest}h" if rest else f"{days}d"
    return f"{days}d" if days < 730 else f"{days // 365}y"
