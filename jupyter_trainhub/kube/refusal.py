"""What an API server's refusal means: its Status object to one of TrainHub's errors."""

from __future__ import annotations

import json
from typing import Any

from jupyter_trainhub.errors import (
    AlreadyExists,
    Cause,
    ClusterRefused,
    ClusterUnavailable,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    TrainHubError,
)


class Expired(ClusterRefused):
    """A resource version or a list's continuation is too old; the list has to be read anew."""

    status = 502
    default_reason = "Expired"


def refusal(code: int, body: str | bytes | None) -> TrainHubError:
    """The error for an answer with HTTP status ``code`` and a Status object, or any text, as body.

    The message and the causes are the server's; nothing of the request goes in, so no credential
    can.
    """
    return status_error(code, _status(body))


def status_error(code: int, status: dict[str, Any]) -> TrainHubError:
    """The error for a Status object, as an answer or within a watch."""
    reason = str(status.get("reason") or "")
    message = str(status.get("message") or f"the API server answered with HTTP status {code}")
    details = status.get("details") or {}
    causes = [
        Cause(field=str(cause.get("field", "")), message=str(cause.get("message", "")))
        for cause in details.get("causes") or []
    ]
    facts: dict[str, Any] = {"code": code, "causes": causes}
    if code == 404:
        return NotFound(message, remedy="Look at the list for the right name.", details=facts)
    if code == 409 and reason == "AlreadyExists":
        return AlreadyExists(message, remedy="Choose another name.", details=facts)
    if code == 409:
        return Conflict(message, remedy="Look at its present state and try again.", details=facts)
    if code == 410:
        return Expired(message, remedy="Read the list again.", details=facts)
    if code == 401:
        return Forbidden(
            "the cluster does not accept the credentials of the kubeconfig",
            reason="Unauthorized",
            remedy="Log in to the cluster again.",
            details=facts,
        )
    if code == 403:
        remedy = (
            "Stop something, ask for less, or ask the administrator for more quota."
            if "exceeded quota" in message
            else "Ask the cluster's administrator for this right, or choose another namespace."
        )
        return Forbidden(message, remedy=remedy, details=facts)
    if code == 422:
        return InvalidField(
            message,
            field=causes[0]["field"] if causes else "object",
            remedy="The cluster's API server does not take this value.",
            causes=causes or None,
        )
    if code in (429, 500, 502, 503, 504):
        return ClusterUnavailable(message, remedy="Try again in a while.", details=facts)
    return ClusterRefused(
        message,
        reason=reason or None,
        remedy="The cluster may be older or set up otherwise than TrainHub expects.",
        details=facts,
    )


def _status(body: str | bytes | None) -> dict[str, Any]:
    try:
        status = json.loads(body or "{}")
    except ValueError:
        text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
        return {"message": text.strip()[:500]}
    return status if isinstance(status, dict) else {}
