"""Names as users write them, and the names that Kubernetes takes for them.

Kubernetes object names allow neither capitals nor ``_`` (RFC 1123 labels), people's names do. The
mapping is one to one: a lower-case letter or digit is itself, ``_`` is ``-0``, ``-`` is ``--``, a
capital ``C`` is ``-c``.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

INSTANCE_PREFIX = "dev"
JOB_PREFIX = "job"

# A StatefulSet's pods carry "<name>-<10 characters>" in a label and a Job's pods are called
# "<name>-<index>-<5 characters>"; both must fit into 63 characters.
LONGEST_KUBERNETES_NAME = 52

INSTANCE_NAME_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9_]*[A-Za-z0-9])?$"
JOB_NAME_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$"


def to_kubernetes(prefix: str, name: str) -> str:
    """The Kubernetes name of the user's ``name``: ``("dev", "My_lab")`` gives ``dev--my-0lab``."""
    return f"{prefix}-{''.join(_escape(character) for character in name)}"


def from_kubernetes(prefix: str, kubernetes_name: str) -> str:
    """The user's name behind ``kubernetes_name``; the inverse of :func:`to_kubernetes`.

    Raises ValueError if the name was not made by it.
    """
    start = f"{prefix}-"
    if not kubernetes_name.startswith(start):
        raise ValueError(f"{kubernetes_name!r} does not start with {start!r}")
    name = re.sub(r"-(.?)", lambda match: _unescape(match[1]), kubernetes_name[len(start) :])
    if to_kubernetes(prefix, name) != kubernetes_name:
        raise ValueError(f"{kubernetes_name!r} is not an escaped name")
    return name


def name_from(text: str) -> str:
    """A valid job name made of free text such as a file's: ``"My run.v2"`` gives ``My-run-v2``."""
    words = re.findall(r"[A-Za-z0-9_]+", text)
    return "-".join(words).strip("_-")[:24].strip("_-") or "job"


def _escape(character: str) -> str:
    if character == "_":
        return "-0"
    if character == "-":
        return "--"
    return f"-{character.lower()}" if character.isupper() else character


def _unescape(code: str) -> str:
    return {"0": "_", "-": "-"}.get(code, code.upper())


def _fits(prefix: str, name: str) -> str:
    excess = len(to_kubernetes(prefix, name)) - LONGEST_KUBERNETES_NAME
    if excess > 0:
        raise ValueError(
            f"the name is too long for Kubernetes by {excess} characters "
            "(a capital, '_' or '-' counts as two); shorten it"
        )
    return name


def _instance_name(name: str) -> str:
    if not re.fullmatch(INSTANCE_NAME_PATTERN, name):
        raise ValueError(f"{name!r} cannot be the name of an instance")
    return _fits(INSTANCE_PREFIX, name)


def _job_name(name: str) -> str:
    if not re.fullmatch(JOB_NAME_PATTERN, name):
        raise ValueError(f"{name!r} cannot be the name of a job")
    return _fits(JOB_PREFIX, name)


InstanceName = Annotated[
    str,
    AfterValidator(_instance_name),
    Field(min_length=1, max_length=27, json_schema_extra={"pattern": INSTANCE_NAME_PATTERN}),
]
JobName = Annotated[
    str,
    AfterValidator(_job_name),
    Field(min_length=1, max_length=48, json_schema_extra={"pattern": JOB_NAME_PATTERN}),
]
