"""What instances and jobs have in common as people see them: why they are as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jupyter_trainhub.manifests import troubles
from jupyter_trainhub.manifests.event import event_time
from jupyter_trainhub.manifests.explanation import Explanation, explain, last_cause
from jupyter_trainhub.manifests.labels import STOPPED_BY, Object

# The phase of an instance or a job, and why it is in it where there is something to say.
Phase = tuple[str, Explanation | None]


def told(why: Explanation | None) -> Object:
    """Why something is in its phase, as views tell it."""
    return {
        "reason": why.reason if why else None,
        "message": (why.message or None) if why else None,
        "remedy": why.remedy if why else None,
        "details": why.details if why else None,
    }


def stopped_by(workload: Object) -> Explanation:
    """Who stopped it."""
    name = workload["metadata"].get("annotations", {}).get(STOPPED_BY)
    return Explanation("Stopped", f"Stopped by {name}." if name else "It was stopped.")


def refused(workload: Object, events: Iterable[Object]) -> Explanation | None:
    """Why the controller could not create pods, from its newest FailedCreate event."""
    uid = workload["metadata"].get("uid")
    refusals = [
        event
        for event in events
        if event.get("reason") == "FailedCreate"
        and event.get("involvedObject", {}).get("uid") == uid
    ]
    if not refusals:
        return None
    message: str = max(refusals, key=event_time).get("message", "")
    known = explain(troubles.CREATING, "FailedCreate", message)
    if known is None:
        return Explanation(
            "FailedCreate",
            f"The cluster refuses its pods: {last_cause(message)}.",
            "Change what it names, or ask the admin.",
            message,
        )
    return replace(known, reason="QuotaExceeded") if "exceeded quota" in message else known
