"""What the API server refuses about an object, in people's words, with the field and a remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_trainhub.errors import (
    AlreadyExists,
    ClusterUnavailable,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    TrainHubError,
)
from jupyter_trainhub.manifests.explanation import explain
from jupyter_trainhub.manifests.troubles import CREATING

_RIGHTS = re.compile(r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<plural>[\w./-]+)"')
_NO_DRY_RUN = re.compile(r"does not support dry ?run", re.IGNORECASE)
# What goes away by itself or once something is stopped.
_PASSING = re.compile(
    r"exceeded quota|failed calling webhook|service ?account \S+ (was )?not found"
)
_QUOTA = re.compile(r"exceeded quota: ")

# Which field of the form a refusal is about, by words of the API server; the first match counts.
_FIELDS = (
    (r"hostNetwork|host namespaces|hostPort", "host_network"),
    (r"hostPath|restricted volume types|volume type", "mounts"),
    (r"requested: [^:]*?\w+/gpu|\w+/gpu usage", "gpus"),
    (r"requested: [^:]*?memory=|memory (usage|max limit)", "memory"),
    (r"requested: [^:]*?cpu=|cpu (usage|max limit)", "cpus"),
    (r"\bimage|registry|repository", "image"),
    (r"spec\.template\.spec\.nodeSelector", "gpu_model"),
    (r"\.env\b|\benv\[", "env"),
    (r"volumeMounts|volumes\[", "mounts"),
)


@dataclass(frozen=True)
class Refusal:
    """What the cluster said: ``lasting`` if waiting does not help, ``error`` as it came."""

    field: str | None
    message: str
    remedy: str | None
    lasting: bool
    error: TrainHubError

    @property
    def is_quota(self) -> bool:
        """Whether a quota is used up."""
        return bool(_QUOTA.search(self.error.message))

    @property
    def is_rights(self) -> bool:
        """Whether this user lacks a right."""
        return bool(_RIGHTS.search(self.error.message))

    def view(self) -> dict[str, str | None]:
        """As the REST interface shows it."""
        return {"field": self.field, "message": self.message, "remedy": self.remedy}

    def raised(self) -> TrainHubError:
        """The error to raise for it: the same kind as the API server's, in people's words."""
        if isinstance(self.error, InvalidField):
            return InvalidField(self.message, field=self.field or "spec", remedy=self.remedy)
        return type(self.error)(
            self.message,
            reason=self.error.reason,
            field=self.field,
            remedy=self.remedy,
            details={"code": self.error.details.get("code"), "said": self.error.message},
        )


def refusal(error: TrainHubError, namespace: str) -> Refusal | None:
    """What ``error``, the answer to a dry run, means for the user.

    None where it tells nothing about the object: it changed meanwhile, or a webhook does not take
    part in dry runs.
    Raises ``error`` itself when the cluster did not answer.
    """
    said = error.message
    if isinstance(error, ClusterUnavailable) and "webhook" not in said:
        raise error
    if isinstance(error, Conflict) or _NO_DRY_RUN.search(said):
        return None
    field = next((name for pattern, name in _FIELDS if re.search(pattern, said)), None)
    lasting = not _PASSING.search(said)
    rights = _RIGHTS.search(said)
    if isinstance(error, AlreadyExists):
        return Refusal("name", said, error.remedy, True, error)
    if isinstance(error, Forbidden) and rights:
        return Refusal(
            None,
            f"You may not {rights['verb']} {rights['plural']} in the namespace {namespace}.",
            "Ask the cluster's admin for this right, or use another namespace.",
            True,
            error,
        )
    if isinstance(error, NotFound):
        return Refusal(
            None,
            f"There is no namespace {namespace}.",
            "Use another namespace, or ask the admin to make it.",
            True,
            error,
        )
    told = explain(CREATING, error.reason, said)
    if told is not None:
        return Refusal(field, told.message, told.remedy, lasting, error)
    sentence = said.split(" is forbidden: ", 1)[-1]
    return Refusal(field, f"The cluster refuses it: {sentence}", error.remedy, lasting, error)
