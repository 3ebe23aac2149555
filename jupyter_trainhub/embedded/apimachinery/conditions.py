"""Conditions: what an object's status says of one thing at a time."""

from __future__ import annotations

from . import clock
from .resources import Object


def of_pod(
    kind: str, status: str, reason: str = "", message: str = "", generation: int | None = None
) -> Object:
    """A pod's condition that changed now."""
    body: Object = {"type": kind, "status": status, "lastProbeTime": None}
    if generation is not None:
        body["observedGeneration"] = generation
    body["lastTransitionTime"] = clock.now()
    if reason:
        body["reason"] = reason
    if message:
        body["message"] = message
    return body


def find(obj: Object | None, kind: str) -> Object | None:
    """The object's condition of that type."""
    found = ((obj or {}).get("status") or {}).get("conditions") or []
    return next((c for c in found if c["type"] == kind), None)


def is_true(obj: Object | None, kind: str) -> bool:
    """Whether the object has the condition, and it is ``True``."""
    return (find(obj, kind) or {}).get("status") == "True"


def replaced(status: Object, new: Object) -> Object:
    """A status with the condition in place of the one of its type."""
    return {**status, "conditions": put(status.get("conditions"), new)}


def put(conditions: list[Object] | None, new: Object) -> list[Object]:
    """The conditions with a new one, last, in place of the one of its type.

    One that says what it said before keeps its time.
    """
    for old in conditions or ():
        if {**old, "lastTransitionTime": new["lastTransitionTime"]} == new:
            new = old
    return [*(c for c in conditions or () if c["type"] != new["type"]), new]
