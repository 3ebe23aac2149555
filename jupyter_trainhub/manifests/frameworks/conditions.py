"""The conditions of an owner, which all kinds write in the same form."""

from __future__ import annotations

from jupyter_trainhub.manifests.frameworks.framework import OwnerState
from jupyter_trainhub.manifests.labels import Object


def condition(owner: Object, kind: str) -> Object | None:
    """The condition of that type, whatever its status."""
    for found in owner.get("status", {}).get("conditions") or []:
        if found["type"] == kind:
            return dict(found)
    return None


def true(owner: Object, kind: str) -> Object | None:
    """The condition of that type where it is true."""
    found = condition(owner, kind)
    return found if found and found["status"] == "True" else None


def outcome(owner: Object, succeeded: str, failed: str) -> OwnerState:
    """How the owner ended, by the types of the conditions that say so. Failure is for good."""
    for kind, word in ((failed, "Failed"), (succeeded, "Succeeded")):
        found = true(owner, kind)
        if found is not None:
            completed = owner["status"].get("completionTime") if word == "Succeeded" else None
            return OwnerState(
                outcome=word,
                reason=found.get("reason") or "",
                message=found.get("message") or "",
                finished=completed or found.get("lastTransitionTime"),
            )
    return OwnerState()


def released(owner: Object) -> str | None:
    """When the owner was let go, by its condition ``Suspended``; None before."""
    found = condition(owner, "Suspended")
    return found.get("lastTransitionTime") if found and found["status"] == "False" else None
