"""Errors that TrainHub reports to people.

One family for every front: a Jupyter server route turns an error into its HTTP status and
:meth:`TrainHubError.to_dict`, the ``trainhub`` command prints it and exits, a notebook shows it as
an exception. A message is plain text, says what is wrong, names the field where there is one, and
comes with a remedy that says what would do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypedDict


class Cause(TypedDict):
    """One of several faults: the field (dotted, as ``mounts.0.path``) and what is wrong with it."""

    field: str
    message: str


class TrainHubError(Exception):
    """An error with an HTTP status, a machine-readable reason and a remedy.

    ``reason`` is a CamelCase word in the manner of Kubernetes' Status reasons; ``field`` is the
    user's field that is at fault; ``remedy`` is one sentence on what would do; ``details`` holds
    further facts (``causes`` among them).
    """

    status: ClassVar[int] = 500
    default_reason: ClassVar[str] = "InternalError"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        field: str | None = None,
        remedy: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.field = field
        self.remedy = remedy
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        text = f"{self.field}: {self.message}" if self.field else self.message
        if not self.remedy:
            return text
        return f"{text if text.endswith(('.', '?', '!')) else text + '.'} {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        """The error on the wire: ``{message, reason, details: {field, remedy, causes, …}}``."""
        details: dict[str, Any] = {
            "field": self.field,
            "remedy": self.remedy,
            "causes": [],
            **self.details,
        }
        return {"message": self.message, "reason": self.reason, "details": details}


class InvalidField(TrainHubError):
    """Something that the user asked for cannot be had as asked; ``field`` says which part of it."""

    status = 422
    default_reason = "Invalid"

    def __init__(
        self,
        message: str,
        *,
        field: str,
        remedy: str | None = None,
        causes: Iterable[Cause] | None = None,
        reason: str | None = None,
    ) -> None:
        listed = list(causes) if causes is not None else [Cause(field=field, message=message)]
        super().__init__(
            message, reason=reason, field=field, remedy=remedy, details={"causes": listed}
        )

    @property
    def causes(self) -> list[Cause]:
        """Every field at fault; the first one is ``field`` itself."""
        causes: list[Cause] = self.details["causes"]
        return causes


class NotFound(TrainHubError):
    """There is no such object."""

    status = 404
    default_reason = "NotFound"


class AlreadyExists(TrainHubError):
    """The name is taken."""

    status = 409
    default_reason = "AlreadyExists"


class Conflict(TrainHubError):
    """The object's state does not allow the request, or somebody changed it meanwhile."""

    status = 409
    default_reason = "Conflict"


class Forbidden(TrainHubError):
    """The cluster does not let this user do that."""

    status = 403
    default_reason = "Forbidden"


class ClusterUnavailable(TrainHubError):
    """The cluster cannot be reached, or does not answer in time."""

    status = 503
    default_reason = "ClusterUnavailable"


class ClusterRefused(TrainHubError):
    """The cluster answered, but refused the request for a reason that is not the user's field."""

    status = 502
    default_reason = "ClusterRefused"


class RegistryFailed(TrainHubError):
    """A registry of images does not answer, has no room, or refuses for a reason of its own."""

    status = 502
    default_reason = "RegistryFailed"


class JobFailed(TrainHubError):
    """A job that was waited for did not succeed.

    ``details`` holds ``name``, ``phase`` and, where the program in the pod told it, ``error`` with
    ``cell``, ``lineno``, ``line``, ``etype`` and ``message``, and ``failure`` with all that is
    known. Its notes are what Python prints behind the message.
    """

    __notes__: list[str]

    status = 409
    default_reason = "JobFailed"


class WaitTimeout(TrainHubError):
    """What was waited for did not happen within the time given."""

    status = 504
    default_reason = "Timeout"
