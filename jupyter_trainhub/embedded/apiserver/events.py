"""Writes Events: what happened to an object, for people to read."""

from __future__ import annotations

import logging
import platform
import time

from ..apimachinery import clock
from ..apimachinery.resources import EVENTS
from ..apimachinery.status import ApiError
from .registry import Registry
from .store import Object

log = logging.getLogger(__name__)

# The scheduler writes through the newer events API: an action, no source, one exact time.
_ACTIONS = {
    "Scheduled": "Binding",
    "FailedScheduling": "Scheduling",
    "Preempted": "Preempting",
}

# Of so many events a component knows that they are repeated. Source: client-go's EventCorrelator.
_REMEMBERED = 4096

# How long an event is kept (seconds), as by a real API server.
KEPT = 3600


class Recorder:
    """Writes events of one component (``kubelet``, ``job-controller``)."""

    def __init__(self, registry: Registry, component: str, host: str = "") -> None:
        self._registry = registry
        self._component = component
        self._host = host
        # (uid, reason, message, field) -> name of the event that counts its repeats
        self._seen: dict[tuple[str, str, str, str], str] = {}

    def normal(self, obj: Object, reason: str, message: str, field: str = "") -> None:
        """An event of type Normal."""
        self._write("Normal", obj, reason, message, field)

    def warning(self, obj: Object, reason: str, message: str, field: str = "") -> None:
        """An event of type Warning."""
        self._write("Warning", obj, reason, message, field)

    def _write(self, kind: str, obj: Object, reason: str, message: str, field: str) -> None:
        metadata = obj["metadata"]
        namespace = metadata.get("namespace", "default")
        key = (metadata["uid"], reason, message, field)
        now = clock.now()
        name = self._seen.get(key)
        earlier = self._registry.store.find(EVENTS, namespace, name) if name else None
        try:
            if earlier:
                self._registry.store.update(EVENTS, _repeated(earlier, now))
                return
            event = self._event(kind, obj, reason, message, field, now)
            self._registry.create(EVENTS, namespace, event)
            self._seen[key] = event["metadata"]["name"]
            if len(self._seen) > _REMEMBERED:
                del self._seen[next(iter(self._seen))]
        except ApiError as error:
            # The namespace is going: nobody will read the event, and nothing depends on it.
            log.debug("event %s of %s not written: %s", reason, metadata["name"], error)

    def _event(
        self, kind: str, obj: Object, reason: str, message: str, field: str, now: str
    ) -> Object:
        metadata = obj["metadata"]
        involved = {
            "kind": obj["kind"],
            "namespace": metadata.get("namespace"),
            "name": metadata["name"],
            "uid": metadata["uid"],
            "apiVersion": obj["apiVersion"],
            "resourceVersion": metadata.get("resourceVersion"),
            "fieldPath": field,
        }
        event: Object = {
            "metadata": {"name": f"{metadata['name']}.{time.time_ns():x}"},
            "involvedObject": {k: v for k, v in involved.items() if v},
            "reason": reason,
            "message": message,
            "type": kind,
            "reportingComponent": self._component,
        }
        if self._component == "default-scheduler":
            return event | {
                "source": {},
                "firstTimestamp": None,
                "lastTimestamp": None,
                "eventTime": clock.now_micro(),
                "action": _ACTIONS.get(reason, reason),
                "reportingInstance": f"{self._component}-{platform.node()}",
            }
        source = {"component": self._component, "host": self._host}
        return event | {
            "source": {k: v for k, v in source.items() if v},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "eventTime": None,
            "reportingInstance": self._host,
        }


def _repeated(event: Object, now: str) -> Object:
    if event.get("eventTime"):
        seen = (event.get("series") or {"count": 1})["count"] + 1
        return {**event, "series": {"count": seen, "lastObservedTime": clock.now_micro()}}
    return {**event, "count": event["count"] + 1, "lastTimestamp": now}


def _last_seen(event: Object) -> str:
    series = event.get("series") or {}
    last: str = (
        event.get("lastTimestamp")
        or series.get("lastObservedTime")
        or event["metadata"]["creationTimestamp"]
    )
    return last


def sweep(registry: Registry) -> None:
    """Delete the events whose time is over."""
    for event in registry.store.list(EVENTS):
        metadata = event["metadata"]
        if clock.seconds_since(_last_seen(event)) > KEPT:
            registry.delete(EVENTS, metadata["namespace"], metadata["name"])
