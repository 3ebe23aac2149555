"""When Kubernetes' Events happened."""

from __future__ import annotations

from jupyter_trainhub.manifests.labels import Object


def event_time(event: Object) -> str:
    """When an Event was last seen, RFC 3339; both of Kubernetes' event APIs fill other fields."""
    series = event.get("series") or {}
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
        or ""
    )


def first_seen(event: Object) -> str:
    """When an Event was seen first, RFC 3339."""
    created = event["metadata"].get("creationTimestamp")
    return str(event.get("firstTimestamp") or created or event.get("eventTime") or "")
