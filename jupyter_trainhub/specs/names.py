"""Names as users write them, and the names that Kubernetes takes for them.

Kubernetes object names allow neither capitals nor ``_`` (RFC 1123 labels), people's names do. The
mapping is one to one: a lower-case letter or digit is itself, ``_`` is ``-0``, ``-`` is ``--``, a
capital ``C`` is ``-c``. What that makes too long, such as 27 capitals, is written in small letters
instead, and a number behind them says what each one stands for.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

INSTANCE_PREFIX = "dev"
JOB_PREFIX = "job"
SNAPSHOT_PREFIX = "snapshot"
TENSORBOARD_PREFIX = "tb"

# A StatefulSet's pods carry "<name>-<10 characters>" in a label and a Job's pods are called
# "<name>-<index>-<5 characters>"; both must fit into 63 characters.
LONGEST_KUBERNETES_NAME = 52

INSTANCE_NAME_PATTERN = r"^[A-Za-z0-9_]+$"
JOB_NAME_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$"


def to_kubernetes(prefix: str, name: str) -> str:
    """The Kubernetes name of the user's ``name``: ``("dev", "My_lab")`` gives ``dev--my-0lab``."""
    escaped = f"{prefix}-{''.join(_escape(character) for character in name)}"
    return escaped if len(escaped) <= LONGEST_KUBERNETES_NAME else _dense(prefix, name)


def from_kubernetes(prefix: str, kubernetes_name: str) -> str:
    """The user's name behind ``kubernetes_name``; the inverse of :func:`to_kubernetes`.

    Raises ValueError if the name was not made by it.
    """
    dense, escaped = f"{prefix}x-", f"{prefix}-"
    if kubernetes_name.startswith(dense):
        name = _undense(kubernetes_name[len(dense) :])
    elif kubernetes_name.startswith(escaped):
        rest = kubernetes_name[len(escaped) :]
        name = re.sub(r"-(.?)", lambda match: _unescape(match[1]), rest)
    else:
        raise ValueError(f"{kubernetes_name!r} does not start with {escaped!r}")
    if to_kubernetes(prefix, name) != kubernetes_name:
        raise ValueError(f"{kubernetes_name!r} is not an escaped name")
    return name


def attempt_name(base: str, attempt: int) -> str:
    """The Kubernetes name of a job's ``attempt``, 1 or more; ``base`` is that of the first.

    ``-1`` is no escape, so that no other job can have the name.
    """
    return base if attempt == 1 else f"{base}-1{attempt}"


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


def _dense(prefix: str, name: str) -> str:
    """``name`` in small letters, and in base 36 a digit of base 4 for each: what it stands for."""
    kinds = 0
    for character in name:
        kinds = kinds * 4 + ("_-".find(character) + 2 if character in "_-" else character.isupper())
    letters = re.sub("[_-]", "0", name.lower())
    return f"{prefix}x-{letters}-{_base36(kinds)}"


def _undense(text: str) -> str:
    letters, _, code = text.rpartition("-")
    kinds, name = int(code, 36), ""
    for letter in reversed(letters):
        kinds, kind = divmod(kinds, 4)
        name = (letter, letter.upper(), "_", "-")[kind] + name
    return name


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = digits[number % 36]
    while number := number // 36:
        text = digits[number % 36] + text
    return text


def _fits(prefix: str, name: str) -> str:
    if len(to_kubernetes(prefix, name)) > LONGEST_KUBERNETES_NAME:
        raise ValueError(
            "the name is too long for Kubernetes with its capitals, '_' and '-'; shorten it"
        )
    return name


def _instance_name(name: str) -> str:
    if not re.fullmatch(INSTANCE_NAME_PATTERN, name):
        raise ValueError(
            f"{name!r} cannot be the name of an instance; use the letters A to Z, a to z, "
            "digits and '_'"
        )
    return name


def _job_name(name: str) -> str:
    if not re.fullmatch(JOB_NAME_PATTERN, name):
        raise ValueError(f"{name!r} cannot be the name of a job")
    return _fits(JOB_PREFIX, name)


def _tensorboard_name(name: str) -> str:
    if not re.fullmatch(JOB_NAME_PATTERN, name):
        raise ValueError(f"{name!r} cannot be the name of a TensorBoard")
    return _fits(TENSORBOARD_PREFIX, name)


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
TensorBoardName = Annotated[
    str,
    AfterValidator(_tensorboard_name),
    Field(min_length=1, max_length=40, json_schema_extra={"pattern": JOB_NAME_PATTERN}),
]
