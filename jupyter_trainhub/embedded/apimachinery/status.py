"""The errors of the Kubernetes API: what a ``Status`` of failure says.

Wordings and codes are those that a Kubernetes 1.36 API server gives.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .resources import Resource


@dataclass(frozen=True)
class Cause:
    """One field that is wrong. ``field`` is a path such as ``spec.containers[0].image``."""

    reason: str
    message: str
    field: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def required(field: str, detail: str = "") -> Cause:
    """The field must have a value."""
    return Cause("FieldValueRequired", "Required value" + (f": {detail}" if detail else ""), field)


def invalid(field: str, value: object, detail: str) -> Cause:
    """The field's value is not acceptable; ``detail`` says why."""
    shown = _go(value)
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: {detail}", field)


def unsupported(field: str, value: object, supported: list[str]) -> Cause:
    """The field takes one of a few values, and this is none of them."""
    options = ", ".join(f'"{s}"' for s in supported)
    message = f"Unsupported value: {_go(value)}: supported values: {options}"
    return Cause("FieldValueNotSupported", message, field)


def not_allowed(field: str, detail: str) -> Cause:
    """The field may not be set, or not so; ``detail`` says why."""
    return Cause("FieldValueForbidden", f"Forbidden: {detail}", field)


def duplicate(field: str, value: object) -> Cause:
    """The value stands twice where it may stand once."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {_go(value)}", field)


def too_long(field: str, most: int) -> Cause:
    """The text has more than so many bytes."""
    unit = "byte" if most == 1 else "bytes"
    return Cause("FieldValueTooLong", f"Too long: may not be more than {most} {unit}", field)


def too_many(field: str, found: int, most: int) -> Cause:
    """The list or map has more than so many items."""
    unit = "item" if most == 1 else "items"
    message = f"Too many: {found}: must have at most {most} {unit}"
    return Cause("FieldValueTooMany", message, field)


def _go(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if value is None or isinstance(value, (list, dict)):
        return json.dumps(value, separators=(",", ":"))
    return f'"{value}"'


class ApiError(Exception):
    """A refusal of the API server: an HTTP code and the ``Status`` that goes with it."""

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.metadata: dict[str, Any] = {}

    def status(self) -> dict[str, Any]:
        """The ``Status`` object, as the API server sends it."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


def _details(resource: Resource, name: str) -> dict[str, Any]:
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in details.items() if value}


def not_found(resource: Resource, name: str) -> ApiError:
    """404 NotFound."""
    message = f'{resource.qualified} "{name}" not found'
    return ApiError(404, "NotFound", message, _details(resource, name))


def already_exists(resource: Resource, name: str) -> ApiError:
    """409 AlreadyExists."""
    message = f'{resource.qualified} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(resource, name))


_MODIFIED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def conflict(resource: Resource, name: str, detail: str = _MODIFIED) -> ApiError:
    """409 Conflict: by default, the object is newer than the one that the caller had read."""
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {detail}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def precondition_failed(
    resource: Resource, name: str, label: str, asked: str, found: str, where: str = "precondition"
) -> ApiError:
    """409 Conflict: the object is not the one, or not of the version, that the request means.

    Args:
        label: what differs, ``UID`` or ``ResourceVersion``.
    """
    message = (
        f'Operation cannot be fulfilled on {resource.kind} "{name}": the {label} in the {where} '
        f"({asked}) does not match the {label} in record ({found}). The object might have been "
        "deleted and then recreated"
    )
    return ApiError(409, "Conflict", message, {"name": name, "kind": resource.kind})


def invalid_object(resource: Resource, name: str, causes: list[Cause]) -> ApiError:
    """422 Invalid, with a cause for each field."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    text = str(causes[0]) if len(causes) == 1 else f"[{', '.join(str(c) for c in causes)}]"
    details = {
        "name": name,
        "group": resource.group,
        "kind": resource.kind,
        "causes": [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes],
    }
    details = {key: value for key, value in details.items() if value}
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def forbidden(resource: Resource, name: str, detail: str) -> ApiError:
    """403 Forbidden: admission or authorization refuses."""
    shown = f'{resource.qualified} "{name}"' if name else resource.qualified
    return ApiError(403, "Forbidden", f"{shown} is forbidden: {detail}", _details(resource, name))


def bad_request(message: str) -> ApiError:
    """400 BadRequest."""
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    """401 Unauthorized: no bearer token, or one that nobody has."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def expired(asked: int, oldest: int) -> ApiError:
    """410 Expired: the history does not reach back to that resourceVersion."""
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def too_large_version(asked: int, newest: int) -> ApiError:
    """504 Timeout: that resourceVersion has not come yet."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {asked}, current: {newest}"
    return ApiError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})


def method_not_allowed() -> ApiError:
    """405 MethodNotAllowed."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def page_not_found() -> ApiError:
    """404 for a path that names no served resource."""
    message = "the server could not find the requested resource"
    return ApiError(404, "NotFound", message, {})


def not_acceptable(offered: str) -> ApiError:
    """406: the client takes no type in which this can be answered."""
    message = f"only the following media types are accepted: {offered}"
    return ApiError(406, "NotAcceptable", message)


def too_large(most: int) -> ApiError:
    """413: the request's body has more than so many bytes."""
    message = f"Request entity too large: limit is {most}"
    return ApiError(413, "RequestEntityTooLarge", message)


def unsupported_media_type(given: str, accepted: list[str]) -> ApiError:
    """415: a patch of a type that the resource does not take."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        f"{', '.join(accepted)}"
    )
    return ApiError(415, "UnsupportedMediaType", message, {"group": "", "kind": given})
